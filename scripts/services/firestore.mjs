// The Firestore emulator of the Google Cloud CLI, in memory. Run by itself, this file says whether it is there.
import { existsSync, openSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { accepting, freePort, serve } from "../processes.mjs";
import { program, versions } from "./programs.mjs";

const JAR = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar";
const MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore";

function jar() {
  const gcloud = program("gcloud");
  const roots = gcloud ? [resolve(dirname(realpathSync(gcloud)), "..")] : [];
  roots.push("/usr/lib/google-cloud-sdk", join(homedir(), "google-cloud-sdk"));
  const firebase = versions(join(homedir(), ".cache/firebase/emulators"));
  return [...roots.map((root) => join(root, JAR)), ...firebase.filter((path) => /firestore.*\.jar$/.test(path))].find(existsSync);
}

const java = program("java", process.env.JAVA_HOME ? [join(process.env.JAVA_HOME, "bin")] : []);
const emulator = jar();

/** Its first answers take seconds on a busy machine, longer than a store may: they are had here. */
async function warm(port) {
  const documents = `http://127.0.0.1:${port}/v1/projects/warm/databases/(default)/documents`;
  const one = { integerValue: "1" };
  const where = { fieldFilter: { field: { fieldPath: "a" }, op: "EQUAL", value: one } };
  for (const [method, url, body] of [
    ["PATCH", `${documents}/things/one`, { fields: { a: one } }],
    ["POST", `${documents}:runQuery`, { structuredQuery: { from: [{ collectionId: "things" }], where } }],
  ]) {
    const answer = await fetch(url, { method, body: JSON.stringify(body), headers: { authorization: "Bearer owner" } });
    if (!answer.ok) throw new Error(`it answers ${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
}

export const firestore = {
  name: "Firestore",
  log: "firestore.log",
  variable: "TEST_FIRESTORE_EMULATOR_HOST",
  missing: !emulator
    ? "the Firestore emulator is not installed (google-cloud-cli-firestore-emulator)"
    : java
      ? undefined
      : "the Firestore emulator needs Java 11 or newer",

  /** Starts it: a function to its address, the same for all; each suite names a project of its own. */
  async start(root) {
    const port = await freePort();
    const log = openSync(join(root, this.log), "w");
    const args = ["-Duser.language=en", "-Xmx512m", "-cp", emulator, MAIN, "--host=127.0.0.1", `--port=${port}`];
    const child = serve(java, args, { cwd: root, stdio: ["ignore", log, log], endBy: "SIGKILL" });
    if (!(await accepting(port, child))) throw new Error("it does not accept connections");
    await warm(port);
    return () => `127.0.0.1:${port}`;
  },
};

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(firestore.missing ?? emulator);
  process.exitCode = firestore.missing ? 1 : 0;
}
