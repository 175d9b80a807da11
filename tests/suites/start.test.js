import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { MODE, testApart } from "../harness/modes.mjs";
import { killAll, Process, run } from "../harness/process.mjs";

const GATEWAY = MODE === "plenum" ? "plenum" : "user-backend";
const BINARIES = MODE === "plenum" ? ["plenum"] : ["user-backend", "chat-backend"];

describe("starting", () => {
  let folder;
  const start = (name, env, args) => run(name, { env: { HOST: "127.0.0.1", PORT: "0", ...env }, args, cwd: folder });
  before(async () => (folder = await mkdtemp(join(tmpdir(), "plenum-"))));
  after(() => {
    killAll();
    return rm(folder, { recursive: true, force: true });
  });

  for (const name of BINARIES) {
    test(`${name} names all bad variables in one message and exits with 2, nothing started`, async () => {
      const bad = { PORT: "door", HOST: "everywhere", DEFAULT_LOCALE: "xx", LOG_FORMAT: "poem", MAX_CONNECTIONS: "many" };
      const { code, err, out } = await start(name, bad);
      assert.equal(code, 2, err);
      for (const variable of Object.keys(bad)) assert.ok(err.includes(variable), `${variable} in ${err}`);
      assert.ok(!/listening/.test(err + out));
    });

    test(`${name} says what it is and takes on --help, and refuses an argument it does not know`, async () => {
      const help = await start(name, {}, ["--help"]);
      assert.equal(help.code, 0);
      assert.match(help.out, /Usage/);
      assert.match(help.out, new RegExp(name));
      assert.equal((await start(name, {}, ["--nonsense"])).code, 2);
    });

    test(`${name} says so when its port is in use, and exits with 1`, async () => {
      const taken = net.createServer().listen(0, "127.0.0.1");
      await new Promise((resolve) => taken.once("listening", resolve));
      const port = String(taken.address().port);
      const { code, err } = await start(name, { PORT: port });
      await new Promise((resolve) => taken.close(resolve));
      assert.equal(code, 1, err);
      assert.match(err, /in use/i);
      assert.ok(err.includes(port), err);
    });

    test(`${name} says so when its database can't be written or reached, and exits with 1`, async () => {
      await writeFile(join(folder, "a-file"), "not a folder");
      const closed = join(folder, "closed");
      await mkdir(closed, { recursive: true });
      await chmod(closed, 0o500);
      const urls = [`sqlite://${folder}/a-file/plenum.db`, "postgres://nobody:nothing@127.0.0.1:1/none"];
      if (process.getuid() !== 0) urls.push(`sqlite://${closed}/plenum.db`);
      for (const DATABASE_URL of urls) {
        const { code, err } = await start(name, { DATABASE_URL });
        assert.equal(code, 1, err);
        assert.match(err, /DATABASE_URL|folder|database/);
        assert.ok(!err.includes("nothing@"), "the password is not told");
      }
    });
  }

  testApart("a gateway to several chat backends refuses one that keeps its rooms to itself, and says which and what to set", {}, async () => {
    const alone = new Process("chat-backend", { cwd: folder });
    await alone.start();
    const { code, err, out } = await start("user-backend", { CHAT_BACKEND_URL: `${alone.url},http://127.0.0.1:9` });
    assert.equal(code, 1, err + out);
    for (const named of ["CHAT_BACKEND_URL", "REDIS_URL", alone.url]) assert.ok((err + out).includes(named), `${named} in ${err}${out}`);
    await alone.terminate();
  });

  testApart("a chat backend beyond loopback needs INTERNAL_SECRET", {}, async () => {
    const { code, err } = await start("chat-backend", { HOST: "0.0.0.0" });
    assert.equal(code, 2);
    assert.match(err, /INTERNAL_SECRET/);
  });

  test("bad values of every kind are refused by name", async () => {
    const bad = {
      CORS_ORIGIN: "not an origin", FRONTEND_URL: "nowhere", SESSION_COOKIE_EXPIRES_IN_MS: "soon", PASSWORD_MIN_LENGTH: "-1",
      ...(GATEWAY === "plenum" ? { MAX_PARTICIPANTS: "0", MAX_MEETING_CAPACITY: "x", RATE_LIMIT_EVENTS_PER_SECOND: "-5" } : { CHAT_BACKEND_URL: "ftp://x" }),
    };
    const { code, err } = await start(GATEWAY, bad);
    assert.equal(code, 2, err);
    for (const variable of Object.keys(bad)) assert.ok(err.includes(variable), `${variable} in ${err}`);
  });

  test("variables are read from .env and from NAME_FILE, the environment first", async () => {
    const place = await mkdtemp(join(folder, "env-"));
    await writeFile(join(place, ".env"), "APP_ENV=from-dotenv\nDEFAULT_LOCALE=es\n");
    await writeFile(join(place, "locale"), "en\n");
    const server = new Process(GATEWAY, { env: { DATABASE_URL: `sqlite://${place}/p.db`, APP_ENV: "from-environment" }, cwd: place });
    await server.start();
    assert.equal((await request(server.url, { path: "/health" })).body.environment, "from-environment");
    assert.match((await request(server.url, { path: "/api/me" })).body.message, /No hay sesión activa/);
    assert.equal((await server.terminate()).code, 0);
    await rm(join(place, ".env"));
    await server.start({ DEFAULT_LOCALE_FILE: join(place, "locale") });
    assert.match((await request(server.url, { path: "/api/me" })).body.message, /No active session/);
    assert.equal((await server.terminate()).code, 0);
    const both = await start(GATEWAY, { DEFAULT_LOCALE: "en", DEFAULT_LOCALE_FILE: join(place, "locale") });
    assert.equal(both.code, 2);
    assert.match(both.err, /DEFAULT_LOCALE_FILE/);
  });

  test("the database's folder is made, and what is in the database is there at the next start", async () => {
    const env = { DATABASE_URL: `sqlite://${folder}/deep/er/plenum.db` };
    const server = await new Process(GATEWAY, { env, cwd: folder }).start();
    const body = { email: "ana@example.com", password: "long-enough", name: "Ana", last_name: "Prueba", age: 30 };
    assert.equal((await request(server.url, { method: "POST", path: "/api/auth/register", body })).status, 201);
    await server.terminate();
    await server.start();
    assert.equal((await request(server.url, { method: "POST", path: "/api/auth/register", body })).status, 409);
    await server.terminate();
  });

  test("killed without warning, it starts again on the same database", async () => {
    const env = { DATABASE_URL: `sqlite://${folder}/killed.db` };
    const server = await new Process(GATEWAY, { env, cwd: folder }).start();
    await server.kill();
    await server.start();
    assert.equal((await request(server.url, { path: "/health" })).status, 200);
    await server.terminate();
  });
});
