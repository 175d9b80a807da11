// An HTTP proxy as somebody sets one up who has not read on: it passes requests, and changes what it is told to.
import http from "node:http";
import net from "node:net";

/**
 * @typedef {object} Habits
 * @property {string} [host] the Host that it sends instead of the client's
 * @property {object} [adds] headers that it adds to requests
 * @property {string[]} [drops] headers of requests that it drops
 * @property {boolean} [upgrades] whether it passes upgrades
 * @property {number} [idle] milliseconds of silence after which it cuts
 */
export class BadProxy {
  static async before(url, habits = {}) {
    const proxy = new BadProxy();
    const target = new URL(url);
    const head = (request) => {
      const headers = { ...request.headers, ...habits.adds };
      for (const name of habits.drops ?? []) delete headers[name];
      if (habits.host) headers.host = habits.host;
      return headers;
    };
    proxy.server = http.createServer((request, response) => {
      const { method, url: path } = request;
      const onward = http.request({ host: target.hostname, port: target.port, method, path, headers: head(request), agent: false }, (answer) => {
        response.writeHead(answer.statusCode, answer.rawHeaders);
        answer.pipe(response);
      });
      if (habits.idle) onward.setTimeout(habits.idle, () => onward.destroy());
      onward.on("error", () => (response.headersSent ? response.destroy() : response.writeHead(504).end("too slow")));
      request.pipe(onward);
    });
    proxy.server.on("upgrade", (request, client) => {
      if (habits.upgrades === false) return client.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
      const onward = net.connect(target.port, target.hostname, () => {
        const lines = Object.entries(head(request)).map(([name, value]) => `${name}: ${value}\r\n`);
        onward.write(`GET ${request.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
        onward.pipe(client).pipe(onward);
      });
      const both = [client, onward];
      for (const end of both) {
        if (habits.idle) end.setTimeout(habits.idle, () => both.forEach((one) => one.destroy()));
        end.on("error", () => both.forEach((one) => one.destroy()));
      }
    });
    await new Promise((yes, no) => proxy.server.once("error", no).listen(0, "127.0.0.1", yes));
    return proxy;
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((yes) => this.server.close(yes));
  }
}
