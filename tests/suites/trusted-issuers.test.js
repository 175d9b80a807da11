import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { io } from "socket.io-client";
import { request } from "../harness/http.mjs";
import { Issuer, seconds, signed } from "../harness/issuer.mjs";
import { Browser, OidcProvider, somebody } from "../harness/providers.mjs";
import { run } from "../harness/process.mjs";
import { eventually, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** A socket of the official client that shows this token: connected, and a promise of how it ends. */
async function socketWith(url, token, transports = ["websocket"]) {
  const socket = io(url, { transports, extraHeaders: { authorization: `Bearer ${token}` }, forceNew: true, reconnection: false });
  const ended = new Promise((resolve) => socket.once("disconnect", resolve));
  await within("a socket to connect", new Promise((yes, no) => socket.once("connect", yes).once("connect_error", no)), 5000);
  return { socket, ended };
}

describe("the tokens of an app's own login", () => {
  const known = {};
  const world = aWorld(async () => {
    const [app, other, late, google] = await Promise.all([Issuer.start(), Issuer.start("another-app"), Issuer.start("late-app"), OidcProvider.start(["google"])]);
    other.adds("elliptic", "ES256").adds("edwards", "EdDSA");
    await late.stop();
    const file = join(tmpdir(), `plenum-jwks-${process.pid}.json`);
    const filed = new Issuer("filed-app");
    await writeFile(file, JSON.stringify(filed.jwks));
    Object.assign(known, { app, other, late, google, filed });
    const issuers = [app.entry(), other.entry({ algorithms: ["ES256", "EdDSA"] }), late.entry(), { issuer: filed.name, audience: filed.audience, jwks: file }];
    return { user: { RUST_LOG: "trace", TRUSTED_ISSUERS: JSON.stringify(issuers), ...google.asGoogle, FRONTEND_URL: "https://app.example.com/base" } };
  });
  after(() => Promise.all([known.app?.stop(), known.other?.stop(), known.late?.stop(), known.google?.stop()]));

  const ask = (token, { method = "GET", path = "/api/me", ...more } = {}) => {
    world.keepSecret(token);
    return request(world.url, { method, path, headers: { authorization: `Bearer ${token}` }, ...more });
  };
  const me = async (token) => {
    const { status, body } = await ask(token);
    assert.equal(status, 200, JSON.stringify(body));
    return body.data;
  };
  const email = (name) => `${name}.${Math.random().toString(36).slice(2)}@example.com`;

  test("are taken on all routes and in a socket's handshake, and make the account on first sight", async () => {
    const address = email("ana");
    const token = known.app.token({ email: address, email_verified: true, given_name: "Ana", family_name: "Prueba" });
    const ana = await me(token);
    assert.deepEqual([ana.email, ana.name, ana.last_name, ana.age, ana.verified], [address, "Ana", "Prueba", 0, true]);
    const made = await ask(token, { method: "POST", path: "/api/meetings", body: { title: "By the app", date: "2030-01-01", time: "10:00" } });
    assert.deepEqual([made.status, made.body.data.hostId], [201, ana.uid]);
    for (const transports of [["websocket"], ["polling"]]) {
      const { socket } = await socketWith(world.url, token, transports);
      const joined = await within("to join", socket.emitWithAck("join:meeting", { meetingId: made.body.data.meetingId }), 5000);
      assert.deepEqual([joined.ok, joined.data?.participants[0].username], [true, "Ana Prueba"], JSON.stringify(joined));
      socket.disconnect();
    }
    const unseen = known.app.token({ name: "Grace Hopper" });
    const { socket } = await socketWith(world.url, unseen);
    socket.disconnect();
    assert.equal((await me(unseen)).name, "Grace", "a handshake may be the first that is seen");
  });

  test("are of one account for one subject of one issuer, however many come at once", async () => {
    const sub = `user-${Math.random()}`;
    const tokens = Array.from({ length: 20 }, (_, n) => known.app.token({ sub, jti: `${n}`, email: email("ben"), email_verified: true }));
    const ids = await Promise.all(tokens.map(async (token) => (await me(token)).uid));
    assert.equal(new Set(ids).size, 1);
    const same = known.app.token({ sub });
    const again = await Promise.all(Array.from({ length: 20 }, () => me(same)));
    assert.equal(new Set([...again.map(({ uid }) => uid), ids[0]]).size, 1);
    assert.notEqual((await me(known.other.token({ sub }, { kid: "elliptic" }))).uid, ids[0], "another issuer's");
  });

  test("are signed as the operator says, with keys at an address or in a file", async () => {
    await me(known.other.token({}, { kid: "elliptic" }));
    await me(known.other.token({}, { kid: "edwards" }));
    await me(known.filed.token({}));
    const { status, body } = await ask(known.other.token({}));
    assert.deepEqual([status, body.error.code], [401, "invalid_bearer"], "RS256 is not among that issuer's");
  });

  test("are not believed when anything about them is wrong", async () => {
    const { app, other } = known;
    const now = seconds();
    const key = app.keys.get("first");
    const pem = key.publicKey.export({ format: "pem", type: "spki" });
    const der = key.publicKey.export({ format: "der", type: "spki" });
    const good = app.token({});
    const [head, , signature] = good.split(".");
    const forged = Buffer.from(JSON.stringify(app.claims({ sub: "admin" }))).toString("base64url");
    await me(good);
    const wrong = {
      "unsigned": signed(app.claims(), { alg: "none" }),
      "unsigned in other letters": signed(app.claims(), { alg: "nOnE", kid: "first" }),
      "signed with the public key as a secret": signed(app.claims(), { alg: "HS256", kid: "first" }, pem),
      "signed with the bytes of the public key as a secret": signed(app.claims(), { alg: "HS256", kid: "first" }, der),
      "a secret that is empty": signed(app.claims(), { alg: "HS256" }, " "),
      "another algorithm of the same key": signed(app.claims(), { alg: "PS256", kid: "first" }, key.privateKey),
      "other claims under the same signature": `${head}.${forged}.${signature}`,
      "no signature": `${head}.${forged}.`,
      "a key of its own": signed(app.claims(), { alg: "RS256", kid: "mine", jwk: key.publicKey.export({ format: "jwk" }) }, key.privateKey),
      "a key from elsewhere": signed(app.claims(), { alg: "RS256", kid: "mine", jku: `${other.url}/jwks` }, key.privateKey),
      "another issuer's key": signed(app.claims(), { alg: "RS256", kid: "first" }, other.keys.get("first").privateKey),
      "nobody's issuer": app.token({ iss: "https://evil.example.com" }),
      "the issuer with something behind it": app.token({ iss: `${app.name}/` }),
      "several issuers": app.token({ iss: [app.name] }),
      "another audience": app.token({ aud: "another" }),
      "no audience": app.token({ aud: undefined }),
      "expired": app.token({ exp: now - 120 }),
      "no end": app.token({ exp: undefined }),
      "an end that is no number": app.token({ exp: "never" }),
      "not yet": app.token({ nbf: now + 600 }),
      "issued tomorrow": app.token({ iat: now + 600 }),
      "good for more than a day": app.token({ exp: now + 86_400 * 2 }),
      "good for ever": app.token({ exp: 99_999_999_999, iat: undefined }),
      "nobody": app.token({ sub: undefined }),
      "an empty subject": app.token({ sub: "" }),
      "a subject that is too long": app.token({ sub: "x".repeat(256) }),
      "something critical": app.token({}, { crit: ["exp"] }),
      "too long": app.token({ more: "x".repeat(9_000) }),
      "no JSON": "e30.e30.e30",
      "nothing": "..",
      "parts of five": `${good}.a.b`,
    };
    for (const [what, token] of Object.entries(wrong)) {
      for (const path of ["/api/me", "/api/meetings", "/socket.io/?EIO=4&transport=polling"]) {
        const { status, body } = await ask(token, { path });
        assert.deepEqual([status, body.error.code], [401, "invalid_bearer"], `${what} at ${path}`);
      }
    }
    const cookie = await request(world.url, { path: "/api/me", headers: { cookie: `session=${good}` } });
    assert.equal(cookie.body.error.code, "invalid_session", "it is taken in its own place only");
    const inAddress = await request(world.url, { path: `/api/me?access_token=${good}` });
    assert.equal(inAddress.body.error.code, "no_session");
    const person = await world.user();
    const both = await request(world.url, { path: "/api/me", headers: { cookie: person.cookie, authorization: `Bearer ${good}` } });
    assert.deepEqual([both.status, both.body.error.code], [400, "two_credentials"]);
  });

  test("have sessions that are listed and end; one that was ended stays ended, and so do its sockets", async () => {
    const { app } = known;
    const [sub, heir] = [`user-${Math.random()}`, world.visitor("heir")];
    const claims = { sub, email: heir.email, email_verified: true };
    const [one, other] = [app.token({ ...claims, jti: "1" }), app.token({ ...claims, jti: "2" })];
    const { uid } = await me(one);
    await me(other);
    const { ended } = await socketWith(world.url, one);
    const staying = await socketWith(world.url, other);
    const listed = (await ask(one, { path: "/api/auth/sessions" })).body.data;
    assert.deepEqual(listed.map(({ current }) => current).sort(), [false, true]);
    assert.equal((await ask(one, { method: "POST", path: "/api/auth/logout", body: {} })).status, 200);
    assert.equal(await within("its socket to be closed", ended, 3000), "io server disconnect");
    await eventually("it to be worth nothing, on every gateway", async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(one)));
      return answers.every(({ body }) => body.error?.code === "invalid_bearer");
    }, 2000);
    assert.equal(staying.socket.connected, true);
    assert.equal((await me(other)).uid, uid);
    const gone = await ask(other, { method: "DELETE", path: "/api/users/profile" });
    assert.equal(gone.status, 200);
    assert.equal(await within("the other's socket to be closed", staying.ended, 3000), "io server disconnect");
    await eventually("the other to be worth nothing", async () => (await ask(other)).status === 401, 2000);
    await heir.registers(); // no account was made by the ended token: the address is free
    assert.notEqual((await me(app.token({ ...claims, jti: "3" }))).uid, uid, "a new sign-in makes a new account");
  });

  test("are good, and so are their sockets, until they expire and no longer", async () => {
    // A minute is allowed for clocks that differ: this one has four seconds left.
    const token = known.app.token({ iat: seconds() - 300, exp: seconds() - 56 });
    await me(token);
    const { ended } = await socketWith(world.url, token);
    assert.equal(await within("its socket to be closed", ended, 12_000), "io server disconnect");
    await eventually("it to be worth nothing", async () => (await ask(token)).status === 401);
  });

  test("an address that is another account's is not taken, and no account is linked by an address that was not shown to be theirs", async () => {
    const { app, google } = known;
    const unverified = await world.user("victim");
    for (const email_verified of [true, false]) {
      const crook = await me(app.token({ email: unverified.email, email_verified, name: "Mallory Crook" }));
      assert.notEqual(crook.uid, unverified.id);
      assert.match(crook.email, /^[\w-]+@no-address\.invalid$/);
      assert.equal(crook.verified, false);
    }
    const who = somebody();
    const verified = new Browser(world).is(who);
    const hers = await verified.isIn("google");
    for (const email_verified of [false, undefined, "true!"]) assert.notEqual((await me(app.token({ email: who.email, email_verified }))).uid, hers.uid);
    assert.equal((await me(app.token({ email: who.email, email_verified: true }))).uid, hers.uid, "both know that it is hers");
    const { body } = await verified.user.get("/api/auth/identities");
    assert.deepEqual(body.data.map(({ provider, kind }) => [provider, kind]), [["google", "provider"], [app.name, "issuer"]]);
    const unlinked = await verified.user.delete("/api/auth/identities/google");
    assert.equal(unlinked.status, 200);
    assert.match((await me(app.token({ name: "Without Address" }))).email, /@no-address\.invalid$/);
    assert.ok(google.issuer);
  });

  test("a token changes accounts as any other bearer does, and is for no browser's session", async () => {
    const token = known.app.token({ email: email("ana"), email_verified: true });
    assert.equal((await ask(token, { method: "PUT", path: "/api/users/profile", body: { name: "Renamed", age: 40 } })).body.data.age, 40);
    assert.equal((await me(token)).name, "Renamed");
    const change = { currentPassword: "x", newPassword: "a new password", confirmPassword: "a new password" };
    assert.equal((await ask(token, { method: "PUT", path: "/api/auth/update-password", body: change })).body.error.code, "no_password");
    for (const [method, path] of [["POST", "/api/auth/oauth/google/link"], ["DELETE", "/api/auth/identities/google"], ["POST", "/api/auth/personal-tokens"]]) {
      assert.equal((await ask(token, { method, path, ...(method === "POST" ? { body: {} } : {}) })).body.error.code, "insufficient_scope", path);
    }
  });

  test("a key that is new is asked for when a token names it, and one that is unknown is asked for once in a while", async () => {
    const { app } = known;
    await me(app.token({}));
    app.adds("second", "RS256", false);
    const early = await ask(app.token({}, { kid: "second" }));
    assert.equal(early.body.error.code, "invalid_bearer");
    app.keys.get("second").published = true;
    await eventually("the new key to be known", async () => (await ask(app.token({}, { kid: "second" }))).status === 200, 9_000);
    const before = app.asked.length;
    await Promise.all(Array.from({ length: 50 }, (_, n) => ask(app.token({}, { kid: "first" }).replace(/^[^.]+/, Buffer.from(JSON.stringify({ alg: "RS256", kid: `unknown-${n}` })).toString("base64url")))));
    assert.ok(app.asked.length - before <= world.servers.gateways.length, `${app.asked.length - before} questions`);
  });

  test("while the keys can't be had nobody is told that a token is bad: 503 when none are known, and those that are known go on", async () => {
    const { app, late } = known;
    const token = late.token({});
    for (const path of ["/api/me", "/api/meetings", "/socket.io/?EIO=4&transport=polling"]) {
      const { status, body } = await ask(token, { path });
      assert.deepEqual([status, body.error.code], [503, "store_unavailable"], path);
    }
    await late.listens();
    await eventually("the keys to be had", async () => (await ask(token)).status === 200, 9_000);
    await me(app.token({}));
    await app.stop();
    try {
      await me(app.token({}));
      app.adds("third");
      await eventually("a token with a key that may be new to be told 503", async () => (await ask(app.token({}, { kid: "third" }))).status === 503, 9_000);
      await me(app.token({}));
    } finally {
      await app.listens();
    }
  });
});

describe("TRUSTED_ISSUERS", () => {
  test("that would let anybody in stop the start, each by its name", async () => {
    const issuer = { issuer: "app", audience: "plenum", jwks: "https://login.example.com/jwks" };
    const cases = [
      [[{ ...issuer, algorithms: ["none"] }], "algorithms"],
      [[{ ...issuer, algorithms: ["RS256", "HS256"] }], "algorithms"],
      [[{ ...issuer, jwks: "http://login.example.com/jwks" }], "jwks"],
      [[{ ...issuer, audience: undefined }], "audience"],
      [[issuer, issuer], "twice"],
    ];
    for (const [value, said] of cases) {
      const { code, err, out } = await run("user-backend", { env: { TRUSTED_ISSUERS: JSON.stringify(value), OIDC_PROVIDERS: '[{"clientSecret":"do not say this"}]', GITHUB_CLIENT_ID: "x" } });
      assert.equal(code, 2, err + out);
      for (const word of ["TRUSTED_ISSUERS", said, "OIDC_PROVIDERS[0].name", "GITHUB_CLIENT_SECRET"]) assert.ok((err + out).includes(word), `${word} in ${err}${out}`);
      assert.ok(!(err + out).includes("do not say this"));
    }
  });
});
