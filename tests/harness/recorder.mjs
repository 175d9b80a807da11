// A client as the contract wants one, which writes down all that it sends and hears: it joins, says messages under ids
// of its own, comes back by itself, resumes from the highest number it saw, and sends again what was not acked.
import { Client } from "./client.mjs";
import { deferred, within } from "./wait.mjs";

/** Refusals after which the same is asked again, after a moment. */
const PASSING = ["store_unavailable", "busy", "rate_limited", "internal_error", "shutting_down"];
const MOMENT = 200;
/** Messages that wait for their acks at a time. */
const WINDOW = 4;
/** Clients of each user so far: no two are called the same. */
const called = new WeakMap();
const NUMBERED = ["user:joined", "user:left"];

export const brief = ({ seq, userId, messageId, clientMessageId, message }) => ({ seq, userId, messageId, id: clientMessageId, text: message });

export class Recorder {
  /** What happened, in order; the checker reads it. */
  entries = [];
  /** How long it was without its room each time, in milliseconds. */
  gaps = [];
  #fresh = [];
  #again = [];
  #flying = new Map();
  #sent = 0;
  #connection = 0;
  #joinedBy;
  #timer;
  #look = new Set();

  constructor(user, meeting, { transport = "websocket", ...options } = {}) {
    this.user = user;
    this.meetingId = meeting.meetingId ?? meeting;
    called.set(user, (called.get(user) ?? 0) + 1);
    this.name = `${user.username}#${called.get(user)}`;
    this.client = new Client(user, transport, options);
    const { socket } = this.client;
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", (reason) => this.#lost(reason));
    socket.on("chat:message", (data) => this.#heard("chat:message", data, { message: brief(data) }));
    for (const event of NUMBERED) socket.on(event, (data) => this.#heard(event, data, { who: data.userId }));
    socket.on("server:notice", ({ code }) => this.#note({ kind: "notice", code }));
  }

  get userId() {
    return this.user.id;
  }

  #note(entry) {
    this.entries.push({ ...entry, at: performance.now() });
    for (const look of this.#look) look();
  }

  /** Resolves when `probe` says so: asked after everything that happens to this client. */
  async becomes(what, probe, ms = 60_000) {
    const { promise, resolve } = deferred();
    const look = () => probe() && resolve();
    this.#look.add(look);
    look();
    try {
      await within(`${this.name} to ${what}`, promise, ms);
    } catch (error) {
      const last = this.entries.slice(-8).map(({ kind, code, reason, id }) => [kind, code ?? reason ?? id].join(" "));
      error.message += `; it is ${this.joined ? "in" : "out"}, waits for ${this.#flying.size} acks, its last: ${last.join(", ")}`;
      throw error;
    } finally {
      this.#look.delete(look);
    }
  }

  async opens(ms) {
    this.out = performance.now();
    this.client.socket.connect();
    await this.becomes("be in its room", () => this.joined, ms);
    this.gaps.length = 0;
    return this;
  }

  #connected() {
    this.#connection += 1;
    this.#note({ kind: "connect" });
    this.#join();
  }

  #lost(reason) {
    // What was to be done on this connection is not done on the next: the client would send it besides the join.
    this.#connection += 1;
    if (this.joined) this.out = performance.now();
    this.joined = false;
    this.holding = false;
    this.#again = [...this.#flying.values(), ...this.#again].sort((a, b) => a.n - b.n);
    this.#flying.clear();
    this.#note({ kind: "lost", reason });
  }

  /** Joins, or joins again from where it was. */
  #join() {
    // On a connection that was in the room before, it may hear on while the answer is under way.
    const [connection, live] = [this.#connection, this.#joinedBy === this.#connection];
    const asked = this.epoch === undefined ? {} : { epoch: this.epoch, since: this.since };
    this.client.socket.emit("join:meeting", { meetingId: this.meetingId, ...asked }, (ack) => {
      if (connection !== this.#connection) return;
      if (!ack.ok) {
        this.#note({ kind: "refused", code: ack.error.code });
        if (PASSING.includes(ack.error.code)) this.#later(() => this.#join());
        return;
      }
      const { recovered, first, epoch, seq, messages, events, participants } = ack.data;
      this.#joinedBy = connection;
      this.epoch = epoch;
      this.since = seq;
      const numbered = events.filter(({ event }) => NUMBERED.includes(event)).map(({ event, data }) => ({ event, seq: data.seq, who: data.userId }));
      if (!this.joined) this.gaps.push(performance.now() - this.out);
      this.joined = true;
      const people = participants.map(({ userId }) => userId);
      this.#note({ kind: "join", asked, live, recovered, first, epoch, seq, messages: messages.map(brief), events: numbered, people });
      this.#pump();
    });
  }

  #later(act) {
    const connection = this.#connection;
    setTimeout(() => connection === this.#connection && act(), MOMENT).unref();
  }

  #heard(event, data, more) {
    if (data.meetingId !== this.meetingId) return;
    if (data.seq > this.since) this.since = data.seq;
    this.#note({ kind: "heard", event, seq: data.seq, ...more });
  }

  /** Has a message to say. */
  says(text) {
    const n = (this.#sent += 1);
    this.#fresh.push({ n, id: `${this.name}-${n}`, text: text ?? `message ${n} of ${this.name}` });
    this.#pump();
  }

  #pump() {
    while (this.joined && !this.holding && this.#flying.size < WINDOW) {
      const next = this.#again.shift() ?? this.#fresh.shift();
      if (!next) return;
      this.#send(next);
    }
  }

  #send(message) {
    const connection = this.#connection;
    this.#flying.set(message.id, message);
    this.#note({ kind: "send", id: message.id, n: message.n, connection });
    const payload = { meetingId: this.meetingId, message: message.text, clientMessageId: message.id };
    this.client.socket.emit("chat:message", payload, (ack) => {
      if (connection !== this.#connection || !this.#flying.delete(message.id)) return;
      if (ack.ok) this.#note({ kind: "ack", id: message.id, seq: ack.data.seq, messageId: ack.data.messageId, epoch: this.epoch });
      else this.#refused(message, ack.error.code);
      // After a refusal what is under way comes to its end first, so that all is sent again in order.
      if (this.holding && this.#flying.size === 0) {
        this.#later(() => {
          this.holding = false;
          this.#pump();
        });
      }
      this.#pump();
    });
  }

  #refused(message, code) {
    this.#note({ kind: "refused", id: message.id, code });
    if (code === "not_in_meeting" && this.joined) {
      this.joined = false;
      this.out = performance.now();
      this.#later(() => this.#join());
    } else if (code !== "not_in_meeting" && !PASSING.includes(code)) {
      return;
    }
    this.#again = [...this.#again, message].sort((a, b) => a.n - b.n);
    this.holding = true;
  }

  /** Says something every `ms` milliseconds or so, until `hushes`. */
  talks(ms, random) {
    this.hushes();
    const next = () => {
      this.#timer = setTimeout(() => {
        this.says();
        next();
      }, ms * (0.5 + random()));
      this.#timer.unref();
    };
    next();
  }

  hushes() {
    clearTimeout(this.#timer);
  }

  get acked() {
    return this.entries.reduce((sum, { kind }) => sum + (kind === "ack"), 0);
  }

  get unacked() {
    return this.#fresh.length + this.#again.length + this.#flying.size;
  }

  async saysAll(ms) {
    this.hushes();
    await this.becomes("have said all", () => this.joined && this.unacked === 0, ms);
  }

  /** Has said all it had to say, and joins once more from where it is: what it has not heard by then it never will. */
  async settles(ms) {
    await this.saysAll(ms);
    const from = this.entries.length;
    this.#join();
    await this.becomes("be up to date", () => this.joined && this.entries.slice(from).some(({ kind }) => kind === "join"), ms);
  }

  closes() {
    this.closed = true;
    this.hushes();
    this.client.closes();
  }
}
