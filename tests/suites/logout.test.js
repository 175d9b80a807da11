import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openPolling } from "../harness/raw-polling.mjs";
import { RawWebSocket } from "../harness/raw-websocket.mjs";
import { within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("logout with live sockets", () => {
  const world = aWorld();

  for (const transport of ["polling", "websocket", "upgrade"]) {
    test(`disconnects them within a second, for good, and the room knows (${transport})`, async () => {
      const [ana, ben] = await world.users("ana", "ben");
      const meeting = await ben.creates();
      const his = await ben.joins(meeting);
      const hers = await ana.joins(meeting, transport);
      const begun = performance.now();
      await ana.logsOut();
      assert.equal(await hers.loses({ ms: 2000 }), "io server disconnect");
      assert.ok(performance.now() - begun < 1000, "within a second");
      await his.hears("user:left", { userId: ana.id });
      assert.equal(hers.socket.active, false, "the stock client does not try again");
      assert.equal(hers.connects, 1);
    });
  }

  test("leaves the other sessions of the user alone, sockets included, and the user stays in the room", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ben.creates();
    const phone = await ana.elsewhere();
    const [his, onDesk, onPhone] = [await ben.joins(meeting), await ana.joins(meeting), await phone.joins(meeting, "polling")];
    await ana.logsOut();
    await onDesk.loses();
    await onPhone.says(meeting, "still here with the phone");
    await his.hears("chat:message", { userId: ana.id });
    assert.equal(his.all("user:left").length, 0);
    assert.deepEqual(onPhone.losses, []);
    assert.equal((await phone.get("/api/me")).status, 200);
  });

  test("ends every socket of the session, however many", async () => {
    const ana = await world.user();
    const sockets = await Promise.all(Array.from({ length: 12 }, (_, i) => ana.connects(["polling", "websocket", "upgrade"][i % 3])));
    await ana.logsOut();
    for (const socket of sockets) assert.equal(await socket.loses({ ms: 2000 }), "io server disconnect");
  });

  test("closes the connection of a socket that does not say goodbye by itself", async () => {
    const ana = await world.user();
    const raw = await RawWebSocket.open(world.url, { cookie: ana.cookie });
    const polling = await openPolling(world.url, { headers: { cookie: ana.cookie } });
    await ana.logsOut();
    await within("the server to close the connection of an ended session", raw.closed, 4000);
    const { status } = await openPolling(world.url, { query: `EIO=4&transport=polling&sid=${polling.sid}` });
    assert.equal(status, 401);
  });

  test("a handshake with the ended session is refused, also one racing the logout", async () => {
    const ana = await world.user();
    const { cookie } = ana;
    const racing = Array.from({ length: 8 }, () => RawWebSocket.ask(world.url, { cookie }).catch(() => undefined));
    await ana.logsOut();
    for (const socket of await Promise.all(racing)) {
      if (socket?.answer.status !== 101) continue;
      socket.text("40");
      await within("a socket that slipped past the logout to be closed", socket.closed, 5000);
    }
    assert.equal((await RawWebSocket.ask(world.url, { cookie })).answer.status, 401);
    assert.equal((await openPolling(world.url, { headers: { cookie } })).status, 401);
  });
});

describe("a session that expires", () => {
  const world = aWorld({ user: { SESSION_COOKIE_EXPIRES_IN_MS: "3000" } });

  for (const transport of ["polling", "websocket"]) {
    test(`takes its sockets with it (${transport})`, async () => {
      const ana = await world.user();
      const hers = await ana.joins(await ana.creates(), transport);
      const how = await hers.loses({ ms: 8000 });
      if (transport === "websocket") assert.equal(how, "io server disconnect");
      assert.equal((await ana.get("/api/me")).status, 401);
    });
  }
});
