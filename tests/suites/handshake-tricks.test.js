import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { openPolling, RawPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { aWorld } from "../harness/world.mjs";

describe("a handshake that means to be read in two ways", () => {
  const world = aWorld();

  test("an encoded sid is the session it names: no second one begins in its name, and its seat goes with it", async () => {
    const [ana, eve] = await world.users("ana", "eve");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    for (const spelt of ["%73id", "s%69d", "%73%69%64"]) {
      const from = hers.now;
      const seated = await RawPolling.open(world.url, { cookie: eve.cookie });
      assert.equal((await seated.asks(1, "join:meeting", { meetingId: meeting.meetingId })).ok, true);
      const query = `EIO=4&transport=polling&${spelt}=${seated.sid}`;
      const path = `/socket.io/?${query}`;
      const answer = await request(world.url, { method: "POST", path, headers: { cookie: eve.cookie, "content-type": "text/plain" }, body: "3" });
      assert.deepEqual([answer.status, answer.text], [200, "ok"], `${spelt} is that session`);
      // An upgrade that is broken off ends its session, which it could not if it had begun one of its own.
      const upgrade = await RawWebSocket.ask(world.url, { cookie: eve.cookie, query: `EIO=4&transport=websocket&${spelt}=${seated.sid}` });
      upgrade.close();
      await hers.hears("user:left", { userId: eve.id }, { from });
    }
  });

  test("encoded names of the protocol and the transport are read as well", async () => {
    const ana = await world.user();
    for (const [query, status] of [["%45IO=4&%74ransport=polling", 200], ["EIO=3&%45IO=4&transport=polling", 400], ["EIO=4&transport=polling&transport=websocket", 400]]) {
      assert.equal((await openPolling(world.url, { headers: { cookie: ana.cookie }, query })).status, status, query);
    }
  });

  test("a request that only says it is a WebSocket takes no connection for itself", async () => {
    const [ana, eve] = await world.users("ana", "eve");
    const polling = await RawPolling.open(world.url, { cookie: eve.cookie });
    const headers = { cookie: eve.cookie, "sec-websocket-key": "x3JJHMbDL1EzLkh9GBhXDw==", "sec-websocket-version": "13" };
    const path = `/socket.io/?EIO=4&transport=websocket&sid=${polling.sid}`;
    for (const method of ["POST", "GET"]) {
      const answer = await request(world.url, { method, path, headers, ...(method === "POST" ? { body: "" } : {}) });
      assert.equal(answer.status, 400, method);
    }
    await eve.logsOut();
    // What others ask next goes over the connections that this would have taken with it.
    for (let n = 0; n < 10; n++) assert.equal((await ana.get("/api/meetings")).status, 200);
  });
});

describe("joins and leavings that overtake each other", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  test("a socket that joins twice while the room is full, and goes, leaves no seat behind", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ maxParticipants: 1 });
    const { meetingId } = meeting;
    assert.equal((await ben.post(`/api/meetings/${meetingId}/join`, {})).status, 200);
    const [hers, his] = [await ana.connects(), await ben.connects()];
    for (let round = 0; round < 20; round++) {
      const answers = [
        hers.asks("join:meeting", { meetingId }), his.asks("join:meeting", { meetingId }),
        hers.asks("leave:meeting", meetingId), his.asks("join:meeting", { meetingId }),
      ];
      await Promise.all(answers);
      await his.asks("leave:meeting", meetingId);
      await hers.asks("leave:meeting", meetingId);
      const free = await hers.asks("join:meeting", { meetingId });
      assert.equal(free.ok, true, `round ${round}: ${JSON.stringify(free)}`);
      await hers.asks("leave:meeting", meetingId);
    }
  });
});
