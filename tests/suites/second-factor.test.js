import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { proposed, shows, withFactor } from "../harness/factor.mjs";
import { request } from "../harness/http.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const login = (world, { fields: { email, password } }, more = {}) => request(world.url, { method: "POST", path: "/api/auth/login", body: { email, password, ...more } });

describe("a second factor", () => {
  const world = aWorld();

  test("is set up with a picture to scan, and counts once a code of it was confirmed", async () => {
    const ana = await world.user();
    const { secret, url, qr } = await proposed(world, ana);
    assert.match(secret, /^[A-Z2-7]{32}$/);
    assert.ok(url.startsWith("otpauth://totp/Plenum:") && url.includes(`secret=${secret}`), url);
    assert.ok(Buffer.from(qr.replace("data:image/png;base64,", ""), "base64").subarray(1, 4).equals(Buffer.from("PNG")));
    assert.equal((await login(world, ana)).status, 200, "it is not asked for yet");
    assert.equal((await ana.post("/api/auth/second-factor/confirm", { code: "000000" })).body.error.code, "invalid_second_factor");
    const stolen = ana.cookie;
    const { body } = await ana.post("/api/auth/second-factor/confirm", { code: shows(secret) });
    assert.equal(body.data.recoveryCodes.length, 10);
    assert.equal(new Set(body.data.recoveryCodes).size, 10);
    const { data } = (await ana.get("/api/auth/second-factor")).body;
    assert.deepEqual([data.enabled, data.recoveryCodesLeft, data.required], [true, 10, false]);
    assert.notEqual(ana.cookie, stolen, "the session has another token");
    assert.equal((await ana.post("/api/auth/second-factor", { password: ana.fields.password })).body.error.code, "second_factor_enabled");
  });

  test("is set up by who knows the password, not by whoever finds a browser open", async () => {
    const ana = await world.user();
    assert.equal((await ana.post("/api/auth/second-factor", {})).body.error.code, "password_required");
    assert.equal((await ana.post("/api/auth/second-factor", { password: "a guess" })).body.error.code, "wrong_password");
    assert.equal((await ana.post("/api/auth/second-factor/confirm", { code: "123456" })).body.error.code, "no_second_factor");
    assert.equal((await world.visitor().get("/api/auth/second-factor")).status, 401);
  });

  test("ends the sessions that began without it, and their sockets", async () => {
    const ana = await world.user();
    const phone = await ana.elsewhere();
    const socket = await phone.connects();
    const { secret } = await proposed(world, ana);
    assert.equal((await ana.post("/api/auth/second-factor/confirm", { code: shows(secret) })).status, 200);
    assert.equal(await socket.loses({ ms: 3000 }), "io server disconnect");
    assert.equal((await ana.get("/api/me")).status, 200);
  });

  test("is asked for at a login after the password, and for an app's tokens; a code counts once", async () => {
    const { person, secret } = await withFactor(world);
    const without = await login(world, person);
    assert.deepEqual([without.status, without.body.error.code, without.cookies], [401, "second_factor_required", []]);
    assert.equal((await login(world, { fields: { ...person.fields, password: "a guess" } }, { code: shows(secret, 1) })).body.error.code, "invalid_credentials");
    assert.equal((await login(world, person, { code: shows(secret) })).body.error.code, "invalid_second_factor", "spent when it was confirmed");
    const code = shows(secret, 1);
    assert.equal((await login(world, person, { code })).status, 200);
    assert.equal((await login(world, person, { code })).body.error.code, "invalid_second_factor");
    const { email, password } = person.fields;
    const app = await request(world.url, { method: "POST", path: "/api/auth/token", body: { email, password } });
    assert.equal(app.body.error.code, "second_factor_required");
  });

  test("of many who use one code, or one recovery code, at once one gets in", async () => {
    const [ana, ben] = [await withFactor(world), await withFactor(world, "ben")];
    for (const [person, code] of [[ana.person, shows(ana.secret, 1)], [ben.person, ben.recoveryCodes[0]]]) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => login(world, person, { code })));
      const codes = answers.map(({ status, body }) => (status === 200 ? "in" : body.error.code));
      assert.equal(codes.filter((what) => what === "in").length, 1, JSON.stringify(codes));
    }
  });

  test("can be lost: a recovery code lets one in once, however it is typed, and new ones void those before", async () => {
    const { person, recoveryCodes } = await withFactor(world);
    assert.equal((await login(world, person, { code: recoveryCodes[0].toUpperCase().replaceAll("-", " ") })).status, 200);
    assert.equal((await login(world, person, { code: recoveryCodes[0] })).status, 401);
    assert.equal((await person.get("/api/auth/second-factor")).body.data.recoveryCodesLeft, 9);
    const { body } = await person.post("/api/auth/second-factor/recovery-codes", {});
    for (const code of body.data.recoveryCodes) world.keepSecret(code);
    assert.equal((await login(world, person, { code: recoveryCodes[1] })).status, 401);
    assert.equal((await login(world, person, { code: body.data.recoveryCodes[1] })).status, 200);
  });

  test("can't be guessed: after five wrong codes none is looked at for a while, the right one neither", async () => {
    const { person, secret } = await withFactor(world);
    const guesses = await Promise.all(Array.from({ length: 30 }, (_, n) => login(world, person, { code: `${100_000 + n}` })));
    const codes = guesses.map(({ body }) => body.error.code);
    assert.ok(codes.filter((code) => code === "invalid_second_factor").length <= 5, JSON.stringify(codes));
    const right = await login(world, person, { code: shows(secret, 1) });
    assert.deepEqual([right.status, right.body.error.code], [429, "too_many_tries"]);
    assert.equal((await person.get("/api/me")).status, 200, "who is in stays in");
  });

  test("is asked for before changes that matter, unless it was shown in the last ten minutes", async () => {
    const { person, secret } = await withFactor(world);
    const { email, password } = person.fields;
    const again = new (person.constructor)(world, person.fields);
    world.people.push(again);
    assert.equal((await again.post("/api/auth/login", { email, password, code: shows(secret, 1) })).status, 200);
    assert.equal((await again.post("/api/auth/second-factor/recovery-codes", {})).status, 200, "it was shown at the login");
    const { cookie } = again;
    assert.equal((await again.delete("/api/auth/second-factor")).status, 200);
    assert.equal((await login(world, person)).status, 200, "it is off");
    assert.equal((await request(world.url, { path: "/api/me", headers: { cookie } })).status, 200);
  });
});

describe("a second factor that an operator asks for", () => {
  const world = aWorld({ user: { REQUIRE_SECOND_FACTOR: "*" } });

  test("has to be set up before anything else can be done", async () => {
    const ana = await world.user();
    for (const [method, path] of [["GET", "/api/meetings"], ["POST", "/api/meetings"], ["GET", "/api/auth/sessions"], ["GET", "/socket.io/?EIO=4&transport=polling"], ["GET", "/api/users/search?query=ana"], ["DELETE", "/api/users/profile"], ["PUT", "/api/users/profile"]]) {
      const { status, body } = await request(world.url, { method, path, headers: { cookie: ana.cookie }, ...(["POST", "PUT"].includes(method) ? { body: {} } : {}) });
      assert.deepEqual([status, body?.error?.code], [403, "second_factor_setup_required"], path);
    }
    assert.equal((await ana.get("/api/me")).status, 200);
    assert.equal((await ana.get("/api/auth/second-factor")).body.data.required, true);
    const { secret } = await proposed(world, ana);
    assert.equal((await ana.post("/api/auth/second-factor/confirm", { code: shows(secret) })).status, 200);
    await eventually("everything to be open", async () => (await ana.get("/api/meetings")).status === 200);
  });
});
