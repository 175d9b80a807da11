// The real Prometheus reads a running Plenum, by the configuration, the rules and the dashboard that are in deploy/.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../scripts/processes.mjs";
import { request } from "../harness/http.mjs";
import { metricsAddress } from "../harness/metrics.mjs";
import { MODE } from "../harness/modes.mjs";
import { endsWithTests } from "../harness/process.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const DEPLOY = fileURLToPath(new URL("../../deploy", import.meta.url));
const PROMETHEUS = "/usr/bin/prometheus";

function needsPrometheus() {
  if (existsSync(PROMETHEUS)) return {};
  const reason = "needs Prometheus: make deps";
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

/** Prometheus with what deploy/prometheus says, but for where Plenum is and how often it looks. */
class Prometheus {
  async start(targets) {
    this.folder = await mkdtemp(join(tmpdir(), "plenum-prometheus-"));
    await cp(join(DEPLOY, "prometheus"), this.folder, { recursive: true });
    const config = readFileSync(join(this.folder, "prometheus.yml"), "utf8");
    assert.ok(config.includes('"127.0.0.1:9100"') && config.includes("scrape_interval: 15s"));
    const own = config
      .replace('"127.0.0.1:9100"', targets.map((target) => JSON.stringify(target)).join(", "))
      .replaceAll(/_interval: 15s/g, "_interval: 1s");
    await writeFile(join(this.folder, "prometheus.yml"), own);
    this.url = `http://127.0.0.1:${await freePort()}`;
    const args = [`--config.file=${this.folder}/prometheus.yml`, `--storage.tsdb.path=${this.folder}/data`, `--web.listen-address=${new URL(this.url).host}`];
    this.child = endsWithTests(spawn(PROMETHEUS, args, { stdio: ["ignore", "ignore", "pipe"] }));
    this.child.stderr.resume();
    await eventually("Prometheus to be ready", async () => (await request(this.url, { path: "/-/ready" }).catch(() => ({}))).status === 200, 30_000);
    return this;
  }

  /** What an expression comes to now. */
  async asks(query) {
    const { body } = await request(this.url, { path: `/api/v1/query?query=${encodeURIComponent(query)}` });
    assert.equal(body.status, "success", `${query}: ${JSON.stringify(body)}`);
    return body.data.result;
  }

  async stop() {
    this.child?.kill();
    if (this.folder) await rm(this.folder, { recursive: true, force: true });
  }
}

// What it reads is the same in each mode: tests/suites/seen-inside.test.js.
const describeOnce = MODE === "plenum" ? describe : () => {};

describeOnce("Prometheus beside a running Plenum", needsPrometheus(), () => {
  const world = aWorld({ env: { METRICS_PORT: "0" } });
  const prometheus = new Prometheus();
  before(async () => {
    const addresses = await Promise.all(world.servers.processes.map(metricsAddress));
    await prometheus.start(addresses.map((address) => new URL(address).host));
  });
  after(() => prometheus.stop());

  test("finds it up, and every panel of the dashboard can be drawn, with what happens now on it", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const [one, other] = [await ana.joins(meeting), await ben.joins(meeting)];
    await one.says(meeting, "hello");
    await other.hears("chat:message", { message: "hello" });
    await eventually("Plenum to be up", async () => {
      const up = await prometheus.asks('up{job="plenum"}');
      return up.length === world.servers.processes.length && up.every(({ value }) => value[1] === "1");
    });
    const dashboard = JSON.parse(readFileSync(join(DEPLOY, "grafana/plenum.json"), "utf8"));
    const panels = dashboard.panels.filter(({ targets }) => targets);
    assert.ok(panels.length > 25);
    const drawn = (expr) => prometheus.asks(expr.replaceAll("$instance", ".*"));
    for (const { targets } of panels) for (const { expr } of targets) await drawn(expr);
    const shown = { "People in meetings": 2, Meetings: 1, Sockets: 2, Processes: world.servers.processes.length };
    for (const [title, value] of Object.entries(shown)) {
      const { targets } = panels.find((panel) => panel.title === title);
      await eventually(`${title} to show ${value}`, async () => (await drawn(targets[0].expr))[0]?.value[1] === String(value));
    }
    const moving = panels.find((panel) => panel.title === "Deliveries a second").targets[0].expr;
    await eventually("deliveries to be drawn", async () => {
      await one.says(meeting, "and again");
      return Number((await drawn(moving))[0]?.value[1]) > 0;
    }, 30_000);
  });

  test("has taken every alert, and none of them burns while all is well", async () => {
    const { body } = await request(prometheus.url, { path: "/api/v1/rules" });
    const rules = body.data.groups.flatMap((group) => group.rules);
    assert.ok(rules.length >= 19);
    await eventually("every rule to be looked at", async () => {
      const { body } = await request(prometheus.url, { path: "/api/v1/rules" });
      return body.data.groups.flatMap((group) => group.rules).every(({ health }) => health === "ok");
    }, 30_000);
    assert.deepEqual(await prometheus.asks('ALERTS{alertstate="firing"}'), []);
  });

  test("notices when Plenum is gone", async () => {
    await world.servers.gateway.kill();
    await eventually("the alert", async () => (await prometheus.asks('ALERTS{alertname="PlenumDown"}')).length > 0, 30_000);
    await world.servers.gateway.start();
  });
});
