import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { after, describe, test } from "node:test";
import { Collector } from "../harness/collector.mjs";
import { request } from "../harness/http.mjs";
import { metricsAddress, metricsOf, total } from "../harness/metrics.mjs";
import { APART, MODE } from "../harness/modes.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("an operator who reads metrics", () => {
  const world = aWorld({ env: { METRICS_PORT: "0" } });
  const all = (name, labels) => total(world.servers.processes, name, labels);

  test("sees who meets, what is said and how much of it is delivered", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const [said, delivered] = [await all("plenum_events_total", { event: "chat:message" }), await all("plenum_deliveries_total")];
    const [one, other] = [await ana.joins(meeting), await ben.joins(meeting, "polling")];
    await eventually("two people in meetings", async () => (await all("plenum_people", { in: "meetings" })) === 2);
    assert.equal(await all("plenum_sockets"), 2);
    assert.ok((await all("plenum_rooms")) >= 1);
    for (let n = 0; n < 5; n++) await one.says(meeting, `message ${n}`);
    await other.hears("chat:message", { message: "message 4" });
    assert.equal((await all("plenum_events_total", { event: "chat:message" })) - said, 5);
    await eventually("ten deliveries and those of joining", async () => (await all("plenum_deliveries_total")) - delivered >= 10);
    assert.ok((await all("plenum_log_append_seconds_count", { outcome: "ok" })) >= 3);
    assert.equal(await all("plenum_log_append_seconds_count", { outcome: "failed" }), 0);
    world.quiet();
    await eventually("nobody left", async () => (await all("plenum_people", { in: "meetings" })) === 0 && (await all("plenum_sockets")) === 0);
  });

  test("sees what is refused, and why, by the code that the client was told", async () => {
    const ana = await world.user("ana");
    const before = await all("plenum_http_refused_total", { code: "invalid_credentials" });
    const wrong = await ana.post("/api/auth/login", { email: ana.email, password: "not-the-password" });
    assert.equal(wrong.body.error.code, "invalid_credentials");
    assert.equal((await all("plenum_http_refused_total", { code: "invalid_credentials" })) - before, 1);
    const missing = await all("plenum_http_refused_total", { code: "meeting_not_found" });
    assert.equal((await ana.get("/api/meetings/00000000-0000-4000-8000-000000000000")).status, 404);
    assert.equal((await all("plenum_http_refused_total", { code: "meeting_not_found" })) - missing, 1, "by the service that refused, and by no other");
    const client = await ana.connects();
    const refused = await all("plenum_events_refused_total", { code: "not_in_meeting" });
    await client.isRefused("chat:message", { meetingId: "00000000-0000-4000-8000-000000000000", message: "x" });
    assert.equal((await all("plenum_events_refused_total", { code: "not_in_meeting" })) - refused, 1);
  });

  test("sees who is cut, and why", async () => {
    const ana = await world.user("ana");
    const client = await ana.connects();
    const before = await all("plenum_sockets_cut_total", { reason: "session_ended" });
    await ana.logsOut();
    await client.hears("(disconnect)");
    await eventually("the cut counted", async () => (await all("plenum_sockets_cut_total", { reason: "session_ended" })) > before);
  });

  test("sees the process itself: memory, files, processor, release", async () => {
    for (const process of world.servers.processes) {
      for (const name of ["process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total", "process_start_time_seconds", "plenum_build_info"]) {
        assert.ok((await total([process], name)) > 0, `${name} of ${process.name}`);
      }
    }
  });

  test("reads names and numbers alone: no person, meeting or address", async () => {
    const ana = await world.user("ana");
    const meeting = await ana.creates({ title: "a secret title" });
    const client = await ana.joins(meeting);
    await client.says(meeting, "a secret text");
    for (const process of world.servers.processes) {
      const text = await metricsOf(process);
      for (const told of [ana.id, ana.email, ana.token, ana.username, meeting.meetingId, "a secret"]) assert.ok(!text.includes(told), told);
    }
  });

  test("finds nothing else at that port", async () => {
    const address = await metricsAddress(world.servers.gateway);
    for (const path of ["/", "/api/me", "/metrics/x"]) assert.equal((await request(address, { path })).status, 404, path);
    assert.equal((await request(address, { method: "POST", path: "/metrics" })).status, 405);
    assert.equal((await request(world.url, { path: "/metrics" })).status, 404, "nor metrics at the clients' own");
  });

  test("has it in a format that promtool finds no fault with", { skip: !existsSync("/usr/bin/promtool") && process.env.CI !== "true" && "needs promtool: make deps" }, async () => {
    for (const process of world.servers.processes) {
      const { status, stderr } = spawnSync("promtool", ["check", "metrics"], { input: await metricsOf(process), encoding: "utf8" });
      // It finds fault with names of others' that are not in its style.
      const ours = stderr.split("\n").filter((line) => line.startsWith("plenum_"));
      assert.deepEqual(ours, [], stderr);
      assert.ok(status === 0 || status === 3, stderr);
    }
  });
});

describe("a process without METRICS_PORT", () => {
  const world = aWorld();

  test("opens no port for it", async () => {
    for (const { lines, pid } of world.servers.processes) {
      assert.ok(lines.every((line) => !line.includes("metrics are read")));
      const ports = execFileSync("ss", ["-Hltnp"], { encoding: "utf8" }).split("\n").filter((line) => line.includes(`pid=${pid},`));
      assert.equal(ports.length, MODE === "plenums" ? 2 : 1, ports.join("\n"));
    }
  });
});

describe("an operator who follows traces", () => {
  const collector = new Collector();
  const world = aWorld(async () => {
    await collector.listens();
    return {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=plenum-tests",
        OTEL_TRACES_SAMPLER_ARG: "1",
        OTEL_BSP_SCHEDULE_DELAY: "100",
      },
    };
  });
  after(() => collector.stop());

  test("sees a message from its event to its deliveries, in one trace", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ title: "a title that no trace holds" });
    const [one, other] = [await ana.joins(meeting), await ben.joins(meeting)];
    await one.says(meeting, "a text that no trace holds");
    await other.hears("chat:message", {});
    const delivered = (spans) => spans.filter(({ name }) => name === "apply and deliver");
    const spans = await eventually("the trace of the message, with its deliveries on every node", () =>
      collector.of("chat:message").find((spans) => delivered(spans).reduce((sum, { said }) => sum + Number(said.deliveries), 0) === 2),
    );
    const root = spans.find(({ parent }) => !parent);
    const [append] = spans.filter(({ name }) => name === "append to the log");
    assert.equal(append.parent, root.span);
    assert.equal(append.said.outcome, "ok");
    for (const one of delivered(spans)) assert.equal(one.parent, root.span);
    assert.equal(collector.headers[0]["x-tenant"], "plenum-tests");
  });

  test("sees what a refused event was told", async () => {
    const ana = await world.user("ana");
    const client = await ana.connects();
    await client.isRefused("chat:message", { meetingId: "00000000-0000-4000-8000-000000000000", message: "x" });
    await eventually("its trace", () => collector.of("chat:message").flat().some(({ failed }) => failed === "not_in_meeting"));
  });

  test("sees a request on its way through the services, whatever its sender says of a trace", async () => {
    const ana = await world.user("ana");
    const lie = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const answer = await ana.get("/api/meetings", { headers: { traceparent: lie } });
    assert.equal(answer.status, 200);
    const id = answer.headers["x-request-id"];
    const spans = await eventually("its trace", () => {
      const traces = collector.of("HTTP").filter((spans) => spans.some(({ said }) => said["plenum.request_id"] === id));
      return traces.find((spans) => spans.some(({ name }) => name === "ask a node") && (!APART || spans.some(({ name }) => name === "HTTP from a gateway")));
    });
    if (APART) assert.deepEqual(new Set(spans.map(({ service }) => service)), new Set(["user-backend", "chat-backend"]));
    assert.ok(!collector.text.includes("0af7651916cd43dd8448eb211c80319c"), "a client's own trace is not believed");
  });

  test("finds nothing there of what people write or who they are", () => {
    for (const secret of [...world.secrets, "that no trace holds", ...world.people.flatMap(({ email, id }) => [email, id])]) {
      assert.ok(!collector.text.includes(secret), secret);
    }
  });
});

describe("a collector that is away", () => {
  const world = aWorld({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_SAMPLER_ARG: "1", OTEL_BSP_SCHEDULE_DELAY: "50" } });

  test("disturbs nobody", async () => {
    const ana = await world.user("ana");
    const meeting = await ana.creates();
    const client = await ana.joins(meeting);
    for (let n = 0; n < 20; n++) await client.says(meeting, `message ${n}`);
  });
});
