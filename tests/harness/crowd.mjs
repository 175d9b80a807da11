// Many recorders in several rooms, who talk while something dies, and are judged by the checker.
import assert from "node:assert/strict";
import { Balancer } from "./balancer.mjs";
import { check } from "./checker.mjs";
import { ms } from "./figures.mjs";
import { RawWebSocket } from "./raw-websocket.mjs";
import { Recorder } from "./recorder.mjs";
import { backTo, held } from "./resources.mjs";
import { SEED, chance } from "./seed.mjs";
import { inParallel } from "./wait.mjs";

const TRANSPORTS = ["websocket", "upgrade", "websocket", "polling"];

export class Crowd {
  recorders = [];
  observers = [];

  constructor(world, random) {
    Object.assign(this, { world, random });
  }

  /** `rooms` rooms of `people` each, everybody behind a plain balancer before the gateways. */
  static async gather(world, { rooms = 6, people = 5, random = chance(SEED), transports = TRANSPORTS } = {}) {
    const crowd = new Crowd(world, random);
    crowd.balancer = await Balancer.before(world.servers.gateways, random);
    const names = Array.from({ length: people }, (_, i) => `Person${i}`);
    crowd.people = await inParallel(names, (name) => world.user(name), 4);
    crowd.rooms = await inParallel(Array.from({ length: rooms }), () => crowd.people[0].creates({ maxParticipants: Math.max(people, 2) }), 4);
    for (const [r, room] of crowd.rooms.entries()) {
      for (const [p, person] of crowd.people.entries()) {
        const transport = transports[(r + p) % transports.length];
        crowd.recorders.push(new Recorder(person, room, { transport, url: crowd.balancer.url }));
      }
    }
    await inParallel(crowd.recorders, (recorder) => recorder.opens(), 16);
    crowd.before = held(world.servers.processes);
    return crowd;
  }

  /** One more client of `person`. */
  async joins(person, room, transport = "websocket") {
    const recorder = new Recorder(person, room, { transport, url: this.balancer.url });
    this.recorders.push(recorder);
    await recorder.opens();
    return recorder;
  }

  /** Everybody says something every `every` milliseconds or so. */
  talks(every = 100) {
    for (const recorder of this.recorders) recorder.talks(every, this.random);
  }

  get acked() {
    return this.recorders.reduce((sum, recorder) => sum + recorder.acked, 0);
  }

  /** Resolves when everybody has had `more` messages acked, counted from now. */
  progresses(more = 10, ms) {
    return Promise.all(this.recorders.map((recorder) => {
      const from = recorder.acked;
      return recorder.becomes(`have ${more} more messages acked`, () => recorder.acked >= from + more, ms);
    }));
  }

  /** Each room as each node shows it, to one more socket of somebody who is in it. */
  async views() {
    const { chats, secret, mode } = this.world.servers;
    if (mode === "plenum") return [];
    const all = [];
    for (const node of chats.filter(({ running }) => running)) {
      for (const { meetingId } of this.rooms) {
        const { userId, user } = this.recorders.find((recorder) => recorder.meetingId === meetingId && !recorder.closed);
        const stamp = { secret, user: userId, session: "an-observer", name: encodeURIComponent(user.username) };
        const lines = Object.entries(stamp).map(([name, value]) => `x-plenum-${name}: ${value}`);
        const socket = await RawWebSocket.open(node.node ?? node.url, { lines });
        const ack = await socket.asks(1, "join:meeting", { meetingId });
        assert.equal(ack.ok, true, `${node.name} at ${node.url} lets nobody look: ${JSON.stringify(ack)}`);
        all.push({ node: `${node.name} at ${node.url}`, meetingId, epoch: ack.data.epoch, people: ack.data.participants.map((p) => p.userId) });
        this.observers.push(socket);
      }
    }
    return all;
  }

  /** Lets everybody finish, asks every node, and judges. The figures, or an error with what is wrong. */
  async verdict({ survives = true, patience, allowance } = {}) {
    for (const recorder of this.recorders) recorder.hushes();
    const present = this.recorders.filter(({ closed }) => !closed);
    await Promise.all(present.map((recorder) => recorder.saysAll(patience)));
    // When nobody moves any more: the lists that are compared are of one moment.
    await Promise.all(present.map((recorder) => recorder.settles(patience)));
    const views = await this.views();
    const { ok, problems, figures } = check(this.recorders, { survives, views });
    assert.ok(ok, `the checker found (SEED=${SEED}):\n  ${problems.join("\n  ")}\n  ${JSON.stringify(figures)}`);
    for (const socket of this.observers.splice(0)) socket.close();
    this.more = await backTo(this.before, this.world.servers.processes, allowance);
    return figures;
  }

  /** The longest that anybody was without a room, of all the times somebody was. */
  get worstGap() {
    return Math.max(0, ...this.recorders.flatMap(({ gaps }) => gaps));
  }

  get cuts() {
    return this.recorders.reduce((sum, { gaps }) => sum + gaps.length, 0);
  }

  /** A sentence with the figures of the verdict. */
  sentence({ acked, lost, doubled, disordered, resumed, unrecovered }) {
    const back = this.cuts > 0 ? `, the ${this.cuts} that were cut back in their room within ${ms(this.worstGap)}` : "";
    const { mib, fds } = this.more;
    return `${this.recorders.length} clients, ${acked} messages acked: ${lost} lost, ${doubled} doubled, ${disordered} out of order` +
      `${back}; ${resumed} resumes, ${unrecovered} told that they could not; afterwards ${mib > 0 ? "+" : ""}${mib} MiB and ${fds > 0 ? "+" : ""}${fds} descriptors in all processes`;
  }

  async close() {
    for (const recorder of this.recorders) recorder.closes();
    for (const socket of this.observers.splice(0)) socket.close();
    await this.balancer?.close();
  }
}
