import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { rawRequest, head, hostOf } from "../harness/raw.mjs";
import { aWorld } from "../harness/world.mjs";

const SPELLINGS = [
  "X-Plenum-User", "x-plenum-user", "X_PLENUM_USER", "x_plenum_user", "X-PLENUM_user", "x_plenum-user", "X-Plenum_User",
];

describe("identity is the session's", () => {
  const world = aWorld();
  const forged = (victim) => [
    ...SPELLINGS.map((name) => `${name}: ${victim.id}`),
    ...SPELLINGS.map((name) => `${name.replace(/user/i, "Session")}: forged-session`),
    ...SPELLINGS.map((name) => `${name.replace(/user/i, "Name")}: Mallory`),
    ...SPELLINGS.map((name) => `${name.replace(/user/i, "Secret")}: guess`),
    `x-plenum-user: ${victim.id}`, `X-User-Id: ${victim.id}`, `X-Forwarded-User: ${victim.id}`,
  ];

  test("forged headers open nothing without a session, in every spelling, one by one and together", async () => {
    const ben = await world.user("ben");
    const lines = forged(ben);
    for (const chosen of [...lines.map((line) => [line]), lines]) {
      for (const target of ["/api/meetings", "/api/me", `/api/meetings/user/${ben.id}`, "/api/chat/stats"]) {
        const { status, body } = await rawRequest(world.url, head("GET", target, [hostOf(world.url), ...chosen]));
        assert.equal(status, 401, `${chosen[0]} ${target} ${body}`);
      }
    }
  });

  test("forged headers beside a session change nothing: whoever signed in is who acts", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const fields = JSON.stringify({ title: "whose?", date: "2030-01-01", time: "10:00", userId: ben.id });
    for (const before of [true, false]) {
      const own = [`Cookie: ${ana.cookie}`, "Content-Type: application/json", `Content-Length: ${fields.length}`];
      const lines = before ? [...forged(ben), ...own] : [...own, ...forged(ben)];
      const { status, body } = await rawRequest(world.url, head("POST", "/api/meetings", [hostOf(world.url), ...lines]) + fields);
      assert.equal(status, 201, body);
      assert.equal(JSON.parse(body).data.hostId, ana.id);
    }
    assert.deepEqual((await ben.get("/api/meetings")).body.data, []);
  });

  test("a header of ours named in Connection stays what the gateway stamped", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    for (const connection of ["x-plenum-user", "x-plenum-user, x-plenum-secret, x-plenum-session, x-plenum-name", "close, cookie"]) {
      const lines = [hostOf(world.url), `Cookie: ${ana.cookie}`, `Connection: ${connection}`, `X-Plenum-User: ${ben.id}`];
      const { status, body } = await rawRequest(world.url, head("GET", `/api/meetings/user/${ana.id}`, lines));
      assert.equal(status, 200, `${connection}: ${body}`);
      const other = await rawRequest(world.url, head("GET", `/api/meetings/user/${ben.id}`, lines));
      assert.equal(other.status, 403, `${connection}: ${other.body}`);
    }
  });

  test("a cookie changed in one character is no session", async () => {
    const ana = await world.user();
    const { token } = ana;
    for (const at of [0, 1, Math.floor(token.length / 2), token.length - 2]) {
      const other = token[at] === "a" ? "b" : "a";
      const changed = token.slice(0, at) + other + token.slice(at + 1);
      for (const path of ["/api/me", "/api/meetings", "/socket.io/?EIO=4&transport=polling"]) {
        const { status } = await request(world.url, { path, headers: { cookie: `session=${changed}` } });
        assert.equal(status, 401, `${path}, character ${at}`);
      }
    }
    for (const changed of [token.slice(0, -1), `${token}a`, token.toUpperCase(), `${token} x`, `x${token}`, `${token}%00`]) {
      if (changed === token) continue;
      const { status } = await request(world.url, { path: "/api/me", headers: { cookie: `session=${changed}` } });
      assert.equal(status, 401);
    }
  });

  test("a bearer token, a query parameter, a body field or another cookie name does not authenticate", async () => {
    const ana = await world.user();
    const { token } = ana;
    const tries = [
      { headers: { authorization: `Bearer ${token}` } }, { headers: { authorization: token } }, { headers: { "x-session": token } },
      { path: `?session=${token}` }, { path: `?token=${token}&access_token=${token}` }, { headers: { cookie: `token=${token}` } },
      { headers: { cookie: `Session=${token}` } }, { headers: { cookie: `xsession=${token}` } },
      { headers: { cookie: `a=1, session=${token}` } },
    ];
    for (const { path = "", headers = {} } of tries) {
      for (const to of ["/api/me", "/api/meetings"]) {
        assert.equal((await request(world.url, { path: to + path, headers })).status, 401, JSON.stringify(Object.keys(headers)) + path);
      }
      const socket = `/socket.io/?EIO=4&transport=polling${path.replace("?", "&")}`;
      assert.equal((await request(world.url, { path: socket, headers })).status, 401, socket);
    }
    const posted = await request(world.url, { method: "POST", path: "/api/meetings", body: { session: token, token } });
    assert.equal(posted.status, 401);
  });

  test("another's userId in a body acts for nobody but oneself, on every route that takes a body", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ben.creates();
    const path = `/api/meetings/${meeting.meetingId}`;
    const joined = await ana.post(`${path}/join`, { userId: ben.id });
    assert.deepEqual(joined.body.data.participants, [ben.id, ana.id]);
    assert.equal((await ana.put(path, { userId: ben.id, title: "x" })).status, 403);
    assert.equal((await ana.delete(path, { body: { userId: ben.id } })).status, 403);
    assert.equal((await ana.post(`${path}/leave`, { userId: ben.id })).status, 200);
    assert.equal((await ana.creates({ userId: ben.id })).hostId, ana.id);
    await ana.post("/api/auth/logout", { userId: ben.id });
    assert.equal((await ben.get("/api/me")).status, 200);
  });
});

describe("a path never leads outside what is offered", () => {
  const world = aWorld();
  const ESCAPES = [
    "/api/meetings/../auth/login", "/api/meetings/..", "/api/meetings/../../health", "/api/meetings/./x/../..", "/./api/meetings",
    "/api/meetings/%2e%2e/auth/login", "/api/meetings/%2E%2E/%2e%2e/health", "/api/meetings/.%2e/auth", "/api/meetings/%2e/x",
    "/api/meetings%2f..%2fauth", "/api/meetings/x%2f..%2f..", "/api%2fmeetings", "/api/meetings/..%2f..%2fhealth",
    "/api/meetings/%5c..%5cauth", "/api/meetings\\..\\auth", "/api/meetings/..\\x", "//api/meetings", "/api//meetings", "/api/meetings//",
    "///", "/api/meetings/..;/auth", "/api/meetings/%252e%252e/auth", "/api/meetings/%00", "/api/meetings/..%00/", "/socket.io/../api/meetings",
    "/socket.io/%2e%2e/api/meetings", "/socket.io//", "/API/MEETINGS", "/api/meetingsx", "/api/chatter", "/socket.iox/", "/internal", "/metrics",
  ];

  test("dot segments, encoded slashes, backslashes and doubled slashes are refused, with a session and without", async () => {
    const ana = await world.user();
    for (const path of ESCAPES) {
      for (const lines of [[], [`Cookie: ${ana.cookie}`]]) {
        for (const method of ["GET", "POST"]) {
          const more = method === "POST" ? ["Content-Length: 0"] : [];
          const { status, body } = await rawRequest(world.url, head(method, path, [hostOf(world.url), ...lines, ...more]));
          assert.ok(status === 400 || status === 404, `${method} ${path} was answered ${status} ${body.slice(0, 100)}`);
        }
      }
    }
  });

  test("an absolute address, an authority or a star as the target reaches nothing else either", async () => {
    const ana = await world.user();
    const lines = [hostOf(world.url), `Cookie: ${ana.cookie}`];
    const absolute = await rawRequest(world.url, head("GET", "http://169.254.169.254/latest/meta-data/", lines));
    assert.ok([400, 403, 404, 421].includes(absolute.status), `${absolute.status}`);
    const own = await rawRequest(world.url, head("GET", `${world.url}/api/me`, lines));
    assert.ok([200, 400].includes(own.status), `${own.status}`);
    for (const [method, target] of [["OPTIONS", "*"], ["CONNECT", "127.0.0.1:22"], ["TRACE", "/api/me"]]) {
      const { status, body } = await rawRequest(world.url, head(method, target, lines));
      assert.ok(status >= 400 || (method === "OPTIONS" && status < 300), `${method} ${status}`);
      assert.ok(!body.includes(ana.token), "a TRACE must not echo cookies");
    }
  });
});
