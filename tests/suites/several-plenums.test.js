// Several `plenum`s: the address at which they reach each other believes nobody else.
import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "../harness/http.mjs";
import { describeIn } from "../harness/modes.mjs";
import { aWorld } from "../harness/world.mjs";

describeIn(["plenums"], "the address at which several plenums reach each other", () => {
  const world = aWorld();
  const asks = async (url, path, headers = {}, method = "GET") => {
    const { status, body } = await request(url, { method, path, headers });
    return [status, body?.error?.code];
  };

  test("nobody is believed there without the secret, whatever the headers say", async () => {
    const ana = await world.user();
    const [{ node }] = world.servers.chats;
    const stamp = { "x-plenum-user": ana.id, "x-plenum-session": "made-up", "x-plenum-name": "Ana" };
    const end = "/internal/sessions/made-up/end";
    for (const [path, method] of [["/api/meetings"], ["/socket.io/?EIO=4&transport=polling"], [end, "POST"]]) {
      assert.deepEqual(await asks(node, path, {}, method), [401, "no_session"], path);
      assert.deepEqual(await asks(node, path, { cookie: ana.cookie }, method), [401, "no_session"], path);
      assert.deepEqual(await asks(node, path, stamp, method), [403, "bad_secret"], path);
      assert.deepEqual(await asks(node, path, { ...stamp, "x-plenum-secret": "made up" }, method), [403, "bad_secret"], path);
    }
    // With it, it is a node like any other.
    assert.deepEqual(await asks(node, "/api/meetings", { ...stamp, "x-plenum-secret": world.servers.secret }), [200, undefined]);
  });

  test("where clients come in, those headers say nothing, and what is inside is not there", async () => {
    const [ana, eve] = await world.users("ana", "eve");
    const meeting = await ana.creates();
    const forged = { "x-plenum-user": ana.id, "x-plenum-session": "made-up", "x-plenum-name": "Ana", "x-plenum-secret": world.servers.secret };
    for (const { url } of world.servers.gateways) {
      assert.deepEqual(await asks(url, "/api/meetings", forged), [401, "no_session"]);
      assert.deepEqual(await asks(url, `/api/meetings/${meeting.meetingId}`, { ...forged, cookie: eve.cookie }, "DELETE"), [403, "not_host"]);
      assert.equal((await asks(url, "/internal/sessions/made-up/end", { ...forged, cookie: eve.cookie }, "POST"))[0], 404);
    }
  });
});
