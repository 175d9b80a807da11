// The checker of all the other tests here: it passes a clean record, and finds each fault that is planted in one.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { check } from "../harness/checker.mjs";

const PEOPLE = ["ana", "ben", "cleo"];
const ROUNDS = 20;

const message = (seq, userId, n) => ({ seq, userId, messageId: `m-${seq}`, id: `${userId}-${n}`, text: `${n} of ${userId}` });

/** What three people write down who talk in turns, of whom ben is away for a while and cleo comes late. */
function aRecord() {
  const records = PEOPLE.map((userId) => ({ name: userId, userId, meetingId: "room", entries: [] }));
  const [ana, ben, cleo] = records;
  let seq = 0;
  const history = [];
  const away = new Set(PEOPLE);
  const joins = (record, { since, recovered = since !== undefined } = {}) => {
    const missed = since === undefined ? [] : history.filter((m) => m.seq > since);
    const asked = since === undefined ? {} : { epoch: "e", since };
    record.entries.push({ kind: "connect" });
    record.entries.push({ kind: "join", asked, recovered, first: since === undefined, epoch: "e", seq, messages: missed, events: [], people: PEOPLE });
    away.delete(record.userId);
  };
  const arrives = (record) => {
    seq += 1;
    for (const { userId, entries } of records) {
      if (userId !== record.userId && !away.has(userId)) entries.push({ kind: "heard", event: "user:joined", seq, who: record.userId });
    }
    joins(record);
  };
  const says = (record, n) => {
    seq += 1;
    const said = message(seq, record.userId, n);
    history.push(said);
    record.entries.push({ kind: "send", id: said.id, n, connection: 1 });
    for (const { userId, entries } of records) {
      if (!away.has(userId)) entries.push({ kind: "heard", event: "chat:message", seq, message: said });
    }
    record.entries.push({ kind: "ack", id: said.id, seq, messageId: said.messageId, epoch: "e" });
  };
  arrives(ana);
  arrives(ben);
  let since;
  for (let n = 1; n <= ROUNDS; n++) {
    says(ana, n);
    if (n === 5) arrives(cleo);
    if (n > 5) says(cleo, n);
    if (n === 10) {
      away.add("ben");
      ben.entries.push({ kind: "lost", reason: "transport close" });
      since = seq;
    }
    if (n === 15) joins(ben, { since });
    if (!away.has("ben")) says(ben, n);
  }
  for (const record of records) joins(record, { since: seq });
  const views = ["node 1", "node 2"].map((node) => ({ node, meetingId: "room", epoch: "e", people: PEOPLE }));
  return { records, views };
}

const heardBy = (record) => record.entries.filter(({ event }) => event === "chat:message");
const verdict = ({ records, views }, options = {}) => check(records, { survives: true, views, ...options });
/** What stands in the figures for what was found. */
const found = ({ figures: { lost, doubled, disordered, differing } }) => ({ lost, doubled, disordered, differing });
const NOTHING = { lost: 0, doubled: 0, disordered: 0, differing: 0 };

describe("the checker", () => {
  test("finds nothing in a clean record, and counts what is in it", () => {
    const { ok, problems, figures } = verdict(aRecord());
    assert.deepEqual(problems, []);
    assert.equal(ok, true);
    // ana speaks in 20 rounds, cleo in 15, ben in 9 before he is away and in 6 after.
    assert.deepEqual({ ...figures, heard: 0 }, { ...NOTHING, clients: 3, sent: 50, acked: 50, heard: 0, joins: 7, resumed: 4, unrecovered: 0, epochs: 1, refusals: {} });
  });

  test("finds a message that one client has lost, live or while it was away", () => {
    const live = aRecord();
    const at = live.records[0].entries.indexOf(heardBy(live.records[0])[7]);
    live.records[0].entries.splice(at, 1);
    assert.deepEqual(found(verdict(live)), { ...NOTHING, lost: 1 });
    const away = aRecord();
    const back = away.records[1].entries.filter(({ kind }) => kind === "join")[1];
    back.messages = back.messages.filter((_, i) => i !== 2);
    assert.deepEqual(found(verdict(away)), { ...NOTHING, lost: 1 });
  });

  test("finds an acked message that nobody has ever seen", () => {
    const planted = aRecord();
    planted.records[2].entries.push({ kind: "ack", id: "cleo-x", seq: 10_000, messageId: "m-x", epoch: "e" });
    assert.deepEqual(found(verdict(planted)), { ...NOTHING, lost: 3 });
  });

  test("finds a message that is doubled: heard again, given again by resuming, or with a second number", () => {
    const again = aRecord();
    const { entries } = again.records[0];
    const seventh = heardBy(again.records[0])[7];
    entries.splice(entries.indexOf(seventh) + 1, 0, { ...seventh });
    assert.equal(verdict(again).figures.doubled, 1);
    const resumed = aRecord();
    const back = resumed.records[1].entries.filter(({ kind }) => kind === "join")[1];
    const known = heardBy(resumed.records[1])[3].message;
    back.messages = [known, ...back.messages];
    assert.equal(verdict(resumed).figures.doubled, 1);
    const twice = aRecord();
    const last = twice.records[0].entries.at(-1);
    for (const record of twice.records) {
      record.entries.push({ kind: "heard", event: "chat:message", seq: last.seq + 1, message: { ...message(last.seq + 1, "ana", 3), messageId: "m-other" } });
    }
    assert.equal(verdict(twice).figures.doubled, 1);
  });

  test("finds two messages that are swapped: for one client, or for all of one sender", () => {
    const one = aRecord();
    const { entries } = one.records[0];
    const [a, b] = heardBy(one.records[0]).slice(7, 9).map((entry) => entries.indexOf(entry));
    [entries[a], entries[b]] = [entries[b], entries[a]];
    assert.equal(verdict(one).figures.disordered, 1);
    const all = aRecord();
    const sends = all.records[0].entries.filter(({ kind }) => kind === "send");
    [sends[3].id, sends[4].id] = [sends[4].id, sends[3].id];
    assert.deepEqual(found(verdict(all)), { ...NOTHING, disordered: 1 });
  });

  test("finds that two clients see different messages at one place", () => {
    const planted = aRecord();
    const heard = heardBy(planted.records[0])[4];
    heard.message = { ...heard.message, text: "something else" };
    assert.equal(verdict(planted).figures.disordered, 1);
  });

  test("finds a participant whom one node does not show, and one who is shown though gone", () => {
    const one = aRecord();
    one.views[1].people = ["ana", "ben"];
    assert.deepEqual(found(verdict(one)), { ...NOTHING, differing: 1 });
    const ghost = aRecord();
    for (const shown of [...ghost.views, ...ghost.records.flatMap(({ entries }) => entries.filter(({ kind }) => kind === "join"))]) shown.people = [...PEOPLE, "ghost"];
    assert.deepEqual(found(verdict(ghost)), { ...NOTHING, differing: 1 });
  });

  test("a hole that was told is none, unless the log is meant to survive", () => {
    const planted = aRecord();
    const back = planted.records[1].entries.filter(({ kind }) => kind === "join")[1];
    back.recovered = false;
    back.messages = back.messages.slice(-2);
    assert.deepEqual(found(verdict(planted, { survives: false })), NOTHING);
    assert.deepEqual(found(verdict(planted, { survives: true })), { ...NOTHING, lost: 1 });
  });
});
