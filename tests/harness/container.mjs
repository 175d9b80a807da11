// The image, as runc starts it: with the user, the variables and the command that the image names, a root that can't be written, and
// no capability.
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { endsWithTests } from "./process.mjs";
import { within } from "./wait.mjs";

const TARGET = resolve(fileURLToPath(new URL("../..", import.meta.url)), process.env.CARGO_TARGET_DIR ?? "target");
export const IMAGE = "localhost/plenum:tests";
const PATH = `${process.env.PATH}:/usr/sbin`;

export const hasTool = (tool) => spawnSync("sh", ["-c", `command -v ${tool}`], { env: { PATH } }).status === 0;

/** Where the tests' images are kept: beside nobody else's. */
export const imageStore = () => {
  const at = join(TARGET, "image/store");
  return ["--root", join(at, "root"), "--runroot", join(at, "run"), "--storage-driver", "vfs"];
};

function buildah(...args) {
  const done = spawnSync("buildah", [...imageStore(), ...args], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`buildah ${args.join(" ")}: ${done.stderr}`);
  return done.stdout.trim();
}

export class Container {
  lines = "";

  /** A container of the image that `scripts/test.mjs` has built. */
  static async of(image) {
    const container = new Container();
    container.folder = await mkdtemp(join(tmpdir(), "plenum-container-"));
    container.data = join(container.folder, "data");
    await mkdir(container.data);
    spawnSync("chown", ["65532:65532", container.data]);
    container.name = buildah("from", image);
    container.root = buildah("mount", container.name);
    container.image = JSON.parse(buildah("inspect", "--type", "image", image));
    return container;
  }

  get config() {
    return this.image.OCIv1.config;
  }

  /** Starts it with these variables beside the image's, and waits until it listens; its address is `url`. */
  async start(env, args = [], { mounts = [] } = {}) {
    const { User, Env, Entrypoint, WorkingDir } = this.config;
    const [uid, gid] = User.split(":").map(Number);
    const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
    const bundle = {
      ociVersion: "1.0.2",
      process: {
        user: { uid, gid }, args: [...Entrypoint, ...args], cwd: WorkingDir || "/", noNewPrivileges: true, capabilities: none,
        env: [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)],
      },
      root: { path: this.root, readonly: true },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
        { destination: "/data", type: "bind", source: this.data, options: ["rbind", "rw"] },
        ...mounts.map(([source, destination]) => ({ destination, type: "bind", source, options: ["rbind", "ro"] })),
      ],
      linux: { namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })) },
    };
    await writeFile(join(this.folder, "config.json"), JSON.stringify(bundle));
    this.id = `plenum-test-${process.pid}-${Date.now()}`;
    this.child = endsWithTests(spawn("runc", ["run", "--bundle", this.folder, this.id], { stdio: ["ignore", "pipe", "pipe"], env: { PATH } }));
    this.ended = new Promise((done) => this.child.once("close", done));
    const listens = new Promise((listening, failed) => {
      const look = (text) => {
        this.lines += text;
        const found = /"listening","address":"([^"]+)"/.exec(this.lines.slice(this.from));
        if (found) listening(found[1]);
      };
      for (const stream of [this.child.stdout, this.child.stderr]) stream.setEncoding("utf8").on("data", look);
      this.ended.then(() => failed(new Error(`the container ended:\n${this.lines}`)));
    });
    this.url = await within("the container to listen", listens, 30_000);
    return this;
  }

  /** The process's id outside of it. */
  pid() {
    return JSON.parse(spawnSync("runc", ["state", this.id], { encoding: "utf8", env: { PATH } }).stdout).pid;
  }

  /** Runs something in it: `{status, out}`. */
  runs(...args) {
    const { status, stdout, stderr } = spawnSync("runc", ["exec", ...args.splice(0, args.findIndex((arg) => arg.startsWith("/"))), this.id, ...args], { encoding: "utf8", env: { PATH } });
    return { status, out: stdout + stderr };
  }

  /** Told to stop as its image says; how many milliseconds it took. */
  async stops() {
    const began = Date.now();
    spawnSync("runc", ["kill", this.id, this.config.StopSignal ?? "SIGTERM"], { env: { PATH } });
    await within("the container to stop", this.ended, 15_000);
    this.from = this.lines.length;
    return Date.now() - began;
  }

  async remove() {
    if (this.child?.exitCode === null) {
      spawnSync("runc", ["kill", this.id, "KILL"], { env: { PATH } });
      await this.ended;
    }
    buildah("rm", this.name);
    await rm(this.folder, { recursive: true, force: true });
  }
}
