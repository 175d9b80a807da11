import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

const GOOD = { title: "Weekly", date: "2030-01-15", time: "10:30" };
const REQUIRED = /Title, date, and time are required/;
const DATE = /Date must be in YYYY-MM-DD format/;
const TIME = /Time must be in HH:mm format/;

const BAD = [
  ["title", ["", "   ", 5, null, ["x"], {}], "meeting_fields_required|invalid_title"],
  ["title", ["x".repeat(201)], "invalid_title"],
  ["date", ["15-01-2030", "2030-1-5", "2030-02-30", "2030-13-01", "2030-00-10", "2030-01-15T00:00", "tomorrow", "2030/01/15", "+02030-01-15"], "invalid_date"],
  ["date", [20300115, {}, true], "invalid_date|meeting_fields_required"],
  ["time", ["24:00", "10:60", "1030", "9:30", "10:30:00", "10:30 AM", "noon", "-1:30"], "invalid_time"],
  ["time", [1030, [], false], "invalid_time|meeting_fields_required"],
  ["description", ["x".repeat(5001), 7, {}, ["x"]], "invalid_description"],
  ["estimatedDuration", [0, -5, 1441, 1.5, "long", [], true], "invalid_duration"],
  ["maxParticipants", [0, -1, 1001, 2.5, "many", {}, false, 1e30], "invalid_capacity"],
  ["timeZone", ["Mars/Olympus", "", 3, "UTC+1 hour", "../etc/passwd"], "invalid_time_zone"],
];

describe("what is wrong with a meeting's fields is refused with its code and text", () => {
  const world = aWorld();

  for (const language of ["en", "es"]) {
    test(`the three fields it needs, in the words clients look for (${language})`, async () => {
      const ana = await world.user();
      const headers = { "accept-language": language };
      for (const missing of ["title", "date", "time"]) {
        const { status, body } = await ana.post("/api/meetings", { ...GOOD, [missing]: undefined }, { headers });
        assert.deepEqual([status, body.success, body.error.code], [400, false, "meeting_fields_required"], missing);
        assert.match(body.message, REQUIRED);
      }
      assert.match((await ana.post("/api/meetings", undefined, { headers })).body.message, REQUIRED);
      const date = await ana.post("/api/meetings", { ...GOOD, date: "15/01/2030" }, { headers });
      assert.match(date.body.message, DATE);
      const time = await ana.post("/api/meetings", { ...GOOD, time: "25:99" }, { headers });
      assert.match(time.body.message, TIME);
      const both = await ana.post("/api/meetings", { ...GOOD, date: "x", time: "y" }, { headers });
      assert.match(both.body.message, /Date must be in YYYY-MM-DD format, Time must be in HH:mm format/);
    });
  }

  for (const [field, values, codes] of BAD) {
    test(`${field} of a kind or size it can't have (${codes}), on creating and on changing`, async () => {
      const ana = await world.user();
      const meeting = await ana.creates();
      for (const value of values) {
        const created = await ana.post("/api/meetings", { ...GOOD, [field]: value });
        assert.equal(created.status, 400, `POST ${field} = ${JSON.stringify(value)?.slice(0, 40)}`);
        assert.match(created.body.error.code, new RegExp(`^(${codes})$`), JSON.stringify(value)?.slice(0, 40));
        const changed = await ana.put(`/api/meetings/${meeting.meetingId}`, { [field]: value });
        assert.equal(changed.status, 400, `PUT ${field} = ${JSON.stringify(value)?.slice(0, 40)}`);
        assert.match(changed.body.error.code, new RegExp(`^(${codes})$`), JSON.stringify(value)?.slice(0, 40));
      }
      assert.deepEqual(await ana.sees(meeting), meeting);
    });
  }

  test("the edges are fine", async () => {
    const ana = await world.user();
    const edges = [
      { title: "x" }, { title: "é".repeat(200) }, { description: "" }, { description: "ñ".repeat(5000) }, { estimatedDuration: 1 },
      { estimatedDuration: 1440 }, { maxParticipants: 1 }, { maxParticipants: 1000 }, { time: "00:00" }, { time: "23:59" },
      { date: "2028-02-29" }, { timeZone: "America/Argentina/Buenos_Aires" }, { timeZone: "UTC" },
    ];
    for (const edge of edges) {
      const meeting = await ana.creates(edge);
      const [[field, value]] = Object.entries(edge);
      assert.equal(meeting[field], value);
    }
  });

  test("a time that a zone's clocks skip or repeat still names one instant", async () => {
    const ana = await world.user();
    const skipped = await ana.creates({ date: "2030-03-31", time: "02:30", timeZone: "Europe/Madrid" });
    assert.deepEqual([skipped.time, skipped.startsAt], ["02:30", "2030-03-31T01:30:00.000Z"]);
    const repeated = await ana.creates({ date: "2030-10-27", time: "02:30", timeZone: "Europe/Madrid" });
    assert.equal(repeated.startsAt, "2030-10-27T00:30:00.000Z");
  });

  test("a status is one of three words", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    for (const status of ["done", "", "ACTIVE", 1, null, {}]) {
      const { status: code, body } = await ana.put(`/api/meetings/${meeting.meetingId}`, { status });
      assert.deepEqual([code, body?.error?.code], [400, "invalid_status"], JSON.stringify(status));
    }
  });

  test("all that is wrong is said at once", async () => {
    const ana = await world.user();
    const { body } = await ana.post("/api/meetings", { ...GOOD, date: "x", time: "y", estimatedDuration: 0, maxParticipants: 0 });
    const codes = body.error.details.map((d) => d.code).sort();
    assert.deepEqual(codes, ["invalid_capacity", "invalid_date", "invalid_duration", "invalid_time"]);
    assert.equal(body.message, body.error.details.map((d) => d.message).join(", "));
  });

  test("a body that is no JSON object is refused, on every route that takes one", async () => {
    const ana = await world.user();
    const { meetingId } = await ana.creates();
    const headers = { "content-type": "application/json" };
    for (const [method, path] of [["POST", "/api/meetings"], ["PUT", `/api/meetings/${meetingId}`], ["POST", `/api/meetings/${meetingId}/join`]]) {
      for (const body of ["[1]", '"x"', "{", "nul", "\xff\xfe"]) {
        const answer = await ana.request(method, path, { body, headers });
        assert.deepEqual([answer.status, answer.body?.error?.code], [400, "invalid_json"], `${method} ${path} ${body}`);
      }
    }
  });

  test("names and texts of any script come back as they were sent", async () => {
    const ana = await world.user();
    const title = "Reunión 会議 🎉 <b>\"quoted\"</b> \\ \u202e";
    const meeting = await ana.creates({ title, description: "línea 1\nlínea 2\t\u0000?".replace("\u0000", "") });
    const seen = await ana.sees(meeting);
    assert.deepEqual([seen.title, seen.description], [title, "línea 1\nlínea 2\t?"]);
  });
});
