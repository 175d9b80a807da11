// The image FROM scratch, started as a container is.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Container, IMAGE } from "../harness/container.mjs";
import { Client } from "../harness/client.mjs";
import { request } from "../harness/http.mjs";
import { User } from "../harness/user.mjs";

/** What users need of a world that is one container. */
const worldOf = (container) => ({ url: container.url, secrets: new Set(), people: [], clients: new Set(), keepSecret() {} });
const LOCAL = { HOST: "127.0.0.1", PORT: "0" };

describe("the image", () => {
  let container;
  before(async () => {
    container = await Container.of(IMAGE);
  });
  after(() => container?.remove());

  test("holds one static binary, the authorities it trusts, and nothing else", () => {
    const files = readdirSync(container.root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(container.root.length));
    assert.deepEqual(files.sort(), ["/etc/ssl/certs/ca-certificates.crt", "/plenum"]);
    const { User, Entrypoint, ExposedPorts, Volumes, StopSignal } = container.config;
    assert.deepEqual([User, Entrypoint, Object.keys(ExposedPorts), Object.keys(Volumes), StopSignal], ["65532:65532", ["/plenum"], ["3000/tcp"], ["/data"], "SIGTERM"]);
  });

  test("runs as nobody on a root that can't be written; people meet; it stops in time, and everything is there again", async () => {
    await container.start(LOCAL);
    const pid = container.pid();
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
    assert.match(status, /^CapEff:\t0000000000000000$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(readFileSync(`/proc/${pid}/mountinfo`, "utf8"), /^\d+ \d+ \S+ \S+ \/ ro\b/m);

    const fields = { email: "ana@example.com", password: "correct horse", name: "Ana", last_name: "Prueba", age: 30 };
    const world = worldOf(container);
    const ana = new User(world, fields);
    await ana.registers();
    await ana.logsIn();
    const meeting = await ana.creates({ title: "In a container" });
    const client = await Client.open(ana, "upgrade");
    await client.joins(meeting);
    await client.says(meeting, "hello");
    await client.hears("chat:message", { message: "hello" });
    const told = client.hears("server:notice", { code: "draining" });
    const ms = await container.stops();
    await told;
    client.closes();
    assert.ok(ms < 10_000, `it took ${ms} ms`);

    await container.start(LOCAL);
    const again = new User(worldOf(container), fields);
    await again.logsIn();
    assert.equal((await again.sees(meeting)).title, "In a container");
    await container.stops();
  });

  test("says how it is to whoever can't ask by HTTP, and is each of the two services", async () => {
    const port = 20_000 + (process.pid % 10_000);
    await container.start({ ...LOCAL, PORT: `${port}` });
    assert.equal(container.runs("/plenum", "health").status, 0);
    assert.match(container.runs("/plenum", "health", "--ready").out, /"status":"ready"/);
    await container.stops();
    await container.start({ ...LOCAL, PORT: `${port}` }, ["chat-backend"]);
    assert.match((await request(`${container.url}/health`)).text, /"service":"chat-backend"/);
    await container.stops();
    await container.start({ ...LOCAL, PORT: `${port}`, CHAT_BACKEND_URL: "http://127.0.0.1:9" }, ["user-backend"]);
    assert.match((await request(`${container.url}/health`)).text, /"service":"user-backend"/);
    const away = container.runs("/plenum", "health", "--ready");
    assert.deepEqual([away.status, /"chat-backend":"away"/.test(away.out)], [1, true], away.out);
    await container.stops();
  });

  test("finds other machines by their names, though it holds no library for that", async () => {
    const hosts = join(container.folder, "hosts");
    writeFileSync(hosts, "127.0.0.1 localhost\n127.0.0.1 elsewhere.test\n");
    await container.start(LOCAL, [], { mounts: [[hosts, "/etc/hosts"]] });
    // The doctor looks for the server there: what it can't find it says by another name than what does not answer.
    const doctor = (host) => container.runs("/plenum", "doctor", `http://${host}:9`).out;
    assert.match(doctor("elsewhere.test"), /refused/i);
    assert.doesNotMatch(doctor("nobody.test"), /refused/i);
    await container.stops();
  });
});
