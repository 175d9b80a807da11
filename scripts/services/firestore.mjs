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
    return () => `127.0.0.1:${port}`;
  },
};

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(firestore.missing ?? emulator);
  process.exitCode = firestore.missing ? 1 : 0;
}
