// A TCP proxy that can cut, stall and refuse: the bad network between two good ends.
import net from "node:net";

export class Proxy {
  #pairs = new Set();
  #stalled = false;
  #lag = 0;

  constructor(target) {
    this.target = target;
  }

  /** A proxy in front of an `http://` address or a `host:port`. */
  static async before(target) {
    const { hostname, port } = new URL(/^\w+:\/\//.test(target) ? target : `tcp://${target}`);
    const proxy = new Proxy({ host: hostname, port: Number(port) });
    await proxy.accept();
    return proxy;
  }

  /** Listens, again on the same port after `refuse`. */
  async accept() {
    this.server = net.createServer({ allowHalfOpen: true }, (client) => this.#join(client));
    await new Promise((yes, no) => this.server.once("error", no).listen(this.port ?? 0, "127.0.0.1", yes));
    this.server.unref();
    this.port = this.server.address().port;
  }

  get address() {
    return `127.0.0.1:${this.port}`;
  }

  get url() {
    return `http://${this.address}`;
  }

  get open() {
    return this.#pairs.size;
  }

  #join(client) {
    const upstream = net.connect({ ...this.target, allowHalfOpen: true });
    const pair = { client, upstream };
    this.#pairs.add(pair);
    const flow = (from, to) => {
      from.setNoDelay(true).unref();
      from.on("data", (data) => {
        if (this.#lag > 0) setTimeout(() => to.destroyed || to.write(data), this.#lag).unref();
        else if (!to.write(data)) from.pause();
      });
      to.on("drain", () => this.#stalled || from.resume());
      from.on("end", () => (this.#lag > 0 ? setTimeout(() => to.end(), this.#lag).unref() : to.end()));
      from.on("error", () => {});
      from.on("close", () => {
        this.#pairs.delete(pair);
        if (!pair.abandoned) to.resetAndDestroy();
      });
    };
    flow(client, upstream);
    flow(upstream, client);
    if (this.#stalled) [client, upstream].forEach((end) => end.pause());
  }

  #each(act) {
    for (const { client, upstream } of this.#pairs) [client, upstream].forEach(act);
  }

  /** Nothing goes through any more, in either direction; nobody is told. */
  stall() {
    this.#stalled = true;
    this.#each((end) => end.pause());
  }

  /** From now on everything takes this much longer, in each direction; call it on a quiet line when it shortens. */
  lags(ms) {
    this.#lag = ms;
  }

  /** Goes on after `stall`: what waited arrives. */
  resume() {
    this.#stalled = false;
    this.#each((end) => end.resume());
  }

  /** Resets every connection there is; new ones are welcome. */
  cut() {
    this.#each((end) => end.resetAndDestroy());
  }

  /** The clients are gone while the server goes on believing in them. */
  abandonServer() {
    for (const pair of this.#pairs) {
      pair.abandoned = true;
      pair.upstream.pause();
      pair.client.destroy();
    }
  }

  /** Cuts, and refuses new connections until `accept`. */
  async refuse() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  async close() {
    if (this.server.listening) await this.refuse();
  }
}
