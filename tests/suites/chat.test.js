import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

describe("chat", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  for (const transport of ["polling", "websocket", "upgrade"]) {
    test(`a message reaches everyone, the sender too, and its ack carries number and id (${transport})`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const hers = await ana.joins(meeting, transport);
      const his = await ben.joins(meeting);
      const taken = await hers.says(meeting, "good morning");
      for (const client of [hers, his]) {
        const { messageId, timestamp, seq, ...rest } = await client.hears("chat:message");
        assert.deepEqual(rest, { meetingId: meeting.meetingId, userId: ana.id, username: ana.username, message: "good morning" });
        assert.deepEqual([messageId, seq], [taken.messageId, taken.seq]);
        assert.match(timestamp, ISO);
      }
      await his.says(meeting, "good morning to you");
      await hers.hears("chat:message", { message: "good morning to you" });
    });
  }

  test("without an ack the message arrives just as well", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting, "polling")];
    hers.sends("chat:message", { meetingId: meeting.meetingId, message: "no ack wanted" });
    for (const client of [hers, his]) await client.hears("chat:message", { message: "no ack wanted" });
  });

  test("what is said while a client changes from polling to WebSocket arrives once and in order", async () => {
    const [ana, ...others] = await world.users("ana", "ben", "cleo", "dan", "eva", "finn");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    let said = 0;
    let everyoneIsUp = false;
    const speaking = (async () => {
      while (!everyoneIsUp) {
        hers.sends("typing:start", { meetingId: meeting.meetingId }); // the same bytes again and again
        await hers.says(meeting, `message ${said++}`);
      }
    })();
    const clients = await Promise.all(others.map((other) => other.joins(meeting, "rising")));
    await Promise.all(clients.map(async (client) => {
      const { engine } = client.socket.io;
      if (engine.transport.name !== "websocket") await new Promise((up) => engine.once("upgrade", up));
      await Promise.all(Array.from({ length: 20 }, (_, n) => client.says(meeting, `up ${n}`)));
    }));
    everyoneIsUp = true;
    await speaking;
    await Promise.all([hers, ...clients].map((client) => client.settles()));
    const order = hers.all("chat:message").map((m) => m.seq);
    assert.ok(said > 5);
    for (const client of clients) {
      const heard = client.all("chat:message").map((m) => m.seq);
      const first = client.joined.seq;
      assert.deepEqual(heard, order.filter((seq) => seq > first));
      assert.deepEqual(client.losses, []);
    }
  });

  test("200 messages of five senders arrive in one order for all, each sender's in the order sent", async () => {
    const people = await world.users("ana", "ben", "cleo", "dan", "eva");
    const meeting = await people[0].creates();
    const kinds = ["websocket", "polling", "upgrade", "websocket", "polling"];
    const clients = await Promise.all(people.map((person, i) => person.joins(meeting, kinds[i])));
    await Promise.all(clients.map(async (client, who) => {
      const acks = [];
      for (let n = 0; n < 40; n++) acks.push(client.says(meeting, `${who}: message ${n}`));
      const seqs = (await Promise.all(acks)).map((ack) => ack.seq);
      assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b), "acks carry rising numbers");
    }));
    await Promise.all(clients.map((client) => client.settles()));
    const orders = clients.map((client) => client.texts());
    assert.equal(orders[0].length, 200);
    for (const order of orders) assert.deepEqual(order, orders[0]);
    for (let who = 0; who < 5; who++) {
      const own = orders[0].filter((text) => text.startsWith(`${who}:`));
      assert.deepEqual(own, Array.from({ length: 40 }, (_, n) => `${who}: message ${n}`));
    }
    const seqs = clients[1].all("chat:message").map((m) => m.seq);
    assert.ok(seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]), "seq rises");
    assert.equal(new Set(clients[1].all("chat:message").map((m) => m.messageId)).size, 200);
  });

  test("join then chat at once, without waiting for the ack, is said in the room", async () => {
    for (const transport of ["polling", "websocket"]) {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ana.creates();
      const hers = await ana.joins(meeting);
      const his = await ben.connects(transport);
      his.sends("join:meeting", { meetingId: meeting.meetingId });
      his.sends("chat:message", { meetingId: meeting.meetingId, message: "first words" });
      his.sends("chat:message", { meetingId: meeting.meetingId, message: "second words" });
      await hers.hears("chat:message", { message: "second words" });
      assert.deepEqual(hers.texts(), ["first words", "second words"]);
      assert.deepEqual(his.all("error"), []);
    }
  });

  test("a message is trimmed and otherwise as it was sent", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const text = "<b>línea</b> 1\n\tlínea  2 \"'\\ 🎉\u200d \u202e ñ";
    await hers.says(meeting, `  \n ${text}\t `);
    assert.equal((await hers.hears("chat:message")).message, text);
  });

  test("blank text is dropped in silence; the ack says empty_message", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    for (const message of ["", "   ", "\n\t ", "\u00a0\u2003"]) {
      assert.equal(await hers.isRefused("chat:message", { meetingId: meeting.meetingId, message }), "empty_message");
      hers.sends("chat:message", { meetingId: meeting.meetingId, message });
    }
    await hers.says(meeting, "something after all");
    await hers.hears("chat:message", { message: "something after all" });
    assert.deepEqual([hers.texts(), hers.all("error")], [["something after all"], []]);
  });

  test("4,000 characters are fine, 4,001 are message_too_long, counted as people do and after trimming", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const { meetingId } = meeting;
    for (const longest of ["x".repeat(4000), "🎉".repeat(4000), ` ${"é".repeat(4000)} `]) {
      await hers.says(meeting, longest);
      await hers.hears("chat:message", { message: longest.trim() });
    }
    const message = "x".repeat(4001);
    assert.equal(await hers.isRefused("chat:message", { meetingId, message }), "message_too_long");
    hers.sends("chat:message", { meetingId, message });
    assert.equal((await hers.hears("error")).code, "message_too_long");
  });

  test("absent text, or one that is no string, is an error", async () => {
    const ana = await world.user();
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const { meetingId } = meeting;
    for (const payload of [{ meetingId }, { meetingId, message: null }, { meetingId, message: 5 }, { meetingId, message: ["x"] }, { message: "no meeting" }]) {
      assert.equal(await hers.isRefused("chat:message", payload), "invalid_payload", JSON.stringify(payload));
      const from = hers.now;
      hers.sends("chat:message", payload);
      const error = await hers.hears("error", undefined, { from });
      assert.equal(error.code, "invalid_payload");
      assert.equal(typeof error.message, "string");
    }
    assert.equal(hers.texts().length, 0);
  });

  test("speaking needs the room now: the stored list, a room left and another's room do not count", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    await ben.post(`/api/meetings/${meeting.meetingId}/join`);
    const his = await ben.connects();
    const words = { meetingId: meeting.meetingId, message: "may I speak?" };
    assert.equal(await his.isRefused("chat:message", words), "not_in_meeting");
    his.sends("chat:message", words);
    assert.equal((await his.hears("error")).code, "not_in_meeting");
    await his.joins(meeting);
    await his.leaves(meeting);
    assert.equal(await his.isRefused("chat:message", words), "not_in_meeting");
    await hers.settles();
    assert.equal(hers.texts().length, 0);
  });

  test("the same clientMessageId sent again appears once, and its ack names the first", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    const first = await hers.says(meeting, "only once, please", { clientMessageId: "c-1" });
    const again = await hers.says(meeting, "only once, please", { clientMessageId: "c-1" });
    const elsewhere = await (await ana.joins(meeting, "polling")).says(meeting, "only once, please", { clientMessageId: "c-1" });
    for (const ack of [again, elsewhere]) assert.deepEqual([ack.messageId, ack.seq], [first.messageId, first.seq]);
    await his.says(meeting, "ben's own with the same id", { clientMessageId: "c-1" });
    await his.says(meeting, "a marker at the end");
    await his.hears("chat:message", { message: "a marker at the end" });
    assert.deepEqual(his.texts(), ["only once, please", "ben's own with the same id", "a marker at the end"]);
    assert.equal(his.all("chat:message")[0].clientMessageId, "c-1");
  });

  test("a clientMessageId that is no short string is refused", async () => {
    const ana = await world.user();
    const { meetingId } = await ana.creates();
    const hers = await ana.joins(meetingId);
    for (const clientMessageId of [5, {}, "x".repeat(129)]) {
      assert.equal(await hers.isRefused("chat:message", { meetingId, message: "with a bad id", clientMessageId }), "invalid_payload");
    }
  });

  test("a message of a room reaches nobody outside it", async () => {
    const [ana, ben, cleo] = await world.users("ana", "ben", "cleo");
    const [one, two] = [await ana.creates(), await ana.creates()];
    const hers = await ana.joins(one);
    const his = await ben.joins(two);
    const idle = await cleo.connects();
    await hers.says(one, "between us in one");
    await his.settles();
    await idle.settles();
    assert.equal(his.texts().length + idle.texts().length, 0);
  });
});
