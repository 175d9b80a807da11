// A thousand who send frames that are huge, endless or malformed, all at a time.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { fault, many } from "../harness/figures.mjs";
import { whileItLasts } from "../harness/lasts.mjs";
import { RawConnection, hostOf } from "../harness/raw.mjs";
import { RawWebSocket, frame } from "../harness/raw-websocket.mjs";
import { backTo, held, rss } from "../harness/resources.mjs";
import { inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const MOST_MIB = 50;
/** How often the two who do no harm speak, in milliseconds: within what one socket may. */
const EVERY = 50;
const PIECE = Buffer.alloc(16 * 1024, "a");
/** A frame that may be so long, of which the last byte never comes. */
const UNFINISHED = frame(1, Buffer.alloc(100 * 1024, "4")).subarray(0, 100 * 1024);

const ways = (world, mallory) => {
  const open = () => RawWebSocket.open(world.url, { cookie: mallory().cookie });
  const keepsWriting = ({ connection }, bytes) => {
    const more = () => {
      if (!connection.isClosed && connection.socket.write(bytes)) setImmediate(more);
    };
    connection.socket.on("drain", more);
    more();
  };
  return [
    async function huge() {
      const socket = await open();
      socket.connection.write(frame(1, PIECE, { length: 2 ** 40 }));
      keepsWriting(socket, PIECE);
      return socket.connection;
    },
    async function endless() {
      const socket = await open();
      socket.connection.write(frame(1, PIECE, { fin: false }));
      keepsWriting(socket, frame(0, PIECE, { fin: false }));
      return socket.connection;
    },
    async function malformed() {
      const socket = await open();
      keepsWriting(socket, Buffer.concat([frame(1, '42["join:meeting",{"meetingId":[[[['), frame(9, "ping"), frame(1, "4".repeat(3_000)), frame(1, "40{"), Buffer.alloc(400, 255)]));
      return socket.connection;
    },
    async function unfinished() {
      const socket = await open();
      socket.connection.write(UNFINISHED);
      return socket.connection;
    },
    async function body() {
      const connection = await RawConnection.open(world.url);
      connection.write(`POST /api/auth/login HTTP/1.1\r\n${hostOf(world.url)}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`);
      keepsWriting({ connection }, `4000\r\n${PIECE}\r\n`);
      return connection;
    },
  ];
};

describe("attackers", () => {
  const world = aWorld({ mode: "plenum" }, { together: true });
  const count = many(1000, 300);

  fault({
    fault: `${count} attackers with huge, endless or malformed frames`,
    done: `one process; ${count} connections at a time send frames of a terabyte, fragments without an end, frames that break the protocol, 100 kB of a frame whose end never comes, or a body without an end; whoever is cut comes back, for 20 s`,
    promise: `resident memory grows by no more than ${MOST_MIB} MiB, and two who talk meanwhile notice nothing`,
  }, async (measured) => {
    const [ana, ben] = await world.users("ana", "ben");
    const attackers = await inParallel(Array.from({ length: Math.ceil(count / 50) }, (_, n) => `mallory${n}`), (name) => world.user(name), 4);
    const meeting = await ana.creates();
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting)];
    let turn = 0;
    const all = ways(world, () => attackers[(turn += 1) % attackers.length]);
    // What connections cost that do no harm is not theirs.
    const harmless = await inParallel(Array.from({ length: count }), () => RawWebSocket.open(world.url, { cookie: attackers[(turn += 1) % attackers.length].cookie }), 24);
    const [process] = world.servers.processes;
    const usual = rss(process);
    const before = held([process]);
    for (const socket of harmless) socket.close();
    let [over, cuts, peak] = [false, 0, 0];
    const connections = new Set();
    const lanes = Array.from({ length: count }, async (_, n) => {
      while (!over) {
        const connection = await all[n % all.length]().catch(() => undefined);
        if (!connection) continue;
        connections.add(connection);
        if (over) connection.close();
        await connection.closed;
        connections.delete(connection);
        cuts += 1;
      }
    });
    const undisturbed = async (n) => {
      await hers.says(meeting, `undisturbed ${n}`);
      await his.hears("chat:message", { message: `undisturbed ${n}` });
      peak = Math.max(peak, rss(process));
    };
    const waits = await whileItLasts(many(20_000, 8_000), undisturbed, { every: EVERY }).finally(async () => {
      over = true;
      for (const connection of connections) connection.close();
      await Promise.all(lanes);
    });
    assert.deepEqual([hers.losses, his.losses], [[], []]);
    assert.ok(peak - usual <= MOST_MIB, `resident memory grew by ${Math.round(peak - usual)} MiB, from ${Math.round(usual)}`);
    const more = await backTo(before, [process], { mib: MOST_MIB });
    measured(`memory grew by ${Math.round(Math.max(peak - usual, 0))} MiB from ${Math.round(usual)}; ${cuts} times one was cut; a message between the two took ${Math.round(waits.at(-1))} ms at most; afterwards ${more.mib} MiB more`);
  });
});
