// A WebSocket frame by frame, with Engine.IO's and socket.io's packets on it written by hand.
import { randomBytes } from "node:crypto";
import { RawConnection, head, hostOf } from "./raw.mjs";

export const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** One masked frame, as a client must send it; the options make it wrong in chosen ways. */
export function frame(opcode, payload = "", { fin = true, rsv = 0, masked = true, length } = {}) {
  const data = Buffer.from(payload);
  const size = length ?? data.length;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const mask = masked ? 0x80 : 0;
  let header;
  if (size < 126) header = Buffer.from([first, mask | size]);
  else if (size < 65536) {
    header = Buffer.from([first, mask | 126, 0, 0]);
    header.writeUInt16BE(size, 2);
  } else {
    header = Buffer.alloc(10);
    header[0] = first;
    header[1] = mask | 127;
    header.writeBigUInt64BE(BigInt(size), 2);
  }
  if (!masked) return Buffer.concat([header, data]);
  const key = randomBytes(4);
  const hidden = Buffer.from(data.map((byte, i) => byte ^ key[i % 4]));
  return Buffer.concat([header, key, hidden]);
}

export function parseFrame(bytes) {
  if (bytes.length < 2) return undefined;
  let size = bytes[1] & 0x7f, at = 2;
  if (size === 126) {
    if (bytes.length < 4) return undefined;
    [size, at] = [bytes.readUInt16BE(2), 4];
  } else if (size === 127) {
    if (bytes.length < 10) return undefined;
    [size, at] = [Number(bytes.readBigUInt64BE(2)), 10];
  }
  if (bytes.length < at + size) return undefined;
  const value = { opcode: bytes[0] & 0x0f, data: bytes.subarray(at, at + size) };
  return { value, rest: bytes.subarray(at + size) };
}

export const upgradeHead = (url, { cookie, origin, query = "EIO=4&transport=websocket", lines = [] } = {}) =>
  head("GET", `/socket.io/?${query}`, [
    hostOf(url),
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ...(cookie ? [`Cookie: ${cookie}`] : []),
    ...(origin ? [`Origin: ${origin}`] : []),
    ...lines,
  ]);

export class RawWebSocket {
  constructor(connection) {
    this.connection = connection;
    this.closed = connection.closed;
  }

  /** Asks for the upgrade; the answer's head is `answer`, whatever it says. */
  static async ask(url, options) {
    const connection = await RawConnection.open(url);
    const socket = new RawWebSocket(connection);
    socket.answer = await connection.write(upgradeHead(url, options)).answer();
    return socket;
  }

  /** Upgraded and past Engine.IO's open packet, which is `opened`; and connected to `/` unless told not to. */
  static async open(url, { connect = true, ...options } = {}) {
    const socket = await RawWebSocket.ask(url, options);
    if (socket.answer.status !== 101) throw new Error(`no upgrade: ${socket.answer.status} ${socket.answer.body}`);
    socket.opened = JSON.parse((await socket.packet((text) => text.startsWith("0"))).slice(1));
    if (connect) {
      socket.text("40");
      await socket.packet((text) => text.startsWith("40"));
    }
    return socket;
  }

  frame(opcode, payload, options) {
    this.connection.write(frame(opcode, payload, options));
    return this;
  }

  text(payload) {
    return this.frame(OPCODES.text, payload);
  }

  emit(event, ...args) {
    return this.text(`42${JSON.stringify([event, ...args])}`);
  }

  /** The next text packet that `match` accepts; those before it are dropped. */
  packet(match = () => true, ms) {
    return this.connection.take("a packet", (bytes) => {
      let rest = bytes;
      for (;;) {
        const parsed = parseFrame(rest);
        if (!parsed) return undefined;
        rest = parsed.rest;
        const text = parsed.value.data.toString("utf8");
        if (parsed.value.opcode === OPCODES.text && match(text)) return { value: text, rest };
      }
    }, ms);
  }

  /** Emits with an ack and returns it. */
  async asks(id, event, ...args) {
    this.text(`42${id}${JSON.stringify([event, ...args])}`);
    const answer = await this.packet((text) => text.startsWith(`43${id}[`));
    return JSON.parse(answer.slice(`43${id}`.length))[0];
  }

  vanish = () => this.connection.vanish();
  close = () => this.connection.close();
}
