// The example of @plenum/client, as its README tells to build and serve it.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../scripts/processes.mjs";
import { endsWithTests } from "./process.mjs";

const PACKAGE = fileURLToPath(new URL("../../web/client", import.meta.url));
const VITE = fileURLToPath(new URL("../../web/node_modules/vite/bin/vite.js", import.meta.url));

function vite(args, env = {}) {
  const child = endsWithTests(spawn(process.execPath, [VITE, ...args, "--config", "example/vite.config.ts"], { cwd: PACKAGE, env: { ...process.env, ...env, NO_COLOR: "1" } }));
  const told = { text: "" };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (told.text += text));
  return { child, told };
}

/** Builds it and serves it beside a Plenum, at an origin of its own. */
export async function serveExample(plenum) {
  const folder = await mkdtemp(join(tmpdir(), "plenum-example-"));
  const built = vite(["build", "--outDir", folder, "--emptyOutDir"]);
  const code = await new Promise((resolve) => built.child.once("close", resolve));
  if (code !== 0) throw new Error(`the example was not built:\n${built.told.text}`);

  const port = await freePort();
  const { child, told } = vite(["preview", "--outDir", folder, "--host", "127.0.0.1", "--port", `${port}`, "--strictPort"], { PLENUM_URL: plenum });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const url = `http://127.0.0.1:${port}`;
  const ready = new Promise((resolve) => child.stdout.on("data", () => told.text.includes(`:${port}`) && resolve(true)));
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error(`the example is not served:\n${told.text}`);
  return {
    url,
    async stop() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
