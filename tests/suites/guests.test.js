import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSetCookie } from "../harness/http.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const HOURS_12 = "43200";
const UUID = /^[0-9a-f-]{36}$/;

/** Somebody without an account who comes by a meeting's link. */
async function comes(world, { code, meetingId }, name = "Gala") {
  const guest = world.visitor("guest");
  const { status, body } = await guest.post("/api/auth/guest", { code, name });
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.data.meetingId, meetingId);
  guest.id = body.data.uid;
  return guest;
}

const refused = async (answer, status, code) => {
  const { status: is, body } = await answer;
  assert.deepEqual([is, body?.error?.code], [status, code], JSON.stringify(body));
};

describe("guests", () => {
  const world = aWorld();

  test("who has the link of a meeting that takes guests comes with a name and without an account", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ guestsAllowed: true });
    const guest = world.visitor("guest");
    const { status, body, cookies } = await guest.post("/api/auth/guest", { code: meeting.code, name: "  Gala Ñandú " });
    assert.deepEqual([status, body.success, typeof body.message], [201, true, "string"]);
    const { uid, ...rest } = body.data;
    assert.match(uid, UUID);
    assert.deepEqual(rest, { name: "Gala Ñandú", guest: true, meetingId: meeting.meetingId, code: meeting.code });
    const { name, attributes } = parseSetCookie(cookies[0]);
    assert.deepEqual([name, attributes.httponly, attributes["max-age"]], ["session", true, HOURS_12]);
    const me = await guest.get("/api/me");
    assert.deepEqual([me.status, me.body.data], [200, { id: uid, uid, name: "Gala Ñandú", guest: true, code: meeting.code }]);
  });

  test("a code may be typed in capitals and without hyphens; it is told as the link has it", async () => {
    const ana = await world.user();
    const { code } = await ana.creates({ guestsAllowed: true });
    const { body } = await world.visitor().post("/api/auth/guest", { code: ` ${code.replaceAll("-", "").toUpperCase()} `, name: "Gala" });
    assert.equal(body.data?.code, code, JSON.stringify(body));
  });

  test("a guest is in the room under the name given, and in no other", async () => {
    const ana = await world.user();
    const [meeting, other] = [await ana.creates({ guestsAllowed: true }), await ana.creates({ guestsAllowed: true })];
    const host = await ana.joins(meeting);
    const guest = await comes(world, meeting, "Gala");
    const client = await guest.joins(meeting);
    assert.equal(client.joined.participants.find(({ userId }) => userId === guest.id)?.username, "Gala");
    const joined = await host.hears("user:joined", { userId: guest.id });
    assert.deepEqual([joined.userId, joined.username, joined.guest], [guest.id, "Gala", true]);
    await client.says(meeting, "hello");
    const said = await host.hears("chat:message");
    assert.deepEqual([said.userId, said.username, said.message], [guest.id, "Gala", "hello"]);
    assert.equal(await client.isRefused("join:meeting", { meetingId: other.meetingId }), "guests_not_allowed");
    client.closes();
    assert.equal((await host.hears("user:left", { userId: guest.id })).guest, true);
  });

  test("two guests of one name are two", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ guestsAllowed: true });
    const [one, two] = [await comes(world, meeting, "Gala"), await comes(world, meeting, "Gala")];
    assert.notEqual(one.id, two.id);
    await one.joins(meeting);
    const { joined } = await two.joins(meeting);
    assert.deepEqual(new Set(joined.participants.map(({ userId }) => userId)), new Set([one.id, two.id]));
  });

  test("a guest may ask of the meeting, and of nothing else", async () => {
    const ana = await world.user();
    const [meeting, other] = [await ana.creates({ guestsAllowed: true }), await ana.creates({ guestsAllowed: true })];
    const guest = await comes(world, meeting);
    for (const path of [`/api/meetings/${meeting.meetingId}`, `/api/meetings/code/${meeting.code}`, "/api/call/ice-servers"]) {
      assert.equal((await guest.get(path)).status, 200, path);
    }
    assert.equal((await guest.post(`/api/meetings/${meeting.meetingId}/join`, {})).status, 200);
    const closed = [
      ["GET", "/api/users/profile"], ["PUT", "/api/users/profile"], ["DELETE", "/api/users/profile"], ["GET", `/api/users/${ana.id}`],
      ["GET", "/api/users/search?query=an"], ["PUT", "/api/auth/update-password"], ["GET", "/api/auth/sessions"], ["DELETE", "/api/auth/sessions"],
      ["GET", "/api/auth/second-factor"], ["POST", "/api/auth/second-factor"], ["GET", "/api/auth/personal-tokens"], ["POST", "/api/auth/personal-tokens"],
      ["GET", "/api/auth/identities"], ["DELETE", "/api/users/profile/avatar"], ["GET", "/api/meetings"], ["POST", "/api/meetings"],
      ["PUT", `/api/meetings/${meeting.meetingId}`], ["DELETE", `/api/meetings/${meeting.meetingId}`], ["GET", `/api/meetings/${other.meetingId}`],
      ["GET", `/api/meetings/code/${other.code}`], ["POST", `/api/meetings/${other.meetingId}/join`], ["POST", `/api/meetings/${meeting.meetingId}/end`],
      ["GET", "/api/chat/stats"], ["GET", `/api/chat/meeting/${meeting.meetingId}`], ["GET", "/api/call/stats"],
    ];
    for (const [method, path] of closed) {
      const { status, body } = await guest.request(method, path, method === "GET" ? {} : { body: {} });
      assert.deepEqual([status, body?.error?.code], [403, "forbidden"], `${method} ${path}`);
    }
  });

  test("nobody comes as a guest where guests may not, to what has ended, or by a code of nothing", async () => {
    const ana = await world.user();
    const closed = await ana.creates();
    const over = await ana.creates({ guestsAllowed: true });
    await ana.put(`/api/meetings/${over.meetingId}`, { status: "completed" });
    const asks = (code) => world.visitor().post("/api/auth/guest", { code, name: "Gala" });
    await refused(asks(closed.code), 403, "guests_not_allowed");
    await refused(asks(over.code), 409, "meeting_ended");
    for (const code of ["aaaa-aaaa-aaaa", "nothing", "../stats", "a/b", "%2e%2e", "x".repeat(200)]) await refused(asks(code), 404, "meeting_not_found");
  });

  test("a guest needs a code and a name", async () => {
    const asks = (body) => world.visitor().post("/api/auth/guest", body);
    for (const name of [undefined, null, "", " x ", 7, "x".repeat(51), "a\u0000b"]) await refused(asks({ code: "abcd-efgh-jkmn", name }), 400, "invalid_name");
    for (const code of [undefined, null, "", "  ", 7, ["abcd-efgh-jkmn"]]) await refused(asks({ code, name: "Gala" }), 400, "invalid_meeting_code");
    const both = await asks({});
    assert.deepEqual(both.body.error.details.map(({ code }) => code), ["invalid_meeting_code", "invalid_name"]);
  });

  test("who is signed in with an account stays so; a guest of another meeting changes over", async () => {
    const ana = await world.user();
    const [meeting, other] = [await ana.creates({ guestsAllowed: true }), await ana.creates({ guestsAllowed: true })];
    await refused(ana.post("/api/auth/guest", { code: meeting.code, name: "Gala" }), 409, "already_signed_in");
    assert.equal((await ana.get("/api/me")).body.data.uid, ana.id);

    const guest = await comes(world, meeting);
    const [before, client] = [guest.cookie, await guest.joins(meeting)];
    const again = await guest.post("/api/auth/guest", { code: other.code, name: "Gala" });
    assert.equal(again.status, 201);
    assert.equal(await client.loses(), "io server disconnect");
    // Each gateway hears of it within a second.
    await eventually("the session before to be over", async () => (await world.visitor().get("/api/me", { headers: { cookie: before } })).status === 401);
    assert.equal((await guest.get("/api/me")).body.data.code, other.code);
    // With an account they may log in at any time.
    const luis = world.visitor("luis");
    await luis.registers();
    luis.jar = guest.jar;
    await luis.logsIn();
    assert.equal((await luis.get("/api/me")).body.data.uid, luis.id);
  });

  test("after logout nothing of the guest is left, and the room hears that they went", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ guestsAllowed: true });
    const host = await ana.joins(meeting);
    const guest = await comes(world, meeting);
    const client = await guest.joins(meeting);
    const { cookie } = guest;
    await guest.logsOut();
    assert.equal(await client.loses(), "io server disconnect");
    await host.hears("user:left", { userId: guest.id });
    // Every gateway has heard of it within a second, and either may be asked.
    const again = () => world.visitor().get("/api/me", { headers: { cookie } });
    const overEverywhere = async () => (await Promise.all(Array.from({ length: 8 }, again))).every(({ status }) => status === 401);
    await eventually("the session to be over everywhere", overEverywhere, 2_000);
    await refused(again(), 401, "invalid_session");
    await refused(guest.get("/api/me"), 401, "no_session");
  });
});

describe("guests where sessions are short", () => {
  const world = aWorld({ user: { SESSION_COOKIE_EXPIRES_IN_MS: "4000" } });

  test("a guest's session ends no later than anybody's, and its socket with it", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ guestsAllowed: true });
    const guest = await comes(world, meeting);
    const client = await guest.joins(meeting);
    assert.equal(await client.loses({ ms: 10_000 }), "io server disconnect");
    await refused(guest.get("/api/me"), 401, "invalid_session");
  });
});
