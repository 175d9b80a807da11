// A small HTTP server in the test's own process that can be stopped, started again at its address, and made to hold its answers.
import http from "node:http";
import { within } from "./wait.mjs";

export class Loopback {
  asked = [];
  #held = false;

  static async start(...args) {
    const self = new this(...args);
    await self.listens();
    return self;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async listens() {
    this.server = http.createServer(async (incoming, outgoing) => {
      const { method, url, headers } = incoming;
      this.asked.push(`${method} ${url.split("?")[0]}`);
      let body = "";
      for await (const chunk of incoming.setEncoding("utf8")) body += chunk;
      if (this.#held) return; // for ever
      try {
        const answer = this.answer({ method, url, headers, body });
        const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body ?? null);
        outgoing.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers }).end(text);
      } catch (error) {
        outgoing.writeHead(500).end(`${error}`);
      }
    });
    await within("a server to listen", new Promise((yes, no) => this.server.on("error", no).listen(this.port ?? 0, "127.0.0.1", yes)));
    this.port = this.server.address().port;
    return this;
  }

  /** From now on it takes requests and never answers. */
  holds(held = true) {
    this.#held = held;
  }

  async stop() {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await within("a server to close", closed);
  }
}
