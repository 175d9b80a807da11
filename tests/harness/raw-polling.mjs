// Engine.IO's polling transport written by hand.
import { request } from "./http.mjs";

const SEPARATOR = "\x1e";

/** `{status, body}` of a handshake, whatever it says; `sid` when it was opened. */
export async function openPolling(url, { headers = {}, query = "EIO=4&transport=polling", path = "/socket.io/" } = {}) {
  const answer = await request(url, { path: `${path}?${query}`, headers });
  const sid = answer.status === 200 ? JSON.parse(answer.text.slice(1)).sid : undefined;
  return { ...answer, sid };
}

export class RawPolling {
  constructor(url, sid, headers) {
    Object.assign(this, { url, sid, headers });
  }

  /** Opened and connected to `/`. */
  static async open(url, headers = {}) {
    const { sid, status, text } = await openPolling(url, { headers });
    if (!sid) throw new Error(`no handshake: ${status} ${text}`);
    const socket = new RawPolling(url, sid, headers);
    await socket.post("40");
    await socket.until((packet) => packet.startsWith("40"));
    return socket;
  }

  get path() {
    return `/socket.io/?EIO=4&transport=polling&sid=${this.sid}`;
  }

  post(body, { headers = {} } = {}) {
    const all = { "content-type": "text/plain;charset=UTF-8", ...this.headers, ...headers };
    return request(this.url, { method: "POST", path: this.path, body, headers: all });
  }

  poll({ headers = {} } = {}) {
    return request(this.url, { path: this.path, headers: { ...this.headers, ...headers } });
  }

  /** Polls until a packet matches. */
  async until(match) {
    for (;;) {
      const { status, text } = await this.poll();
      if (status !== 200) throw new Error(`the poll was answered ${status} ${text}`);
      const found = text.split(SEPARATOR).find(match);
      if (found !== undefined) return found;
    }
  }

  /** Emits with an ack and returns it. */
  async asks(id, event, ...args) {
    await this.post(`42${id}${JSON.stringify([event, ...args])}`);
    const answer = await this.until((packet) => packet.startsWith(`43${id}[`));
    return JSON.parse(answer.slice(`43${id}`.length))[0];
  }
}
