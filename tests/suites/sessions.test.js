import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const sessions = async (person) => (await person.get("/api/auth/sessions")).body.data;
const own = async (person) => (await sessions(person)).find(({ current }) => current);

describe("one's own sessions", () => {
  const world = aWorld();

  test("are listed with what they are used by, and the one that asks is marked", async () => {
    const desk = world.visitor();
    await desk.registers();
    const { email, password } = desk.fields;
    await desk.post("/api/auth/login", { email, password }, { headers: { "user-agent": "A desk/1.0" } });
    const phone = await desk.elsewhere();
    const listed = await sessions(desk);
    assert.equal(listed.length, 2);
    const mine = listed.find(({ current }) => current);
    assert.equal(mine.device, "A desk/1.0");
    assert.equal(listed.filter(({ current }) => current).length, 1);
    assert.deepEqual(Object.keys(mine).sort(), ["createdAt", "current", "device", "expiresAt", "id", "lastUsedAt"]);
    assert.ok(Date.parse(mine.expiresAt) > Date.now());
    assert.notEqual((await own(phone)).id, mine.id);
    assert.ok(!JSON.stringify(listed).includes(desk.token), "no token is shown");
    assert.equal((await world.visitor().get("/api/auth/sessions")).status, 401);
  });

  test("can be ended from another: its sockets close within a second, and its cookie is worth nothing", async () => {
    const desk = await world.user();
    const phone = await desk.elsewhere();
    const meeting = await desk.creates();
    const sockets = await Promise.all(["websocket", "polling"].map((transport) => phone.joins(meeting, transport)));
    const stays = await desk.joins(meeting);
    const begun = performance.now();
    const { status, body } = await desk.delete(`/api/auth/sessions/${(await own(phone)).id}`);
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.message);
    for (const socket of sockets) assert.equal(await socket.loses({ ms: 3000 }), "io server disconnect");
    assert.ok(performance.now() - begun < 1500, "within about a second");
    await eventually("every gateway to refuse it", async () => {
      const all = await Promise.all(world.servers.gateways.map(({ url }) => request(url, { path: "/api/me", headers: { cookie: phone.cookie } })));
      return all.every(({ status }) => status === 401);
    }, 2000);
    assert.deepEqual(stays.losses, []);
    assert.equal((await desk.get("/api/me")).status, 200);
  });

  test("of somebody else can't be seen or ended", async () => {
    const [ana, mallory] = await world.users("ana", "mallory");
    const { id } = await own(ana);
    assert.ok(!(await sessions(mallory)).some((session) => session.id === id));
    for (const path of [id, "none", "%2e%2e", "x".repeat(200)]) {
      const { status, body } = await mallory.delete(`/api/auth/sessions/${path}`);
      assert.ok(status === 404 || (path === "%2e%2e" && status === 400), `${path}: ${status} ${JSON.stringify(body)}`);
    }
    assert.equal((await ana.get("/api/me")).status, 200);
  });

  test("all others end at once, and this one stays", async () => {
    const desk = await world.user();
    const others = [await desk.elsewhere(), await desk.elsewhere()];
    assert.equal((await desk.delete("/api/auth/sessions")).status, 200);
    for (const other of others) {
      await eventually("the other session to be over", async () => (await other.get("/api/me")).status === 401, 2000);
    }
    assert.equal((await sessions(desk)).length, 1);
  });

  test("of one who changes the password: the others end, this one goes on with another token, its sockets too", async () => {
    const desk = await world.user();
    const phone = await desk.elsewhere();
    const meeting = await desk.creates();
    const [stays, goes] = [await desk.joins(meeting), await phone.joins(meeting)];
    const stolen = desk.cookie;
    const { password, email } = desk.fields;
    const change = { currentPassword: password, newPassword: `${password}-new`, confirmPassword: `${password}-new` };
    world.keepSecret(change.newPassword);
    const { status, body } = await desk.put("/api/auth/update-password", change);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(await goes.loses({ ms: 3000 }), "io server disconnect");
    assert.notEqual(desk.cookie, stolen);
    assert.equal((await desk.get("/api/me")).status, 200);
    await eventually("who has the token of before to have nothing", async () => {
      const all = await Promise.all(world.servers.gateways.map(({ url }) => request(url, { path: "/api/me", headers: { cookie: stolen } })));
      return all.every(({ status }) => status === 401);
    }, 2000);
    await stays.says(meeting, "still here");
    assert.deepEqual(stays.losses, []);
    assert.equal((await world.visitor().post("/api/auth/login", { email, password })).status, 401);
    assert.equal((await world.visitor().post("/api/auth/login", { email, password: change.newPassword })).status, 200);
  });

  test("a change of password is refused in the words that clients look for", async () => {
    const ana = await world.user();
    const { password } = ana.fields;
    const good = { currentPassword: password, newPassword: "another one", confirmPassword: "another one" };
    const said = async (fields, headers = {}) => {
      const { status, body } = await ana.put("/api/auth/update-password", { ...good, ...fields }, { headers });
      return [status, body.error.code, body.message];
    };
    const es = { "accept-language": "es" };
    const cases = [
      [{ currentPassword: "wrong" }, "wrong_password", "current password is incorrect", "La contraseña actual es incorrecta"],
      [{ currentPassword: "" }, "current_password_required", "is required", "La contraseña actual es requerida"],
      [{ confirmPassword: undefined }, "confirmation_required", "is required", "La confirmación de contraseña es requerida"],
      [{ confirmPassword: "something else" }, "password_mismatch", "do not match", "Las contraseñas no coinciden"],
      [{ newPassword: "short", confirmPassword: "short" }, "weak_password", "at least 6 characters", "La nueva contraseña debe tener al menos 6 caracteres"],
      [{ newPassword: ["another one"] }, "weak_password", "at least 6 characters", "La nueva contraseña debe tener al menos 6 caracteres"],
    ];
    for (const [fields, code, inEnglish, inSpanish] of cases) {
      const [status, its, message] = await said(fields);
      assert.deepEqual([status, its], [400, code], JSON.stringify(fields));
      assert.ok(message.toLowerCase().includes(inEnglish.toLowerCase()), message);
      assert.ok((await said(fields, es))[2].includes(inSpanish), inSpanish);
    }
    assert.equal((await ana.get("/api/me")).status, 200);
    assert.equal((await world.visitor().put("/api/auth/update-password", good)).status, 401);
  });
});

describe("one session for each user", () => {
  const world = aWorld({ user: { SINGLE_SESSION: "true" } });

  test("another login ends the one before, its sockets too", async () => {
    const desk = await world.user();
    const socket = await desk.connects();
    const phone = await desk.elsewhere();
    assert.equal(await socket.loses({ ms: 3000 }), "io server disconnect");
    await eventually("the session before to be over", async () => (await desk.get("/api/me")).status === 401, 2000);
    assert.equal((await phone.get("/api/me")).status, 200);
  });
});

describe("a session that is not used", () => {
  const world = aWorld({ user: { SESSION_IDLE_EXPIRES_IN_MS: "2000" } });

  test("is over after a while, and one that is used goes on", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const begun = Date.now();
    await eventually("twice that time to be over for one who goes on asking", async () => {
      assert.equal((await ben.get("/api/me")).status, 200);
      return Date.now() - begun > 4000;
    }, 10_000);
    const { status, body } = await ana.get("/api/me");
    assert.deepEqual([status, body.error.code], [401, "invalid_session"]);
    assert.equal((await sessions(ben)).length, 1);
  });
});
