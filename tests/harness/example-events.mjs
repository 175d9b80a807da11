// One example of every event in both directions, each checked against the documents, the first of each kind written down.
import assert from "node:assert/strict";

export async function eventExamples({ ana, luis, meeting, events, same, documents, closes, meanwhile, inCall }) {
  const { meetingId } = meeting;
  const [hers, his] = [await ana.connects(), await luis.connects()];
  async function say(client, event, payload) {
    documents.checkEvent("client", event, payload);
    const ack = await client.asks(event, payload);
    documents.checkEvent("ack", event, ack);
    events.client[event] ??= same.of({ payload, ack });
    return ack;
  }
  await say(hers, "join:meeting", { meetingId });
  await say(his, "join:meeting", { meetingId });
  await hers.hears("user:joined", { userId: luis.id });
  await say(hers, "typing:start", { meetingId });
  await his.hears("typing:start");
  await say(hers, "typing:stop", { meetingId });
  await his.hears("typing:stop");
  const said = await say(hers, "chat:message", { meetingId, message: "Hello, Luis!", clientMessageId: "ana-1" });
  const { messageId } = said.data;
  await his.hears("chat:message", { messageId });
  await meanwhile();
  // One that is refused, with an ack and without.
  const refused = await say(his, "chat:message", { meetingId, message: " " });
  assert.equal(refused.error.code, "empty_message");
  his.sends("join:meeting", { meetingId: "none" });
  await his.hears("error", { code: "meeting_not_found" });

  await say(his, "chat:react", { meetingId, messageId, reaction: "👍", on: true });
  await say(hers, "chat:edit", { meetingId, messageId, message: "Hello, Luis and Eva!" });
  await say(hers, "chat:delete", { meetingId, messageId });
  await his.hears("chat:deleted");
  await say(his, "hand:raise", { meetingId });
  await say(hers, "hand:lower", { meetingId, userId: luis.id });
  await his.hears("hand:lowered");
  await say(his, "reaction:send", { meetingId, reaction: "🎉" });
  await hers.hears("reaction:sent");

  await say(hers, "call:join", { meetingId, peerId: "ana-laptop" });
  await say(his, "call:join", { meetingId, peerId: "luis-phone" });
  await inCall();
  await say(hers, "call:signal", { meetingId, toUserId: luis.id, toPeerId: "luis-phone", signal: { type: "offer", sdp: "v=0" }, signalType: "offer" });
  await his.hears("call:signal");
  for (const event of ["call:unmute", "call:video-on", "call:video-off", "screen:start", "screen:stop"]) await say(his, event, { meetingId });
  await hers.hears("screen:stopped");
  await say(hers, "meeting:mute", { meetingId, userId: luis.id });
  await his.hears("meeting:muted");
  await say(hers, "call:mute", { meetingId });
  await say(his, "call:leave", { meetingId });
  await hers.hears("call:peer-left");
  const window = await ana.connects();
  await window.does("call:join", { meetingId, peerId: "ana-second-window" });
  await hers.hears("call:seat-taken");
  window.closes();
  his.sends("call:join", { meetingId: "none", peerId: "luis-phone" });
  await his.hears("call:error");

  const { data: { pollId } } = await say(hers, "poll:open", { meetingId, question: "When do we meet next?", options: ["Monday", "Tuesday"] });
  await say(his, "poll:vote", { meetingId, pollId, choices: [1] });
  await say(hers, "poll:close", { meetingId, pollId });
  await his.hears("poll:closed");
  await say(hers, "meeting:lock", { meetingId });
  await say(hers, "meeting:unlock", { meetingId });
  await his.hears("meeting:unlocked");
  assert.equal((await ana.put(`/api/meetings/${meetingId}`, { coHosts: [] })).status, 200);
  await his.hears("meeting:roles");
  await say(his, "leave:meeting", meetingId);
  await hers.hears("user:left", { userId: luis.id });

  // One whose host lets people in.
  const other = (await ana.creates({ waitingRoom: true })).meetingId;
  await say(hers, "join:meeting", { meetingId: other });
  const knocks = () => say(his, "join:meeting", { meetingId: other });
  await knocks();
  await say(hers, "lobby:deny", { meetingId: other, userId: luis.id });
  await his.hears("lobby:denied");
  await knocks();
  await say(hers, "lobby:admit", { meetingId: other, userId: luis.id });
  await his.hears("lobby:admitted");
  await knocks();
  await say(hers, "lobby:admit-all", { meetingId: other });
  await say(hers, "meeting:remove", { meetingId: other, userId: luis.id });
  await his.hears("meeting:removed");
  await say(hers, "meeting:end", { meetingId: other });
  await hers.hears("meeting:ended", { meetingId: other });

  await closes();
  await hers.hears("meeting:ended", { meetingId });
  for (const client of [hers, his]) {
    for (const { event, data } of client.heard.filter(({ event }) => !event.startsWith("("))) {
      documents.checkEvent("server", event, data);
      events.server[event] ??= same.of(data);
    }
    client.closes();
  }
}
