import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { APP, Browser, GitHubLike, OidcProvider, coder, somebody } from "../harness/providers.mjs";
import { shows } from "../harness/factor.mjs";
import { MailServer, digits, needsMailServer } from "../harness/mail-server.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** What shows who asks, where they have a password. */
const confirmed = (user) => ({ currentPassword: user.fields.password });

/** Asks for a link: the address to go to. */
async function asks(user, name) {
  const { status, body } = await user.post(`/api/auth/oauth/${name}/link`, confirmed(user));
  assert.equal(status, 200, JSON.stringify(body));
  user.world.keepSecret(new URL(body.data.url).searchParams.get("state"));
  return body.data.url;
}

const links = async (browser, name) => browser.signsIn(name, await asks(browser.user, name));
const unlinks = (user, name, body = confirmed(user)) => user.delete(`/api/auth/identities/${name}`, { body });
const listed = async (user) => (await user.get("/api/auth/identities")).body.data.map(({ provider }) => provider);

describe("identities of an account", () => {
  const known = {};
  const world = aWorld(async () => {
    const [oidc, github] = await Promise.all([OidcProvider.start(["google", "corp"], { conformIdTokenClaims: false }), GitHubLike.start()]);
    Object.assign(known, { oidc, github });
    for (const secret of [oidc.clients.google.secret, oidc.clients.corp.secret, github.secret]) world.keepSecret(secret);
    return { user: { ...oidc.asGoogle, ...github.env, FRONTEND_URL: APP, OIDC_PROVIDERS: JSON.stringify([oidc.as("corp")]) } };
  });
  after(() => Promise.all([known.oidc?.stop(), known.github?.stop()]));

  test("are linked while one is signed in, whatever the address; then one signs in by them", async () => {
    const ana = await world.user();
    const who = somebody({ email_verified: false });
    const [before, socket] = [ana.token, await ana.connects()];
    assert.deepEqual(await links(new Browser(world, ana).is(who), "google"), { oauth_success: "true", linked: "google" });
    assert.notEqual(ana.token, before, "the session has another token");
    await eventually("the token before to be worth nothing", async () => (await request(world.url, { path: "/api/me", headers: { cookie: `session=${before}` } })).status === 401, 2000);
    assert.equal(socket.socket.connected, true, "and goes on");
    const { body } = await ana.get("/api/auth/identities");
    assert.deepEqual(body.data.map(({ createdAt, ...rest }) => rest), [{ provider: "google", kind: "provider", email: who.email }]);
    assert.equal((await new Browser(world).is(who).isIn("google")).uid, ana.id);
    assert.equal((await ana.get("/api/me")).body.data.email, ana.email);
  });

  test("one that is another's is not taken from them, and of one provider there is one", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const who = somebody();
    await links(new Browser(world, ana).is(who), "google");
    const his = await links(new Browser(world, ben).is(who), "google");
    assert.equal(his.oauth_error_code, "identity_taken");
    assert.deepEqual(await listed(ben), []);
    assert.deepEqual(await links(new Browser(world, ana).is(who), "google"), { oauth_success: "true", linked: "google" }, "her own again");
    assert.equal((await links(new Browser(world, ana).is(somebody()), "google")).oauth_error_code, "provider_linked");
    assert.deepEqual(await listed(ana), ["google"]);
  });

  test("are linked with the account and the session that asked for it, and with no other", async () => {
    const [ana, mallory] = await world.users("ana", "mallory");
    const hers = new Browser(world, ana).is(somebody());
    const url = await asks(mallory, "google");
    const trap = await new Browser(world, mallory).is(somebody()).comesBack("google", url);
    // Mallory has her open what he came back with: his identity must not come to her account, nor hers to his.
    assert.equal((await hers.signsIn("google", trap.href)).oauth_error_code, "oauth_expired");
    const elsewhere = await ana.elsewhere();
    const back = await new Browser(world, ana).is(somebody()).comesBack("google", await asks(ana, "google"));
    elsewhere.jar.set("oauth", ana.jar.get("oauth"));
    assert.equal((await new Browser(world, elsewhere).signsIn("google", back.href)).oauth_error_code, "oauth_expired", "another session of hers");
    const gone = await new Browser(world, ana).is(somebody()).comesBack("google", await asks(ana, "google"));
    await ana.logsOut();
    const out = await new Browser(world, ana).signsIn("google", gone.href);
    assert.match(out.oauth_error_code, /^(no_session|invalid_session)$/);
    assert.deepEqual(await listed(elsewhere), []);
    assert.deepEqual(await listed(mallory), []);
  });

  test("are changed by who shows the password once more, and by nobody who has found a browser open", async () => {
    const ana = await world.user();
    await links(new Browser(world, ana).is(coder()), "github");
    const wrong = { currentPassword: `${ana.fields.password}-wrong` };
    world.keepSecret(wrong.currentPassword);
    for (const [body, code] of [[{}, "current_password_required"], [{ currentPassword: "" }, "current_password_required"], [{ currentPassword: 7 }, "current_password_required"], [wrong, "wrong_password"]]) {
      for (const answer of [await ana.post("/api/auth/oauth/google/link", body), await unlinks(ana, "github", body)]) {
        assert.deepEqual([answer.status, answer.body.error.code, answer.cookies], [400, code, []], JSON.stringify(body));
      }
    }
    assert.equal((await ana.delete("/api/auth/identities/github")).body.error.code, "current_password_required", "nor without a body");
    assert.deepEqual(await listed(ana), ["github"]);
    assert.equal((await unlinks(ana, "github")).status, 200);
  });

  test("the last way in can't be taken away, any other can", async () => {
    const who = somebody();
    const browser = new Browser(world).is(who);
    await browser.isIn("google");
    const last = await unlinks(browser.user, "google");
    assert.deepEqual([last.status, last.body.error.code], [409, "last_way_in"]);
    await links(browser.is(coder()), "github");
    const before = browser.user.token;
    assert.equal((await unlinks(browser.user, "google")).status, 200);
    assert.notEqual(browser.user.token, before, "the session has another token");
    assert.deepEqual(await listed(browser.user), ["github"]);
    assert.equal((await unlinks(browser.user, "github")).body.error.code, "last_way_in");
    const ana = await world.user();
    await links(new Browser(world, ana).is(somebody()), "corp");
    assert.equal((await unlinks(ana, "corp")).status, 200, "she has a password");
    assert.deepEqual(await listed(ana), []);
    for (const name of ["corp", "nobody", "iss:x", "%2e%2e"]) assert.ok([400, 404].includes((await unlinks(ana, name)).status), name);
  });

  test("of two that are the last, taken away at once, one stays", async () => {
    const browser = new Browser(world).is(somebody());
    await browser.isIn("google");
    await links(browser.is(coder()), "github");
    const answers = await Promise.all(["google", "github"].map((name) => request(world.url, { method: "DELETE", path: `/api/auth/identities/${name}`, headers: { cookie: browser.user.cookie } })));
    for (const { cookies } of answers) for (const text of cookies) world.keepSecret(/=([^;]*)/.exec(text)[1]);
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1, JSON.stringify(answers.map(({ body }) => body)));
  });

  test("are changed in a browser's session only", async () => {
    const ana = await world.user();
    const { email, password } = ana.fields;
    const { body } = await request(world.url, { method: "POST", path: "/api/auth/token", body: { email, password } });
    for (const secret of [body.data.accessToken, body.data.refreshToken]) world.keepSecret(secret);
    const headers = { authorization: `Bearer ${body.data.accessToken}` };
    for (const [method, path] of [["POST", "/api/auth/oauth/google/link"], ["DELETE", "/api/auth/identities/google"]]) {
      const answer = await request(world.url, { method, path, headers, ...(method === "POST" ? { body: {} } : {}) });
      assert.deepEqual([answer.status, answer.body.error.code], [403, "insufficient_scope"]);
      assert.equal((await request(world.url, { method, path, ...(method === "POST" ? { body: {} } : {}) })).status, 401);
      const foreign = await ana.request(method, path, { headers: { origin: "https://evil.example" }, ...(method === "POST" ? { body: {} } : {}) });
      assert.equal(foreign.body.error.code, "foreign_origin");
    }
    assert.equal((await ana.post("/api/auth/oauth/myspace/link", {})).status, 404);
  });

  test("a second factor is not gone round: not by signing in elsewhere, and not by linking", async () => {
    const ana = await world.user();
    const who = somebody();
    await links(new Browser(world, ana).is(who), "google");
    const { body } = await ana.post("/api/auth/second-factor", { password: ana.fields.password });
    const { secret } = body.data;
    world.keepSecret(secret);
    const confirmed = await ana.post("/api/auth/second-factor/confirm", { code: shows(secret) });
    for (const recovery of confirmed.body.data.recoveryCodes) world.keepSecret(recovery);
    const told = await new Browser(world).is(who).signsIn("google");
    assert.equal(told.oauth_error_code, "second_factor_required");
    assert.match(told.oauth_error, /password and a code/);
    assert.equal((await unlinks(ana, "google")).status, 200, "it was just shown");
  });

  test("who has no password can't set up a second factor without one", async () => {
    const browser = new Browser(world).is(somebody());
    await browser.isIn("google");
    const { status, body } = await browser.user.post("/api/auth/second-factor", { password: "anything" });
    assert.deepEqual([status, body.error.code], [409, "no_password"]);
  });
});

describe("a change of the ways into an account", needsMailServer(), () => {
  const known = {};
  const world = aWorld(async () => {
    Object.assign(known, { github: await GitHubLike.start(), mails: await MailServer.start() });
    world.keepSecret(known.github.secret);
    return { user: { ...known.github.env, ...known.mails.env, FRONTEND_URL: APP } };
  });
  after(() => known.github?.stop());
  const verified = async () => {
    const person = await world.visitor().registers();
    const code = digits(await known.mails.mail(person.email));
    assert.equal((await request(world.url, { method: "POST", path: "/api/auth/verify", body: { email: person.email, code } })).status, 200);
    return person.logsIn();
  };

  test("is told by mail, once it has been made: a link, and its end", async () => {
    const ana = await verified();
    assert.equal((await unlinks(ana, "github")).status, 404);
    const url = await asks(ana, "github");
    const browser = new Browser(world, ana).is(coder());
    assert.deepEqual(await browser.signsIn("github", url), { oauth_success: "true", linked: "github" });
    const linked = await known.mails.mail(ana.email, 2);
    assert.match(linked.subject, /another way to sign in/);
    assert.deepEqual(linked.addressed.to, [[ana.username, ana.email]]);
    assert.equal((await unlinks(ana, "github")).status, 200);
    assert.match((await known.mails.mail(ana.email, 3)).subject, /one way less/);
    assert.equal(known.mails.to(ana.email).length, 3, "nothing was told of what was not made");
  });

  test("is told too where a provider's word on an address has linked it", async () => {
    const ana = await verified();
    const who = coder();
    who.emails[1].email = ana.email;
    assert.equal((await new Browser(world).is(who).isIn("github")).uid, ana.id);
    assert.match((await known.mails.mail(ana.email, 2)).subject, /another way to sign in/);
    const other = coder();
    const he = await new Browser(world).is(other).isIn("github");
    assert.notEqual(he.uid, ana.id);
    assert.deepEqual(known.mails.to(he.email), [], "who has just come knows by what");
  });
});
