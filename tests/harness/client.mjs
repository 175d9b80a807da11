// The official socket.io client, with everything it hears written down.
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { io } from "socket.io-client";
import { deferred, within } from "./wait.mjs";

/** What each way to connect asks of the official client; `rising` is `upgrade` that is ready while it still polls. */
export const TRANSPORTS = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
  rising: ["polling", "websocket"],
};

const idOf = (meeting) => meeting?.meetingId ?? meeting;

/** Whether `value` has all that `wanted` names; a function decides for itself. */
export function matches(wanted, value) {
  if (wanted === undefined) return true;
  if (typeof wanted === "function") return Boolean(wanted(value));
  if (wanted === null || typeof wanted !== "object") return Object.is(wanted, value);
  return Object.entries(wanted).every(([key, part]) => isDeepStrictEqual(value?.[key], part));
}

export class Client {
  /** Every event heard, in order: `{event, data, args}`. */
  heard = [];
  /** Every loss of the connection, in order: the client's reasons. */
  losses = [];
  /** How often it has connected. */
  connects = 0;
  #waiting = new Set();

  constructor(user, transport, { url, headers = {}, ...options } = {}) {
    this.user = user;
    this.world = user.world;
    this.transport = transport;
    const extraHeaders = { ...(user.cookie ? { cookie: user.cookie } : {}), ...headers };
    this.socket = io(url ?? this.world.url, {
      transports: TRANSPORTS[transport],
      forceNew: true,
      autoConnect: false,
      reconnectionDelay: 50,
      reconnectionDelayMax: 300,
      extraHeaders,
      ...options,
    });
    this.socket.onAny((event, ...args) => this.#note({ event, data: args[0], args }));
    this.socket.on("connect", () => {
      this.connects += 1;
      this.#note({ event: "(connect)", data: this.connects });
    });
    this.socket.on("disconnect", (reason) => {
      this.losses.push(reason);
      this.#note({ event: "(disconnect)", data: reason });
    });
    this.socket.on("connect_error", (error) => this.#note({ event: "(connect_error)", data: error }));
    this.world.clients.add(this);
    user.clients.add(this);
  }

  /** Opens a socket; resolves when connected, and on the WebSocket where the transport is `upgrade`. */
  static async open(user, transport, options) {
    const client = new Client(user, transport, options);
    const ready = deferred();
    client.socket.once("connect_error", (error) => {
      error.status = error.description?.status ?? error.description;
      ready.reject(error);
    });
    client.socket.once("connect", () => {
      const { engine } = client.socket.io;
      if (transport !== "upgrade" || engine.transport.name === "websocket") ready.resolve();
      else engine.once("upgrade", ready.resolve);
    });
    client.socket.connect();
    try {
      await within(`${user.email} to connect by ${transport}`, ready.promise);
    } catch (error) {
      client.closes();
      throw error;
    }
    return client;
  }

  #note(entry) {
    this.heard.push(entry);
    for (const look of this.#waiting) look(entry);
  }

  /** Where the record stands, for `hears(…, {from})`. */
  get now() {
    return this.heard.length;
  }

  /** The first payload of `event` that matches, heard already or to come. */
  hears(event, wanted, { from = 0, ms } = {}) {
    const { promise, resolve } = deferred();
    const look = (entry) => {
      if (entry.event !== event || !matches(wanted, entry.data)) return;
      this.#waiting.delete(look);
      resolve(entry.data);
    };
    this.#waiting.add(look);
    this.heard.slice(from).forEach(look);
    const what = `${this.user.email} (${this.transport}) to hear ${event} ${describe(wanted)}`;
    return within(what, promise, ms).catch((error) => {
      const last = this.heard.slice(-12).map(({ event, data }) => `${event} ${JSON.stringify(data)?.slice(0, 160)}`);
      error.message += `; the last it heard:\n  ${last.join("\n  ")}`;
      throw error;
    });
  }

  /** All payloads of an event heard so far. */
  all(event, wanted, from = 0) {
    return this.heard.slice(from).filter((e) => e.event === event && matches(wanted, e.data)).map((e) => e.data);
  }

  /** All texts of a meeting heard so far, in order. */
  texts(meeting) {
    return this.all("chat:message", meeting && { meetingId: idOf(meeting) }).map((m) => m.message);
  }

  /** Sends without asking for an ack. */
  sends(event, ...args) {
    this.world.keepSecret(args[0]?.message);
    this.socket.emit(event, ...args);
  }

  /** Sends and returns the ack, whatever it says. */
  asks(event, ...args) {
    this.world.keepSecret(args[0]?.message);
    return within(`the ack of ${event} to ${this.user.email}`, this.socket.emitWithAck(event, ...args));
  }

  /** Sends, and returns the data of an ack that must be ok. */
  async does(event, ...args) {
    const ack = await this.asks(event, ...args);
    assert.equal(ack?.ok, true, `${event} was refused: ${JSON.stringify(ack)}`);
    return ack.data;
  }

  /** Sends, and returns the code of an ack that must be a refusal. */
  async isRefused(event, ...args) {
    const ack = await this.asks(event, ...args);
    assert.equal(ack?.ok, false, `${event} was not refused: ${JSON.stringify(ack)}`);
    assert.equal(typeof ack.error.message, "string");
    return ack.error.code;
  }

  joins = (meeting, more = {}) => this.does("join:meeting", { meetingId: idOf(meeting), ...more });
  leaves = (meeting) => this.does("leave:meeting", idOf(meeting));
  says = (meeting, message, more = {}) => this.does("chat:message", { meetingId: idOf(meeting), message, ...more });

  /** Returns when everything the server had sent to this socket before has been heard: an ack comes after it. */
  settles = () => this.asks("chat:message", { meetingId: "a-meeting-that-is-not", message: "." });

  /** The reason of the next or latest loss of the connection. */
  loses = (options) => this.hears("(disconnect)", undefined, options);

  /** The client's own return after a loss. */
  comesBack = (options) => this.hears("(connect)", (n) => n > 1, options);

  /** A close with a goodbye; never comes back. */
  closes() {
    this.socket.disconnect();
    this.socket.io.engine?.close();
    this.world.clients.delete(this);
    this.user.clients.delete(this);
  }
}

function describe(wanted) {
  if (wanted === undefined) return "";
  return typeof wanted === "function" ? String(wanted) : JSON.stringify(wanted);
}
