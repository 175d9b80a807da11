import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { BadProxy } from "../harness/bad-proxy.mjs";
import { withFactor } from "../harness/factor.mjs";
import { describeIn } from "../harness/modes.mjs";
import { plenum, works } from "../harness/operator.mjs";
import { run } from "../harness/process.mjs";
import { eventually } from "../harness/wait.mjs";
import { World, aWorld } from "../harness/world.mjs";

async function fails(world, ...args) {
  const { code, out, err } = await plenum(world, ...args);
  assert.equal(code, 1, `plenum ${args.join(" ")} went well: ${out}`);
  return err;
}

/** Every gateway has heard of it within a second. */
const isOut = (asks) => eventually("the session to be over", async () => (await asks()).status === 401, 2_000);

describe("an operator at the machine", () => {
  const world = aWorld();

  test("makes the first admin, whose sessions end, and takes the role again", async () => {
    const ana = await world.user("ana");
    const client = await ana.connects();
    const ended = client.loses();
    assert.match(await works(world, "user", "grant", ana.email, "admin"), /has the role admin now; 1 session ended/);
    await ended;
    assert.match(await works(world, "user", "show", ana.email), /roles +admin\n/);
    assert.match(await works(world, "user", "grant", ana.email, "admin"), /had the role admin already/);
    assert.match(await works(world, "user", "revoke-role", ana.email, "admin"), /has no role admin any more/);
    assert.deepEqual(JSON.parse(await works(world, "user", "show", "--json", ana.id)).roles, []);
    assert.match(await fails(world, "user", "grant", ana.email, "Admin, root"), /a role is/);
  });

  test("disables an account: sockets, sessions and tokens end and its login is refused; and enables it", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ben.creates();
    const client = await ana.joins(meeting);
    const personal = await ana.post("/api/auth/personal-tokens", { name: "script", scopes: ["read"] });
    world.keepSecret(personal.body.data.secret);
    const gone = client.loses();
    assert.match(await works(world, "user", "disable", ana.email), /is disabled; 2 sessions ended/);
    await gone;
    await isOut(() => ana.get("/api/me"));
    const bearer = { headers: { authorization: `Bearer ${personal.body.data.secret}` } };
    await isOut(() => world.visitor().get("/api/meetings", bearer));
    const refused = await ana.post("/api/auth/login", { email: ana.email, password: ana.fields.password });
    assert.equal(refused.body.error.code, "account_disabled");
    assert.match(await works(world, "user", "show", ana.email), /disabled +\d{4}-/);
    await works(world, "user", "enable", ana.email);
    await ana.logsIn();
  });

  test("lists accounts, all or those in whose names or address a text stands", async () => {
    const mark = `zz${Date.now().toString(36)}`;
    const [one, other] = [await world.user("ana", { last_name: `A ${mark}` }), await world.user("ben")];
    const found = await works(world, "user", "list", mark.toUpperCase());
    assert.ok(found.includes(one.email) && !found.includes(other.email), found);
    const all = (await works(world, "user", "list", "--json")).trim().split("\n").map((line) => JSON.parse(line).email);
    assert.ok(all.includes(one.email) && all.includes(other.email));
    assert.equal(await works(world, "user", "list", "100%_nobody"), "");
  });

  test("lists and ends an account's sessions", async () => {
    const ana = await world.user("ana");
    const elsewhere = await ana.elsewhere();
    const sessions = (await works(world, "session", "list", "--json", ana.email)).trim().split("\n").map((line) => JSON.parse(line));
    assert.equal(sessions.length, 2);
    const { body } = await elsewhere.get("/api/auth/sessions");
    const own = body.data.find(({ current }) => current).id;
    assert.ok(sessions.some(({ id }) => id === own));
    const client = await elsewhere.connects();
    const gone = client.loses();
    assert.match(await works(world, "session", "revoke", ana.email, "--session", own), /1 session of/);
    await gone;
    assert.equal((await ana.get("/api/me")).status, 200);
    assert.match(await fails(world, "session", "revoke", ana.email, "--session", own), /has no session/);
    assert.match(await works(world, "session", "revoke", ana.email), /1 session of/);
  });

  test("has an account's user set another password, without learning it", async () => {
    const ana = await world.user("ana");
    const link = new URL((await works(world, "user", "reset-password", ana.email)).trim());
    const [oobCode, newPassword] = [link.searchParams.get("oobCode"), `another ${ana.email}`];
    for (const secret of [oobCode, newPassword]) world.keepSecret(secret);
    const { status, text } = await world.visitor().post("/api/auth/confirm-password-reset", { oobCode, newPassword });
    assert.equal(status, 200, text);
    await isOut(() => ana.get("/api/me"));
    ana.fields.password = newPassword;
    await ana.logsIn();
    await works(world, "user", "disable", ana.email);
    assert.match(await fails(world, "user", "reset-password", ana.email), /can't set a password/);
  });

  test("takes a second factor away whose user has lost everything", async () => {
    const { person } = await withFactor(world);
    assert.match(await works(world, "user", "clear-second-factor", person.email), /without a second factor now; 1 session ended/);
    await person.logsIn();
    assert.match(await works(world, "user", "clear-second-factor", person.email), /has no second factor/);
  });

  test("is told when there is no such account", async () => {
    assert.match(await fails(world, "user", "disable", "nobody@example.com"), /there is no account nobody@example.com/);
  });

  test("brings tables up to date, and is told how each command is used", async () => {
    assert.match(await works(world, "migrate"), /up to date/);
    for (const command of ["user", "session", "config", "doctor", "backup", "restore"]) {
      assert.match(await works(world, command, "--help"), /Usage: plenum/);
    }
  });
});

describe("registration by invitation", () => {
  const world = aWorld({ user: { REGISTRATION: "invite" } });

  test("is by what an operator makes: once, for the address it is for", async () => {
    const [ana, ben] = [world.visitor("ana"), world.visitor("ben")];
    const invitation = (await works(world, "invite", ana.email)).trim();
    world.keepSecret(invitation);
    const register = (who) => who.post("/api/auth/register", { ...who.fields, invitation });
    assert.equal((await register(ben)).body.error.code, "invalid_invitation");
    assert.equal((await register(ana)).status, 201);
    const again = world.visitor("carla", { email: `x${ana.email}` });
    assert.equal((await register(again)).body.error.code, "invalid_invitation");
    const anybodys = (await works(world, "invite", "--days", "1")).trim();
    world.keepSecret(anybodys);
    assert.equal((await ben.post("/api/auth/register", { ...ben.fields, invitation: anybodys })).status, 201);
    assert.match(await fails(world, "invite", "nobody"), /is no mail address/);
  });
});

describe("the configuration", () => {
  const world = aWorld();

  test("is looked at before a start: what is wrong is named, and what a message survives", async () => {
    const good = await works(world, "config", "check");
    assert.match(good, /ok {4}every variable can be read\nok {4}the database: /);
    const bad = await run("plenum", { args: ["config", "check"], env: { PORT: "door", TRUSTED_PROXIES: "proxy" } });
    assert.equal(bad.code, 2);
    assert.match(bad.err, /PORT[\s\S]*TRUSTED_PROXIES|TRUSTED_PROXIES[\s\S]*PORT/);
    const away = await run("plenum", { args: ["config", "check"], env: { DATABASE_URL: "postgres://plenum@127.0.0.1:9/none" } });
    assert.equal(away.code, 1);
    assert.match(away.out, /WRONG the database/);
  });
});

describeIn(["plenum"], "a backup", () => {
  test("taken while people talk is whole, and puts everything back", async (t) => {
    const world = new World({ mode: "plenum" });
    t.after(() => world.close());
    await world.start();
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ title: "Kept" });
    const file = join(world.servers.folder, "backup.db");
    const busy = Promise.all(Array.from({ length: 40 }, () => ben.creates()));
    assert.match(await works(world, "backup", file), /holds the whole database/);
    await busy;
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    assert.match(await fails(world, "backup", file), /is there already/);
    const empty = await run("plenum", { args: ["backup", join(world.servers.folder, "empty.db")], env: { DATABASE_URL: `sqlite://${join(world.servers.folder, "elsewhere.db")}` } });
    assert.deepEqual([empty.code, /no whole backup/.test(empty.err)], [1, true], empty.err);

    const { body } = await ana.delete(`/api/meetings/${meeting.meetingId}`);
    assert.equal(body.success, true);
    assert.match(await fails(world, "restore", file), /is in use; stop Plenum first/);
    assert.equal((await ana.get(`/api/meetings/${meeting.meetingId}`)).status, 404, "nothing was put back meanwhile");

    const plenumProcess = world.servers.gateway;
    assert.equal((await plenumProcess.terminate()).code, 0);
    const nothing = join(world.servers.folder, "nothing.db");
    writeFileSync(nothing, "SQLite format 3\0 and then nothing of the kind");
    assert.match(await fails(world, "restore", nothing), /is no whole backup/);
    // What a crash left behind is not played into what is restored, and what is damaged is in nobody's use.
    const { DATABASE_URL } = plenumProcess.env;
    const path = DATABASE_URL.replace("sqlite://", "");
    writeFileSync(`${path}-wal`, "left behind");
    writeFileSync(path, "damaged");
    const out = await works(world, "restore", file);
    assert.equal(existsSync(`${path}-wal`), false);
    assert.equal((await stat(path)).uid, process.getuid());
    const kept = /kept as (\S+)/.exec(out)?.[1];
    assert.ok(existsSync(kept), out);
    await plenumProcess.start();
    assert.equal((await ana.sees(meeting)).title, "Kept");
    assert.ok(readdirSync(world.servers.folder).every((name) => !name.endsWith(".part")));
  });
});

describeIn(["plenum"], "the doctor", () => {
  const origin = "https://app.example.com";
  const doctor = (url, ...args) => run("plenum", { args: ["doctor", url, ...args], env: {}, ms: 60_000 });

  describe("of a Plenum that is well", () => {
    const world = aWorld({ user: { CORS_ORIGIN: origin } });

    test("says so, waits for the pings of both transports, and leaves no account behind", async () => {
      const { code, out, err } = await doctor(world.url, "--origin", origin);
      assert.equal(code, 1, out); // https://app.example.com is another site than this machine
      assert.equal((out.match(/WRONG/g) ?? []).length, 1, out);
      assert.match(out, /WRONG the cookie: browsers won't send it from https:\/\/app.example.com[^]*mend: APP_ENV=production and FRONTEND_URL=https:\/\/app.example.com/);
      for (const well of ["the address", "the clock", `CORS for ${origin}`, "CORS for others", "signing in", "the session", "the Host header", "where requests come from", "sockets of others"]) {
        assert.ok(out.includes(`ok    ${well}: `), `${well} in ${out}`);
      }
      assert.match(out, /ok {4}polling: it is served, and polls may wait/);
      assert.match(out, /ok {4}WebSocket: it is opened, and lives/);
      assert.match(err, /1 thing to be mended/);
      assert.equal(await works(world, "user", "list", "doctor-"), "");
      const alone = await doctor(world.url, "--quick");
      assert.equal(alone.code, 0, alone.out);
      assert.match(alone.out, /all is well\n$/);
    });

    test("signs in with an account that there is, and leaves it", async () => {
      const ana = await world.user("ana");
      const file = join(world.servers.folder, "password");
      writeFileSync(file, `${ana.fields.password}\n`, { mode: 0o600 });
      const { code, out } = await doctor(world.url, "--quick", "--login", ana.email, "--password-file", file);
      assert.equal(code, 0, out);
      assert.equal((await ana.get("/api/me")).status, 200);
    });

    test("says when there is nothing, or something else", async () => {
      const nobody = await doctor("http://127.0.0.1:9", "--quick");
      assert.equal(nobody.code, 1);
      assert.match(nobody.out, /WRONG the address: .*can't be reached/);
    });
  });

  describe("of one with a bad proxy before it", () => {
    const world = aWorld({ user: { CORS_ORIGIN: "https://other.example.com" } });

    const through = async (t, habits, ...args) => {
      const proxy = await BadProxy.before(world.url, habits);
      t.after(() => proxy.close());
      const { code, out } = await doctor(proxy.url, ...args);
      return { code, out, wrong: out.split("\n").filter((line) => line.startsWith("WRONG")).join("\n") };
    };

    test("is told which origin is missing", async (t) => {
      const { code, out } = await through(t, { adds: {} }, "--quick", "--origin", origin);
      assert.equal(code, 1);
      assert.match(out, /WRONG CORS for https:\/\/app.example.com: [^]*mend: CORS_ORIGIN=https:\/\/app.example.com/);
    });

    test("is told that a proxy is not trusted, by its address", async (t) => {
      const { out, wrong } = await through(t, { adds: { "x-forwarded-for": "198.51.100.7" } }, "--quick");
      assert.match(out, /WRONG where requests come from: [^]*mend: TRUSTED_PROXIES=127.0.0.1/);
      assert.equal(wrong.split("\n").length, 1, wrong);
    });

    test("is told that Host is not passed", async (t) => {
      const { out } = await through(t, { host: "backend:3000" }, "--quick");
      assert.match(out, /WRONG the Host header: [^]*mend: nginx: proxy_set_header Host \$http_host;/);
    });

    test("is told that upgrades are not passed, while polling is", async (t) => {
      const { out, wrong } = await through(t, { upgrades: false }, "--quick");
      assert.match(out, /WRONG WebSocket: no upgrade[^]*mend: nginx: proxy_set_header Upgrade/);
      assert.match(out, /ok {4}polling/);
      assert.equal(wrong.split("\n").length, 1, wrong);
    });

    test("is told that cookies do not arrive", async (t) => {
      const { out } = await through(t, { drops: ["cookie"] }, "--quick");
      assert.match(out, /WRONG the session: [^]*mend: let the proxy pass Cookie headers/);
    });

    test("is told that origins do not arrive", async (t) => {
      const { out } = await through(t, { drops: ["origin"] }, "--quick");
      assert.match(out, /WRONG sockets of others: [^]*mend: let the proxy pass the Origin header/);
    });

    test("is told that connections are cut while nobody speaks", async (t) => {
      const { out } = await through(t, { idle: 5_000 });
      assert.match(out, /WRONG polling: a poll that waited was cut[^]*WRONG WebSocket: the connection was cut[^]*mend: nginx: proxy_read_timeout 90s;/);
    });
  });
});
