import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { aWorld } from "../harness/world.mjs";

const APP = "https://app.example.com";
const OTHER = "http://localhost:5173";
const LOOK_ALIKES = [
  "https://app.example.com.evil.com", "https://evil-app.example.com", "https://app.example.com:8443", "http://app.example.com",
  "https://app.example.co", "https://APP.example.com.", "https://app.example.com@evil.com", "null", "https://sub.app.example.com",
  "file://", "https://app.example.com/", "",
];
/** The own origin is that of the address asked: with several gateways, one of them is asked here. */
const ONE_ADDRESS = { gateways: 1 };
const SOCKET = "/socket.io/?EIO=4&transport=polling";

describe("CORS", () => {
  const world = aWorld({ user: { CORS_ORIGIN: `${APP}, ${OTHER}` }, ...ONE_ADDRESS });

  test("is exact, with credentials, for each listed origin and the own one, on API and sockets", async () => {
    const ana = await world.user();
    for (const origin of [APP, OTHER, world.url]) {
      for (const path of ["/api/me", "/api/meetings", SOCKET, "/health", "/api/nowhere"]) {
        const { headers } = await ana.get(path, { headers: { origin } });
        assert.equal(headers["access-control-allow-origin"], origin, path);
        assert.equal(headers["access-control-allow-credentials"], "true", path);
        assert.match(headers.vary, /origin/i, path);
      }
    }
  });

  test("names nobody else, look-alikes included", async () => {
    const ana = await world.user();
    for (const origin of LOOK_ALIKES) {
      for (const path of ["/api/me", "/api/meetings", SOCKET]) {
        const { headers } = await ana.get(path, { headers: { origin } });
        assert.equal(headers["access-control-allow-origin"], undefined, `${origin} on ${path}`);
      }
    }
  });

  test("answers the preflight of an allowed origin, without a session", async () => {
    for (const path of ["/api/auth/login", "/api/meetings", "/api/meetings/abc", "/socket.io/?EIO=4&transport=polling&sid=x"]) {
      for (const method of ["POST", "PUT", "DELETE"]) {
        const answer = await request(world.url, {
          method: "OPTIONS", path,
          headers: { origin: APP, "access-control-request-method": method, "access-control-request-headers": "content-type" },
        });
        assert.ok([200, 204].includes(answer.status), `${answer.status} ${path}`);
        assert.equal(answer.headers["access-control-allow-origin"], APP);
        assert.equal(answer.headers["access-control-allow-credentials"], "true");
        assert.match(answer.headers["access-control-allow-methods"], new RegExp(method));
        assert.match(answer.headers["access-control-allow-headers"], /content-type/i);
      }
    }
  });

  test("gives a foreign origin's preflight nothing", async () => {
    for (const origin of ["https://evil.com", "null", "https://app.example.com.evil.com"]) {
      const { headers } = await request(world.url, {
        method: "OPTIONS", path: "/api/meetings", headers: { origin, "access-control-request-method": "POST" },
      });
      assert.equal(headers["access-control-allow-origin"], undefined, origin);
    }
  });

  test("errors carry it too, so that a browser can read what was wrong", async () => {
    const headers = { origin: APP };
    for (const [method, path, body] of [["GET", "/api/me"], ["POST", "/api/auth/login", {}], ["POST", "/api/meetings", {}]]) {
      const answer = await request(world.url, { method, path, body, headers });
      assert.ok(answer.status >= 400);
      assert.equal(answer.headers["access-control-allow-origin"], APP, path);
    }
  });
});

describe("a foreign Origin", () => {
  const world = aWorld({ user: { CORS_ORIGIN: APP }, ...ONE_ADDRESS });

  test("is refused on what changes state, before anything changes", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const path = `/api/meetings/${meeting.meetingId}`;
    const changes = [
      ["POST", "/api/auth/login", ana.fields], ["POST", "/api/auth/register", world.visitor().fields], ["POST", "/api/auth/logout", {}],
      ["POST", "/api/meetings", { title: "x", date: "2030-01-01", time: "10:00" }], ["PUT", path, { title: "changed" }],
      ["POST", `${path}/join`, {}], ["POST", `${path}/leave`, {}], ["DELETE", path],
    ];
    for (const origin of ["https://evil.com", "null", "https://app.example.com.evil.com", "http://app.example.com", `${APP}:444`]) {
      for (const [method, path, body] of changes) {
        const answer = await ana.request(method, path, { body, headers: { origin } });
        assert.deepEqual([answer.status, answer.body?.error?.code], [403, "foreign_origin"], `${origin} ${method} ${path}`);
        assert.equal(answer.cookies.length, 0);
      }
    }
    assert.equal((await ana.sees(meeting)).title, meeting.title);
  });

  test("may read what needs no change of state, as far as its browser lets it", async () => {
    const ana = await world.user();
    assert.equal((await ana.get("/api/me", { headers: { origin: "https://evil.com" } })).status, 200);
  });

  test("is not what the listed, the own, or no Origin is", async () => {
    const ana = await world.user();
    const fields = { title: "x", date: "2030-01-01", time: "10:00" };
    for (const headers of [{}, { origin: APP }, { origin: world.url }]) {
      assert.equal((await ana.post("/api/meetings", fields, { headers })).status, 201, JSON.stringify(headers));
    }
  });

  test("own means the same host and port as Host, not the same host", async () => {
    const ana = await world.user();
    const { hostname, port } = new URL(world.url);
    const other = Number(port) === 65535 ? 65534 : Number(port) + 1;
    for (const origin of [`http://${hostname}:${other}`, `http://${hostname}`, `http://localhost:${port}`]) {
      assert.equal((await ana.post("/api/meetings", {}, { headers: { origin } })).status, 403, origin);
    }
    const named = { host: "plenum.example.org", origin: "https://plenum.example.org" };
    assert.equal((await ana.post("/api/auth/login", { email: ana.email, password: ana.fields.password }, { headers: named })).status, 200);
  });
});

describe("CORS_ORIGIN=*", () => {
  const world = aWorld({ user: { CORS_ORIGIN: "*" }, ...ONE_ADDRESS });

  test("lets any origin read without credentials, and still no foreign page act as a signed-in user", async () => {
    const ana = await world.user();
    const { headers } = await request(world.url, { path: "/health", headers: { origin: "https://anyone.example" } });
    assert.ok(["*", "https://anyone.example"].includes(headers["access-control-allow-origin"]));
    assert.equal(headers["access-control-allow-credentials"], undefined);
    const act = await ana.post("/api/meetings", {}, { headers: { origin: "https://anyone.example" } });
    assert.equal(act.status, 403);
    const socket = await ana.get(SOCKET, { headers: { origin: "https://anyone.example" } });
    assert.equal(socket.status, 403);
    assert.equal((await ana.get(SOCKET, { headers: { origin: world.url } })).status, 200);
    assert.equal((await ana.get(SOCKET)).status, 200);
  });
});
