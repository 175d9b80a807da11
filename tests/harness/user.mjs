// A person with a browser of their own: an account, a cookie jar, and sockets.
import assert from "node:assert/strict";
import { Client } from "./client.mjs";
import { parseSetCookie, request } from "./http.mjs";

export class User {
  /** Name and value of every cookie held. */
  jar = new Map();
  clients = new Set();

  constructor(world, fields) {
    this.world = world;
    this.fields = fields;
    this.email = fields.email;
  }

  get cookie() {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** The session's token: a secret that no log may hold. */
  get token() {
    return this.jar.get("session");
  }

  /** The name others see. */
  get username() {
    return `${this.fields.name} ${this.fields.last_name}`;
  }

  async request(method, path, { headers = {}, ...options } = {}) {
    const cookie = this.jar.size ? { cookie: this.cookie } : {};
    const answer = await request(this.world.url, { method, path, headers: { ...cookie, ...headers }, ...options });
    for (const { name, value, attributes } of answer.cookies.map(parseSetCookie)) {
      if (attributes["max-age"] === "0" || value === "") this.jar.delete(name);
      else {
        this.jar.set(name, value);
        this.world.secrets.add(value);
      }
    }
    return answer;
  }

  get = (path, options) => this.request("GET", path, options);
  post = (path, body, options) => this.request("POST", path, { body, ...options });
  put = (path, body, options) => this.request("PUT", path, { body, ...options });
  delete = (path, options) => this.request("DELETE", path, options);

  async registers() {
    const { status, body } = await this.post("/api/auth/register", this.fields);
    assert.equal(status, 201, JSON.stringify(body));
    this.id = body.data.uid;
    return this;
  }

  async logsIn() {
    const { email, password } = this.fields;
    const { status, body } = await this.post("/api/auth/login", { email, password });
    assert.equal(status, 200, JSON.stringify(body));
    this.id = body.data.uid;
    return this;
  }

  async logsOut() {
    const answer = await this.post("/api/auth/logout", {});
    assert.equal(answer.status, 200, answer.text);
    return answer;
  }

  /** The same person in a second browser: signed in once more, with a jar of its own. */
  async elsewhere() {
    const other = new User(this.world, this.fields);
    this.world.people.push(other);
    return other.logsIn();
  }

  /** Creates a meeting and returns it. */
  async creates(fields = {}) {
    const { status, body } = await this.post("/api/meetings", {
      title: "Weekly", date: "2030-01-15", time: "10:30", ...fields,
    });
    assert.equal(status, 201, JSON.stringify(body));
    return body.data;
  }

  /** The meeting as the API tells it now. */
  async sees(meeting) {
    const { status, body } = await this.get(`/api/meetings/${meeting.meetingId}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data;
  }

  /** A connected socket. */
  connects(transport = "websocket", options = {}) {
    return Client.open(this, transport, options);
  }

  /** A connected socket that is in the meeting's room; the join's ack is its `joined`. */
  async joins(meeting, transport = "websocket", options = {}) {
    const client = await this.connects(transport, options);
    client.joined = await client.joins(meeting);
    return client;
  }
}
