import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

describe("hands, reactions and polls", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  async function three() {
    const people = await world.users("ana", "ben", "cleo");
    const meeting = await people[0].creates();
    const clients = [];
    for (const person of people) clients.push(await person.joins(meeting));
    return { people, meeting, meetingId: meeting.meetingId, clients };
  }

  test("hands stand in the order they were raised, and a host lowers them", async () => {
    const { people: [ana, ben, cleo], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    await theirs.does("hand:raise", { meetingId });
    await his.does("hand:raise", { meetingId });
    await his.does("hand:raise", { meetingId });
    const raised = await hers.hears("hand:raised", { userId: ben.id });
    assert.equal(raised.username, ben.username);
    assert.equal(hers.all("hand:raised").length, 2, "once each");
    const up = async () => (await ana.joins(meeting)).joined.state.hands.map(({ userId }) => userId);
    assert.deepEqual(await up(), [cleo.id, ben.id]);
    assert.equal(await his.isRefused("hand:lower", { meetingId, userId: cleo.id }), "not_moderator");
    await hers.does("hand:lower", { meetingId, userId: cleo.id });
    await theirs.hears("hand:lowered", { userId: cleo.id });
    await his.does("hand:lower", { meetingId });
    assert.deepEqual(await up(), []);
    const outsider = await (await world.user()).connects();
    assert.equal(await outsider.isRefused("hand:raise", { meetingId }), "not_in_meeting");
  });

  test("a reaction of the moment reaches everybody, and only an emoji is one", async () => {
    const { people: [, ben], meeting, meetingId, clients } = await three();
    await clients[1].does("reaction:send", { meetingId, reaction: "👏" });
    for (const client of clients) {
      const { userId, username, reaction } = await client.hears("reaction:sent");
      assert.deepEqual([userId, username, reaction], [ben.id, ben.username, "👏"]);
    }
    assert.equal(await clients[1].isRefused("reaction:send", { meetingId, reaction: "<script>" }), "invalid_reaction");
    const late = await ben.joins(meeting);
    await late.settles();
    assert.deepEqual(late.all("reaction:sent"), []);
  });

  test("a host asks, people choose and change their minds, everybody sees the counts and nobody who chose what", async () => {
    const { people: [, ben, cleo], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    const question = { meetingId, question: " When? ", options: ["Monday", "Tuesday", "never"] };
    assert.equal(await his.isRefused("poll:open", question), "not_moderator");
    for (const wrong of [{ question: "" }, { options: ["one"] }, { options: ["same", " same "] }, { options: Array.from({ length: 11 }, (_, n) => `${n}`) }]) {
      assert.equal(await hers.isRefused("poll:open", { ...question, ...wrong }), "invalid_poll");
    }
    const { pollId } = await hers.does("poll:open", question);
    await his.hears("poll:opened");
    const opened = await theirs.hears("poll:opened");
    assert.deepEqual([opened.pollId, opened.question, opened.counts, opened.voters, opened.closed], [pollId, "When?", [0, 0, 0], 0, false]);
    const vote = (client, ...choices) => client.does("poll:vote", { meetingId, pollId, choices });
    await vote(his, 0);
    await vote(theirs, 0);
    await vote(his, 1);
    const counted = await hers.hears("poll:counted", ({ counts }) => counts[1] === 1);
    assert.deepEqual([counted.counts, counted.voters], [[1, 1, 0], 2]);
    for (const choices of [[3], [0, 1], [1, 1], [-1], "0"]) {
      assert.match(await his.isRefused("poll:vote", { meetingId, pollId, choices }), /^invalid_(vote|payload)$/);
    }
    assert.ok(!hers.heard.filter(({ event }) => event.startsWith("poll:")).some(({ data }) => JSON.stringify(data).includes(ben.id)));
    const own = async (user) => (await user.joins(meeting)).joined.state.polls[0].choices;
    assert.deepEqual([await own(ben), await own(cleo)], [[1], [0]]);
    await vote(theirs);
    assert.equal(await his.isRefused("poll:close", { meetingId, pollId }), "not_moderator");
    await hers.does("poll:close", { meetingId, pollId });
    const closed = await his.hears("poll:closed");
    assert.deepEqual([closed.counts, closed.voters], [[0, 1, 0], 1]);
    assert.equal(await his.isRefused("poll:vote", { meetingId, pollId, choices: [0] }), "poll_closed");
  });

  test("where several answers may be given, each counts", async () => {
    const { meetingId, clients: [hers, his] } = await three();
    const asked = his.hears("poll:opened");
    const { pollId } = await hers.does("poll:open", { meetingId, question: "Which?", options: ["a", "b", "c"], multiple: true });
    await asked;
    await his.does("poll:vote", { meetingId, pollId, choices: [2, 0] });
    assert.deepEqual((await hers.hears("poll:counted")).counts, [1, 0, 1]);
  });
});
