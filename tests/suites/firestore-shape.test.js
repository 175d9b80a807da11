import assert from "node:assert/strict";
import { test } from "node:test";
import { Emulator } from "../harness/databases.mjs";
import { describeIn } from "../harness/modes.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const text = (value) => ({ stringValue: value });
const whole = (value) => ({ integerValue: String(value) });

describeIn(["apart-firestore"], "meetings in Firestore", () => {
  const world = aWorld();
  const stored = (meeting) => new Emulator(world.servers.project).fields(`meetings/${meeting.meetingId}`);

  test("are documents that the systems already there can read: the contract's names, strings, integers and an array", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ description: "words", estimatedDuration: 45, maxParticipants: 4, timeZone: "Europe/Madrid" });
    await ben.post(`/api/meetings/${meeting.meetingId}/join`);
    const { updatedAt, ...fields } = await stored(meeting);
    assert.deepEqual(fields, {
      meetingId: text(meeting.meetingId), hostId: text(ana.id), title: text("Weekly"), description: text("words"), date: text("2030-01-15"),
      time: text("10:30"), timeZone: text("Europe/Madrid"), startsAt: text("2030-01-15T09:30:00.000Z"), estimatedDuration: whole(45),
      maxParticipants: whole(4), participants: { arrayValue: { values: [text(ana.id), text(ben.id)] } }, activeParticipants: whole(0),
      createdAt: text(meeting.createdAt), status: text("active"), code: text(meeting.code), coHosts: { arrayValue: {} },
      waitingRoom: { booleanValue: false }, guestsAllowed: { booleanValue: false }, passcode: { nullValue: null }, removed: { arrayValue: {} },
      emptiedAt: { nullValue: null }, activeFrom: text("2030-01-15T09:30:00.000Z"),
    });
    assert.match(updatedAt.stringValue, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  test("keep numbers integers and the status a word through every change", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    await ana.put(`/api/meetings/${meeting.meetingId}`, { maxParticipants: 6, estimatedDuration: 90, status: "completed" });
    const fields = await stored(meeting);
    assert.deepEqual([fields.maxParticipants, fields.estimatedDuration, fields.status], [whole(6), whole(90), text("completed")]);
  });

  test("lose none of 50 who join at once, by HTTP and by socket", async () => {
    const ana = await world.user();
    const guests = await world.users(...Array.from({ length: 50 }, (_, i) => `guest${i}`));
    const meeting = await ana.creates({ maxParticipants: 100 });
    await Promise.all(guests.map((guest, i) => (i % 2 ? guest.joins(meeting) : guest.post(`/api/meetings/${meeting.meetingId}/join`))));
    const { participants } = await stored(meeting);
    const ids = participants.arrayValue.values.map((value) => value.stringValue);
    assert.equal(ids[0], ana.id);
    assert.deepEqual([...ids].sort(), [ana, ...guests].map((person) => person.id).sort());
  });

  test("show who is online, and nobody after a stop: the count is flushed before the process ends", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    for (const person of [ana, ben]) await person.joins(meeting, "websocket", { reconnection: false });
    await eventually("two to be stored", async () => (await stored(meeting)).activeParticipants.integerValue === "2");
    assert.equal((await world.servers.chat.terminate()).code, 0);
    assert.deepEqual((await stored(meeting)).activeParticipants, whole(0));
    await world.servers.chat.start();
  });

  test("are gone when deleted, and do not come back by somebody leaving the room", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const client = await ana.joins(meeting);
    await ana.delete(`/api/meetings/${meeting.meetingId}`);
    await client.hears("meeting:ended");
    client.closes();
    await world.servers.chat.terminate();
    assert.equal(await stored(meeting), undefined);
    await world.servers.chat.start();
  });

  test("written by another system, without the newer fields, are read, joined and changed", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const emulator = new Emulator(world.servers.project);
    const meeting = { meetingId: "an-older-meeting" };
    await emulator.write("meetings/an-older-meeting", {
      meetingId: text("an-older-meeting"), hostId: text(ana.id), title: text("Old"), date: text("2030-01-15"), time: text("10:30"), maxParticipants: whole(5),
      participants: { arrayValue: { values: [text(ana.id)] } }, activeParticipants: whole(0), status: text("active"),
      createdAt: { timestampValue: "2026-01-02T03:04:05.678Z" },
    });
    const seen = await ana.sees(meeting);
    assert.deepEqual([seen.title, seen.description, seen.estimatedDuration, seen.timeZone, seen.createdAt],
      ["Old", "", 60, "UTC", "2026-01-02T03:04:05.678Z"]);
    assert.deepEqual((await ana.get("/api/meetings")).body.data.map((m) => m.meetingId), ["an-older-meeting"]);
    const client = await ben.joins(meeting);
    await client.says(meeting, "in an old meeting");
    const changed = await ana.put("/api/meetings/an-older-meeting", { title: "New" });
    assert.deepEqual([changed.body.data.title, changed.body.data.participants], ["New", [ana.id, ben.id]]);
    assert.deepEqual((await emulator.fields("meetings/an-older-meeting")).title, text("New"));
  });
});
