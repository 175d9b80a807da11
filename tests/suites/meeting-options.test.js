import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { Process } from "../harness/process.mjs";
import { inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const CODE = /^[abcdefghjkmnpqrstuvwxyz]{4}(-[abcdefghjkmnpqrstuvwxyz]{4}){2}$/;
const path = (meeting, more = "") => `/api/meetings/${meeting.meetingId}${more}`;
const refusal = ({ status, body }) => [status, body.error?.code];

describe("a meeting's options", () => {
  const world = aWorld();

  test("are open unless the host says otherwise, and come with a code of its own", async () => {
    const ana = await world.user();
    const meetings = await inParallel(Array(5).fill(), () => ana.creates());
    assert.equal(new Set(meetings.map((m) => m.code)).size, 5);
    for (const { code, coHosts, waitingRoom, guestsAllowed, hasPasscode, ...rest } of meetings) {
      assert.match(code, CODE);
      assert.deepEqual({ coHosts, waitingRoom, guestsAllowed, hasPasscode }, { coHosts: [], waitingRoom: false, guestsAllowed: false, hasPasscode: false });
      assert.ok(!("passcode" in rest));
    }
  });

  test("are set on creating and changed one by one", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ waitingRoom: true, guestsAllowed: true, passcode: "  open sesame " });
    assert.deepEqual([meeting.waitingRoom, meeting.guestsAllowed, meeting.hasPasscode, meeting.passcode], [true, true, true, "open sesame"]);
    const steps = [[{ waitingRoom: false }, {}], [{ guestsAllowed: false }, {}], [{ coHosts: [ben.id, ana.id, ben.id] }, { coHosts: [ben.id] }],
      [{ passcode: "another" }, {}], [{ title: "New" }, {}]];
    let expected = meeting;
    for (const [sent, got] of steps) {
      expected = { ...expected, ...sent, ...got };
      const { status, body } = await ana.put(path(meeting), sent);
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual({ ...body.data, updatedAt: 0 }, { ...expected, updatedAt: 0 });
    }
    for (const nothing of [null, "", "  "]) {
      await ana.put(path(meeting), { passcode: "another" });
      const { hasPasscode, ...rest } = (await ana.put(path(meeting), { passcode: nothing })).body.data;
      assert.deepEqual([hasPasscode, "passcode" in rest], [false, false]);
    }
  });

  test("of a kind or size that they can't have are refused", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const bad = {
      invalid_option: [{ waitingRoom: "true" }, { waitingRoom: null }, { guestsAllowed: 1 }, { guestsAllowed: [] }],
      invalid_passcode: [{ passcode: "abc" }, { passcode: "  abc  " }, { passcode: "x".repeat(33) }, { passcode: 1234 }, { passcode: ["1234"] }],
      invalid_co_hosts: [{ coHosts: "x" }, { coHosts: null }, { coHosts: [5] }, { coHosts: ["a b"] }, { coHosts: Array(51).fill(ana.id) }],
    };
    for (const [code, bodies] of Object.entries(bad)) {
      for (const body of bodies) {
        assert.deepEqual(refusal(await ana.put(path(meeting), body)), [400, code], JSON.stringify(body));
        if (code === "invalid_co_hosts") continue;
        assert.deepEqual(refusal(await ana.post("/api/meetings", { title: "x", date: "2030-01-15", time: "10:30", ...body })), [400, code]);
      }
    }
    assert.deepEqual(await ana.sees(meeting), meeting);
  });

  test("the passcode is told to the host and co-hosts alone", async () => {
    const [ana, ben, eva] = await world.users("ana", "ben", "eva");
    const meeting = await ana.creates({ passcode: "for hosts only" });
    await ana.put(path(meeting), { coHosts: [ben.id] });
    const joined = await eva.post(path(meeting, "/join"), { passcode: "for hosts only" });
    assert.equal(joined.status, 200);
    for (const [person, told] of [[ana, true], [ben, true], [eva, false]]) {
      const { hasPasscode, passcode } = await person.sees(meeting);
      assert.deepEqual([hasPasscode, passcode], [true, told ? "for hosts only" : undefined]);
    }
    const answers = [joined, await eva.get("/api/meetings"), await eva.post(path(meeting, "/leave")), await eva.get(`/api/chat/meeting/${meeting.meetingId}`)];
    for (const { text } of answers) assert.ok(!text.includes("for hosts only"));
  });

  test("co-hosts don't change the meeting", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ana.put(path(meeting), { coHosts: [ben.id] });
    assert.deepEqual(refusal(await ben.put(path(meeting), { title: "mine" })), [403, "not_host"]);
    assert.deepEqual(refusal(await ben.delete(path(meeting))), [403, "not_host"]);
  });
});

describe("coming to a meeting", () => {
  const world = aWorld();
  const join = (person, meeting, body = {}) => person.post(path(meeting, "/join"), body);

  test("takes its passcode, once", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ passcode: "open sesame" });
    world.keepSecret("open sesame");
    assert.equal((await join(ana, meeting)).status, 200, "the host");
    assert.deepEqual(refusal(await join(ben, meeting)), [403, "passcode_required"]);
    assert.deepEqual(refusal(await join(ben, meeting, { passcode: " " })), [403, "passcode_required"]);
    assert.deepEqual(refusal(await join(ben, meeting, { passcode: "Open Sesame" })), [403, "wrong_passcode"]);
    assert.deepEqual(refusal(await join(ben, meeting, { passcode: 7 })), [400, "invalid_passcode"]);
    assert.deepEqual((await ana.sees(meeting)).participants, [ana.id]);
    assert.deepEqual((await join(ben, meeting, { passcode: "open sesame" })).body.data.participants, [ana.id, ben.id]);
    assert.equal((await join(ben, meeting)).status, 200);
    await ana.put(path(meeting), { passcode: "another one" });
    assert.equal((await join(ben, meeting)).status, 200, "who took part before");
  });

  test("by guessing its passcode takes too long", async () => {
    const [ana, ben, eva] = await world.users("ana", "ben", "eva");
    const meeting = await ana.creates({ passcode: "open sesame" });
    for (let i = 0; i < 5; i++) assert.deepEqual(refusal(await join(eva, meeting, { passcode: `guess ${i}` })), [403, "wrong_passcode"]);
    const late = await join(eva, meeting, { passcode: "open sesame" });
    assert.deepEqual(refusal(late), [429, "too_many_tries"]);
    assert.equal((await join(ben, meeting, { passcode: "open sesame" })).status, 200, "others are not held back");
  });

  test("waits for a host where there is a waiting room", async () => {
    const [ana, ben, eva] = await world.users("ana", "ben", "eva");
    const meeting = await ana.creates({ waitingRoom: true });
    await ana.put(path(meeting), { coHosts: [ben.id] });
    assert.deepEqual(refusal(await join(eva, meeting)), [403, "waiting_room"]);
    for (const host of [ana, ben]) assert.equal((await join(host, meeting)).status, 200);
  });
});

describe("what hosts do", () => {
  const world = aWorld();
  const to = (person, meeting, more) => person.post(path(meeting, more));

  test("the host and co-hosts end a meeting, and nobody else", async () => {
    const [ana, ben, eva] = await world.users("ana", "ben", "eva");
    for (const host of [ana, ben]) {
      const meeting = await ana.creates();
      await ana.put(path(meeting), { coHosts: [ben.id] });
      const client = await eva.joins(meeting);
      assert.deepEqual(refusal(await to(eva, meeting, "/end")), [403, "not_moderator"]);
      const ended = await to(host, meeting, "/end");
      assert.deepEqual([ended.status, ended.body.data.status, typeof ended.body.message], [200, "completed", "string"]);
      assert.equal((await client.hears("meeting:ended")).reason, "completed");
      const { activeParticipants, ...again } = (await to(host, meeting, "/end")).body.data; // the live count follows
      assert.deepEqual({ ...again, activeParticipants: ended.body.data.activeParticipants }, ended.body.data, "twice is once");
    }
    const cancelled = await ana.creates();
    await ana.put(path(cancelled), { status: "cancelled" });
    assert.equal((await to(ana, cancelled, "/end")).body.data.status, "cancelled");
  });

  test("who is removed does not come back until they may", async () => {
    const [ana, ben, eva] = await world.users("ana", "ben", "eva");
    const meeting = await ana.creates();
    await ana.put(path(meeting), { coHosts: [ben.id] });
    assert.equal((await to(eva, meeting, "/join")).status, 200);
    assert.deepEqual(refusal(await to(eva, meeting, `/remove/${ben.id}`)), [403, "not_moderator"]);
    const removed = await to(ben, meeting, `/remove/${eva.id}`);
    assert.deepEqual([removed.status, removed.body.data.participants.includes(eva.id)], [200, true], "who was there stays known");
    assert.deepEqual(refusal(await to(eva, meeting, "/join")), [403, "removed_from_meeting"]);
    assert.deepEqual(refusal(await to(ben, meeting, `/remove/${ana.id}`)), [403, "not_moderator"], "the host stays");
    assert.deepEqual(refusal(await to(ben, meeting, "/remove/a%20b")), [404, "participant_not_found"]);
    assert.deepEqual(refusal(await to(eva, meeting, `/readmit/${eva.id}`)), [403, "not_moderator"]);
    for (let i = 0; i < 2; i++) assert.equal((await to(ana, meeting, `/readmit/${eva.id}`)).status, 200);
    assert.equal((await to(eva, meeting, "/join")).status, 200);
    await to(ana, meeting, `/remove/${ben.id}`);
    assert.deepEqual(refusal(await to(ben, meeting, `/readmit/${ben.id}`)), [403, "not_moderator"], "a co-host who was removed is none");
  });

  test("the report is for them alone, and of nobody before somebody comes", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    assert.deepEqual(refusal(await ben.get(path(meeting, "/report"))), [403, "not_moderator"]);
    const { status, body } = await ana.get(path(meeting, "/report"));
    assert.deepEqual([status, body.data], [200, { meetingId: meeting.meetingId, title: meeting.title, beganAt: null, endedAt: null, people: [] }]);
  });

  test("of a meeting that is not there is nothing to be done", async () => {
    const ana = await world.user();
    for (const [method, more] of [["POST", "end"], ["POST", `remove/${ana.id}`], ["POST", `readmit/${ana.id}`], ["GET", "report"], ["GET", "calendar.ics"]]) {
      for (const id of ["3f1c9f0e-0000-4000-8000-000000000000", "a%20b"]) {
        assert.deepEqual(refusal(await ana.request(method, `/api/meetings/${id}/${more}`)), [404, "meeting_not_found"], `${method} ${more}`);
      }
    }
  });
});

describe("a meeting's link and calendar file", () => {
  const world = aWorld({ env: { FRONTEND_URL: "https://app.example.com/" } });

  test("the code leads to the meeting, in any case and with hyphens or without", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    for (const code of [meeting.code, meeting.code.toUpperCase(), meeting.code.replaceAll("-", "")]) {
      assert.deepEqual((await ben.get(`/api/meetings/code/${code}`)).body.data, meeting);
    }
    for (const code of ["abcd-efgh-jkmn", "x", "a%20b", "1111-1111-1111", "y".repeat(300)]) {
      assert.deepEqual(refusal(await ben.get(`/api/meetings/code/${code}`)), [404, "meeting_not_found"], code);
    }
    assert.equal((await world.visitor().get(`/api/meetings/code/${meeting.code}`)).status, 401);
  });

  test("the file has the meeting in UTC, and what people write in it stays text", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ title: "One; two, three", description: "a\r\nBEGIN:VALARM\r\n" + "ñ".repeat(300), timeZone: "Europe/Madrid", estimatedDuration: 90 });
    const { status, headers, text } = await ana.get(path(meeting, "/calendar.ics"));
    assert.deepEqual([status, headers["content-type"]], [200, "text/calendar; charset=utf-8"]);
    assert.ok(text.split("\r\n").every((line) => Buffer.byteLength(line) <= 75));
    const lines = text.replaceAll("\r\n ", "").split("\r\n");
    for (const line of [`UID:${meeting.meetingId}`, "DTSTART:20300115T093000Z", "DTEND:20300115T110000Z", "SUMMARY:One\\; two\\, three", "STATUS:CONFIRMED"]) {
      assert.equal(lines.filter((known) => known === line).length, 1, line);
    }
    assert.ok(!lines.includes("BEGIN:VALARM"));
    assert.ok(lines.includes(`URL:https://app.example.com/m/${meeting.code}`), text);
    await ana.put(path(meeting), { status: "cancelled" });
    assert.match((await ana.get(path(meeting, "/calendar.ics"))).text, /\r\nSTATUS:CANCELLED\r\n/);
  });
});

describe("what there is to know of calls over HTTP", () => {
  const world = aWorld({ chat: { TURN_SERVER_URL: "turn:turn.example.com:3478,turns:turn.example.com:5349", TURN_SECRET: "a secret of the TURN server" } });

  test("ICE servers come with a credential of one's own that ends, by HTTP and by a socket", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    world.keepSecret("a secret of the TURN server");
    const turn = async (person) => (await person.get("/api/call/ice-servers")).body.data.iceServers.filter(({ urls }) => urls.startsWith("turn"));
    const [hers, his] = [await turn(ana), await turn(ben)];
    assert.deepEqual(hers.map(({ urls }) => urls), ["turn:turn.example.com:3478", "turns:turn.example.com:5349"]);
    for (const [person, [{ username, credential }]] of [[ana, hers], [ben, his]]) {
      const [until, user] = username.split(":");
      assert.equal(user, person.id);
      assert.ok(Math.abs(Number(until) - Date.now() / 1_000 - 12 * 3_600) < 60, until);
      assert.equal(credential, createHmac("sha1", "a secret of the TURN server").update(username).digest("base64"));
    }
    const client = await ana.connects();
    const told = await client.hears("call:ice-servers");
    assert.deepEqual(told.map(({ urls }) => urls), (await ana.get("/api/call/ice-servers")).body.data.iceServers.map(({ urls }) => urls));
    assert.equal(told[2].username.split(":")[1], ana.id);
  });

  test("nobody is in a call", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    assert.deepEqual((await ana.get("/api/call/stats")).body.data, { activeCalls: 0, totalUsersInCalls: 0, maxParticipantsPerCall: 10, minParticipantsPerCall: 2 });
    assert.deepEqual(refusal(await ana.get(`/api/call/room/${meeting.meetingId}`)), [404, "not_found"]);
    assert.deepEqual(refusal(await ana.get("/api/call/room/a%20b")), [404, "meeting_not_found"]);
    for (const what of ["stats", "ice-servers", "room/x"]) assert.equal((await world.visitor().get(`/api/call/${what}`)).status, 401);
  });
});

describe("a guest, as the gateway names them to a chat backend", () => {
  let folder, backend;
  const ask = (method, to, { user = "ana", guest, body } = {}) => {
    const headers = { "x-plenum-user": user, "x-plenum-session": `session-of-${user}`, "x-plenum-name": user, ...(guest ? { "x-plenum-guest": guest } : {}) };
    return request(backend.url, { method, path: to, headers, body });
  };
  const creates = async (fields) => (await ask("POST", "/api/meetings", { body: { title: "Weekly", date: "2030-01-15", time: "10:30", ...fields } })).body.data;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "plenum-"));
    backend = await new Process("chat-backend", { env: { DATABASE_URL: `sqlite://${folder}/chat.db` }, cwd: folder }).start();
  });
  after(async () => {
    const { code } = await backend.terminate();
    await rm(folder, { recursive: true, force: true });
    assert.equal(code, 0);
  });

  test("sees and joins the meeting of their code, and nothing else", async () => {
    const [own, other] = [await creates({ guestsAllowed: true }), await creates({ guestsAllowed: true })];
    const gus = { user: "gus", guest: own.code };
    for (const [method, to] of [["GET", `/api/meetings/code/${own.code}`], ["GET", path(own)], ["POST", path(own, "/join")], ["POST", path(own, "/leave")],
      ["GET", path(own, "/calendar.ics")], ["GET", "/api/call/ice-servers"]]) {
      assert.equal((await ask(method, to, gus)).status, 200, `${method} ${to}`);
    }
    assert.deepEqual((await ask("GET", path(own))).body.data.participants, ["ana", "gus"]);
    for (const [method, to] of [["GET", `/api/meetings/code/${other.code}`], ["GET", path(other)], ["POST", path(other, "/join")], ["GET", path(other, "/calendar.ics")],
      ["GET", path({ meetingId: "none" })], ["GET", "/api/meetings"], ["POST", "/api/meetings"], ["PUT", path(own)], ["DELETE", path(own)], ["POST", path(own, "/end")],
      ["POST", path(own, "/remove/ana")], ["POST", path(own, "/readmit/ana")], ["GET", path(own, "/report")], ["GET", "/api/meetings/user/gus"],
      ["GET", "/api/meetings/today/gus"], ["GET", `/api/chat/meeting/${own.meetingId}`], ["GET", "/api/chat/stats"], ["GET", "/api/call/stats"],
      ["GET", `/api/call/room/${own.meetingId}`], ["POST", "/internal/users/ana/gone"]]) {
      assert.deepEqual(refusal(await ask(method, to, gus)), [403, "forbidden"], `${method} ${to}`);
    }
  });

  test("does not come where guests may not, without the passcode, or after they were removed", async () => {
    const closed = await creates();
    assert.deepEqual(refusal(await ask("POST", path(closed, "/join"), { user: "gus", guest: closed.code })), [403, "guests_not_allowed"]);
    const meeting = await creates({ guestsAllowed: true, passcode: "open sesame" });
    const gus = { user: "gus", guest: meeting.code };
    assert.deepEqual(refusal(await ask("POST", path(meeting, "/join"), gus)), [403, "passcode_required"]);
    assert.equal((await ask("POST", path(meeting, "/join"), { ...gus, body: { passcode: "open sesame" } })).status, 200);
    assert.ok(!("passcode" in (await ask("GET", path(meeting), gus)).body.data));
    await ask("POST", path(meeting, "/remove/gus"));
    assert.deepEqual(refusal(await ask("POST", path(meeting, "/join"), gus)), [403, "removed_from_meeting"]);
  });

  test("of no meeting opens nothing", async () => {
    const meeting = await creates({ guestsAllowed: true });
    for (const guest of ["x", "(none)", "abcd-efgh-jkmn"]) {
      assert.deepEqual(refusal(await ask("GET", path(meeting), { user: "gus", guest })), [403, "forbidden"], guest);
    }
  });
});
