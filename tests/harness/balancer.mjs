// A plain balancer: each TCP connection goes to any of the servers that accepts it. Nothing is sticky.
import net from "node:net";

export class Balancer {
  #open = new Set();

  constructor(servers, random) {
    Object.assign(this, { servers, random });
  }

  /** In front of these servers, in an order of `random`'s for each connection. */
  static async before(servers, random) {
    const balancer = new Balancer(servers, random);
    balancer.listener = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => balancer.#join(client, balancer.#order()));
    await new Promise((yes, no) => balancer.listener.once("error", no).listen(0, "127.0.0.1", 4096, yes));
    balancer.listener.unref();
    balancer.url = `http://127.0.0.1:${balancer.listener.address().port}`;
    return balancer;
  }

  #order() {
    return this.servers.map((server) => [this.random(), server]).sort(([a], [b]) => a - b).map(([, server]) => server);
  }

  #join(client, [server, ...others]) {
    client.unref().on("error", () => {});
    this.#open.add(client);
    client.once("close", () => this.#open.delete(client));
    if (!server) return client.resetAndDestroy();
    const { hostname, port } = new URL(server.url);
    const upstream = net.connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true }).unref();
    const elsewhere = () => this.#join(client, others);
    upstream.once("error", elsewhere).once("connect", () => {
      upstream.off("error", elsewhere).on("error", () => {});
      client.pipe(upstream).pipe(client);
      client.once("close", () => upstream.destroy());
      upstream.once("close", () => client.destroy());
    });
  }

  async close() {
    const closed = new Promise((resolve) => this.listener.close(resolve));
    for (const client of this.#open) client.destroy();
    await closed;
  }
}
