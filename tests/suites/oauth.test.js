import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { Loopback } from "../harness/loopback.mjs";
import { APP, Browser, CrookedProvider, GitHubLike, HOME, OidcProvider, callback, coder, random, somebody } from "../harness/providers.mjs";
import { signed } from "../harness/issuer.mjs";
import { World, aWorld } from "../harness/world.mjs";

/** The providers of these tests, and the variables of a gateway that knows them all. */
async function providers() {
  const [oidc, github, crooked, away] = await Promise.all([OidcProvider.start(["google", "corp"]), GitHubLike.start(), CrookedProvider.start(), Loopback.start()]);
  await away.stop();
  const entries = [oidc.as("corp"), crooked.entry, { ...crooked.entry, name: "away", issuer: away.url, callbackUrl: callback("away") }];
  const user = { ...oidc.asGoogle, ...github.env, FRONTEND_URL: APP, OIDC_PROVIDERS: JSON.stringify(entries) };
  const secrets = [oidc.clients.google.secret, oidc.clients.corp.secret, github.secret, crooked.secret];
  const stop = () => Promise.all([oidc.stop(), github.stop(), crooked.stop()]);
  return { oidc, github, crooked, user, secrets, stop };
}

/** A world whose gateways know these providers. */
function aWorldOfProviders(more = {}) {
  const known = {};
  const world = aWorld(async () => {
    Object.assign(known, await providers());
    for (const secret of known.secrets) world.keepSecret(secret);
    return { user: { ...known.user, ...more } };
  });
  after(() => known.stop?.());
  return { world, known };
}

const code = ({ oauth_error_code: found }) => found;

describe("signing in elsewhere", () => {
  const { world, known } = aWorldOfProviders({ RUST_LOG: "trace" });

  test("the providers that there are, are named; one that is not set up, or not known, is told", async () => {
    const { body } = await request(world.url, { path: "/api/auth/oauth" });
    assert.deepEqual(body.data.providers, ["away", "corp", "crooked", "github", "google"]);
    const unknown = await request(world.url, { path: "/api/auth/oauth/myspace" });
    assert.deepEqual([unknown.status, unknown.body.error.code], [404, "not_found"]);
  });

  test("one is sent away with a state, PKCE and a nonce, and holds a cookie of one's own meanwhile", async () => {
    const { status, to, cookies } = await new Browser(world).opens(callback("google"));
    const url = new URL(to);
    const asked = Object.fromEntries(url.searchParams);
    assert.deepEqual([status, url.origin, asked.response_type, asked.client_id, asked.redirect_uri], [302, known.oidc.issuer, "code", known.oidc.clients.google.id, callback("google")]);
    assert.equal(asked.scope, "openid email profile");
    assert.equal(asked.code_challenge_method, "S256");
    for (const secret of [asked.state, asked.nonce, asked.code_challenge]) assert.match(secret, /^[\w-]{43}$/);
    assert.match(cookies[0], /^oauth=[\w-]{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=600$/);
    assert.ok(!cookies[0].includes(asked.state));
  });

  test("who comes for the first time has an account, without a password and with what the provider says; and the same one again", async () => {
    const who = somebody();
    const ana = new Browser(world).is(who);
    const me = await ana.isIn("google");
    assert.equal(ana.to.href, `${APP}/login?oauth_success=true`);
    assert.deepEqual([me.email, me.name, me.last_name, me.age, me.verified, me.picture], [who.email, "Ana", "Prueba", 0, true, null]);
    assert.equal(ana.user.jar.has("oauth"), false, "what it held is gone");
    assert.equal((await new Browser(world).is({ ...who, email: "another@example.com", given_name: "Anna" }).isIn("google")).uid, me.uid);
    assert.equal((await ana.user.put("/api/users/profile", { age: 31 })).body.data.age, 31);
    const login = await request(world.url, { method: "POST", path: "/api/auth/login", body: { email: who.email, password: "" } });
    assert.equal(login.body.error.code, "password_required");
    for (const password of ["nobodys password", "no password at all", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]) {
      const { status, body } = await request(world.url, { method: "POST", path: "/api/auth/login", body: { email: who.email, password } });
      assert.deepEqual([status, body.error.code], [401, "invalid_credentials"]);
    }
    const change = { currentPassword: "x", newPassword: "a new password", confirmPassword: "a new password" };
    assert.equal((await ana.user.put("/api/auth/update-password", change)).body.error.code, "no_password");
  });

  test("a session that the browser had before is not the one that it has then", async () => {
    const mallory = await world.user("mallory");
    const planted = mallory.token;
    const victim = new Browser(world).is(somebody());
    victim.user.jar.set("session", planted);
    const me = await victim.isIn("google");
    assert.notEqual(victim.user.token, planted);
    assert.notEqual(me.uid, mallory.id);
    assert.equal((await mallory.get("/api/me")).body.data.uid, mallory.id);
  });

  test("GitHub, where the primary address counts, and only when GitHub has had it confirmed", async () => {
    const who = coder();
    const me = await new Browser(world).is(who).isIn("github");
    assert.deepEqual([me.email, me.name, me.last_name, me.verified], [who.emails[1].email, "Grace", "Brewster Hopper", true]);
    assert.equal((await new Browser(world).is(who).isIn("github")).uid, me.uid);
    const unconfirmed = coder();
    unconfirmed.emails[1].verified = false;
    assert.equal(code(await new Browser(world).is(unconfirmed).signsIn("github")), "oauth_address_unverified");
    assert.equal(code(await new Browser(world).is(coder({ emails: [] })).signsIn("github")), "oauth_address_unverified");
  });

  test("one address, known here and there to be theirs, is one account", async () => {
    const who = somebody();
    const me = await new Browser(world).is(who).isIn("google");
    const other = coder();
    other.emails[1].email = who.email.toUpperCase();
    const browser = new Browser(world).is(other);
    assert.equal((await browser.isIn("github")).uid, me.uid);
    const { body } = await browser.user.get("/api/auth/identities");
    assert.deepEqual(body.data.map(({ provider, kind, email }) => [provider, kind, email]), [["google", "provider", who.email], ["github", "provider", who.email]]);
    // Another person at the same provider who claims that address is not let in.
    assert.equal(code(await new Browser(world).is({ ...who, sub: "another" }).signsIn("google")), "provider_linked");
  });

  test("an address that was not shown to be theirs links nothing: neither one claimed here, nor one claimed there", async () => {
    const squatter = await world.user("mallory");
    const owner = somebody({ email: squatter.email });
    assert.equal(code(await new Browser(world).is(owner).signsIn("google")), "oauth_address_taken");
    const victim = somebody();
    await new Browser(world).is(victim).isIn("google");
    for (const email_verified of [false, undefined, "false", "yes", 1]) {
      const crook = somebody({ email: victim.email, email_verified });
      assert.equal(code(await new Browser(world).is(crook).signsIn("corp")), "oauth_address_unverified", `${email_verified}`);
    }
    const { email, ...nobody } = somebody();
    assert.equal(code(await new Browser(world).is(nobody).signsIn("corp")), "oauth_address_unverified");
  });

  test("who says no, or whose provider fails, is told in their language", async () => {
    const ana = new Browser(world).is("deny");
    const told = await ana.signsIn("google", callback("google"), { headers: { "accept-language": "es" } });
    assert.deepEqual(told, { oauth_error: "El inicio de sesión se canceló en el proveedor", oauth_error_code: "oauth_denied" });
    assert.equal(ana.to.pathname, "/base/login");
    assert.equal(ana.user.token, undefined);
    assert.equal(code(await new Browser(world).is("deny").signsIn("github")), "oauth_denied");
  });

  test("a state counts once, in the browser that was sent, and at the provider that it was made for", async () => {
    const ana = new Browser(world).is(somebody());
    const back = await ana.comesBack("google");
    const thief = new Browser(world).is(somebody());
    const forms = [
      ["another browser, which holds nothing", thief, back],
      ["the right one afterwards", ana, back],
    ];
    for (const [what, browser, address] of forms) assert.equal(code(await browser.signsIn("google", address.href)), "oauth_expired", what);
    const another = new Browser(world).is(somebody());
    await another.comesBack("google");
    assert.equal(code(await another.signsIn("google", (await new Browser(world).is(somebody()).comesBack("google")).href)), "oauth_expired", "a browser that was sent for itself");
    const mixed = new Browser(world).is(somebody());
    const to = await mixed.comesBack("google");
    to.pathname = "/api/auth/oauth/corp";
    assert.equal(code(await mixed.signsIn("corp", to.href)), "oauth_expired", "another provider's");
    for (const query of ["code=x", "state=x", "state=", "error=access_denied", "code=x&state=", `code=x&state=${random()}`, `code=x&state=${random()}&state=${random()}`, `code=x&state=${"x".repeat(3000)}`]) {
      assert.equal(code(await new Browser(world).signsIn("google", `${callback("google")}?${query}`)), "oauth_expired", query);
    }
  });

  test("of many who come back with one state at once one is let in", async () => {
    const ana = new Browser(world).is(somebody());
    const back = await ana.comesBack("google");
    const headers = { cookie: ana.user.cookie };
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(world.url, { path: back.pathname + back.search, headers })));
    const to = answers.map(({ headers: { location } }) => new URL(location).searchParams.get("oauth_error_code") ?? "in");
    for (const { cookies } of answers) for (const text of cookies) world.keepSecret(/=([^;]*)/.exec(text)[1]);
    assert.deepEqual(to.sort(), ["in", ...Array(19).fill("oauth_expired")]);
  });

  test("of many who come for the first time as one person at once none makes a second account", async () => {
    const who = somebody();
    const all = Array.from({ length: 8 }, () => new Browser(world).is(who));
    const ids = await Promise.all(all.map(async (browser) => (await browser.isIn("corp")).uid));
    assert.equal(new Set(ids).size, 1);
  });

  test("a code that was used, or is another's, opens nothing", async () => {
    const [ana, ben] = [new Browser(world).is(somebody()), new Browser(world).is(somebody())];
    const [hers, his] = [await ana.comesBack("google"), await ben.comesBack("google")];
    his.searchParams.set("code", hers.searchParams.get("code"));
    assert.equal(code(await ben.signsIn("google", his.href)), "oauth_failed", "it needs what was kept for her");
    const again = await new Browser(world).is(somebody());
    const to = await again.comesBack("google");
    to.searchParams.set("code", hers.searchParams.get("code"));
    assert.equal(code(await again.signsIn("google", to.href)), "oauth_failed");
    const other = new Browser(world).is(somebody());
    const elsewhere = await other.comesBack("google");
    elsewhere.searchParams.set("iss", "https://accounts.example.com");
    assert.equal(code(await other.signsIn("google", elsewhere.href)), "oauth_failed", "somebody else has sent them (RFC 9207)");
    const silent = new Browser(world).is(somebody());
    const unsaid = await silent.comesBack("google");
    unsaid.searchParams.delete("iss");
    assert.equal(code(await silent.signsIn("google", unsaid.href)), "oauth_failed", "a provider that always says who it is has not");
  });

  /** Back from the crooked provider, which says what `says` makes of what an honest one would say. */
  async function crookedly(says) {
    const browser = new Browser(world);
    const { to } = await browser.opens(callback("crooked"));
    const { state, nonce } = Object.fromEntries(new URL(to).searchParams);
    Object.assign(known.crooked, { nonce, says });
    return browser.signsIn("crooked", `${callback("crooked")}?code=${random()}&state=${state}`);
  }

  test("an ID token that is not what it should be opens nothing", async () => {
    const { crooked } = known;
    const now = Math.floor(Date.now() / 1000);
    const pem = crooked.keys.publicKey.export({ format: "pem", type: "spki" });
    const cases = {
      "another nonce": (claims) => crooked.signs({ ...claims, nonce: random() }),
      "no nonce": ({ nonce, ...claims }) => crooked.signs(claims),
      "another client": (claims) => crooked.signs({ ...claims, aud: "another" }),
      "several clients, and no word on which": (claims) => crooked.signs({ ...claims, aud: [crooked.id, "another"] }),
      "made for another client": (claims) => crooked.signs({ ...claims, aud: [crooked.id, "another"], azp: "another" }),
      "no client": ({ aud, ...claims }) => crooked.signs(claims),
      "another issuer": (claims) => crooked.signs({ ...claims, iss: "https://accounts.google.com" }),
      "expired": (claims) => crooked.signs({ ...claims, exp: now - 120 }),
      "no end": ({ exp, ...claims }) => crooked.signs(claims),
      "not yet": (claims) => crooked.signs({ ...claims, nbf: now + 600 }),
      "nobody": ({ sub, ...claims }) => crooked.signs(claims),
      "unsigned": (claims) => signed(claims, { alg: "none" }),
      "signed with the public key as a secret": (claims) => signed(claims, { alg: "HS256", kid: "one" }, pem),
      "an algorithm that it does not name": (claims) => crooked.signs(claims, { alg: "RS512" }),
      "a key that it does not have": (claims) => crooked.signs(claims, { kid: "two" }),
      "something critical": (claims) => crooked.signs(claims, { crit: ["exp"] }),
      "changed on its way": (claims) => crooked.signs(claims).replace(/\.[^.]+\./, `.${Buffer.from(JSON.stringify({ ...claims, sub: "another" })).toString("base64url")}.`),
      "no token": () => "x",
      "none": () => undefined,
    };
    for (const [what, says] of Object.entries(cases)) assert.equal(code(await crookedly(says)), "oauth_failed", what);
    assert.deepEqual(await crookedly((claims) => crooked.signs(claims)), { oauth_success: "true" });
    assert.deepEqual(await crookedly((claims) => crooked.signs({ ...claims, aud: [crooked.id, "another"], azp: crooked.id })), { oauth_success: "true" });
  });

  test("nothing in a request says where people are sent afterwards", async () => {
    const places = ["//evil.example", "/\\evil.example", "https://evil.example", "%2F%2Fevil.example", "%5C%5Cevil.example", "https:evil.example", "javascript:alert(1)", "\t//evil.example", "/%09/evil.example", "x%0d%0aLocation:%20//evil.example"];
    for (const place of places) {
      for (const name of ["redirect", "redirect_uri", "return_to", "next", "url", "state", "code", "error", "error_description", "iss"]) {
        const { headers } = await request(world.url, { path: `/api/auth/oauth/google?${name}=${place.startsWith("%") || place.includes("%0d") ? place : encodeURIComponent(place)}`, headers: { host: "meet.example.com", "x-forwarded-host": "evil.example", referer: "https://evil.example" } });
        assert.ok([`${known.oidc.issuer}/auth`, `${APP}/login`].includes(headers.location.split("?")[0]), `${name}=${place}: ${headers.location}`);
        if (headers.location.startsWith(known.oidc.issuer)) {
          assert.equal(new URL(headers.location).searchParams.get("redirect_uri"), callback("google"));
          world.keepSecret(new URL(headers.location).searchParams.get("state"));
        } else assert.ok(!headers.location.includes("evil"), headers.location);
      }
    }
    for (const path of ["/api/auth/oauth//evil.example", "/api/auth/oauth/%2F%2Fevil.example", "/api/auth/oauth/..%2f..%2fevil", "/api/auth/oauth/https:%2f%2fevil.example"]) {
      const { status, headers } = await request(world.url, { path });
      assert.ok(status >= 400 && status < 500 && headers.location === undefined, `${path}: ${status}`);
    }
  });

  test("a provider that is away is told, and does not hold the server up", async () => {
    assert.equal(code(await new Browser(world).signsIn("away")), "oauth_unavailable");
    const ana = await world.user();
    const { status, body } = await ana.post("/api/auth/oauth/away/link", { currentPassword: ana.fields.password });
    assert.deepEqual([status, body.error.code], [503, "oauth_unavailable"]);
    const crook = new Browser(world);
    const { to } = await crook.opens(callback("crooked"));
    const { state } = Object.fromEntries(new URL(to).searchParams);
    known.crooked.holds();
    try {
      const begun = performance.now();
      assert.equal(code(await crook.signsIn("crooked", `${callback("crooked")}?code=x&state=${state}`)), "oauth_unavailable");
      assert.ok(performance.now() - begun < 12_000);
    } finally {
      known.crooked.holds(false);
    }
  });

  test("what leads elsewhere, or never ends, is not followed", async () => {
    for (const answer of [{ status: 302, headers: { location: "/jwks" }, body: "" }, { body: { access_token: "x".repeat(300_000), token_type: "Bearer" } }, { body: "no JSON" }, { status: 500, body: {} }]) {
      const browser = new Browser(world);
      const { to } = await browser.opens(callback("crooked"));
      const { state } = Object.fromEntries(new URL(to).searchParams);
      const honest = known.crooked.answer;
      known.crooked.answer = (asked) => (asked.url === "/token" ? answer : honest.call(known.crooked, asked));
      const before = known.crooked.asked.length;
      const told = code(await browser.signsIn("crooked", `${callback("crooked")}?code=x&state=${state}`));
      known.crooked.answer = honest;
      assert.match(told, /^oauth_(failed|unavailable)$/);
      assert.deepEqual(known.crooked.asked.slice(before).filter((what) => !what.includes("/.well-known/")), ["POST /token"]);
    }
  });

  test("an account that is deleted is gone, and who comes again has another", async () => {
    const who = somebody();
    const ana = new Browser(world).is(who);
    const { uid } = await ana.isIn("google");
    assert.equal((await ana.user.delete("/api/users/profile")).status, 200);
    assert.notEqual((await new Browser(world).is(who).isIn("google")).uid, uid);
  });
});

describe("without providers", () => {
  const world = aWorld();

  test("Google and GitHub are told to be not set up, and nobody is asked", async () => {
    for (const name of ["google", "github"]) {
      const { status, body, headers } = await request(world.url, { path: `/api/auth/oauth/${name}?code=x&state=${random()}` });
      assert.deepEqual([status, body.error.code, headers.location], [500, "oauth_not_configured", undefined]);
    }
    assert.deepEqual((await request(world.url, { path: "/api/auth/oauth" })).body.data.providers, []);
  });
});

describe("a provider in production", () => {
  test("the cookie of who is away is one that no other host of the site can set", async (t) => {
    const github = await GitHubLike.start();
    t.after(() => github.stop());
    const world = new World({ user: { ...github.env, FRONTEND_URL: HOME, APP_ENV: "production" } });
    t.after(() => world.close());
    await world.start();
    const ana = new Browser(world).is(coder());
    const { cookies } = await ana.opens(callback("github"), { headers: { host: "meet.example.com" } });
    assert.match(cookies[0], /^__Host-oauth=[\w-]{43}; HttpOnly; SameSite=Lax; Secure; Path=\/; Max-Age=600$/);
    const ben = new Browser(world).is(coder());
    const back = await ben.comesBack("github");
    ben.user.jar.set("oauth", ben.user.jar.get("__Host-oauth"));
    ben.user.jar.delete("__Host-oauth");
    const { to } = await ben.opens(back.href);
    assert.equal(new URL(to).searchParams.get("oauth_error_code"), "oauth_expired");
  });
});
