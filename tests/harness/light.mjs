// A client that costs little, for thousands of them: a WebSocket that answers pings and passes on what it hears.
import { OPCODES, RawWebSocket, parseFrame } from "./raw-websocket.mjs";

export class Light {
  isClosed = false;
  /** Called with the payload of each event: `heard(name, data)`. */
  heard = () => {};
  #rest = Buffer.alloc(0);

  /** Connected and, with a meeting, in its room. */
  static async open(url, { cookie, lines, meetingId } = {}) {
    const socket = await RawWebSocket.open(url, { cookie, lines });
    const light = new Light();
    if (meetingId) light.joined = await socket.asks(1, "join:meeting", { meetingId });
    light.#takeOver(socket);
    return light;
  }

  #takeOver(socket) {
    this.socket = socket;
    socket.closed.then((how) => {
      this.isClosed = true;
      this.how = how;
    });
    const { connection } = socket;
    connection.socket.removeAllListeners("data").on("data", (data) => this.#read(data));
    this.#read(connection.received);
    connection.received = Buffer.alloc(0);
  }

  #read(data) {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, data]) : data;
    for (let parsed; (parsed = parseFrame(rest)); rest = parsed.rest) {
      if (parsed.value.opcode !== OPCODES.text) continue;
      const text = parsed.value.data.toString("utf8");
      if (text === "2") this.socket.text("3");
      else if (text.startsWith("42[")) this.heard(...JSON.parse(text.slice(2)));
      else if (/^43\d/.test(text)) this.acked?.(JSON.parse(text.slice(text.indexOf("["))));
    }
    this.#rest = rest;
  }

  emit(event, ...args) {
    this.socket.emit(event, ...args);
  }

  close() {
    this.socket.close();
  }
}
