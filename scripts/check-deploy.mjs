// Looks at everything in deploy/ with whatever tool knows it: each that is there, and says which are not.
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DEPLOY = join(ROOT, "deploy");
const PYTHONS = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "plenum-tests/venv/bin");
const CI = process.env.CI === "true";
const path = `${PYTHONS}:${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
const folder = mkdtempSync(join(tmpdir(), "plenum-deploy-"));
const failed = [];

const at = (...parts) => join(DEPLOY, ...parts);
const read = (...parts) => readFileSync(at(...parts), "utf8");
const has = (tool) => spawnSync("sh", ["-c", `command -v ${tool}`], { env: { PATH: path } }).status === 0;

/** Runs a tool, and fails with what it says. */
function run(tool, args, options = {}) {
  const done = spawnSync(tool, args, { encoding: "utf8", env: { ...process.env, PATH: path }, timeout: 120_000, ...options });
  if (done.status !== 0) throw new Error(`${tool} ${args.join(" ")}:\n${done.stdout}${done.stderr}${done.error ?? ""}`);
  return done.stdout;
}

/** One thing to look at, if its tool is there. */
function look(name, tool, work) {
  if (!has(tool)) {
    console.log(`NOT CHECKED: ${name}, for want of ${tool}; \`make deps\` installs it where apt does`);
    if (CI) failed.push(name);
    return;
  }
  try {
    work();
    console.log(`ok  ${name} (${tool})`);
  } catch (error) {
    console.log(`BAD ${name}: ${error.message}`);
    failed.push(name);
  }
}

/** A certificate for the names in the files, so that a server can be asked about all of a configuration. */
function certificate() {
  const [key, cert] = ["privkey.pem", "fullchain.pem"].map((file) => join(folder, file));
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=meet.example.com"], { stdio: "ignore" });
}

/** nginx' own look at a file that `http` includes. Names of other machines are this one's. */
function nginx(text) {
  const file = join(folder, "plenum.conf");
  writeFileSync(file, text.replaceAll(/\/etc\/ssl\/[\w.]+\//g, `${folder}/`).replaceAll(/gateway-\d:/g, "127.0.0.1:"));
  const whole = join(folder, "nginx.conf");
  writeFileSync(whole, `pid ${folder}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp {\n  access_log off;\n  include ${file};\n}\n`);
  run("nginx", ["-t", "-q", "-c", whole, "-p", folder, "-e", "stderr"]);
}

/** What nginx does, without where the gateways and the certificate are. */
const manner = (text) => text.split("\n").filter((line) => !/^\s*(#|$)/.test(line) && !/server(_name)? |ssl_certificate/.test(line));

look("Prometheus' configuration", "promtool", () => {
  run("promtool", ["check", "config", at("prometheus/prometheus.yml")]);
  run("promtool", ["check", "rules", at("prometheus/rules.yml")]);
  run("promtool", ["test", "rules", at("prometheus/rules.test.yml")]);
});
certificate();
look("nginx before Plenum", "nginx", () => {
  nginx(read("nginx/plenum.conf"));
  nginx(read("compose/nginx.conf"));
  const [alone, composed] = [read("nginx/plenum.conf"), read("compose/nginx.conf")].map((text) => manner(text).join("\n"));
  if (alone !== composed) throw new Error("deploy/nginx/plenum.conf and deploy/compose/nginx.conf differ in more than addresses");
});
look("Caddy before Plenum", "caddy", () => run("caddy", ["validate", "--adapter", "caddyfile", "--config", at("caddy/Caddyfile")], { env: { ...process.env, PATH: path, HOME: folder } }));
look("the unit of systemd", "systemd-analyze", () => {
  // What it starts is not installed here.
  const unit = join(folder, "plenum.service");
  writeFileSync(unit, read("systemd/plenum.service").replace("/usr/local/bin/plenum", "/bin/true"));
  const said = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
  const about = said.stderr.split("\n").filter((line) => line.includes("plenum.service"));
  if (said.status !== 0 || about.length) throw new Error(said.stderr);
  run("systemd-analyze", ["security", "--offline=true", "--threshold=25", unit]);
});
look("the compose file", "podman-compose", () => {
  const here = join(folder, "compose");
  cpSync(at("compose"), here, { recursive: true });
  const read = run("podman-compose", ["-f", join(here, "compose.yaml"), "config"]);
  for (const service of ["gateway-1", "gateway-2", "chat-1", "chat-2", "chat-3", "nginx", "postgres", "redis"]) {
    if (!new RegExp(`^  ${service}:`, "m").test(read)) throw new Error(`it has no ${service}:\n${read}`);
  }
});
const manifests = at("kubernetes/plenum.yaml");
look("the chart", "helm", () => {
  const helm = (...args) => run("helm", args, { env: { ...process.env, PATH: path, HOME: folder } });
  helm("lint", "--strict", "--quiet", at("helm/plenum"));
  const rendered = helm("template", "plenum", at("helm/plenum"));
  if (process.argv.includes("--write")) writeFileSync(manifests, rendered);
  if (rendered !== readFileSync(manifests, "utf8")) throw new Error("deploy/kubernetes/plenum.yaml is not what the chart renders; run `make manifests`");
  const refused = spawnSync("helm", ["template", "plenum", at("helm/plenum"), "--set", "chat.replicas=0"], { encoding: "utf8", env: { ...process.env, PATH: path } });
  if (refused.status === 0) throw new Error("values.schema.json lets a chart without chat nodes through");
});
look("the manifests", "kubernetes-validate", () => run("kubernetes-validate", ["--strict", manifests]));

rmSync(folder, { recursive: true, force: true });
if (failed.length) {
  console.log(`failed: ${failed.join(", ")}`);
  process.exitCode = 1;
}
