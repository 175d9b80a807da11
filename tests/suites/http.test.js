import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { RawConnection, head, hostOf } from "../harness/raw.mjs";
import { aWorld } from "../harness/world.mjs";

const JSON_TYPE = { "content-type": "application/json" };

describe("HTTP at the gateway", () => {
  const world = aWorld();

  test("/health tells the service, the time and the environment, without an envelope", async () => {
    const { status, body } = await request(world.url, { path: "/health" });
    assert.equal(status, 200);
    const { timestamp, service, ...rest } = body;
    assert.deepEqual(rest, { status: "ok", environment: "development" });
    assert.equal(typeof service, "string");
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
  });

  test("/ready and /api/call/health answer without a session", async () => {
    assert.equal((await request(world.url, { path: "/ready" })).status, 200);
    const { status, body } = await request(world.url, { path: "/api/call/health" });
    assert.equal(status, 200);
    assert.deepEqual([body.success, body.status, "data" in body], [true, "ok", false]);
    assert.ok(body.service && body.timestamp);
  });

  test("/docs/start is a page about what this is, with the ways to the API, the docs and the health, and / is a page", async () => {
    const first = await request(world.url, { path: "/", headers: { accept: "text/html,*/*" } });
    assert.equal(first.status, 200);
    assert.match(first.headers["content-type"], /^text\/html/);
    assert.match(first.text, /Plenum/);
    const { status, headers, text } = await request(world.url, { path: "/docs/start", headers: { accept: "text/html,*/*" } });
    assert.equal(status, 200);
    assert.match(headers["content-type"], /^text\/html/);
    for (const part of [/Plenum/, /\/health/, /\/docs/, /\/api/]) assert.match(text, part);
    const docs = await request(world.url, { path: "/docs", headers: { accept: "text/html" } });
    assert.equal(docs.status, 200);
    assert.match(docs.text, /join:meeting/);
  });

  test("an unknown route is 404 in JSON, with a session and without", async () => {
    const [ana, visitor] = [await world.user(), world.visitor()];
    const paths = ["/nowhere", "/api", "/api/", "/api/nowhere", "/api/auth/nowhere", "/api/chat/nowhere",
      "/api/users/a/b", "/api/meetings/a/b/c", "/favicon.nope"];
    for (const path of paths) {
      for (const person of [ana, visitor]) {
        for (const method of ["GET", "POST"]) {
          const { status, headers, body } = await person.request(method, path, method === "POST" ? { body: {} } : {});
          assert.deepEqual([status, body?.success, body?.error?.code], [404, false, "not_found"], `${method} ${path}`);
          assert.match(headers["content-type"], /^application\/json/);
        }
      }
    }
  });

  test("a page for an unknown route is only for a GET that accepts text/html", async () => {
    const html = { accept: "text/html,application/xhtml+xml" };
    const page = await request(world.url, { path: "/nowhere", headers: html });
    assert.equal(page.status, 404);
    assert.match(page.headers["content-type"], /^text\/html/);
    const post = await request(world.url, { method: "POST", path: "/nowhere", headers: html, body: {} });
    assert.equal(post.status, 404);
    assert.equal(post.body.error.code, "not_found");
    const any = await request(world.url, { path: "/nowhere", headers: { accept: "*/*" } });
    assert.equal(any.body.error.code, "not_found");
  });

  test("a method that a route does not offer is 405 in JSON", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const cases = [
      ["DELETE", "/api/auth/login"], ["GET", "/api/auth/register"], ["PUT", "/api/auth/logout"], ["POST", "/api/me"],
      ["POST", "/health"], ["PATCH", "/api/meetings"], ["DELETE", "/api/meetings"],
      ["GET", `/api/meetings/${meeting.meetingId}/join`], ["PATCH", `/api/meetings/${meeting.meetingId}`],
      ["POST", "/api/chat/stats"],
    ];
    for (const [method, path] of cases) {
      const { status, body } = await ana.request(method, path, { body: {} });
      assert.deepEqual([status, body?.error?.code], [405, "method_not_allowed"], `${method} ${path}`);
    }
  });

  test("a body up to 100 kB is read, one past it is 413, declared or not", async () => {
    const ana = await world.user();
    const body = (size) => {
      const fields = { title: "t", date: "2030-01-01", time: "10:00", pad: "" };
      return JSON.stringify({ ...fields, pad: "x".repeat(size - JSON.stringify(fields).length) });
    };
    assert.equal((await ana.post("/api/meetings", body(100_000), { headers: JSON_TYPE })).status, 201);
    const declared = await ana.post("/api/meetings", body(100_001), { headers: JSON_TYPE });
    assert.deepEqual([declared.status, declared.body.error.code], [413, "body_too_large"]);
    const chunked = await ana.post("/api/meetings", body(100_001), { headers: { ...JSON_TYPE, "transfer-encoding": "chunked" } });
    assert.deepEqual([chunked.status, chunked.body.error.code], [413, "body_too_large"]);
    const register = await ana.post("/api/auth/register", body(150_000), { headers: JSON_TYPE });
    assert.deepEqual([register.status, register.body.error.code], [413, "body_too_large"]);
  });

  test("a body declared enormous is refused before it is sent", async () => {
    const ana = await world.user();
    for (const path of ["/api/auth/login", "/api/meetings"]) {
      const connection = await RawConnection.open(world.url);
      const lines = [hostOf(world.url), `Cookie: ${ana.cookie}`, "Content-Type: application/json", "Content-Length: 99999999999"];
      const { status } = await connection.write(head("POST", path, lines)).answer();
      assert.equal(status, 413, path);
      connection.close();
    }
  });

  test("a body of another content type is 415, on both services", async () => {
    const ana = await world.user();
    for (const path of ["/api/auth/login", "/api/meetings"]) {
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"]) {
        const { status, body } = await ana.post(path, '{"a":1}', { headers: { "content-type": type } });
        assert.deepEqual([status, body.error.code], [415, "unsupported_media_type"], `${path} ${type}`);
      }
      const none = await ana.post(path, '{"a":1}');
      assert.equal(none.status, 415, `${path} without a type`);
    }
    const meeting = { title: "Weekly", date: "2030-01-15", time: "10:30" };
    const charset = await ana.post("/api/meetings", JSON.stringify(meeting), { headers: { "content-type": "application/json; charset=utf-8" } });
    assert.equal(charset.status, 201);
  });

  test("a DELETE may have no body, an empty one with a JSON content type, or a body", async () => {
    const ana = await world.user();
    for (const options of [{}, { headers: JSON_TYPE }, { headers: { ...JSON_TYPE, "content-length": "0" } }, { body: { userId: "someone" } }]) {
      const { meetingId } = await ana.creates();
      const { status, body } = await ana.delete(`/api/meetings/${meetingId}`, options);
      assert.deepEqual([status, body.success, typeof body.message], [200, true, "string"], JSON.stringify(options));
    }
  });

  test("a URL past its bound is 414, headers past theirs are 431, and the server goes on", async () => {
    const long = await request(world.url, { path: `/api/users/${"x".repeat(9000)}` });
    assert.deepEqual([long.status, long.body.error.code], [414, "uri_too_long"]);
    const headers = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`x-filler-${i}`, "y".repeat(1500)]));
    assert.equal((await request(world.url, { path: "/health", headers })).status, 431);
    assert.equal((await request(world.url, { path: "/health" })).status, 200);
  });

  test("every answer carries the security headers and names no framework", async () => {
    const ana = await world.user();
    for (const path of ["/", "/health", "/api/me", "/nowhere", "/api/meetings", "/socket.io/?EIO=4&transport=polling"]) {
      const { headers } = await ana.get(path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["x-frame-options"], "DENY", path);
      assert.ok(headers["referrer-policy"], path);
      assert.ok(headers["content-security-policy"], path);
      for (const name of ["server", "x-powered-by", "via"]) assert.equal(headers[name], undefined, `${name} on ${path}`);
      assert.ok(!Object.keys(headers).some((name) => name.startsWith("x-plenum")), path);
    }
  });

  test("every answer carries a request id, and connections are kept alive", async () => {
    const connection = await RawConnection.open(world.url);
    const ids = [];
    for (let i = 0; i < 3; i++) {
      const { status, headers } = await connection.write(head("GET", "/health", [hostOf(world.url)])).answer();
      assert.equal(status, 200);
      ids.push(headers["x-request-id"]);
    }
    assert.equal(new Set(ids).size, 3, `${ids}`);
    connection.close();
  });

  test("HEAD answers as GET does, without a body", async () => {
    const connection = await RawConnection.open(world.url);
    const { status } = await connection.write(head("HEAD", "/health", [hostOf(world.url)])).answer({ bodiless: true });
    assert.equal(status, 200);
    connection.close();
  });
});
