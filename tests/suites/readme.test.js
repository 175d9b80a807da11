import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { describeIn, MODE } from "../harness/modes.mjs";
import { Process } from "../harness/process.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The shell blocks of the README between the markers, in order. */
async function commands() {
  const readme = await readFile(join(ROOT, "README.md"), "utf8");
  const part = /<!-- test:start -->([\s\S]*?)<!-- test:end -->/.exec(readme)?.[1];
  assert.ok(part, "the README has a part between the markers");
  return [...part.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]);
}

const isFree = (port) =>
  new Promise((resolve) => {
    const probe = net.createServer().once("error", () => resolve(false)).once("listening", () => probe.close(() => resolve(true)));
    probe.listen(port, "127.0.0.1");
  });

describeIn(["plenum"], "the README", () => {
  test("its lines create a meeting and chat in it, exactly as printed", async () => {
    assert.equal(MODE, "plenum");
    const folder = await mkdtemp(join(tmpdir(), "plenum-readme-"));
    const port = (await isFree(3000)) ? "3000" : "0";
    const server = await new Process("plenum", { env: { PORT: port }, cwd: folder }).start();
    // What npm would fetch is there already, so that this runs without a network.
    await cp(join(ROOT, "tests/node_modules"), join(folder, "data/hello/node_modules"), { recursive: true });
    const here = (text) => text.replaceAll("localhost:3000", `127.0.0.1:${server.port}`);
    try {
      let last = "";
      for (const block of await commands()) {
        const { code, out, err } = await new Promise((resolve) =>
          execFile("sh", ["-euc", server.port === 3000 ? block : here(block)], { cwd: folder, env: { ...process.env, npm_config_prefer_offline: "true" }, timeout: 90_000 }, (error, out, err) =>
            resolve({ code: error ? error.code ?? 1 : 0, out, err })));
        assert.equal(code, 0, `${block}\n${out}\n${err}`);
        last = out;
      }
      assert.match(last.trim().split("\n").at(-1), /Ana Example says: Hello, Luis!/);
    } finally {
      const { code } = await server.terminate();
      await rm(folder, { recursive: true, force: true });
      assert.equal(code, 0);
    }
  });
});
