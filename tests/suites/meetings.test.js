import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually, inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const path = (meeting, more = "") => `/api/meetings/${meeting.meetingId}${more}`;

describe("meetings", () => {
  const world = aWorld();

  test("a user creates one, hosts it and is its first participant", async () => {
    const ana = await world.user();
    const { status, body } = await ana.post("/api/meetings", {
      title: "  Planning ", date: "2030-07-15", time: "10:30", description: "what next", estimatedDuration: 45, maxParticipants: 4,
    });
    assert.deepEqual([status, body.success, typeof body.message], [201, true, "string"]);
    const { meetingId, id, createdAt, updatedAt, code, ...rest } = body.data;
    assert.equal(id, meetingId);
    assert.match(meetingId, /^[A-Za-z0-9_-]{20,128}$/);
    assert.match(createdAt, ISO);
    assert.match(updatedAt, ISO);
    assert.deepEqual(rest, {
      hostId: ana.id, title: "Planning", description: "what next", date: "2030-07-15", time: "10:30", timeZone: "UTC",
      startsAt: "2030-07-15T10:30:00.000Z", estimatedDuration: 45, maxParticipants: 4, participants: [ana.id],
      activeParticipants: 0, status: "active", coHosts: [], waitingRoom: false, guestsAllowed: false, hasPasscode: false,
    });
    assert.deepEqual(await ana.sees(body.data), body.data);
  });

  test("what a meeting does not say has its defaults, and a time in the past is fine", async () => {
    const ana = await world.user();
    const meeting = await ana.creates({ date: "1999-12-31", time: "23:59" });
    assert.deepEqual(
      [meeting.description, meeting.estimatedDuration, meeting.maxParticipants, meeting.timeZone, meeting.startsAt],
      ["", 60, 10, "UTC", "1999-12-31T23:59:00.000Z"],
    );
  });

  test("the host types time in a zone of theirs; the instant is said beside it", async () => {
    const ana = await world.user();
    const summer = await ana.creates({ date: "2030-07-15", time: "10:30", timeZone: "Europe/Madrid" });
    assert.deepEqual([summer.time, summer.timeZone, summer.startsAt], ["10:30", "Europe/Madrid", "2030-07-15T08:30:00.000Z"]);
    const winter = await ana.put(path(summer), { date: "2030-01-15" });
    assert.equal(winter.body.data.startsAt, "2030-01-15T09:30:00.000Z");
  });

  test("ids can't be guessed: they share nothing and follow no order", async () => {
    const ana = await world.user();
    const ids = (await inParallel(Array(10).fill(), () => ana.creates())).map((m) => m.meetingId);
    assert.equal(new Set(ids).size, 10);
    assert.equal(new Set(ids.map((id) => id.slice(0, 8))).size, 10);
  });

  test("a body's userId, hostId, participants and counts are never believed", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const forged = { userId: ben.id, hostId: ben.id, participants: [ben.id], activeParticipants: 9, meetingId: "mine", id: "mine", createdAt: "x" };
    const meeting = await ana.creates(forged);
    assert.deepEqual([meeting.hostId, meeting.participants, meeting.activeParticipants], [ana.id, [ana.id], 0]);
    const changed = (await ana.put(path(meeting), { ...forged, title: "New" })).body.data;
    const { updatedAt, ...rest } = changed;
    assert.deepEqual({ ...rest, updatedAt: 0 }, { ...meeting, title: "New", updatedAt: 0 });
    assert.ok(updatedAt >= meeting.updatedAt);
  });

  test("the lists hold what one hosts and has joined, newest first, and nothing else", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const first = await ana.creates({ title: "first" });
    const second = await ben.creates({ title: "second" });
    await ben.creates({ title: "not ana's" });
    await ana.post(path(second, "/join"), { userId: ana.id });
    const third = await ana.creates({ title: "third" });
    for (const where of ["/api/meetings", `/api/meetings/user/${ana.id}`]) {
      const { status, body } = await ana.get(where);
      assert.equal(status, 200);
      assert.deepEqual(body.data.map((m) => m.meetingId), [third, second, first].map((m) => m.meetingId), where);
    }
  });

  test("another's lists are closed", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    for (const list of ["user", "today"]) {
      const { status, body } = await ana.get(`/api/meetings/${list}/${ben.id}`);
      assert.deepEqual([status, body.error.code], [403, "forbidden"], list);
    }
  });

  test("today's list has the meetings of this UTC day, by time", async () => {
    const ana = await world.user();
    const today = new Date().toISOString().slice(0, 10);
    const late = await ana.creates({ date: today, time: "23:10" });
    const early = await ana.creates({ date: today, time: "00:05" });
    await ana.creates({ date: "2031-01-01", time: "12:00" });
    const { status, body } = await ana.get(`/api/meetings/today/${ana.id}`);
    assert.equal(status, 200);
    assert.equal(body.data.date, today);
    assert.equal(body.data.count, 2);
    assert.deepEqual(body.data.meetings.map((m) => m.meetingId), [early.meetingId, late.meetingId]);
  });

  test("anyone signed in may look at a meeting; one that is not, or can't be, is not found", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    assert.deepEqual(await ben.sees(meeting), meeting);
    assert.deepEqual((await ben.get(`/api/chat/meeting/${meeting.meetingId}`)).body.data, meeting);
    for (const id of ["3f1c9f0e-0000-4000-8000-000000000000", "x", "a%20b", "%C3%B1", "y".repeat(300), "%7B%7D"]) {
      for (const [method, to] of [["GET", `/api/meetings/${id}`], ["PUT", `/api/meetings/${id}`], ["DELETE", `/api/meetings/${id}`],
        ["POST", `/api/meetings/${id}/join`], ["POST", `/api/meetings/${id}/leave`], ["GET", `/api/chat/meeting/${id}`]]) {
        const { status, body } = await ana.request(method, to, { body: method === "GET" ? undefined : { title: "x" } });
        assert.equal(status, 404, `${method} ${to}`);
        assert.equal(body.success, false);
        assert.equal(body.error.code, "meeting_not_found", `${method} ${to}`);
      }
    }
    assert.match((await ana.get("/api/meetings/x")).body.message, /Meeting not found/);
    for (const to of ["/api/meetings/%FF", "/api/meetings/user/a%20b", "/api/meetings/today/%7B%7D"]) {
      const { status, body } = await ana.get(to);
      assert.deepEqual([status, body.success], [404, false], to);
    }
  });

  test("joining adds to the participants once; leaving takes nobody off", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const meeting = await ana.creates();
    for (const body of [{ userId: ana.id }, {}, undefined]) {
      const { status, body: answer } = await ben.post(path(meeting, "/join"), body);
      assert.deepEqual([status, answer.success, typeof answer.message], [200, true, "string"]);
      assert.deepEqual(answer.data.participants, [ana.id, ben.id]);
    }
    await cleo.post(path(meeting, "/join"));
    const left = await ben.post(path(meeting, "/leave"), { userId: cleo.id });
    assert.deepEqual([left.status, left.body.data.participants], [200, [ana.id, ben.id, cleo.id]]);
    assert.equal((await cleo.post(path(meeting, "/leave"))).status, 200);
    assert.deepEqual((await ana.sees(meeting)).participants, [ana.id, ben.id, cleo.id]);
  });

  test("joining over HTTP is not refused for places: they bound the room, not the list", async () => {
    const people = await world.users("ana", "ben", "cleo");
    const meeting = await people[0].creates({ maxParticipants: 1 });
    for (const person of people) assert.equal((await person.post(path(meeting, "/join"))).status, 200);
    assert.deepEqual((await people[0].sees(meeting)).participants, people.map((p) => p.id));
  });

  test("joins at the same moment lose nobody", async () => {
    const ana = await world.user();
    const guests = await world.users(...Array.from({ length: 20 }, (_, i) => `guest${i}`));
    const meeting = await ana.creates();
    const statuses = await Promise.all(guests.map(async (guest) => (await guest.post(path(meeting, "/join"))).status));
    assert.deepEqual(new Set(statuses), new Set([200]));
    const { participants } = await ana.sees(meeting);
    assert.equal(participants[0], ana.id);
    assert.deepEqual([...participants].sort(), [ana, ...guests].map((p) => p.id).sort());
  });

  test("only the host changes or deletes", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ben.post(path(meeting, "/join"));
    const change = await ben.put(path(meeting), { title: "mine now", userId: ana.id });
    assert.deepEqual([change.status, change.body.error.code], [403, "not_host"]);
    assert.match(change.body.message, /Only the host can update the meeting/);
    const removal = await ben.delete(path(meeting), { body: { userId: ana.id } });
    assert.deepEqual([removal.status, removal.body.error.code], [403, "not_host"]);
    assert.match(removal.body.message, /Only the host can delete the meeting/);
    assert.equal((await ana.sees(meeting)).title, meeting.title);
  });

  test("the host changes any field, one at a time or all at once", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const changes = { title: "New", description: "words", date: "2031-02-03", time: "04:05", estimatedDuration: 1440, maxParticipants: 1000 };
    for (const [field, value] of Object.entries(changes)) {
      const { status, body } = await ana.put(path(meeting), { [field]: value, userId: ana.id });
      assert.deepEqual([status, body.data[field], typeof body.message], [200, value, "string"], field);
    }
    const { updatedAt, startsAt, ...seen } = await ana.sees(meeting);
    assert.deepEqual({ ...seen, updatedAt: 0, startsAt: 0 }, { ...meeting, ...changes, updatedAt: 0, startsAt: 0 });
    assert.equal(startsAt, "2031-02-03T04:05:00.000Z");
    assert.ok(updatedAt >= meeting.updatedAt);
  });

  test("a deleted meeting is gone from everywhere", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    await ben.post(path(meeting, "/join"));
    assert.equal((await ana.delete(path(meeting))).status, 200);
    assert.equal((await ana.get(path(meeting))).status, 404);
    assert.equal((await ana.delete(path(meeting))).status, 404);
    for (const person of [ana, ben]) assert.deepEqual((await person.get("/api/meetings")).body.data, []);
  });

  test("a status goes from active to completed or cancelled and back; joining needs it active", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    for (const status of ["completed", "cancelled"]) {
      assert.equal((await ana.put(path(meeting), { status })).body.data.status, status);
      const refused = await ben.post(path(meeting, "/join"));
      assert.equal(refused.body.error.code, "meeting_ended", status);
      assert.equal(refused.status, 409);
      assert.equal((await ana.put(path(meeting), { status: "active" })).body.data.status, "active");
    }
    assert.equal((await ben.post(path(meeting, "/join"))).status, 200);
  });

  test("activeParticipants follows the room, and participants remember everyone", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const live = (n) => eventually(`activeParticipants to be ${n}`, async () => (await ana.sees(meeting)).activeParticipants === n);
    const inRoom = await ana.joins(meeting);
    await live(1);
    const other = await ben.joins(meeting);
    await live(2);
    await inRoom.leaves(meeting);
    await live(1);
    other.closes();
    await live(0);
    assert.deepEqual((await ana.sees(meeting)).participants, [ana.id, ben.id]);
  });

  test("the stats count rooms and people, and say the places", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const stats = async () => (await ana.get("/api/chat/stats")).body.data;
    await eventually("the rooms of other tests to be empty", async () => (await stats()).totalUsers === 0);
    const meeting = await ana.creates();
    await ana.joins(meeting);
    await ben.joins(meeting);
    const { activeMeetings, totalUsers, ...places } = await stats();
    assert.deepEqual([activeMeetings, totalUsers], [1, 2]);
    assert.deepEqual(places, { maxParticipantsPerMeeting: 10, minParticipantsPerMeeting: 2 });
  });
});

describe("MAX_PARTICIPANTS and MAX_MEETING_CAPACITY", () => {
  const world = aWorld({ chat: { MAX_PARTICIPANTS: "7", MIN_PARTICIPANTS: "3", MAX_MEETING_CAPACITY: "20" } });

  test("are the places of a meeting that names none, and the most it may name", async () => {
    const ana = await world.user();
    assert.equal((await ana.creates()).maxParticipants, 7);
    assert.equal((await ana.creates({ maxParticipants: 20 })).maxParticipants, 20);
    const { status, body } = await ana.post("/api/meetings", { title: "x", date: "2030-01-01", time: "10:00", maxParticipants: 21 });
    assert.deepEqual([status, body.error.code], [400, "invalid_capacity"]);
    const stats = (await ana.get("/api/chat/stats")).body.data;
    assert.deepEqual([stats.maxParticipantsPerMeeting, stats.minParticipantsPerMeeting], [7, 3]);
  });
});
