// Reads what every client wrote down and what every node shows, and judges: the promises on delivery, without looking
// at anything inside. What is wrong comes back as sentences; figures come with them.

/** How many sentences of a kind are told. */
const TOLD = 5;
/** Who missed no more messages than this gets them, while the log survives. */
const KEPT = 200;

/**
 * @param {{name, userId, meetingId, entries, closed?}[]} records of the clients, see recorder.mjs
 * @param {object} [options]
 * @param {boolean} [options.survives] the log was never lost: one epoch, and everybody recovers what is kept
 * @param {{node, meetingId, epoch, people}[]} [options.views] each room as each node shows it at the end
 * @returns {{ok, problems: string[], figures}}
 */
export function check(records, { survives = false, views = [] } = {}) {
  const figures = {
    clients: records.length, sent: 0, acked: 0, heard: 0, joins: 0, resumed: 0, unrecovered: 0, epochs: 0,
    lost: 0, doubled: 0, disordered: 0, differing: 0, refusals: {},
  };
  const told = new Map();
  const problem = (kind, text) => {
    figures[kind] = (figures[kind] ?? 0) + 1;
    if (!told.has(kind)) told.set(kind, []);
    told.get(kind).push(text);
  };
  for (const meetingId of new Set(records.map((record) => record.meetingId))) {
    const group = records.filter((record) => record.meetingId === meetingId);
    const shown = views.filter((view) => view.meetingId === meetingId);
    new Room(problem, figures, survives).judge(group, shown);
  }
  const problems = [...told].flatMap(([kind, texts]) => [
    ...texts.slice(0, TOLD).map((text) => `${kind}: ${text}`),
    ...(texts.length > TOLD ? [`${kind}: and ${texts.length - TOLD} more`] : []),
  ]);
  return { ok: problems.length === 0, problems, figures };
}

/** All whom a node takes with it that is gone leave at one place. */
const leaving = (item) => item?.event === "user:left";
const naming = ({ id, text, messageId }) => id ?? text ?? messageId;

class Room {
  /** epoch => number => what stands there, as whoever saw it first saw it. */
  log = new Map();

  constructor(problem, figures, survives) {
    Object.assign(this, { problem, figures, survives });
  }

  judge(group, views) {
    const clients = group.map((record) => this.#read(record));
    this.#doubled();
    if (this.survives) this.#unrecovered(clients);
    this.#acks(clients);
    this.#holes(clients);
    clients.forEach((client) => this.#senderOrder(client));
    this.#ends(clients, views);
    this.figures.epochs = Math.max(this.figures.epochs, this.log.size);
  }

  /** What stands at a number must be the same for everybody. */
  #place(client, epoch, item) {
    if (!this.log.has(epoch)) this.log.set(epoch, new Map());
    const stands = this.log.get(epoch);
    const what = item.event ? `${item.event} ${item.who}` : `${item.messageId} ${item.userId} ${item.id} ${item.text}`;
    const known = stands.get(item.seq);
    if (!known) stands.set(item.seq, { what, item });
    else if (known.what !== what && !(leaving(known.item) && leaving(item))) {
      this.problem("disordered", `at ${item.seq} ${client.name} saw ${what}, and another ${known.what}`);
    }
  }

  /** Follows one client through its record: what it saw in each epoch, and what it was told that it can't have. */
  #read({ name, userId, entries, closed = false }) {
    const client = { name, userId, closed, epochs: new Map(), acks: [], tries: new Map(), people: undefined, said: 0 };
    let view;
    for (const entry of entries) {
      if (entry.kind === "join") view = this.#joined(client, view, entry);
      else if (entry.kind === "heard") this.#heard(client, view, entry);
      else if (entry.kind === "ack") client.acks.push(entry);
      else if (entry.kind === "send") this.#tried(client, entry);
      else if (entry.kind === "refused") this.figures.refusals[entry.code] = (this.figures.refusals[entry.code] ?? 0) + 1;
    }
    client.last = view;
    this.figures.sent += client.tries.size;
    this.figures.acked += client.acks.length;
    return client;
  }

  #tried(client, { id, connection }) {
    const at = (client.said += 1);
    const tries = client.tries.get(id) ?? { first: { at, connection } };
    tries.last = { at, connection };
    client.tries.set(id, tries);
  }

  #joined(client, before, { asked, live, recovered, first, epoch, seq, messages, events, people }) {
    this.figures.joins += 1;
    client.people = people;
    const same = before?.epoch === epoch;
    if (before && recovered) this.figures.resumed += 1;
    if (before && !recovered) {
      this.figures.unrecovered += 1;
      if (this.survives && !same) this.problem("lost", `${client.name} is told of another epoch, though the log survives`);
    }
    if (before && !same && recovered) this.problem("lost", `${client.name} was said to have recovered in an epoch that is not its own`);
    if (!before && !first) this.problem("differing", `the first join of ${client.name} was not called so`);
    let view = client.epochs.get(epoch);
    if (!view) {
      view = { epoch, from: seq, top: seq, seen: new Set(), excused: [], refused: [] };
      client.epochs.set(epoch, view);
    } else if (!same) {
      this.problem("differing", `${client.name} is back in an epoch that had ended`);
    }
    let last;
    for (const item of [...messages, ...events].sort((a, b) => a.seq - b.seq)) {
      if (item.seq === last?.seq && !(leaving(item) && leaving(last) && item.who !== last.who)) this.problem("doubled", `${client.name} was given ${item.seq} twice in one answer`);
      if (item.seq > seq) this.problem("disordered", `${client.name} was given ${item.seq} by an answer of ${seq}`);
      last = item;
    }
    this.#rising(client, messages);
    if (same && recovered) {
      for (const item of [...messages, ...events]) {
        // Who asks on a connection that is in the room hears on while the answer is under way.
        if (item.seq <= asked.since || (!live && view.seen.has(item.seq))) this.problem("doubled", `${client.name} got ${item.seq} (${naming(item)}) again by resuming`);
      }
    } else if (same) {
      view.excused.push([view.top, (messages[0]?.seq ?? seq + 1) - 1]);
      view.refused.push([asked.since, seq]);
    }
    for (const item of messages) this.#sees(client, view, item);
    for (const item of events) this.#place(client, epoch, item);
    view.top = Math.max(view.top, seq);
    return view;
  }

  #rising(client, messages) {
    for (let i = 1; i < messages.length; i++) {
      if (messages[i].seq < messages[i - 1].seq) this.problem("disordered", `${client.name} was given ${messages[i].seq} after ${messages[i - 1].seq}`);
    }
  }

  #sees(client, view, message) {
    this.figures.heard += 1;
    view.seen.add(message.seq);
    this.#place(client, view.epoch, message);
  }

  #heard(client, view, { event, seq, message, who }) {
    if (!view) return this.problem("differing", `${client.name} heard ${event} of a room it had not joined`);
    const entry = { event, who, seq };
    const together = leaving(entry) && leaving(view.latest) && view.latest.seq === seq && view.latest.who !== who;
    view.latest = entry;
    if (view.seen.has(seq)) this.problem("doubled", `${client.name} heard ${seq} twice`);
    else if (seq <= view.top && !together) this.problem("disordered", `${client.name} heard ${seq} after ${view.top}`);
    view.top = Math.max(view.top, seq);
    if (message) this.#sees(client, view, message);
    else this.#place(client, view.epoch, { event, seq, who });
  }

  /** One message of one sender stands at one place in an epoch. */
  #doubled() {
    for (const [epoch, stands] of this.log) {
      const places = new Map();
      for (const [seq, { item }] of stands) {
        if (item.event) continue;
        for (const key of [`message ${item.messageId}`, ...(item.id ? [`${item.id} of ${item.userId}`] : [])]) {
          if (places.has(key)) this.problem("doubled", `${key} stands at ${places.get(key)} and at ${seq} in epoch ${epoch}`);
          else places.set(key, seq);
        }
      }
    }
  }

  /** While the log survives, it is only of much that one is told that one can't have it. */
  #unrecovered(clients) {
    for (const { name, epochs } of clients) {
      for (const { epoch, refused } of epochs.values()) {
        for (const [after, to] of refused) {
          const missed = [...this.log.get(epoch)].filter(([seq, { item }]) => !item.event && seq > after && seq <= to).length;
          if (missed < KEPT) this.problem("lost", `${name} was told that it can't have the ${missed} messages it missed, though the log survives`);
        }
      }
    }
  }

  /** What was acked stands where the ack says; one that nobody has heard of is placed there, so that all lack it. */
  #acks(clients) {
    for (const client of clients) {
      for (const { id, seq, messageId, epoch } of client.acks) {
        const stands = this.log.get(epoch)?.get(seq);
        if (!stands) {
          if (!this.log.has(epoch)) this.log.set(epoch, new Map());
          this.log.get(epoch).set(seq, { what: "", item: { seq, id, messageId, userId: client.userId } });
        } else if (stands.item.messageId !== messageId) {
          this.problem("disordered", `the ack of ${id} says ${seq}, where ${naming(stands.item)} stands`);
        }
      }
    }
  }

  /** Between its admission and the end everybody saw everything, but for what it was told that it can't have. */
  #holes(clients) {
    for (const client of clients) {
      for (const view of client.epochs.values()) {
        // It was told so, by a join of another epoch; or it went away for good.
        const over = view !== client.last || client.closed;
        for (const [seq, { item }] of this.log.get(view.epoch) ?? []) {
          if (item.event || seq <= view.from || view.seen.has(seq)) continue;
          if (over && seq > view.top) continue;
          if (view.excused.some(([after, to]) => seq > after && seq <= to)) continue;
          this.problem("lost", `${client.name} has never seen ${naming(item)} at ${seq}`);
        }
      }
    }
  }

  /**
   * What one sender sent on one connection stands in the order sent. What was tried several times may stand where any
   * try put it, so a pair is judged when the last try of one came before the first of the other.
   */
  #senderOrder(client) {
    for (const stands of this.log.values()) {
      const own = [...stands].filter(([, { item }]) => item.userId === client.userId && client.tries.has(item.id)).sort(([a], [b]) => b - a);
      const earliest = new Map(); // connection => the earliest last try of what stands further down
      for (const [seq, { item }] of own) {
        const { first, last } = client.tries.get(item.id);
        if ((earliest.get(first.connection) ?? Infinity) < first.at) this.problem("disordered", `${item.id} stands at ${seq}, before what was sent before it`);
        earliest.set(last.connection, Math.min(earliest.get(last.connection) ?? Infinity, last.at));
      }
    }
  }

  /** At the end all are in one epoch, and see the same people, from wherever they look. */
  #ends(clients, views) {
    const present = clients.filter(({ closed }) => !closed);
    const shown = [
      ...present.filter(({ last }) => last).map(({ name, last, people }) => ({ node: name, epoch: last.epoch, people })),
      ...views,
    ];
    for (const { node, epoch, people } of shown.slice(1)) {
      if (epoch !== shown[0].epoch) this.problem("differing", `${node} is in epoch ${epoch}, ${shown[0].node} in ${shown[0].epoch}`);
      if (`${people}` !== `${shown[0].people}`) {
        this.problem("differing", `${node} shows ${people.length} people, ${shown[0].node} ${shown[0].people.length}: ${people} instead of ${shown[0].people}`);
      }
    }
    const there = new Set(present.map(({ userId }) => userId));
    const missing = [...there].filter((userId) => !shown[0]?.people?.includes(userId));
    if (missing.length > 0) this.problem("differing", `${missing} are in the room and in no list`);
    const gone = shown[0]?.people?.filter((userId) => !there.has(userId)) ?? [];
    if (gone.length > 0) this.problem("differing", `${gone} are in the list and not in the room`);
  }
}
