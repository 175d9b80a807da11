// Outside stores, each test with an empty one of its own behind a bad network.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { request } from "./http.mjs";
import { Proxy } from "./proxy.mjs";

function psql() {
  const homes = "/usr/lib/postgresql";
  const found = existsSync(homes) ? readdirSync(homes).map((version) => join(homes, version, "bin/psql")) : [];
  return found.find(existsSync) ?? "psql";
}

/** A new database on the server of TEST_POSTGRES_URL: its URL. */
export function postgresDatabase() {
  const server = process.env.TEST_POSTGRES_URL;
  if (!server) throw new Error("this needs TEST_POSTGRES_URL");
  const name = `plenum_${randomBytes(5).toString("hex")}`;
  execFileSync(psql(), [server, "-q", "-c", `CREATE DATABASE ${name}`], { stdio: "pipe" });
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** A new database on the server of TEST_POSTGRES_URL, reached through a proxy: `{url, proxy}`, and `direct` without it. */
export async function postgresThroughProxy() {
  const direct = postgresDatabase();
  const url = new URL(direct);
  const proxy = await Proxy.before(`${url.hostname}:${url.port || 5432}`);
  url.hostname = "127.0.0.1";
  url.port = String(proxy.port);
  return { url: url.href, proxy, direct };
}

/** The variables of an empty Firestore project on the emulator, reached through a proxy: `{env, proxy}`. */
export async function firestoreThroughProxy() {
  const proxy = await Proxy.before(process.env.TEST_FIRESTORE_EMULATOR_HOST);
  const project = `plenum-test-${randomBytes(4).toString("hex")}`;
  return { env: { FIRESTORE_EMULATOR_HOST: proxy.address, FIREBASE_PROJECT_ID: project }, proxy };
}

/** The REST API of the emulator, for looking at documents as another system would. */
export class Emulator {
  constructor(project, host = process.env.TEST_FIRESTORE_EMULATOR_HOST) {
    this.root = `http://${host}/v1/projects/${project}/databases/(default)/documents`;
    this.headers = { authorization: "Bearer owner" };
  }

  /** A document's fields as they are stored, each with its Firestore type; nothing when there is none. */
  async fields(path) {
    const { status, body } = await request(`${this.root}/${path}`, { headers: this.headers });
    return status === 200 ? body.fields : undefined;
  }

  /** Writes a document as another system would. */
  async write(path, fields) {
    const { status, text } = await request(`${this.root}/${path}`, { method: "PATCH", headers: this.headers, body: { fields } });
    if (status !== 200) throw new Error(`the emulator did not take ${path}: ${status} ${text}`);
  }
}
