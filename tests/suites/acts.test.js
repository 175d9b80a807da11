// What people do in a meeting without a socket event: by HTTP, with the same rules.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

const acts = (user, { meetingId }, event, fields = {}) => user.post(`/api/meetings/${meetingId}/acts/${event}`, fields);

async function does(user, meeting, event, fields) {
  const { status, body } = await acts(user, meeting, event, fields);
  assert.deepEqual([status, body.success, typeof body.message], [200, true, "string"], `${event}: ${JSON.stringify(body)}`);
  return body.data;
}

async function isRefused(user, meeting, event, fields, [status, code]) {
  const answer = await acts(user, meeting, event, fields);
  assert.deepEqual([answer.status, answer.body?.error?.code], [status, code], `${event}: ${answer.text}`);
}

describe("acts over HTTP", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  test("who is in the meeting talks, edits, deletes and reacts, and everybody hears it as from a socket", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ana.joins(meeting);
    const his = await ben.joins(meeting);
    const taken = await does(ana, meeting, "chat:message", { message: " from a script ", clientMessageId: "once", userId: ben.id });
    const said = await his.hears("chat:message");
    assert.deepEqual([said.userId, said.username, said.message], [ana.id, ana.username, "from a script"]);
    assert.deepEqual([taken.messageId, taken.seq, taken.clientMessageId], [said.messageId, said.seq, "once"]);
    assert.equal((await does(ana, meeting, "chat:message", { message: "again", clientMessageId: "once" })).messageId, said.messageId);

    const { messageId } = said;
    await does(ana, meeting, "chat:edit", { messageId, message: "mended" });
    assert.equal((await his.hears("chat:edited", { messageId })).message, "mended");
    await does(ana, meeting, "chat:react", { messageId, reaction: "👍", on: true });
    await his.hears("chat:reacted", { messageId, userId: ana.id });
    await does(ana, meeting, "typing:start");
    await his.hears("typing:start", { userId: ana.id });
    await does(ana, meeting, "reaction:send", { reaction: "🎉" });
    await his.hears("reaction:sent", { userId: ana.id });
    await does(ana, meeting, "chat:delete", { messageId });
    await his.hears("chat:deleted", { messageId });
    assert.deepEqual(his.texts(meeting), ["from a script"], "said once");
  });

  test("a private message by HTTP is for its two alone", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    await ana.joins(meeting);
    const [his, theirs] = [await ben.joins(meeting), await cleo.joins(meeting)];
    await does(ana, meeting, "chat:message", { message: "between us", toUserId: ben.id });
    await his.hears("chat:message", { message: "between us" });
    await does(ana, meeting, "chat:message", { message: "to all" });
    await theirs.hears("chat:message", { message: "to all" });
    assert.deepEqual(theirs.texts(meeting), ["to all"]);
  });

  test("hands and polls", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    await ben.joins(meeting);
    await does(ben, meeting, "hand:raise");
    await hers.hears("hand:raised", { userId: ben.id });
    await does(ana, meeting, "hand:lower", { userId: ben.id });
    await hers.hears("hand:lowered", { userId: ben.id });
    const { pollId } = await does(ana, meeting, "poll:open", { question: "When?", options: ["now", "later"], multiple: false });
    await does(ben, meeting, "poll:vote", { pollId, choices: [1] });
    assert.deepEqual((await hers.hears("poll:counted", { pollId })).counts, [0, 1]);
    await does(ana, meeting, "poll:close", { pollId });
    await hers.hears("poll:closed", { pollId });
    await isRefused(ben, meeting, "poll:vote", { pollId, choices: [0] }, [409, "poll_closed"]);
  });

  test("a host admits, denies, locks, mutes, removes and ends", async () => {
    const [ana, ben, cleo, dora] = await world.users("ana", "ben", "cleo", "dora");
    const meeting = await ana.creates({ waitingRoom: true });
    const { meetingId } = meeting;
    const hers = await ana.joins(meeting);
    const waiting = [];
    for (const user of [ben, cleo, dora]) {
      const client = await user.connects();
      assert.equal(await client.isRefused("join:meeting", { meetingId }), "waiting_room");
      waiting.push(client);
    }
    await hers.hears("lobby:waiting", { count: 3 });
    const [his, theirs, doras] = waiting;
    await isRefused(ben, meeting, "lobby:admit", { userId: ben.id }, [403, "not_in_meeting"]);
    await does(ana, meeting, "lobby:admit", { userId: ben.id });
    await his.hears("lobby:admitted");
    await does(ana, meeting, "lobby:deny", { userId: dora.id });
    await doras.hears("lobby:denied");
    await does(ana, meeting, "lobby:admit-all");
    await theirs.hears("lobby:admitted");
    await his.joins(meeting);
    await his.does("call:join", { meetingId, peerId: "b" });
    await his.does("call:unmute", { meetingId });
    await hers.hears("user:joined", { userId: ben.id });
    await does(ana, meeting, "meeting:lock");
    await his.hears("meeting:locked");
    await does(ana, meeting, "meeting:unlock");
    await his.hears("meeting:unlocked");
    await does(ana, meeting, "meeting:mute", { userId: ben.id });
    await his.hears("meeting:muted");
    for (const [event, fields] of [
      ["lobby:admit-all"], ["meeting:lock"], ["meeting:mute", { userId: ana.id }], ["hand:lower", { userId: ana.id }],
      ["screen:stop", { userId: ana.id }], ["meeting:remove", { userId: ana.id }], ["meeting:end"],
      ["poll:open", { question: "?", options: ["a", "b"], multiple: false }],
    ]) await isRefused(ben, meeting, event, fields, [403, "not_moderator"]);
    await does(ana, meeting, "meeting:remove", { userId: ben.id });
    await his.hears("meeting:removed");
    await isRefused(ben, meeting, "hand:raise", {}, [403, "not_in_meeting"]);
    await theirs.joins(meeting);
    await does(ana, meeting, "meeting:end");
    await theirs.hears("meeting:ended", { reason: "completed" });
    assert.equal((await ana.sees(meeting)).status, "completed");
  });

  test("what is of a socket, unknown or malformed is refused with its code", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ana.joins(meeting);
    for (const event of ["join:meeting", "leave:meeting", "call:join", "call:signal", "call:leave", "call:mute", "call:unmute", "call:video-on", "call:video-off", "screen:start", "screen:stop"]) {
      await isRefused(ana, meeting, event, { peerId: "a" }, [409, "needs_socket"]);
    }
    await isRefused(ana, meeting, "users:online", {}, [404, "not_found"]);
    await isRefused(ana, meeting, "chat:message", { message: 7 }, [400, "invalid_payload"]);
    await isRefused(ana, meeting, "chat:message", { message: "  " }, [400, "empty_message"]);
    await isRefused(ana, meeting, "chat:message", { message: "x".repeat(4001) }, [400, "message_too_long"]);
    await isRefused(ana, meeting, "chat:edit", { messageId: "nonsense", message: "x" }, [404, "message_not_found"]);
    await isRefused(ana, meeting, "hand:lower", { userId: 7 }, [400, "invalid_payload"]);
    await isRefused(ana, { meetingId: "x".repeat(300) }, "hand:raise", {}, [404, "meeting_not_found"]);
    await isRefused(ben, meeting, "chat:message", { message: "from outside" }, [403, "not_in_meeting"]);
    const other = await ben.creates();
    await isRefused(ana, other, "chat:message", { message: "m", meetingId: meeting.meetingId }, [403, "not_in_meeting"]);
    await isRefused(world.visitor(), meeting, "hand:raise", {}, [401, "no_session"]);
  });

  test("a guest acts in their own meeting, and in no other", async () => {
    const ana = await world.user();
    const [meeting, other] = [await ana.creates({ guestsAllowed: true }), await ana.creates({ guestsAllowed: true })];
    const hers = await ana.joins(meeting);
    const guest = world.visitor("guest");
    guest.id = (await guest.post("/api/auth/guest", { code: meeting.code, name: "Gala" })).body.data.uid;
    await guest.joins(meeting);
    await does(guest, meeting, "hand:raise");
    await hers.hears("hand:raised", { userId: guest.id });
    await isRefused(guest, other, "hand:raise", {}, [403, "forbidden"]);
    await isRefused(guest, meeting, "meeting:end", {}, [403, "not_moderator"]);
  });

  test("nobody deletes more than thirty messages in a minute: each is taken out of the whole log", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    const ids = [];
    for (let n = 0; n < 31; n++) ids.push((await hers.does("chat:message", { meetingId, message: `${n}` })).messageId);
    for (const messageId of ids.slice(0, 30)) await hers.does("chat:delete", { meetingId, messageId });
    assert.equal(await hers.isRefused("chat:delete", { meetingId, messageId: ids[30] }), "rate_limited");
    await isRefused(ana, meeting, "chat:delete", { messageId: ids[30] }, [429, "rate_limited"]);
    const { messageId } = await his.does("chat:message", { meetingId, message: "another's" });
    await his.does("chat:delete", { meetingId, messageId });
  });
});
