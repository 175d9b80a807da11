// nginx with TLS before two gateways and three chat nodes, by deploy/nginx/plenum.conf.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { nginx } from "../harness/nginx.mjs";
import { securely } from "../harness/tls.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("behind nginx", () => {
  let front;
  const world = aWorld({ user: { TRUSTED_PROXIES: "127.0.0.1" }, chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });
  before(async () => {
    front = await nginx(world.servers.gateways.map(({ url }) => url));
  });
  after(() => front?.stop());
  const ask = (options) => securely(front.url, { ca: front.ca, ...options });
  const through = (transport, user) => user.connects(transport, { url: front.url, ca: front.ca });

  test("people meet by polling, by WebSocket and by the upgrade, whichever gateway each request comes to", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const clients = [];
    for (const [user, transport] of [[ana, "polling"], [ben, "websocket"], [cleo, "upgrade"]]) {
      const client = await through(transport, user);
      await client.joins(meeting);
      clients.push(client);
    }
    for (const client of clients) await client.says(meeting, `by ${client.transport}`);
    for (const client of clients) {
      for (const transport of ["polling", "websocket", "upgrade"]) await client.hears("chat:message", { message: `by ${transport}` });
    }
  });

  test("who a client is is what nginx sees, whatever it says of itself; and its cookies are for TLS alone", async () => {
    const ana = await world.user("ana");
    const { email, password } = ana.fields;
    const login = await ask({ method: "POST", path: "/api/auth/login", body: { email, password } });
    assert.equal(login.status, 200, login.text);
    const [cookie] = login.headers["set-cookie"];
    assert.match(cookie, /; Secure/);
    world.keepSecret(cookie.split(/[=;]/)[1]);
    const lies = { "x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http", forwarded: "for=203.0.113.9", "x-plenum-user": "somebody" };
    const seen = await ask({ path: "/api/auth/connection", headers: { cookie: cookie.split(";")[0], ...lies } });
    assert.equal(seen.status, 200, seen.text);
    assert.deepEqual([seen.body.data.address, seen.body.data.secure], ["127.0.0.1", true], seen.text);
    const plain = await request(front.plain, { path: "/meetings?a=b", headers: { host: "meet.example.com" } });
    assert.deepEqual([plain.status, plain.headers.location], [301, "https://meet.example.com/meetings?a=b"]);
  });

  test("what is too large is refused in our words, each time", async () => {
    const ana = await world.user("ana");
    const body = JSON.stringify({ title: "x".repeat(200_000) });
    for (let n = 0; n < 40; n++) {
      const headers = { cookie: ana.cookie, "content-type": "application/json" };
      const answer = await ask({ method: "POST", path: "/api/meetings", headers, body });
      assert.deepEqual([answer.status, answer.body?.error.code], [413, "body_too_large"], `${n}: ${answer.text}`);
    }
  });

  test("a gateway is renewed and nobody notices but for a moment", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const clients = [await through("websocket", ana), await through("polling", ben)];
    for (const client of clients) await client.joins(meeting);
    const [first] = world.servers.gateways;
    await first.terminate();
    for (let n = 0; n < 20; n++) assert.equal((await ask({ path: "/api/me", headers: { cookie: ana.cookie } })).status, 200);
    await first.start();
    for (const client of clients) await eventually("the socket to be back", () => client.socket.connected);
    for (const client of clients) await client.joins(meeting);
    await clients[0].says(meeting, "still here");
    await clients[1].hears("chat:message", { message: "still here" });
  });
});
