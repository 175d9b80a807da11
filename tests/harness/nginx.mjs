// nginx before a world's gateways, by the file that operators are given.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../scripts/processes.mjs";
import { certificates } from "./certificates.mjs";
import { endsWithTests } from "./process.mjs";
import { eventually, within } from "./wait.mjs";
import { answers } from "./tls.mjs";

const CONF = fileURLToPath(new URL("../../deploy/nginx/plenum.conf", import.meta.url));

/** Starts it: `{url, ca, stop}`. Only addresses and the certificate differ from what is in deploy/. */
export async function nginx(gateways) {
  const folder = await mkdtemp(join(tmpdir(), "plenum-nginx-"));
  const { authority, certificate, key } = certificates(folder);
  const [port, plain] = [await freePort(), await freePort()];
  const servers = gateways.map((url) => `    server ${new URL(url).host};`).join("\n");
  const conf = (await readFile(CONF, "utf8"))
    .replace(/ {4}server 127[^}]*?(?=\n {4}keepalive)/, servers)
    .replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`)
    .replace("listen 80", `listen 127.0.0.1:${plain}`)
    .replaceAll("server_name meet.example.com", "server_name localhost")
    .replace(/ssl_certificate .*/, `ssl_certificate ${certificate};`)
    .replace(/ssl_certificate_key .*/, `ssl_certificate_key ${key};`);
  await writeFile(join(folder, "plenum.conf"), conf);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  await writeFile(join(folder, "nginx.conf"), `daemon off;\nmaster_process off;\npid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n${temporary}\n  include ${folder}/plenum.conf;\n}\n`);
  const child = endsWithTests(spawn("nginx", ["-c", join(folder, "nginx.conf"), "-p", folder, "-e", "stderr"], { stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } }));
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const ended = new Promise((done) => child.once("close", done));
  const ca = await readFile(authority);
  const url = `https://localhost:${port}`;
  await eventually(`nginx to listen; it said: ${said}`, () => answers(url, ca));
  return {
    url, ca, plain: `http://localhost:${plain}`,
    get said() { return said; },
    async stop() {
      child.kill("SIGTERM");
      await within("nginx to stop", ended);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
