// Where people sign in elsewhere: a real provider of OpenID Connect in a process of its own, one that speaks as GitHub does,
// one that says whatever a test has it say, and the browser of somebody who goes there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { request } from "./http.mjs";
import { signed, publicKey } from "./issuer.mjs";
import { Loopback } from "./loopback.mjs";
import { endsWithTests } from "./process.mjs";
import { within, deferred } from "./wait.mjs";

/** Where people believe that Plenum is: their browser finds the gateway there, as through a proxy. */
export const HOME = "https://meet.example.com";
/** Where the web app is. */
export const APP = "https://app.example.com/base";

export const callback = (name) => `${HOME}/api/auth/oauth/${name}`;
export const random = () => randomBytes(24).toString("base64url");

/** oidc-provider as a process, with one client for each name: `clients[name]` is its id and secret. */
export class OidcProvider {
  clients = {};

  static async start(names, settings = {}) {
    const self = new OidcProvider();
    for (const name of names) self.clients[name] = { id: `plenum-${name}`, secret: random() };
    const clients = names.map((name) => ({
      client_id: self.clients[name].id,
      client_secret: self.clients[name].secret,
      redirect_uris: [callback(name)],
      response_types: ["code"],
      grant_types: ["authorization_code"],
    }));
    const script = fileURLToPath(new URL("oidc-server.mjs", import.meta.url));
    const env = { PATH: process.env.PATH, SETTINGS: JSON.stringify({ clients, ...settings }) };
    self.child = endsWithTests(spawn(process.execPath, [script], { env, stdio: ["ignore", "pipe", "pipe"] }));
    const { promise, resolve, reject } = deferred();
    let said = "";
    self.child.stdout.on("data", (data) => {
      said += data;
      if (said.includes("\n")) resolve(JSON.parse(said.split("\n")[0]));
    });
    let cause = "";
    self.child.stderr.on("data", (data) => (cause += data));
    self.child.on("close", () => reject(new Error(`the provider ended: ${cause}`)));
    Object.assign(self, await within("the provider to listen", promise, 20_000));
    return self;
  }

  /** The variables for a gateway that calls it Google. */
  get asGoogle() {
    const { id, secret } = this.clients.google;
    return { GOOGLE_CLIENT_ID: id, GOOGLE_CLIENT_SECRET: secret, OAUTH_CALLBACK_URL: callback("google"), GOOGLE_ISSUER: this.issuer };
  }

  /** Its entry in OIDC_PROVIDERS. */
  as(name) {
    const { id, secret } = this.clients[name];
    return { name, issuer: this.issuer, clientId: id, clientSecret: secret, callbackUrl: callback(name) };
  }

  stop() {
    this.child.kill("SIGKILL");
  }
}

/** What GitHub speaks: OAuth 2.0 with PKCE, and an API that says who somebody is. There is no ID token. */
export class GitHubLike extends Loopback {
  id = "plenum-github";
  secret = random();
  codes = new Map();
  tokens = new Map();

  get env() {
    return { GITHUB_CLIENT_ID: this.id, GITHUB_CLIENT_SECRET: this.secret, GITHUB_CALLBACK_URL: callback("github"), GITHUB_URL: this.url, GITHUB_API_URL: this.url };
  }

  answer({ method, url, headers, body }) {
    const { pathname, searchParams } = new URL(url, this.url);
    if (pathname === "/login/oauth/authorize") {
      const { redirect_uri, state, code_challenge, code_challenge_method, client_id } = Object.fromEntries(searchParams);
      assert.deepEqual([client_id, redirect_uri, code_challenge_method], [this.id, callback("github"), "S256"]);
      const [, text] = /who=([^;]*)/.exec(headers.cookie ?? "") ?? [];
      const to = new URL(redirect_uri);
      to.searchParams.set("state", state);
      if (text === "deny") to.searchParams.set("error", "access_denied");
      else {
        const code = random();
        this.codes.set(code, { person: JSON.parse(Buffer.from(text, "base64url")), code_challenge });
        to.searchParams.set("code", code);
      }
      return { status: 302, headers: { location: to.href } };
    }
    if (method === "POST" && pathname === "/login/oauth/access_token") {
      const form = Object.fromEntries(new URLSearchParams(body));
      const known = this.codes.get(form.code);
      this.codes.delete(form.code);
      const challenge = createHash("sha256").update(form.code_verifier ?? "").digest("base64url");
      if (form.client_id !== this.id || form.client_secret !== this.secret || known?.code_challenge !== challenge) return { body: { error: "bad_verification_code" } };
      const token = random();
      this.tokens.set(token, known.person);
      return { body: { access_token: token, token_type: "bearer", scope: "read:user,user:email" } };
    }
    const person = this.tokens.get(headers.authorization?.replace("Bearer ", ""));
    if (!person || !headers["user-agent"]) return { status: 401, body: { message: "Bad credentials" } };
    if (pathname === "/user") return { body: { id: person.id, login: person.login, name: person.name ?? null, email: null } };
    if (pathname === "/user/emails") return { body: person.emails };
    return { status: 404, body: {} };
  }
}

/** A provider that says in an ID token whatever it is told to: `says` makes the claims, and signs. */
export class CrookedProvider extends Loopback {
  id = "plenum-crooked";
  secret = random();
  keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  says = (claims) => this.signs(claims);
  discovery = {};

  get entry() {
    return { name: "crooked", issuer: this.url, clientId: this.id, clientSecret: this.secret, callbackUrl: callback("crooked") };
  }

  signs(claims, header = {}, key = this.keys.privateKey) {
    return signed(claims, { alg: "RS256", kid: "one", ...header }, key);
  }

  /** What an honest one would say for this nonce. */
  honest(more = {}) {
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.url, aud: this.id, sub: "crook", email: "crook@example.com", email_verified: true, iat: now, exp: now + 300, nonce: this.nonce, ...more };
  }

  answer({ url }) {
    const { pathname } = new URL(url, this.url);
    const at = (path) => `${this.url}${path}`;
    if (pathname === "/.well-known/openid-configuration") {
      return { body: { issuer: this.url, authorization_endpoint: at("/authorize"), token_endpoint: at("/token"), jwks_uri: at("/jwks"), id_token_signing_alg_values_supported: ["RS256"], ...this.discovery } };
    }
    if (pathname === "/jwks") return { body: { keys: [publicKey(this.keys.publicKey, { kid: "one", alg: "RS256" })] } };
    if (pathname === "/token") return { body: { access_token: random(), token_type: "Bearer", expires_in: 300, id_token: this.says(this.honest()) } };
    return { status: 404, body: {} };
  }
}

/** The browser of somebody who signs in elsewhere as `who`: cookies at home are the user's, others are by their origin. */
export class Browser {
  others = new Map();

  constructor(world, user = world.visitor()) {
    Object.assign(this, { world, user });
  }

  is(who) {
    this.who = who === "deny" ? who : Buffer.from(JSON.stringify(who)).toString("base64url");
    return this;
  }

  /** One request, as a browser sends it: the answer, and where it leads. */
  async opens(address, options) {
    const url = new URL(address, HOME);
    const path = url.pathname + url.search;
    for (const secret of [url.searchParams.get("code"), url.searchParams.get("state")]) this.world.keepSecret(secret);
    let answer;
    if (url.origin === HOME) answer = await this.user.get(path, options);
    else {
      const jar = this.others.get(url.origin) ?? new Map([["who", this.who]]);
      this.others.set(url.origin, jar);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
      answer = await request(url.origin, { path, headers: { cookie } });
      for (const text of answer.cookies) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
        if (value === "") jar.delete(name);
        else jar.set(name, value);
      }
    }
    const { location } = answer.headers;
    return { ...answer, to: location === undefined ? undefined : new URL(location, url).href };
  }

  /** Follows redirects from an address until one leads where `until` says, and returns that. */
  async follows(address, until, options) {
    for (let to = address, n = 0; n < 15; n++) {
      const { status, text, to: next } = await this.opens(to, options);
      assert.ok(next, `${to} led nowhere: ${status} ${text}`);
      if (until(next)) return new URL(next);
      to = next;
    }
    throw new Error("too many redirects");
  }

  /** Goes to a provider and back to our door, where it stops: the address that the provider sends it to. */
  comesBack(name, from = callback(name)) {
    let left = from !== callback(name);
    return this.follows(from, (to) => {
      const home = to.startsWith(`${HOME}/`);
      left ||= !home;
      return left && home;
    });
  }

  /** Signs in at a provider: where the web app is opened then. */
  async signsIn(name, from = callback(name), options) {
    const to = await this.follows(from, (next) => next.startsWith(APP), options);
    this.to = to;
    return Object.fromEntries(to.searchParams);
  }

  /** The same, where it has to go well: the profile. */
  async isIn(name) {
    assert.deepEqual(await this.signsIn(name), { oauth_success: "true" });
    const { status, body } = await this.user.get("/api/me");
    assert.equal(status, 200, JSON.stringify(body));
    return body.data;
  }
}

/** Somebody whom nobody else is, as OpenID Connect names them. */
export function somebody(more = {}) {
  const mark = randomBytes(5).toString("hex");
  return { sub: `sub-${mark}`, email: `ana.${mark}@example.com`, email_verified: true, given_name: "Ana", family_name: "Prueba", ...more };
}

/** The same, as GitHub names them. */
export function coder(more = {}) {
  const mark = randomBytes(5).toString("hex");
  const email = `coder.${mark}@example.com`;
  return { id: randomBytes(4).readUInt32BE(), login: `coder-${mark}`, name: "Grace Brewster Hopper", emails: [{ email: `old.${email}`, primary: false, verified: true }, { email, primary: true, verified: true }], ...more };
}
