import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

describe("messages that change", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  async function three() {
    const people = await world.users("ana", "ben", "cleo");
    const meeting = await people[0].creates();
    const clients = [];
    for (const person of people) clients.push(await person.joins(meeting));
    return { people, meeting, meetingId: meeting.meetingId, clients };
  }

  /** Says it, and returns when everyone has heard it: on several nodes the sender's ack may come first. */
  async function saysTo(all, speaker, meeting, message, more) {
    const taken = await speaker.says(meeting, message, more);
    await Promise.all(all.map((client) => client.hears("chat:message", { messageId: taken.messageId })));
    return taken;
  }

  test("one edits and deletes one's own message, and everyone sees it so, who comes later too", async () => {
    const { people: [ana, ben], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    const { messageId } = await saysTo([hers, his, theirs], his, meeting, "see you on Mnoday");
    const edit = (message, id = messageId) => ({ meetingId, messageId: id, message });
    assert.equal(await theirs.isRefused("chat:edit", edit("see you never")), "not_author");
    assert.equal(await hers.isRefused("chat:edit", edit("the host may not either")), "not_author");
    assert.equal(await his.isRefused("chat:edit", edit("   ")), "empty_message");
    assert.equal(await his.isRefused("chat:edit", edit("a".repeat(4_001))), "message_too_long");
    for (const id of ["", "nonsense", "an-epoch-1", `${messageId}9`]) {
      assert.equal(await his.isRefused("chat:edit", edit("x", id)), "message_not_found");
    }
    await his.does("chat:edit", edit(" see you on Monday "));
    for (const client of [hers, his, theirs]) {
      const edited = await client.hears("chat:edited");
      assert.deepEqual([edited.messageId, edited.message], [messageId, "see you on Monday"]);
    }
    const later = await ana.joins(meeting);
    const [shown] = later.joined.messages;
    assert.deepEqual([shown.message, typeof shown.editedAt], ["see you on Monday", "string"]);

    const second = await saysTo([hers, his, theirs], his, meeting, "a secret that I should not have told");
    await his.does("chat:delete", { meetingId, messageId: second.messageId });
    for (const client of [hers, his, theirs]) await client.hears("chat:deleted", { messageId: second.messageId, userId: ben.id });
    const last = await ana.joins(meeting);
    assert.deepEqual(last.joined.messages.map(({ message }) => message), ["see you on Monday"]);
    assert.ok(!JSON.stringify(last.joined).includes("secret"));
    assert.equal(await his.isRefused("chat:edit", edit("back again", second.messageId)), "message_not_found");
  });

  test("a host deletes anybody's message; others their own alone", async () => {
    const { people: [ana], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    const { messageId } = await saysTo([hers, his, theirs], his, meeting, "buy my watches");
    assert.equal(await theirs.isRefused("chat:delete", { meetingId, messageId }), "not_author");
    await hers.does("chat:delete", { meetingId, messageId });
    await theirs.hears("chat:deleted", { messageId, userId: ana.id });
  });

  test("people react with emojis, take it back, and who comes later sees who did", async () => {
    const { people: [ana, ben, cleo], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    const { messageId } = await saysTo([hers, his, theirs], hers, meeting, "we ship today");
    const react = (reaction, on = true) => ({ meetingId, messageId, reaction, on });
    await his.does("chat:react", react("🎉"));
    await theirs.does("chat:react", react("🎉"));
    await theirs.does("chat:react", react("🎉"));
    await his.does("chat:react", react("👍"));
    await his.does("chat:react", react("👍", false));
    await hers.hears("chat:reacted", { userId: ben.id, reaction: "👍", on: false });
    assert.equal(hers.all("chat:reacted").length, 4, "twice the same is once");
    for (const text of ["", "hello", "<img>", "🎉🎉"]) assert.equal(await his.isRefused("chat:react", react(text)), "invalid_reaction");
    const later = await ana.joins(meeting);
    assert.deepEqual(later.joined.messages[0].reactions, [{ reaction: "🎉", userIds: [ben.id, cleo.id] }]);
  });

  test("an answer names the message that it answers", async () => {
    const { meeting, meetingId, clients: [hers, his] } = await three();
    const { messageId } = await saysTo([hers, his], hers, meeting, "who takes the notes?");
    await his.says(meeting, "I do", { replyTo: messageId });
    assert.equal((await hers.hears("chat:message", { message: "I do" })).replyTo, messageId);
    assert.equal(await his.isRefused("chat:message", { meetingId, message: "what?", replyTo: "nothing-7" }), "message_not_found");
  });

  test("a private message, and what becomes of it, is seen by its two alone, now and later", async () => {
    const { people: [ana, ben, cleo], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    const outsider = await world.user();
    assert.equal(await his.isRefused("chat:message", { meetingId, message: "psst", toUserId: outsider.id }), "participant_not_found");
    const { messageId } = await his.says(meeting, "just between us", { toUserId: cleo.id });
    assert.equal((await theirs.hears("chat:message")).toUserId, cleo.id);
    await his.hears("chat:message", { toUserId: cleo.id });
    assert.equal(await hers.isRefused("chat:react", { meetingId, messageId, reaction: "👀", on: true }), "message_not_found");
    assert.equal(await hers.isRefused("chat:message", { meetingId, message: "what was that?", replyTo: messageId }), "message_not_found");
    await theirs.does("chat:react", { meetingId, messageId, reaction: "🤫", on: true });
    await his.hears("chat:reacted", { messageId });
    await his.does("chat:edit", { meetingId, messageId, message: "between the two of us" });
    await theirs.hears("chat:edited", { messageId });
    await hers.settles();
    assert.deepEqual(hers.heard.filter(({ event }) => event.startsWith("chat:")), [], "the host is none of the two");

    const texts = async (user) => (await user.joins(meeting)).joined.messages.map(({ message }) => message);
    assert.deepEqual(await texts(ana), []);
    assert.deepEqual(await texts(ben), ["between the two of us"]);
    assert.deepEqual(await texts(cleo), ["between the two of us"]);
    const resumed = await (await ana.connects()).does("join:meeting", { meetingId, epoch: hers.joined.epoch, since: hers.joined.seq });
    assert.equal(resumed.recovered, true);
    assert.ok(!JSON.stringify(resumed).includes("between"), "nor by resuming");
  });

  test("who was away gets the changes it missed, and of what was deleted no text", async () => {
    const { people: [, , cleo], meeting, meetingId, clients: [hers, his, theirs] } = await three();
    const [first, second] = [await his.says(meeting, "first"), await his.says(meeting, "second")];
    await theirs.hears("chat:message", { message: "second" });
    const since = second.seq;
    theirs.closes();
    await hers.hears("user:left", { userId: cleo.id });
    await his.does("chat:edit", { meetingId, messageId: first.messageId, message: "first, corrected" });
    const third = await his.says(meeting, "third, to be deleted");
    await his.does("chat:edit", { meetingId, messageId: third.messageId, message: "third, still to be deleted" });
    await his.does("chat:delete", { meetingId, messageId: third.messageId });
    const back = await (await cleo.connects()).does("join:meeting", { meetingId, epoch: theirs.joined.epoch, since });
    assert.equal(back.recovered, true);
    assert.deepEqual(back.messages, []);
    const chat = back.events.filter(({ event }) => event.startsWith("chat:")).map(({ event, data }) => [event, data.messageId, data.message]);
    assert.deepEqual(chat, [
      ["chat:edited", first.messageId, "first, corrected"],
      ["chat:deleted", third.messageId, undefined],
    ]);
    assert.ok(!JSON.stringify(back).includes("to be deleted"));
  });
});
