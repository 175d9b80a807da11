import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("calls", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0", MAX_PARTICIPANTS: "3" } });

  /** A socket in the meeting's call. */
  async function calls(user, meeting, peerId, transport) {
    const client = await user.connects(transport);
    await client.does("call:join", { meetingId: meeting.meetingId, peerId });
    return client;
  }

  for (const transport of ["polling", "websocket", "upgrade"]) {
    test(`people come into the call, are heard and seen, and leave it (${transport})`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const { meetingId } = meeting;
      const hers = await calls(ana, meeting, "peer-a", transport);
      assert.deepEqual(await hers.hears("call:peers-list"), { meetingId, participants: [], count: 0 });
      const his = await calls(ben, meeting, "peer-b");
      const list = await his.hears("call:peers-list");
      assert.deepEqual({ ...list.participants[0], joinedAt: "" }, {
        userId: ana.id, peerId: "peer-a", username: ana.username, isMuted: true, isVideoOn: false, joinedAt: "",
      });
      assert.equal(list.count, 1, "oneself is not in it");
      const joined = await hers.hears("call:peer-joined");
      assert.deepEqual({ ...joined, timestamp: 0, seq: 0 }, { meetingId, userId: ben.id, peerId: "peer-b", username: ben.username, timestamp: 0, seq: 0 });

      await his.does("call:unmute", { meetingId });
      await his.does("call:video-on", { meetingId });
      for (const client of [hers, his]) {
        const mute = await client.hears("call:mute-status");
        assert.deepEqual([mute.userId, mute.username, mute.isMuted], [ben.id, ben.username, false]);
        assert.equal((await client.hears("call:video-status")).isVideoOn, true);
      }
      await his.does("call:mute", { meetingId });
      await hers.hears("call:mute-status", { isMuted: true });

      await his.does("call:leave", { meetingId });
      const left = await hers.hears("call:peer-left");
      assert.deepEqual([left.userId, left.peerId], [ben.id, "peer-b"]);
      await his.settles();
      assert.equal(his.all("call:peer-left").length, 0, "the rest are told, not who left");
      for (const client of [hers, his]) assert.deepEqual(client.all("users:online"), [], "a call is not the room");
    });
  }

  test("a signal gets to the one peer it is for, from whom the server says, whatever the sender says", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [hers, his, theirs] = [await calls(ana, meeting, "a"), await calls(ben, meeting, "b"), await calls(cleo, meeting, "c")];
    await hers.hears("call:peer-joined", { userId: ben.id });
    const signal = { type: "offer", sdp: "v=0\r\n…" };
    const passed = { meetingId, toUserId: ben.id, toPeerId: "b", fromUserId: ana.id, fromPeerId: "a", signal, signalType: "offer" };
    await hers.does("call:signal", { meetingId, toUserId: ben.id, signal, signalType: "offer", fromUserId: cleo.id, fromPeerId: "c" });
    assert.deepEqual(await his.hears("call:signal"), passed);
    for (let n = 0; n < 50; n++) hers.sends("call:signal", { meetingId, toUserId: ben.id, toPeerId: "b", signal: { n }, signalType: "ice-candidate" });
    await his.hears("call:signal", ({ signal }) => signal.n === 49);
    assert.deepEqual(his.all("call:signal").slice(1).map(({ signal }) => signal.n), [...Array(50).keys()], "in the order sent");
    for (const client of [hers, theirs]) {
      await client.settles();
      assert.equal(client.all("call:signal").length, 0);
    }
  });

  test("signals go only between two who are in the same call", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const [meeting, other] = [await ana.creates(), await ana.creates()];
    const { meetingId } = meeting;
    const hers = await calls(ana, meeting, "a");
    const elsewhere = await calls(ben, other, "b");
    const outside = await cleo.joins(meeting);
    const to = (toUserId, more = {}) => ({ meetingId, toUserId, signal: {}, signalType: "offer", ...more });
    assert.equal(await hers.isRefused("call:signal", to(ben.id)), "peer_not_found");
    assert.equal(await hers.isRefused("call:signal", to(cleo.id)), "peer_not_found", "the room is not the call");
    assert.equal(await outside.isRefused("call:signal", to(ana.id)), "not_in_call");
    assert.equal(await elsewhere.isRefused("call:signal", to(ana.id)), "not_in_call");
    const second = await ana.connects();
    assert.equal(await second.isRefused("call:signal", to(ben.id)), "not_in_call", "the seat is another socket's");
    const his = await calls(ben, meeting, "b");
    assert.equal(await hers.isRefused("call:signal", to(ben.id, { toPeerId: "an earlier end" })), "peer_not_found");
    assert.equal(await hers.isRefused("call:signal", to(ben.id, { signal: undefined })), "invalid_signal");
    assert.equal(await hers.isRefused("call:signal", to(ben.id, { signal: null })), "invalid_signal");
    assert.equal(await hers.isRefused("call:signal", to(ben.id, { signal: { sdp: "x".repeat(65_537) } })), "invalid_signal");
    assert.equal(await hers.isRefused("call:signal", to(ben.id, { signalType: "rumour" })), "invalid_signal");
    await his.settles();
    assert.deepEqual(his.all("call:signal"), []);
  });

  test("a seat belongs to the socket that took it last", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const his = await calls(ben, meeting, "b");
    const first = await calls(ana, meeting, "first");
    await first.does("call:unmute", { meetingId });
    const second = await calls(ana, meeting, "second", "polling");
    await first.hears("call:seat-taken", { meetingId });
    const again = await his.hears("call:peer-joined", { peerId: "second" });
    assert.equal(again.userId, ana.id);
    assert.equal(await first.isRefused("call:unmute", { meetingId }), "not_in_call");
    assert.equal(await first.isRefused("screen:start", { meetingId }), "not_in_call");
    first.closes();
    await his.does("call:signal", { meetingId, toUserId: ana.id, signal: { to: "whoever has the seat" }, signalType: "offer" });
    await second.hears("call:signal");
    for (const client of [second, his]) assert.deepEqual(client.all("call:seat-taken"), [], "it is for who lost it");
    assert.deepEqual(his.all("call:peer-left"), [], "the seat was not the first socket's any more");
    second.closes();
    await his.hears("call:peer-left", { userId: ana.id, peerId: "second" });
  });

  test("a full call takes nobody, but who is in it again", async () => {
    const [ana, ...others] = await world.users("ana", "ben", "cleo", "dan");
    const meeting = await ana.creates({ maxParticipants: 10 });
    await calls(ana, meeting, "a");
    const [his] = [await calls(others[0], meeting, "b"), await calls(others[1], meeting, "c")];
    const late = await others[2].connects();
    assert.equal(await late.isRefused("call:join", { meetingId: meeting.meetingId, peerId: "d" }), "call_full");
    await his.does("call:join", { meetingId: meeting.meetingId, peerId: "b again" });
    await his.does("call:leave", { meetingId: meeting.meetingId });
    await eventually("a place to be free", async () => (await late.asks("call:join", { meetingId: meeting.meetingId, peerId: "d" })).ok);
  });

  test("deployed clients hear of refusals by call:error, in the words they know", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const client = await ben.connects();
    const refusal = async (event, payload) => {
      const from = client.now;
      client.sends(event, payload);
      const { code, message } = await client.hears("call:error", undefined, { from });
      assert.ok(message.length > 0);
      return code;
    };
    assert.equal(await refusal("call:join", { meetingId }), "INVALID_PAYLOAD");
    assert.equal(await refusal("call:join", { meetingId: "no-such-meeting", peerId: "b" }), "ROOM_NOT_FOUND");
    assert.equal(await refusal("call:signal", { meetingId, toUserId: ana.id, signal: {}, signalType: "offer" }), "ROOM_NOT_FOUND");
    await client.does("call:join", { meetingId, peerId: "b" });
    assert.equal(await refusal("call:signal", { meetingId, toUserId: ana.id, signal: {}, signalType: "offer" }), "USER_NOT_FOUND");
    assert.equal(await refusal("call:signal", { meetingId, toUserId: ana.id, signalType: "offer" }), "INVALID_SIGNAL");
    assert.equal(await refusal("call:signal", "rubbish"), "INVALID_SIGNAL");
    for (const event of ["call:mute", "call:unmute", "call:video-on", "call:video-off", "call:leave"]) client.sends(event, "rubbish");
    const before = client.now;
    await client.settles();
    assert.deepEqual(client.all("call:error", undefined, before), [], "every other malformed event is ignored");
    const ended = await ana.creates();
    await ana.put(`/api/meetings/${ended.meetingId}`, { status: "completed" });
    assert.equal(await client.isRefused("call:join", { meetingId: ended.meetingId, peerId: "b" }), "meeting_ended");
  });

  test("one presents at a time, told to the room and the call, and only while in the call", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [hers, his, watching] = [await ana.joins(meeting), await calls(ben, meeting, "b"), await cleo.joins(meeting)];
    assert.equal(await watching.isRefused("screen:start", { meetingId }), "not_in_call");
    await hers.does("call:join", { meetingId, peerId: "a" });
    await his.does("screen:start", { meetingId });
    for (const client of [hers, his, watching]) await client.hears("screen:started", { userId: ben.id });
    assert.equal(await hers.isRefused("screen:start", { meetingId }), "screen_taken");
    const late = await cleo.joins(meeting);
    assert.equal(late.joined.state.presenter, ben.id);
    assert.deepEqual(late.joined.state.call.map(({ userId }) => userId), [ben.id, ana.id]);
    his.closes();
    for (const client of [hers, watching]) await client.hears("screen:stopped", { userId: ben.id });
    await hers.does("screen:start", { meetingId });
    await hers.does("screen:stop", { meetingId });
    await watching.hears("screen:stopped", { userId: ana.id });
  });
});
