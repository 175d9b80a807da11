// openapi.json and asyncapi.json as a running server tells them, and whether what it answers is as they say.
import assert from "node:assert/strict";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { request } from "./http.mjs";

const METHODS = ["get", "post", "put", "delete"];
const pointer = (...parts) => parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D")}`).join("");

export class Documents {
  constructor(openapi, asyncapi) {
    this.openapi = openapi;
    this.asyncapi = asyncapi;
    // The documents say more than schemas: what they add to those is for readers.
    this.ajv = addFormats(new Ajv({ strict: false, allErrors: true, validateFormats: true }));
    this.ajv.addSchema({ ...openapi, $id: "openapi" }).addSchema({ ...asyncapi, $id: "asyncapi" });
    /** Every operation by its id: `{id, method, path, …}`. */
    this.operations = new Map(
      Object.entries(openapi.paths).flatMap(([path, item]) =>
        METHODS.filter((method) => item[method]).map((method) => [item[method].operationId, { ...item[method], method, path }])));
  }

  static async of(world) {
    const [openapi, asyncapi] = await Promise.all(["/openapi.json", "/asyncapi.json"].map(async (path) => {
      const { status, headers, body } = await request(world.url, { path });
      assert.equal(status, 200);
      assert.equal(headers["content-type"], "application/json");
      return body;
    }));
    return new Documents(openapi, asyncapi);
  }

  #check(what, ref, value) {
    const check = this.ajv.getSchema(ref);
    assert.ok(check, `${what}: there is no schema at ${ref}`);
    assert.ok(check(value), `${what}: ${this.ajv.errorsText(check.errors)}\n${JSON.stringify(value)}`);
  }

  /** Fails unless an operation may answer so. */
  checkAnswer(id, { status, headers, body, text }) {
    const { method, path, responses } = this.operations.get(id);
    const response = responses[status];
    assert.ok(response, `${id} answered ${status}, which is not documented: ${text}`);
    const [type] = (headers["content-type"] ?? "").split(";");
    if (!response.content) assert.equal(text, "", `${id} answered ${status} with a body, which is not documented`);
    else assert.ok(response.content[type], `${id} answered ${type}, which is not documented`);
    if (response.content && body !== undefined) this.#check(`${id} ${status}`, `openapi#${pointer("paths", path, method, "responses", `${status}`, "content", type, "schema")}`, body);
    for (const [name, { required }] of Object.entries(response.headers ?? {})) {
      assert.ok(!required || headers[name.toLowerCase()] !== undefined, `${id} ${status} has no ${name}`);
    }
  }

  /** Fails unless an operation takes such a body. */
  checkSent(id, sent) {
    const { method, path } = this.operations.get(id);
    this.#check(`what ${id} is sent`, `openapi#${pointer("paths", path, method, "requestBody", "content", "application/json", "schema")}`, sent);
  }

  /** Fails unless `side` (client, server or ack) may say this. */
  checkEvent(side, event, payload) {
    this.#check(`${side} ${event}`, `asyncapi#${pointer("components", "messages", `${side}.${event.replaceAll(":", "-")}`, "payload")}`, payload);
  }
}
