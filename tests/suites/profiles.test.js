import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MODE } from "../harness/modes.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("one's own profile", () => {
  const world = aWorld();

  test("is changed in part or whole, and others see the new name at once", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ben.creates();
    const his = await ben.joins(meeting);
    const { status, body } = await ana.put("/api/users/profile", { name: " Anaís ", age: "41", userId: ben.id, verified: true });
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.message);
    assert.deepEqual([body.data.uid, body.data.name, body.data.last_name, body.data.age, body.data.verified], [ana.id, "Anaís", "Prueba", 41, false]);
    await ana.joins(meeting);
    assert.equal((await his.hears("user:joined", { userId: ana.id })).username, "Anaís Prueba");
    assert.equal((await ana.get("/api/me")).body.data.name, "Anaís");
    assert.deepEqual((await ben.get(`/api/users/${ana.id}`)).body.data, { id: ana.id, uid: ana.id, name: "Anaís", last_name: "Prueba", picture: null });
  });

  test("another address is the one to log in with; another's can't be had, and one's own is fine", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const taken = await ana.put("/api/users/profile", { email: ben.email.toUpperCase() }, { headers: { "accept-language": "es" } });
    assert.deepEqual([taken.status, taken.body.error.code, taken.body.message], [409, "email_taken", "El correo ya está en uso"]);
    assert.match((await ana.put("/api/users/profile", { email: ben.email })).body.message, /already in use/i);
    assert.equal((await ana.put("/api/users/profile", { email: ana.email })).status, 200);
    const email = `new.${ana.email}`;
    assert.equal((await ana.put("/api/users/profile", { email })).body.data.email, email);
    const login = (address) => world.visitor().post("/api/auth/login", { email: address, password: ana.fields.password });
    assert.equal((await login(email)).status, 200);
    assert.equal((await login(ana.email)).status, 401);
  });

  test("what breaks a rule is refused whole, every problem told", async () => {
    const ana = await world.user();
    const { status, body } = await ana.put("/api/users/profile", { name: "A", last_name: 7, age: 0, email: "ana" });
    assert.equal(status, 400);
    assert.deepEqual(body.error.details.map(({ code }) => code).sort(), ["invalid_age", "invalid_email", "invalid_last_name", "invalid_name"]);
    assert.equal((await ana.put("/api/users/profile", { name: "Good", age: 400 })).status, 400);
    assert.equal((await ana.get("/api/me")).body.data.name, ana.fields.name);
    assert.equal((await ana.put("/api/users/profile", {})).status, 200, "nothing to change");
    assert.equal((await world.visitor().put("/api/users/profile", { name: "Good" })).status, 401);
  });
});

describe("a search for people", () => {
  const world = aWorld();

  test("finds names by their parts, letter case and accents as typed, and an address only whole", async () => {
    const mark = Math.random().toString(36).slice(2, 8).replace(/[^a-z]/g, "x");
    const [ana, ben] = await Promise.all([world.user("Ñusta", { last_name: `Ávila ${mark}` }), world.user("ben", { last_name: `Ávila_ ${mark}` })]);
    const finds = async (query) => {
      const { status, body } = await ben.get(`/api/users/search?query=${encodeURIComponent(query)}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body.data.map(({ id }) => id).sort();
    };
    assert.deepEqual(await finds(`ÁVILA ${mark}`), [ana.id, ben.id].sort());
    assert.deepEqual(await finds(`ñust ${mark}`), [ana.id]);
    assert.deepEqual(await finds(`_ ${mark}`), [ben.id], "a pattern's character is itself");
    assert.deepEqual(await finds(`% ${mark}`), []);
    assert.deepEqual(await finds(ana.email), [ana.id]);
    assert.deepEqual(await finds(ana.email.slice(0, -3)), [], "no part of an address");
    const [shown] = (await ben.get(`/api/users/search?query=${encodeURIComponent(ana.email)}`)).body.data;
    assert.deepEqual(Object.keys(shown).sort(), ["id", "last_name", "name", "picture", "uid"]);
  });

  test("asks for two characters, and for a session", async () => {
    const ana = await world.user();
    for (const query of ["", "a", "%20a%20", "a".repeat(300), "%00%01"]) {
      const { status, body } = await ana.get(`/api/users/search?query=${query}`);
      assert.deepEqual([status, body.error.code], [400, "invalid_query"], query);
    }
    assert.equal((await ana.get("/api/users/search")).status, 400);
    assert.equal((await world.visitor().get("/api/users/search?query=ana")).status, 401);
    assert.ok((await ana.get("/api/users/search?query=rue")).body.data.length <= 20);
  });
});

describe("an account that is deleted", () => {
  const world = aWorld();

  test("is gone with its sessions and sockets; its meetings are called off, and others keep what was said", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const phone = await ana.elsewhere();
    const [hers, his] = [await ana.creates(), await ben.creates()];
    const sockets = [await ana.joins(hers), await phone.joins(his, "polling")];
    const bens = [await ben.joins(hers), await ben.joins(his)];
    await sockets[1].says(his, "remember me");
    const { status, body, cookies } = await ana.delete("/api/users/profile");
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.message && cookies.some((cookie) => /^session=;.*Max-Age=0/.test(cookie)));
    for (const socket of sockets) assert.equal(await socket.loses({ ms: 3000 }), "io server disconnect");
    assert.equal((await bens[0].hears("meeting:ended")).reason, "cancelled");
    await bens[1].hears("user:left", { userId: ana.id });
    const meeting = await eventually("her meeting to be called off", async () => {
      const seen = await ben.sees(hers);
      return seen.status === "cancelled" && seen;
    });
    assert.equal(meeting.hostId, ana.id, "an id that is nobody's any more");
    assert.equal((await ben.sees(his)).status, "active");
    const history = (await ben.joins(his)).joined.messages;
    assert.deepEqual(history.map(({ userId, message }) => [userId, message]), [[ana.id, "remember me"]]);
    assert.equal((await ben.get(`/api/users/${ana.id}`)).status, 404);
    await eventually("her other session to be over", async () => (await phone.get("/api/me")).status === 401, 2000);

    const again = world.visitor("ana", { email: ana.email });
    await again.registers();
    assert.notEqual(again.id, ana.id, "the address is free, the id is not");
    await again.logsIn();
    assert.deepEqual((await again.get("/api/meetings")).body.data, []);
  });

  test("needs a session", async () => {
    assert.equal((await world.visitor().delete("/api/users/profile")).status, 401);
  });
});

describe("an account that is deleted while the meetings' service is away", { skip: MODE === "plenum" || MODE === "plenums" ? "both are one process" : false }, () => {
  const world = aWorld();

  test("is gone at once, and its meetings are called off when the service is back", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await Promise.all(world.servers.chats.map((node) => node.kill()));
    assert.equal((await ana.delete("/api/users/profile")).status, 200);
    assert.equal((await ana.get("/api/me")).status, 401);
    await Promise.all(world.servers.chats.map((node) => node.start()));
    await eventually("her meeting to be called off", async () => {
      const { status, body } = await ben.get(`/api/meetings/${meeting.meetingId}`);
      return status === 200 && body.data.status === "cancelled";
    }, 20_000);
  });
});
