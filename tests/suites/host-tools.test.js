import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

describe("a host's tools", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  test("people wait until a host lets them in, one or all, and see nothing from before", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates({ waitingRoom: true });
    const { meetingId } = meeting;
    const hers = await ana.joins(meeting);
    await hers.says(meeting, "nobody else is to read this");
    const [his, theirs] = [await ben.connects(), await cleo.connects("polling")];
    assert.equal(await his.isRefused("join:meeting", { meetingId }), "waiting_room");
    assert.equal(await theirs.isRefused("call:join", { meetingId, peerId: "c" }), "waiting_room", "the call is no way around it");
    const { waiting, count } = await hers.hears("lobby:waiting", { count: 2 });
    assert.deepEqual([waiting.map(({ userId, username }) => [userId, username]), count], [[[ben.id, ben.username], [cleo.id, cleo.username]], 2]);
    assert.equal((await ben.post(`/api/meetings/${meetingId}/join`, {})).body.error.code, "waiting_room", "nor is HTTP");
    assert.equal(await his.isRefused("chat:message", { meetingId, message: "let me in!" }), "not_in_meeting");
    assert.equal(await his.isRefused("lobby:admit", { meetingId, userId: ben.id }), "not_in_meeting");
    assert.deepEqual((await ana.sees(meeting)).participants, [ana.id], "who waits takes no part yet");

    await hers.does("lobby:admit", { meetingId, userId: ben.id });
    await his.hears("lobby:admitted", { meetingId });
    const joined = await his.joins(meeting);
    assert.deepEqual([joined.messages, joined.events, joined.state.waiting], [[], [], []]);
    assert.equal(await his.isRefused("lobby:admit", { meetingId, userId: cleo.id }), "not_moderator");
    await hers.does("lobby:admit-all", { meetingId });
    await theirs.hears("lobby:admitted");
    await theirs.does("call:join", { meetingId, peerId: "c" });
    await hers.hears("lobby:waiting", { count: 0 });
    const again = await ben.joins(meeting, "polling");
    assert.equal(again.joined.count, 2, "who was let in once comes back");
  });

  test("who is denied hears so and may ask again; who goes waits no longer", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ waitingRoom: true });
    const { meetingId } = meeting;
    const his = await ben.connects();
    assert.equal(await his.isRefused("join:meeting", { meetingId }), "waiting_room");
    const hers = await ana.joins(meeting);
    assert.deepEqual(hers.joined.state.waiting.map(({ userId }) => userId), [ben.id], "a host who comes later sees who waits");
    await hers.does("lobby:deny", { meetingId, userId: ben.id });
    await his.hears("lobby:denied");
    await hers.hears("lobby:waiting", { count: 0 });
    let from = hers.now;
    assert.equal(await his.isRefused("join:meeting", { meetingId }), "waiting_room");
    await hers.hears("lobby:waiting", { count: 1 }, { from });
    from = hers.now;
    his.closes();
    await hers.hears("lobby:waiting", { count: 0 }, { from });
    assert.equal(await hers.isRefused("lobby:admit", { meetingId, userId: ben.id }), "participant_not_found");
  });

  test("a passcode is asked of whoever is new, by every way in, and guessing ends", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates({ passcode: "open sesame" });
    const { meetingId } = meeting;
    await ana.joins(meeting);
    const his = await ben.connects();
    assert.equal(await his.isRefused("join:meeting", { meetingId }), "passcode_required");
    assert.equal(await his.isRefused("join:meeting", { meetingId, passcode: "open barley" }), "wrong_passcode");
    assert.equal(await his.isRefused("call:join", { meetingId, peerId: "b" }), "passcode_required");
    assert.equal((await ben.post(`/api/meetings/${meetingId}/join`, {})).body.error.code, "passcode_required");
    await his.does("join:meeting", { meetingId, passcode: " open sesame " });
    his.closes();
    await (await ben.connects()).does("join:meeting", { meetingId });
    const hers = await cleo.connects();
    for (let n = 0; n < 5; n++) assert.equal(await hers.isRefused("join:meeting", { meetingId, passcode: `guess ${n}` }), "wrong_passcode");
    assert.equal(await hers.isRefused("join:meeting", { meetingId, passcode: "open sesame" }), "too_many_tries");
  });

  test("a locked meeting takes nobody new, and who was in comes back", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    assert.equal(await his.isRefused("meeting:lock", { meetingId }), "not_moderator");
    await hers.does("meeting:lock", { meetingId });
    await his.hears("meeting:locked", { userId: ana.id });
    const late = await cleo.connects();
    assert.equal(await late.isRefused("join:meeting", { meetingId }), "meeting_locked");
    assert.equal(await late.isRefused("call:join", { meetingId, peerId: "c" }), "meeting_locked");
    assert.equal((await cleo.post(`/api/meetings/${meetingId}/join`, {})).body.error.code, "meeting_locked");
    his.closes();
    await hers.hears("user:left");
    await ben.joins(meeting);
    await hers.does("meeting:unlock", { meetingId });
    await late.joins(meeting);
  });

  test("a co-host has the tools, and everybody hears who hosts", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [, his, theirs] = [await ana.joins(meeting), await ben.joins(meeting), await cleo.joins(meeting)];
    assert.equal(await his.isRefused("meeting:lock", { meetingId }), "not_moderator");
    assert.equal((await ben.put(`/api/meetings/${meetingId}`, { coHosts: [ben.id] })).status, 403, "nobody makes oneself one");
    assert.equal((await ana.put(`/api/meetings/${meetingId}`, { coHosts: [ben.id] })).status, 200);
    assert.deepEqual((await theirs.hears("meeting:roles")).coHosts, [ben.id]);
    await his.does("meeting:lock", { meetingId });
    await his.does("meeting:unlock", { meetingId });
    assert.equal(await his.isRefused("meeting:remove", { meetingId, userId: ana.id }), "not_moderator", "the host stays");
  });

  test("a host mutes one or all, who hear of it and can unmute themselves", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const clients = [];
    for (const user of [ana, ben, cleo]) {
      const client = await user.joins(meeting);
      await client.does("call:join", { meetingId, peerId: user.id });
      await client.does("call:unmute", { meetingId });
      clients.push(client);
    }
    const [hers, his, theirs] = clients;
    const unmuted = (userId, from = 0) => hers.hears("call:mute-status", { userId, isMuted: false }, { from });
    await Promise.all([unmuted(ben.id), unmuted(cleo.id)]);
    assert.equal(await his.isRefused("meeting:mute", { meetingId, userId: cleo.id }), "not_moderator");
    await hers.does("meeting:mute", { meetingId, userId: ben.id });
    await his.hears("meeting:muted", { userId: ana.id });
    await theirs.hears("call:mute-status", { userId: ben.id, isMuted: true });
    const before = hers.now;
    await his.does("call:unmute", { meetingId });
    await unmuted(ben.id, before);
    const from = hers.now;
    await hers.does("meeting:mute", { meetingId });
    for (const client of [his, theirs]) await client.hears("meeting:muted");
    const muted = await Promise.all([ben, cleo].map(({ id }) => hers.hears("call:mute-status", { userId: id, isMuted: true }, { from })));
    assert.equal(muted.length, 2);
    assert.deepEqual(hers.all("meeting:muted"), []);
    const late = await ana.joins(meeting);
    assert.deepEqual(late.joined.state.call.map(({ isMuted }) => isMuted), [false, true, true]);
  });

  test("who is removed is out of room and call, by all sockets, and does not come back", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    await hers.does("call:join", { meetingId, peerId: "a" });
    const second = await ben.connects("polling");
    await second.does("call:join", { meetingId, peerId: "b" });
    assert.equal(await his.isRefused("meeting:remove", { meetingId, userId: ana.id }), "not_moderator");
    await hers.does("meeting:remove", { meetingId, userId: ben.id });
    for (const client of [his, second]) await client.hears("meeting:removed");
    await hers.hears("user:left", { userId: ben.id });
    await hers.hears("call:peer-left", { userId: ben.id });
    await hers.says(meeting, "among ourselves");
    assert.equal(await his.isRefused("chat:message", { meetingId, message: "still here" }), "not_in_meeting");
    for (const client of [his, second]) {
      assert.equal(await client.isRefused("join:meeting", { meetingId }), "removed_from_meeting");
      assert.equal(await client.isRefused("call:join", { meetingId, peerId: "b" }), "removed_from_meeting");
    }
    assert.equal((await ben.post(`/api/meetings/${meetingId}/join`, {})).body.error.code, "removed_from_meeting");
    assert.deepEqual(his.all("chat:message"), []);
  });

  test("who waits hears that the meeting is over", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ waitingRoom: true });
    const { meetingId } = meeting;
    const [hers, his] = [await ana.joins(meeting), await ben.connects()];
    assert.equal(await his.isRefused("join:meeting", { meetingId }), "waiting_room");
    await hers.does("meeting:end", { meetingId });
    await his.hears("meeting:ended", { meetingId, reason: "completed" });
  });

  test("a host ends the meeting for all", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const { meetingId } = meeting;
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    await his.does("call:join", { meetingId, peerId: "b" });
    assert.equal(await his.isRefused("meeting:end", { meetingId }), "not_moderator");
    await hers.does("meeting:end", { meetingId });
    await his.hears("meeting:ended", { reason: "completed" });
    assert.equal((await ana.sees(meeting)).status, "completed");
    assert.equal(await his.isRefused("join:meeting", { meetingId }), "meeting_ended");
    assert.equal(await his.isRefused("call:join", { meetingId, peerId: "b" }), "meeting_ended");
  });
});
