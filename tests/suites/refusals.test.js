import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

const NOT_THERE = "3f1c9f0e-0000-4000-8000-000000000000";
const JUNK = [undefined, null, 5, true, "", [], {}, { meetingId: 5 }, { meetingId: "" }, { meetingId: null }, { meetingId: ["x"] },
  { meetingId: "a b" }, { meetingId: "../x" }, { meetingId: "x".repeat(5000) }, { meetingId: { $ne: 1 } }, [[[]]], "x".repeat(3000)];

describe("what is refused on a socket", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  for (const transport of ["polling", "websocket"]) {
    test(`with an ack the ack says so and no event is sent; without, an error event does (${transport})`, async () => {
      const ana = await world.user();
      const client = await ana.connects(transport);
      const join = { meetingId: NOT_THERE };
      const ack = await client.asks("join:meeting", join);
      assert.deepEqual([ack.ok, ack.error.code], [false, "meeting_not_found"]);
      assert.match(ack.error.message, /Meeting not found/);
      assert.deepEqual(client.all("error"), []);
      client.sends("join:meeting", join);
      const error = await client.hears("error");
      assert.equal(error.code, "meeting_not_found");
      assert.match(error.message, /Meeting not found/);
    });
  }

  test("a malformed join is an error; the connection lives on", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const client = await ana.connects();
    for (const payload of JUNK) {
      const code = await client.isRefused("join:meeting", payload);
      assert.match(code, /^(invalid_payload|meeting_not_found)$/, JSON.stringify(payload)?.slice(0, 60));
      const from = client.now;
      client.sends("join:meeting", payload);
      await client.hears("error", undefined, { from });
    }
    const from = client.now;
    client.socket.emit("join:meeting");
    await client.hears("error", { code: "invalid_payload" }, { from });
    await client.joins(meeting);
    assert.deepEqual(client.losses, []);
  });

  test("an epoch or since that can't be one makes the join malformed, or not a resume, never a crash", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const client = await ana.joins(meeting);
    const { epoch } = client.joined;
    for (const more of [{ epoch: 5, since: 1 }, { epoch, since: -1 }, { epoch, since: "2" }, { epoch, since: 1.5 }, { epoch: {}, since: {} }]) {
      const ack = await client.asks("join:meeting", { meetingId: meeting.meetingId, ...more });
      if (ack.ok) assert.equal(ack.data.recovered, false, JSON.stringify(more));
      else assert.equal(ack.error.code, "invalid_payload", JSON.stringify(more));
    }
    await client.settles();
  });

  test("other malformed events are ignored: no error, nothing relayed, the connection lives", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    for (const event of ["leave:meeting", "typing:start", "typing:stop"]) {
      for (const payload of JUNK) his.socket.emit(event, payload);
      his.socket.emit(event);
      his.socket.emit(event, meeting.meetingId + "x", 2, 3);
      await his.settles();
    }
    await his.says(meeting, "still in here, after all that");
    await hers.hears("chat:message");
    assert.deepEqual([hers.all("user:left"), hers.all("typing:start"), his.all("error"), his.losses], [[], [], [], []]);
  });

  test("names that a client may not send are not relayed", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    const { meetingId } = meeting;
    await hers.hears("users:online", { count: 2 });
    const from = hers.now;
    for (const event of ["users:online", "user:joined", "user:left", "meeting:ended", "server:notice", "error", "call:error", "call:ice-servers",
      "call:peers-list", "message", "constructor", "__proto__", "x".repeat(500), "*", ""]) {
      his.socket.emit(event, { meetingId, userId: ana.id, message: "relayed?" });
    }
    await his.settles();
    await his.says(meeting, "a marker to end with");
    await hers.hears("chat:message");
    assert.deepEqual(hers.heard.slice(from).map((e) => e.event), ["chat:message"]);
    assert.deepEqual(his.losses, []);
  });

  test("refusals are said in the language of the handshake", async () => {
    const ana = await world.user();
    const client = await ana.connects("websocket", { headers: { "accept-language": "es" } });
    const ack = await client.asks("chat:message", { meetingId: NOT_THERE, message: "hola a todos" });
    assert.deepEqual([ack.error.code, ack.error.message], ["not_in_meeting", "No está en esta reunión"]);
  });

  test("a binary packet is not taken for an event, and harms nobody", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    his.socket.emit("chat:message", { meetingId: meeting.meetingId, message: Buffer.from("bytes") });
    his.socket.emit("typing:start", Buffer.from(meeting.meetingId));
    const his2 = await ben.joins(meeting);
    await his2.says(meeting, "words after bytes");
    await hers.hears("chat:message", { message: "words after bytes" });
    assert.equal(hers.texts().length, 1);
  });
});

describe("a meeting that ends", () => {
  const world = aWorld();

  for (const [reason, end] of [
    ["completed", (ana, path) => ana.put(path, { status: "completed" })],
    ["cancelled", (ana, path) => ana.put(path, { status: "cancelled" })],
    ["deleted", (ana, path) => ana.delete(path)],
  ]) {
    test(`tells the room (${reason}); nobody can speak in it or join it after`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const { meetingId } = meeting;
      const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting, "polling")];
      assert.equal((await end(ana, `/api/meetings/${meetingId}`)).status, 200);
      for (const client of [hers, his]) {
        const ended = await client.hears("meeting:ended");
        assert.deepEqual([ended.meetingId, ended.reason], [meetingId, reason]);
        assert.ok(!Number.isNaN(Date.parse(ended.timestamp)));
        const refused = await client.isRefused("chat:message", { meetingId, message: "after the end" });
        // A node that is just told of it may not have the room open any more: a deleted meeting is not there then.
        assert.match(refused, reason === "deleted" ? /^(not_in_meeting|meeting_ended|meeting_not_found)$/ : /^(not_in_meeting|meeting_ended)$/);
        const again = await client.isRefused("join:meeting", { meetingId });
        assert.match(again, reason === "deleted" ? /^(meeting_ended|meeting_not_found)$/ : /^meeting_ended$/);
        assert.deepEqual(client.losses, []);
      }
      if (reason !== "deleted") assert.equal((await ana.sees(meeting)).status, reason);
    });
  }

  test("joining one that has ended without an ack gives the error event", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    await ana.put(`/api/meetings/${meeting.meetingId}`, { status: "completed" });
    const client = await ana.connects();
    client.sends("join:meeting", { meetingId: meeting.meetingId });
    assert.equal((await client.hears("error")).code, "meeting_ended");
  });

  test("one set back to active meets again, with nothing of before", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const client = await ana.joins(meeting);
    await client.says(meeting, "before the end");
    await ana.put(`/api/meetings/${meeting.meetingId}`, { status: "cancelled" });
    await client.hears("meeting:ended");
    await ana.put(`/api/meetings/${meeting.meetingId}`, { status: "active" });
    const joined = await client.joins(meeting);
    assert.deepEqual([joined.count, joined.messages], [1, []]);
    await client.says(meeting, "and again");
    await client.hears("chat:message", { message: "and again" });
  });

  test("a change that ends nothing tells the room nothing", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const client = await ana.joins(meeting);
    await ana.put(`/api/meetings/${meeting.meetingId}`, { title: "New", status: "active" });
    await client.says(meeting, "going on as before");
    await client.hears("chat:message");
    assert.deepEqual(client.all("meeting:ended"), []);
  });
});
