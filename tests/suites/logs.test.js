import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { RawPolling } from "../harness/raw-polling.mjs";
import { eventually } from "../harness/wait.mjs";
import { World, aWorld } from "../harness/world.mjs";

/** Every kind of thing that has a secret in it: accounts, sessions, messages, on each transport, well and badly done. */
async function aDay(world) {
  const [ana, ben] = await world.users("ana", "ben");
  await ana.post("/api/auth/login", { email: ana.email, password: `${ana.fields.password}-wrong` });
  await ana.post("/api/auth/login", `{"email":"${ana.email}","password":"${ana.fields.password}"`, { headers: { "content-type": "application/json" } });
  await ana.get(`/api/nowhere?session=${ana.token}`);
  const meeting = await ana.creates();
  const clients = [await ana.joins(meeting), await ben.joins(meeting, "polling"), await ben.joins(meeting, "upgrade")];
  for (const client of clients) await client.says(meeting, `the secret plan of ${client.transport}`);
  await clients[0].isRefused("chat:message", { meetingId: "elsewhere", message: "a secret for a room that is not" });
  clients[0].sends("chat:message", { meetingId: 5, message: "a malformed secret for nobody" });
  await clients[0].settles();
  const raw = await RawPolling.open(world.url, { cookie: ana.cookie });
  world.keepSecret("a broken packet of secrets");
  await raw.post('42["chat:message",{"message":"a broken packet of secrets"').catch(() => {});
  await clients[1].joins(meeting, { epoch: clients[1].joined.epoch, since: clients[1].joined.seq });
  await ana.logsOut();
  return { ana, ben };
}

describe("logs", () => {
  for (const RUST_LOG of ["info", "debug", "trace"]) {
    test(`hold no password, cookie or message at ${RUST_LOG}`, async (t) => {
      const world = new World({ env: { RUST_LOG } });
      t.after(() => world.close());
      await world.start();
      const { ben } = await aDay(world);
      assert.ok(world.secrets.size >= 10, `${world.secrets.size} secrets to look for`);
      assert.ok(world.servers.gateway.lines.length > 5, "there are logs to look at");
      assert.ok(ben.token);
      // The end of the world looks for every secret in every line.
    });
  }
});

describe("a log", () => {
  const world = aWorld();

  test("is a line of JSON for each event, with its time, level and message", async () => {
    await aDay(world);
    for (const process of world.servers.processes) {
      for (const text of process.lines) {
        const line = JSON.parse(text);
        assert.ok(!Number.isNaN(Date.parse(line.timestamp)), text);
        assert.match(line.level, /^(INFO|WARN|ERROR)$/);
        assert.ok(line.message.length > 0);
      }
    }
  });

  test("names the request id that the answer carries", async () => {
    const answer = await request(world.url, { method: "POST", path: "/api/auth/login", body: { email: "x" } });
    const id = answer.headers["x-request-id"];
    assert.ok(id);
    await eventually("the request's line", async () => world.servers.gateways.some(({ lines }) => lines.some((line) => line.includes(id))));
  });
});
