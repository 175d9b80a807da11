import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MANY } from "../harness/modes.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const ids = (list) => list.map((p) => p.userId);

describe("rooms", () => {
  const world = aWorld();

  for (const transport of ["polling", "websocket", "upgrade"]) {
    test(`people join, are seen by all, leave, and are missed by all (${transport})`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const { meetingId } = meeting;
      const hers = await ana.joins(meeting, transport);
      const alone = await hers.hears("users:online", { meetingId, count: 1 });
      assert.deepEqual([ids(alone.participants), alone.participants[0].username], [[ana.id], ana.username]);
      assert.ok(!Number.isNaN(Date.parse(alone.participants[0].joinedAt)));

      const his = await ben.joins(meeting, transport);
      for (const client of [hers, his]) {
        const both = await client.hears("users:online", { meetingId, count: 2 });
        assert.deepEqual(ids(both.participants), [ana.id, ben.id], "in the order they came");
      }
      const joined = await hers.hears("user:joined");
      assert.deepEqual({ ...joined, timestamp: 0, seq: 0 }, { meetingId, userId: ben.id, username: ben.username, timestamp: 0, seq: 0 });
      assert.match(joined.timestamp, /Z$/);
      assert.ok(Number.isInteger(joined.seq));

      await his.leaves(meeting);
      const left = await hers.hears("user:left");
      assert.deepEqual({ ...left, timestamp: 0, seq: 0 }, { meetingId, userId: ben.id, username: ben.username, timestamp: 0, seq: 0 });
      assert.ok(left.seq > joined.seq);
      const at = hers.heard.findIndex((e) => e.event === "user:left");
      await hers.hears("users:online", { count: 1 }, { from: at });
      await his.settles();
      assert.deepEqual([his.all("user:joined").length, his.all("user:left").length], [0, 0], "the mover is not told of the move");
    });
  }

  test("everybody gets call:ice-servers on every connect", async () => {
    const ana = await world.user();
    for (const transport of ["polling", "websocket"]) {
      const client = await ana.connects(transport);
      const servers = await client.hears("call:ice-servers");
      assert.ok(Array.isArray(servers) && servers.length >= 1);
      for (const { urls } of servers) assert.match(urls, /^(stun|turn)s?:/);
    }
  });

  test("the join's ack is one snapshot of the room", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ana.joins(meeting);
    const { joined } = await ben.joins(meeting);
    const { participants, epoch, seq, state, ...rest } = joined;
    assert.deepEqual(ids(participants), [ana.id, ben.id]);
    assert.ok(typeof epoch === "string" && epoch.length > 0);
    assert.ok(Number.isInteger(seq) && seq > 0);
    assert.deepEqual(rest, { meetingId: meeting.meetingId, count: 2, messages: [], events: [], recovered: false, first: true });
    assert.deepEqual(state, { hostId: ana.id, coHosts: [], locked: false, hands: [], presenter: null, polls: [], call: [], waiting: [] });
  });

  test("joining puts one into the stored participants", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ben.joins(meeting);
    assert.deepEqual((await ana.sees(meeting)).participants, [ana.id, ben.id]);
  });

  test("joining again from the same or another socket: this socket gets users:online, nobody else anything, and no error", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    await hers.hears("users:online", { count: 2 });
    const before = hers.now;
    const again = his.now;
    his.sends("join:meeting", { meetingId: meeting.meetingId });
    assert.deepEqual(ids((await his.hears("users:online", undefined, { from: again })).participants), [ana.id, ben.id]);
    const second = await ben.joins(meeting, "polling");
    assert.deepEqual(ids((await second.hears("users:online")).participants), [ana.id, ben.id]);
    await second.says(meeting, "from my second socket");
    await hers.hears("chat:message", { message: "from my second socket" });
    assert.equal(hers.all("user:joined", undefined, before).length, 0);
    for (const client of [hers, his, second]) assert.deepEqual(client.all("error"), []);
  });

  test("a user with two sockets has left when the last one leaves or goes", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const [one, two] = [await ben.joins(meeting), await ben.joins(meeting, "polling")];
    await one.leaves(meeting);
    await two.says(meeting, "one of me is still here");
    await hers.hears("chat:message");
    assert.equal(hers.all("user:left").length, 0);
    two.closes();
    await hers.hears("user:left", { userId: ben.id });
  });

  test("a socket that has left hears nothing more of the room, though the user's other one does", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const [one, two] = [await ben.joins(meeting), await ben.joins(meeting)];
    await one.leaves(meeting);
    await hers.says(meeting, "who hears this?");
    await two.hears("chat:message");
    await one.settles();
    assert.deepEqual(one.all("chat:message"), []);
  });

  test("leaving works with the bare id, with an object, with and without an ack", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const { meetingId } = await ana.creates();
    const hers = await ana.joins(meetingId);
    const his = await ben.connects();
    for (const leave of [() => his.sends("leave:meeting", meetingId), () => his.sends("leave:meeting", { meetingId }),
      () => his.does("leave:meeting", meetingId), () => his.does("leave:meeting", { meetingId })]) {
      const from = hers.now;
      await his.joins(meetingId);
      await leave();
      await hers.hears("user:left", { userId: ben.id }, { from });
    }
  });

  test("leaving where one is not sends nobody anything, no error either", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.connects();
    his.sends("leave:meeting", meeting.meetingId);
    his.sends("leave:meeting", "no-such-meeting");
    await his.settles();
    await hers.settles();
    assert.deepEqual(his.all("error"), []);
    assert.equal(hers.all("user:left").length, 0);
  });

  for (const transport of ["polling", "websocket"]) {
    test(`a disconnect leaves at once (${transport})`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const hers = await ana.joins(meeting);
      const his = await ben.joins(meeting, transport);
      his.closes();
      await hers.hears("user:left", { userId: ben.id }, { ms: 2000 });
      await hers.hears("users:online", { count: 1 }, { from: hers.now - 2, ms: 2000 });
    });
  }

  test("one user holds 32 sockets in a room: one participant, and each gets the message once", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const sockets = await Promise.all(Array.from({ length: 32 }, (_, i) => ben.joins(meeting, i % 8 ? "websocket" : "polling")));
    const hers = await ana.joins(meeting);
    assert.deepEqual(ids(hers.joined.participants), [ben.id, ana.id]);
    await hers.says(meeting, "hello to all of you");
    await Promise.all(sockets.map((socket) => socket.hears("chat:message")));
    await Promise.all(sockets.map((socket) => socket.settles()));
    for (const socket of sockets) assert.equal(socket.all("chat:message").length, 1);
    for (const socket of sockets.slice(1)) socket.closes();
    await sockets[0].says(meeting, "the last of us");
    await hers.hears("chat:message", { message: "the last of us" });
    assert.equal(hers.all("user:left").length, 0);
  });

  test("one socket may be in several rooms and hears each apart", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const [one, two] = [await ana.creates(), await ana.creates()];
    const hers = await ana.joins(one);
    await hers.joins(two);
    const his = await ben.joins(two);
    await his.says(two, "into the second");
    assert.equal((await hers.hears("chat:message")).meetingId, two.meetingId);
    await hers.leaves(one);
    await his.says(two, "still there?");
    await hers.hears("chat:message", { message: "still there?" });
    assert.equal(hers.texts(one).length, 0);
  });

  test("a full room refuses one more user, and takes back whoever is in it already", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates({ maxParticipants: 2 });
    const hers = await ana.joins(meeting);
    await ben.joins(meeting);
    const third = await cleo.connects();
    const ack = await third.asks("join:meeting", { meetingId: meeting.meetingId });
    assert.deepEqual([ack.ok, ack.error.code], [false, "meeting_full"]);
    assert.match(ack.error.message, /Meeting is full \(maximum 2 participants\)/);
    third.sends("join:meeting", { meetingId: meeting.meetingId });
    assert.equal((await third.hears("error")).code, "meeting_full");
    const again = await ben.joins(meeting, "polling");
    assert.deepEqual(ids(again.joined.participants), [ana.id, ben.id]);
    assert.equal(hers.all("user:joined").length, 1);
    await hers.leaves(meeting);
    // Of several nodes the one that was left tells the others.
    if (MANY) await eventually("her node to know", async () => (await third.asks("join:meeting", { meetingId: meeting.meetingId })).ok);
    assert.deepEqual(ids((await third.joins(meeting)).participants), [ben.id, cleo.id]);
  });

  test("of many who ask for the last places at once, exactly as many get in as there are", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ maxParticipants: 3 });
    const hers = await ana.joins(meeting);
    const guests = await world.users(...Array.from({ length: 10 }, (_, i) => `guest${i}`));
    const sockets = await Promise.all(guests.map((guest) => guest.connects()));
    const acks = await Promise.all(sockets.map((socket) => socket.asks("join:meeting", { meetingId: meeting.meetingId })));
    assert.equal(acks.filter((a) => a.ok).length, 2);
    assert.deepEqual(new Set(acks.filter((a) => !a.ok).map((a) => a.error.code)), new Set(["meeting_full"]));
    await hers.settles();
    assert.equal(hers.all("user:joined").length, 2);
  });

  test("raising the places lets the next one in, at once", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ maxParticipants: 1 });
    await ana.joins(meeting);
    const his = await ben.connects();
    assert.equal(await his.isRefused("join:meeting", { meetingId: meeting.meetingId }), "meeting_full");
    await ana.put(`/api/meetings/${meeting.meetingId}`, { maxParticipants: 2 });
    // Of several nodes the one that was asked tells the others.
    if (MANY) await eventually("his node to know", async () => (await his.asks("join:meeting", { meetingId: meeting.meetingId })).ok);
    else await his.joins(meeting);
  });

  test("typing is shown to the others only", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const his = await ben.joins(meeting);
    for (const event of ["typing:start", "typing:stop"]) {
      his.sends(event, { meetingId: meeting.meetingId });
      const shown = await hers.hears(event);
      assert.deepEqual(shown, { meetingId: meeting.meetingId, userId: ben.id, username: ben.username });
    }
    await his.settles();
    assert.equal(his.all("typing:start").length + his.all("typing:stop").length, 0);
  });

  test("typing from outside the room reaches nobody and sends no error", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ben.post(`/api/meetings/${meeting.meetingId}/join`);
    const hers = await ana.joins(meeting);
    const his = await ben.connects();
    his.sends("typing:start", { meetingId: meeting.meetingId });
    await his.joins(meeting);
    await hers.hears("user:joined");
    assert.deepEqual([hers.all("typing:start"), his.all("error")], [[], []]);
  });
});
