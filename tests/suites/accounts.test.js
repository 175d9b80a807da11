import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { eventually, inParallel } from "../harness/wait.mjs";
import { World, aWorld } from "../harness/world.mjs";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("accounts", () => {
  const world = aWorld();

  test("a visitor registers and gets the account back, without password or token", async () => {
    const ana = world.visitor("ana", { age: 33 });
    const { status, body } = await ana.post("/api/auth/register", ana.fields);
    assert.equal(status, 201);
    assert.equal(body.success, true);
    assert.equal(typeof body.message, "string");
    const { uid, ...rest } = body.data;
    assert.match(uid, /^[A-Za-z0-9_-]+$/);
    assert.deepEqual(rest, { email: ana.email, name: "Ana", last_name: "Prueba", age: 33 });
  });

  test("registering signs nobody in", async () => {
    const ana = await world.visitor().registers();
    assert.equal(ana.jar.size, 0);
    assert.equal((await ana.get("/api/me")).status, 401);
  });

  test("fields are trimmed and the address is folded to lower case", async () => {
    const ana = world.visitor();
    const { body } = await ana.post("/api/auth/register", {
      ...ana.fields, email: `  ${ana.email.toUpperCase()} `, name: "  Ana ", last_name: " Pérez  ", age: "41",
    });
    assert.deepEqual(
      { ...body.data, uid: 0 },
      { uid: 0, email: ana.email, name: "Ana", last_name: "Pérez", age: 41 },
    );
    await ana.logsIn();
  });

  test("an address registers once, whatever its case, also when two ask at the same moment", async () => {
    const ana = world.visitor();
    const tries = await inParallel([ana.email, ana.email.toUpperCase(), ana.email, ` ${ana.email}`], (email) =>
      ana.post("/api/auth/register", { ...ana.fields, email }));
    assert.deepEqual(tries.map((t) => t.status).sort(), [201, 409, 409, 409]);
    const taken = tries.find((t) => t.status === 409).body;
    assert.equal(taken.success, false);
    assert.equal(taken.error.code, "email_taken");
    assert.match(taken.message, /address is already registered/i);
    assert.equal(taken.error.message, taken.message);
  });

  test("login gives the same data and a session that opens the profile", async () => {
    const ana = await world.visitor().registers();
    const { status, body } = await ana.post("/api/auth/login", { email: ana.email, password: ana.fields.password });
    assert.equal(status, 200);
    assert.deepEqual(body.data, { uid: ana.id, email: ana.email, name: "Ana", last_name: "Prueba", age: 30 });
    for (const path of ["/api/users/profile", "/api/me", `/api/users/${ana.id}`]) {
      const profile = await ana.get(path);
      assert.equal(profile.status, 200, path);
      const { createdAt, updatedAt, ...rest } = profile.body.data;
      assert.match(createdAt, ISO);
      assert.match(updatedAt, ISO);
      assert.deepEqual(rest, {
        id: ana.id, uid: ana.id, email: ana.email, name: "Ana", last_name: "Prueba", age: 30, picture: null, verified: false,
      });
    }
  });

  test("no answer about an account holds a field token or accessToken", async () => {
    const ana = world.visitor();
    const answers = [
      await ana.post("/api/auth/register", ana.fields),
      await ana.post("/api/auth/login", ana.fields),
      await ana.get("/api/me"),
      await ana.get("/api/users/profile"),
    ];
    for (const { text } of answers) {
      assert.doesNotMatch(text, /"(token|accessToken|password\w*)"/i);
      assert.ok(!text.includes(ana.token));
    }
  });

  test("an unknown address and a wrong password are refused in the same words", async () => {
    const ana = await world.visitor().registers();
    const wrong = await ana.post("/api/auth/login", { email: ana.email, password: "not-the-password" });
    const unknown = await ana.post("/api/auth/login", { email: `no.${ana.email}`, password: "not-the-password" });
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.error.code, "invalid_credentials");
    assert.deepEqual([unknown.status, unknown.body], [wrong.status, wrong.body]);
    assert.equal(wrong.cookies.length + unknown.cookies.length, 0);
  });

  test("others see the public part of an account only", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const { status, body } = await ben.get(`/api/users/${ana.id}`);
    assert.equal(status, 200);
    assert.deepEqual(body.data, { id: ana.id, uid: ana.id, name: "Ana", last_name: "Prueba", picture: null });
  });

  test("an id that nobody has, or that can't be one, is not found", async () => {
    const ana = await world.user();
    for (const id of ["8f14e45f-ceea-467f-a9c1-0b5c0a2b7f11", "x", "a%20b", "%C3%A9", "x".repeat(200), "'or'1"]) {
      const { status, body } = await ana.get(`/api/users/${id}`);
      assert.deepEqual([status, body.error.code], [404, "user_not_found"], id);
    }
  });

  test("logout ends the session at once and clears the cookie", async () => {
    const ana = await world.user();
    const held = ana.cookie;
    const out = await ana.logsOut();
    assert.equal(out.body.success, true);
    assert.equal(typeof out.body.message, "string");
    assert.equal(ana.jar.size, 0);
    const again = await request(world.url, { path: "/api/me", headers: { cookie: held } });
    assert.deepEqual([again.status, again.body.error.code], [401, "invalid_session"]);
    const twice = await request(world.url, { method: "POST", path: "/api/auth/logout", headers: { cookie: held }, body: {} });
    assert.equal(twice.status, 401);
  });

  test("two logins of one user coexist, and the logout of one leaves the other", async () => {
    const ana = await world.user();
    const phone = await ana.elsewhere();
    assert.notEqual(phone.token, ana.token);
    assert.equal((await ana.get("/api/me")).status, 200);
    await phone.logsOut();
    assert.equal((await ana.get("/api/me")).status, 200);
  });

  test("without a session what needs one is refused with no_session", async () => {
    const visitor = world.visitor();
    const closed = [
      ["GET", "/api/me"], ["GET", "/api/users/profile"], ["GET", "/api/users/abc"], ["POST", "/api/auth/logout"],
      ["GET", "/api/meetings"], ["POST", "/api/meetings"], ["GET", "/api/meetings/abc"], ["PUT", "/api/meetings/abc"],
      ["DELETE", "/api/meetings/abc"], ["POST", "/api/meetings/abc/join"], ["GET", "/api/chat/stats"],
    ];
    for (const [method, path] of closed) {
      const { status, body } = await visitor.request(method, path, method === "POST" ? { body: {} } : {});
      assert.deepEqual([status, body.success, body.error.code], [401, false, "no_session"], `${method} ${path}`);
      assert.match(body.message, /No active session/i);
    }
  });

  test("a session that never was, or a broken cookie, is refused with invalid_session", async () => {
    for (const value of ["x", "x".repeat(64), "a.b.c", "%00", '"quoted"']) {
      const { status, body } = await request(world.url, { path: "/api/me", headers: { cookie: `session=${value}` } });
      assert.deepEqual([status, body.error.code], [401, "invalid_session"], value);
      assert.match(body.message, /session is invalid or has expired/i);
    }
  });
});

describe("sessions that last a second", () => {
  const world = aWorld({ user: { SESSION_COOKIE_EXPIRES_IN_MS: "1000" } });

  test("are over after it", async () => {
    const ana = await world.user();
    const held = ana.cookie;
    const answer = await eventually("the session to be over", async () => {
      const seen = await request(world.url, { path: "/api/me", headers: { cookie: held } });
      return seen.status !== 200 && seen;
    });
    assert.deepEqual([answer.status, answer.body.error.code], [401, "invalid_session"]);
  });
});

describe("where the commonest passwords are refused", () => {
  const world = aWorld({ user: { PASSWORD_BLOCKLIST: "on" } });

  test("none of them is taken for a new one, in whatever letter case, and others are", async () => {
    const ana = world.visitor();
    const registers = (password, language) => ana.post("/api/auth/register", { ...ana.fields, password }, { headers: { "accept-language": language } });
    for (const [password, language, words] of [["123456", "en", /most common/], ["PassWord", "es", /más comunes/], ["qwertyuiop", "en", /most common/]]) {
      const { status, body } = await registers(password, language);
      assert.deepEqual([status, body.error.code], [400, "weak_password"], password);
      assert.match(body.message, words);
    }
    assert.match((await registers("12345", "en")).body.message, /at least 6/, "too short is told as that");
    await ana.registers();
    await ana.logsIn();
    const changes = (newPassword) => ana.put("/api/auth/update-password", { currentPassword: ana.fields.password, newPassword, confirmPassword: newPassword });
    const refused = await changes("iloveyou");
    assert.deepEqual([refused.status, refused.body.error.code], [400, "weak_password"]);
    assert.equal((await changes("i love none of you")).status, 200);
  });

  test("elsewhere they are taken", async () => {
    const lax = await new World({ mode: "plenum" }).start();
    try {
      // Long enough not to stand in a log by chance.
      await lax.user("ana", { password: "qwertyuiop" });
    } finally {
      await lax.close();
    }
  });
});
