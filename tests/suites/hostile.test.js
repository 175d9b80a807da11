import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { head, hostOf, RawConnection } from "../harness/raw.mjs";
import { openPolling, RawPolling } from "../harness/raw-polling.mjs";
import { frame, RawWebSocket, upgradeHead } from "../harness/raw-websocket.mjs";
import { eventually, inParallel, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const DEEP = "[".repeat(60_000);

/** Engine.IO and socket.io packets that no client sends. */
const PACKETS = [
  "", " ", "0", "1", "2", "2probe", "3", "3probe", "4", "5", "6", "7", "9", "b", "bAAAA", "b!!!!", "40{", "40[]", '40"x"', '40{"a":{"b":1}}', "40/,", "40/x,{}",
  "41", "42", "42[", "42[]", "42{}", "42null", "42[1]", "42[null]", '42["', '42["join:meeting"', "42[[]]", '42[{"a":1}]', "420", "42999999999999999999[\"x\"]",
  '42-1["x"]', '42/x,["x"]', "43", "430[]", "43[]", '43999["x"]', "44", '44{"message":"x"}', "45", '45-["x"]', '451-["x",{"_placeholder":true,"num":0}]',
  '459999999-["x"]', '451-["x",{"_placeholder":true,"num":-1}]', "46", "461-[]", "47", "4999", '42["join:meeting",{"meetingId":1e999}]', "4\u0000", "\u0000", "\u001e",
  "40\u001e40\u001e40", '42["chat:message",{"meetingId":"x","message":"\\ud800"}]', '42["\\u0000",{}]', `42["x",${DEEP}`, `42["x",${"[".repeat(500)}${"]".repeat(500)}]`,
  `42["join:meeting",{${'"meetingId":"x",'.repeat(2000)}"a":1}]`, '42["join:meeting",{"__proto__":{"meetingId":"x"}}]', "4".repeat(5000), "😀".repeat(2000),
];

/** WebSocket frames that break the protocol. */
const FRAMES = [
  frame(1, Buffer.from([0xff, 0xfe, 0xc0])), frame(1, "40", { masked: false }), frame(1, "40", { rsv: 7 }), frame(1, "40", { rsv: 4 }), frame(3, "x"), frame(7, "x"),
  frame(11, "x"), frame(15, "x"), frame(0, "orphan"), frame(9, "p".repeat(126)), frame(9, "p", { fin: false }), frame(8, "x"), frame(8, Buffer.from([0, 0])),
  frame(8, Buffer.from([0x03, 0xe8, 0xff])), frame(2, ""), frame(2, Buffer.alloc(1000, 255)), frame(1, "4", { fin: false }), frame(1, "x", { length: 131_073 }),
  frame(1, "x", { length: 2 ** 40 }), frame(10, "unasked"), Buffer.from([0x81]), Buffer.from([0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
  Buffer.concat([frame(1, "4", { fin: false }), frame(1, "0")]), Buffer.from("GET / HTTP/1.1\r\n\r\n"), Buffer.alloc(3000, 0), Buffer.alloc(3000, 255),
  Buffer.concat(Array.from({ length: 500 }, () => frame(9, "ping"))), Buffer.concat(Array.from({ length: 300 }, () => frame(1, "2"))),
];

/** Requests that are hardly HTTP. */
const REQUESTS = (host) => [
  "\r\n\r\n\r\n", "GET\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", `get / HTTP/1.1\r\n${host}\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", `GET / HTTP/1.1\r\n${host}\r\nNo colon\r\n\r\n`, `GET / HTTP/1.1\r\n${host}\r\n : x\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}\r\nX: a\r\n folded\r\n\r\n`, `GET / HTTP/1.1\r\n${host}\r\nX: \u0000\r\n\r\n`, `GET /\u0000 HTTP/1.1\r\n${host}\r\n\r\n`, `GET /é HTTP/1.1\r\n${host}\r\n\r\n`,
  `POST /api/auth/login HTTP/1.1\r\n${host}\r\nContent-Length: -1\r\n\r\n`, `POST /api/auth/login HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x`,
  `POST /api/auth/login HTTP/1.1\r\n${host}\r\nContent-Length: 99999999999999999999999\r\n\r\n`, `POST /api/meetings HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
  `POST /api/auth/login HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\nZZZ\r\n`, `POST /api/auth/login HTTP/1.1\r\n${host}\r\nTransfer-Encoding: gzip\r\n\r\nx`,
  `POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`, `GET /?${"%".repeat(500)} HTTP/1.1\r\n${host}\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}\r\nCookie: ${"=;".repeat(4000)}\r\n\r\n`, `GET /api/me HTTP/1.1\r\n${host}\r\nCookie: session=\u00ff\u00fe\r\n\r\n`, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", `GET / HTTP/1.1\r\n${host}\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
  `GET / HTTP/1.1\r\n${host}\r\nRange: bytes=${"0-1,".repeat(2000)}\r\n\r\n`, `GET / HTTP/1.1\r\n${host}\r\nAccept-Language: ${"x-".repeat(5000)};q=\r\n\r\n`, "G".repeat(200_000),
  `GET / HTTP/1.1\r\n${`X: ${"y".repeat(8000)}\r\n`.repeat(40)}`,
];

describe("hostile clients", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  /** Does its worst while two people talk, then checks that they, and the processes, noticed nothing. */
  async function unharmed(attack) {
    const [ana, ben, mallory] = await world.users("ana", "ben", "mallory");
    const meeting = await ana.creates();
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting, "polling")];
    const pids = world.servers.processes.map((process) => process.pid);
    await attack(mallory, meeting);
    await hers.says(meeting, "did anybody notice anything?");
    await his.hears("chat:message", { message: "did anybody notice anything?" });
    assert.deepEqual([hers.losses, his.losses, hers.all("error"), his.all("error")], [[], [], [], []]);
    assert.deepEqual(world.servers.processes.filter((process) => process.running).map((process) => process.pid), pids);
    // Whoever was hostile can still come in by the front door.
    const client = await eventually("a place for one more socket of hers", () => mallory.joins(meeting).catch(() => undefined));
    await client.says(meeting, "only testing, sorry");
    for (const { lines, name } of world.servers.processes) assert.ok(!lines.some((line) => line.includes("panicked")), name);
  }

  test("malformed packets on a WebSocket, before and after the connect", () =>
    unharmed((mallory) => inParallel([true, false].flatMap((connect) => PACKETS.map((packet) => ({ connect, packet }))), async ({ connect, packet }) => {
      const socket = await RawWebSocket.open(world.url, { cookie: mallory.cookie, connect });
      // Answered or closed: a ping is answered by a connection that lives.
      socket.text(packet).frame(9, "alive?");
      await socket.connection.take("a pong or a close", (bytes, closed) => (closed || bytes.includes("alive?")) && { rest: bytes, value: true }, 5000);
      socket.close();
    }, 8)));

  test("malformed packets by polling, before and after the connect", () =>
    unharmed((mallory) => inParallel([true, false].flatMap((connect) => PACKETS.map((packet) => ({ connect, packet }))), async ({ connect, packet }) => {
      const headers = { cookie: mallory.cookie };
      const socket = connect
        ? await RawPolling.open(world.url, headers)
        : new RawPolling(world.url, (await openPolling(world.url, { headers })).sid, headers);
      const answer = await socket.post(packet);
      assert.ok([200, 400, 413].includes(answer.status), `${answer.status} for ${packet.slice(0, 40)}`);
      await socket.post("1").catch(() => {});
    }, 8)));

  test("frames that break the WebSocket protocol", () =>
    unharmed((mallory) => inParallel(FRAMES, async (bytes) => {
      const socket = await RawWebSocket.open(world.url, { cookie: mallory.cookie });
      socket.connection.write(bytes);
      socket.close();
      const other = await RawWebSocket.open(world.url, { cookie: mallory.cookie });
      other.connection.write(bytes).write(frame(8, Buffer.from([0x03, 0xe8])));
      other.connection.socket.end();
      await within("the connection to be given up", other.closed, 15_000);
    }, 8)));

  test("bytes before the upgrade is answered, odd upgrades, and probes that never come to an end", () =>
    unharmed(async (mallory) => {
      const { cookie } = mallory;
      for (const lines of [["Sec-WebSocket-Version: 12"], ["Sec-WebSocket-Extensions: permessage-deflate"], ["Sec-WebSocket-Protocol: x, y"], ["Content-Length: 5"]]) {
        (await RawWebSocket.ask(world.url, { cookie, lines }).catch(() => undefined))?.close();
      }
      const eager = await RawConnection.open(world.url);
      eager.write(Buffer.concat([Buffer.from(upgradeHead(world.url, { cookie })), frame(1, "40"), frame(1, '42["x"]')]));
      assert.equal((await eager.answer()).status, 101);
      eager.close();
      const { sid } = await openPolling(world.url, { headers: { cookie } });
      const query = `EIO=4&transport=websocket&sid=${sid}`;
      const probes = await Promise.all([1, 2, 3].map(() => RawWebSocket.ask(world.url, { cookie, query })));
      for (const probe of probes) if (probe.answer.status === 101) probe.text("2probe");
      for (const probe of probes) probe.vanish();
      const twice = await RawPolling.open(world.url, { cookie });
      const polls = await Promise.allSettled([twice.poll(), twice.poll(), twice.poll(), twice.post("1")]);
      assert.equal(polls.length, 4);
    }));

  test("requests that are hardly HTTP are answered with 4xx or closed, never with 5xx", () =>
    unharmed(() => inParallel(REQUESTS(hostOf(world.url)), async (text) => {
      const connection = await RawConnection.open(world.url);
      connection.write(Buffer.from(text, "latin1")).socket.end();
      const bytes = await connection.take("an answer or a close", (bytes, closed) => closed && { rest: Buffer.alloc(0), value: bytes.toString("latin1") }, 20_000);
      const status = /^HTTP\/1\.[01] (\d+)/.exec(bytes)?.[1];
      assert.ok(status === undefined || Number(status) < 500, `${status} for ${text.slice(0, 60)}`);
      connection.close();
    }, 8)));

  test("two requests in one: a second request hidden in a body is not served as the first one's user", () =>
    unharmed(async (mallory) => {
      const hidden = head("GET", "/api/me", [hostOf(world.url)]);
      for (const lines of [["Content-Length: 0", "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        ["Transfer-Encoding:\tchunked", "Content-Length: 5"], ["Transfer-Encoding: xchunked", "Content-Length: 5"]]) {
        const connection = await RawConnection.open(world.url);
        const first = head("POST", "/api/meetings", [hostOf(world.url), `Cookie: ${mallory.cookie}`, "Content-Type: application/json", ...lines]);
        connection.write(`${first}0\r\n\r\n${hidden}`).socket.end();
        const all = await connection.take("the connection to end", (bytes, closed) => closed && { rest: Buffer.alloc(0), value: bytes.toString() }, 20_000);
        assert.ok(!all.includes(mallory.email), lines.join());
        assert.ok(!/HTTP\/1.1 5\d\d/.test(all), all.slice(0, 100));
      }
    }));

  test("dawdlers: a head or a body that never comes to an end holds nobody up", () =>
    unharmed(async (mallory) => {
      const dawdlers = await Promise.all(Array.from({ length: 100 }, () => RawConnection.open(world.url)));
      dawdlers.forEach((connection, i) => connection.write(i % 2
        ? "GET /health HTTP/1.1\r\nHost: x\r\n"
        : head("POST", "/api/meetings", [hostOf(world.url), `Cookie: ${mallory.cookie}`, "Content-Type: application/json", "Content-Length: 100"]) + "{"));
      assert.equal((await mallory.get("/api/me")).status, 200);
      assert.equal((await mallory.get("/api/meetings")).status, 200);
      for (const connection of dawdlers) connection.vanish();
    }));

  test("people who come and go without a word, in hundreds", () =>
    unharmed(async (mallory, meeting) => {
      await inParallel(Array.from({ length: 200 }), async (_, i) => {
        const socket = await RawWebSocket.ask(world.url, { cookie: mallory.cookie });
        if (socket.answer.status !== 101) return socket.close();
        socket.text("40").emit("join:meeting", { meetingId: meeting.meetingId });
        if (i % 3 === 0) return socket.vanish();
        if (i % 3 === 1) return socket.close();
        socket.text("41").close();
      }, 16);
    }));
});
