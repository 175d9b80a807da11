// HTTP/1.1 on a bare TCP connection: for what no well-behaved client would send, and for clients that vanish.
import net from "node:net";
import { deferred, within } from "./wait.mjs";

export class RawConnection {
  received = Buffer.alloc(0);
  #waiting = new Set();

  constructor(socket) {
    this.socket = socket;
    const closed = deferred();
    /** Resolves when the other end is gone, with how it went. */
    this.closed = closed.promise;
    this.isClosed = false;
    socket.setNoDelay(true).unref();
    socket.on("data", (data) => {
      this.received = Buffer.concat([this.received, data]);
      this.#look();
    });
    socket.on("error", (error) => (this.error = error));
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      this.isClosed = true;
      closed.resolve(this.error?.code ?? "closed");
      this.#look();
    });
  }

  static async open(url) {
    const { hostname, port } = new URL(url);
    const socket = net.connect({ host: hostname, port: Number(port) });
    await within(`a connection to ${url}`, new Promise((yes, no) => socket.once("connect", yes).once("error", no)));
    return new RawConnection(socket);
  }

  #look() {
    for (const look of [...this.#waiting]) look();
  }

  write(data) {
    if (!this.isClosed) this.socket.write(data);
    return this;
  }

  /** Takes what `parse` makes of the bytes received: `{value, rest}`, or nothing yet. */
  take(what, parse, ms) {
    const { promise, resolve, reject } = deferred();
    const look = () => {
      const found = parse(this.received, this.isClosed);
      if (found) {
        this.received = found.rest;
        this.#waiting.delete(look);
        resolve(found.value);
      } else if (this.isClosed) {
        this.#waiting.delete(look);
        reject(new Error(`the connection closed (${this.error?.code ?? "end"}) instead of ${what}`));
      }
    };
    this.#waiting.add(look);
    look();
    return within(what, promise, ms);
  }

  /** The next whole answer: `{status, headers, body}`. */
  answer({ ms, bodiless = false } = {}) {
    return this.take("an answer", (bytes, ended) => parseAnswer(bytes, ended, bodiless), ms);
  }

  /** Goes without a word: the other end sees a reset. */
  vanish() {
    this.socket.resetAndDestroy();
  }

  close() {
    this.socket.destroy();
  }
}

function parseAnswer(bytes, ended, bodiless) {
  const head = bytes.indexOf("\r\n\r\n");
  if (head < 0) return undefined;
  const [first, ...lines] = bytes.subarray(0, head).toString("latin1").split("\r\n");
  const status = Number(first.split(" ")[1]);
  const headers = {};
  for (const line of lines) {
    const at = line.indexOf(":");
    headers[line.slice(0, at).toLowerCase()] = line.slice(at + 1).trim();
  }
  let rest = bytes.subarray(head + 4);
  const done = (body) => ({ value: { status, headers, body: body.toString("utf8") }, rest });
  if (bodiless || status === 101 || status === 204 || status === 304) return done(Buffer.alloc(0));
  if (/chunked/i.test(headers["transfer-encoding"])) {
    const parts = [];
    for (;;) {
      const line = rest.indexOf("\r\n");
      if (line < 0) return undefined;
      const size = parseInt(rest.subarray(0, line).toString(), 16);
      if (rest.length < line + 4 + size) return undefined;
      parts.push(rest.subarray(line + 2, line + 2 + size));
      rest = rest.subarray(line + 4 + size);
      if (size === 0) return done(Buffer.concat(parts));
    }
  }
  if (headers["content-length"] !== undefined) {
    const size = Number(headers["content-length"]);
    if (rest.length < size) return undefined;
    const body = rest.subarray(0, size);
    rest = rest.subarray(size);
    return done(body);
  }
  if (!ended) return undefined;
  const body = rest;
  rest = Buffer.alloc(0);
  return done(body);
}

/** Sends the text as it is on a connection of its own and returns the first answer. */
export async function rawRequest(url, text, options) {
  const connection = await RawConnection.open(url);
  try {
    return await connection.write(text).answer(options);
  } finally {
    connection.close();
  }
}

/** A request's head, written out: header lines as given, duplicates and odd spellings included. */
export function head(method, target, lines = []) {
  return [`${method} ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n");
}

export const hostOf = (url) => `Host: ${new URL(url).host}`;
