import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { io } from "socket.io-client";
import { request } from "../harness/http.mjs";
import { eventually, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

/** An app that holds no cookies: its pair of tokens. */
class App {
  constructor(world, person) {
    Object.assign(this, { world, person });
  }

  async takes(body) {
    const answer = await request(this.world.url, { method: "POST", path: "/api/auth/token", body });
    if (answer.status === 200) {
      const { accessToken, refreshToken } = answer.body.data;
      Object.assign(this, { accessToken, refreshToken });
      for (const secret of [accessToken, refreshToken]) this.world.keepSecret(secret);
    }
    return answer;
  }

  signsIn() {
    const { email, password } = this.person.fields;
    return this.takes({ email, password });
  }

  ask(method, path, { bearer = this.accessToken, headers = {}, ...options } = {}) {
    return request(this.world.url, { method, path, headers: { authorization: `Bearer ${bearer}`, ...headers }, ...options });
  }
}

/** A socket of the official client with this header: connected, and a promise of how it ends. */
async function socketWith(url, authorization, transports = ["websocket"]) {
  const socket = io(url, { transports, extraHeaders: { authorization }, forceNew: true, reconnection: false });
  const ended = new Promise((resolve) => socket.once("disconnect", resolve));
  await within("a socket to connect", new Promise((yes, no) => socket.once("connect", yes).once("connect_error", no)), 5000);
  return { socket, ended };
}

describe("tokens for apps that hold no cookies", () => {
  const world = aWorld();
  const anApp = async () => {
    const app = new App(world, await world.user());
    const { status, body, cookies } = await app.signsIn();
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(cookies, [], "no cookie is set");
    return app;
  };

  test("an address and a password give a pair; the access token is taken on all routes, and in a socket's handshake", async () => {
    const app = await anApp();
    const me = await app.ask("GET", "/api/me");
    assert.deepEqual([me.status, me.body.data.uid], [200, app.person.id]);
    const made = await app.ask("POST", "/api/meetings", { body: { title: "By an app", date: "2030-01-01", time: "10:00" } });
    assert.equal(made.status, 201);
    for (const transports of [["websocket"], ["polling"]]) {
      const { socket } = await socketWith(world.url, `Bearer ${app.accessToken}`, transports);
      const joined = await within("to join", socket.emitWithAck("join:meeting", { meetingId: made.body.data.meetingId }), 5000);
      assert.equal(joined.ok, true, JSON.stringify(joined));
      socket.disconnect();
    }
  });

  test("a pair lasts fifteen minutes and seven days; its session is listed and can be ended, its sockets too", async () => {
    const app = await anApp();
    const { body } = await app.takes({ refreshToken: app.refreshToken });
    assert.deepEqual([body.data.tokenType, body.data.expiresIn, body.data.refreshExpiresIn], ["Bearer", 900, 7 * 24 * 3600]);
    const { ended } = await socketWith(world.url, `Bearer ${app.accessToken}`);
    const listed = (await app.person.get("/api/auth/sessions")).body.data;
    const its = listed.find(({ current }) => !current);
    assert.equal((await app.person.delete(`/api/auth/sessions/${its.id}`)).status, 200);
    assert.equal(await within("its socket to be closed", ended, 3000), "io server disconnect");
    await eventually("its access token to be worth nothing", async () => (await app.ask("GET", "/api/me")).status === 401, 2000);
    assert.equal((await app.takes({ refreshToken: app.refreshToken })).status, 401);
  });

  test("a refresh token gives the next pair once; used again, it ends the session: whoever has stolen it has nothing, and is noticed", async () => {
    const app = await anApp();
    const stolen = app.refreshToken;
    assert.equal((await app.takes({ refreshToken: stolen })).status, 200);
    const { ended } = await socketWith(world.url, `Bearer ${app.accessToken}`);
    const thief = new App(world, app.person);
    const { status, body } = await thief.takes({ refreshToken: stolen });
    assert.deepEqual([status, body.error.code], [401, "invalid_bearer"]);
    assert.equal(await within("the session's socket to be closed", ended, 3000), "io server disconnect");
    await eventually("the access token to be worth nothing", async () => (await app.ask("GET", "/api/me")).status === 401, 2000);
    assert.equal((await app.takes({ refreshToken: app.refreshToken })).status, 401);
  });

  test("of many who use one refresh token at once no two have a session afterwards", async () => {
    const app = await anApp();
    const tries = Array.from({ length: 20 }, () => new App(world, app.person));
    const answers = await Promise.all(tries.map((one) => one.takes({ refreshToken: app.refreshToken })));
    assert.ok(answers.filter(({ status }) => status === 200).length <= 1, "one pair at most");
    for (const { status } of answers) assert.ok([200, 401].includes(status), `${status}`);
    await eventually("nobody to have a session by it", async () => {
      const all = await Promise.all(tries.filter((one) => one.accessToken).map((one) => one.ask("GET", "/api/me")));
      return all.every(({ status }) => status === 401);
    }, 3000);
  });

  test("a logout ends an app's session, and a change of password the others'", async () => {
    const [app, other] = [await anApp(), await anApp()];
    assert.equal((await app.ask("POST", "/api/auth/logout", { body: {} })).status, 200);
    assert.equal((await app.ask("GET", "/api/me")).status, 401);
    const { password } = other.person.fields;
    const change = { currentPassword: password, newPassword: `${password}2`, confirmPassword: `${password}2` };
    world.keepSecret(change.newPassword);
    assert.equal((await other.person.put("/api/auth/update-password", change)).status, 200);
    await eventually("the app to be signed out", async () => (await other.ask("GET", "/api/me")).status === 401, 2000);
  });

  test("each kind of token is taken in its own place only, and not two at once", async () => {
    const app = await anApp();
    const cookie = (text) => request(world.url, { path: "/api/me", headers: { cookie: `session=${text}` } });
    for (const token of [app.accessToken, app.refreshToken]) assert.equal((await cookie(token)).body.error.code, "invalid_session");
    for (const bearer of [app.person.token, app.refreshToken, "x", "a.b.c", "x".repeat(43), "x".repeat(5000)]) {
      const { status, body } = await app.ask("GET", "/api/me", { bearer });
      assert.deepEqual([status, body.error.code], [401, "invalid_bearer"], bearer.slice(0, 50));
      assert.equal((await app.ask("GET", "/api/meetings", { bearer })).body.error.code, "invalid_bearer");
      assert.equal((await app.ask("GET", "/api/meetings/of/nobody", { bearer })).status, 404, "an unknown route, session or not");
      assert.equal((await app.ask("GET", "/socket.io/?EIO=4&transport=polling", { bearer })).status, 401);
    }
    for (const path of ["/api/me", "/api/meetings", "/socket.io/?EIO=4&transport=polling"]) {
      const both = await app.ask("GET", path, { headers: { cookie: app.person.cookie } });
      assert.deepEqual([both.status, both.body.error.code], [400, "two_credentials"], path);
    }
    const basic = await request(world.url, { path: "/api/me", headers: { authorization: "Basic eDp5", cookie: app.person.cookie } });
    assert.equal(basic.status, 200, "another scheme is none of ours");
    const inAddress = await request(world.url, { path: `/api/me?access_token=${app.accessToken}` });
    assert.equal(inAddress.body.error.code, "no_session");
  });

  test("what is no pair's is refused with a code", async () => {
    const app = new App(world, await world.user());
    const cases = [
      [{}, 400, "refresh_token_required"],
      [{ refreshToken: 7 }, 400, "refresh_token_required"],
      [{ refreshToken: "x" }, 401, "invalid_bearer"],
      [{ email: app.person.email }, 400, "password_required"],
      [{ email: app.person.email, password: "wrong one" }, 401, "invalid_credentials"],
    ];
    for (const [body, status, code] of cases) {
      const answer = await app.takes(body);
      assert.deepEqual([answer.status, answer.body.error.code], [status, code], JSON.stringify(body));
    }
  });
});

describe("personal tokens for scripts", () => {
  const world = aWorld();

  async function makes(person, fields) {
    const answer = await person.post("/api/auth/personal-tokens", { name: "Nightly report", scopes: ["read"], ...fields });
    if (answer.status === 201) world.keepSecret(answer.body.data.secret);
    return answer;
  }
  const ask = (method, path, secret, body) => request(world.url, { method, path, body, headers: { authorization: `Bearer ${secret}` } });
  const NEW = { title: "By a script", date: "2030-01-01", time: "10:00" };

  test("are shown once, listed without what they are, and do what their scopes say", async () => {
    const ana = await world.user();
    const { status, body } = await makes(ana, { expiresInDays: 7 });
    assert.equal(status, 201, JSON.stringify(body));
    const { secret, id, scopes, expiresAt } = body.data;
    assert.match(secret, /^plenum_pat_[\w-]{43}$/);
    assert.deepEqual(scopes, ["read"]);
    assert.ok(Math.abs(Date.parse(expiresAt) - Date.now() - 7 * 86_400_000) < 60_000);
    assert.equal((await ask("GET", "/api/me", secret)).body.data.uid, ana.id);
    assert.equal((await ask("GET", "/api/meetings", secret)).status, 200);
    for (const [method, path, sent] of [["POST", "/api/meetings", NEW], ["PUT", "/api/users/profile", { name: "Mallory" }], ["GET", "/api/auth/sessions"], ["GET", "/socket.io/?EIO=4&transport=polling"]]) {
      const answer = await ask(method, path, secret, sent);
      assert.deepEqual([answer.status, answer.body.error.code], [403, "insufficient_scope"], `${method} ${path}`);
    }
    const listed = (await ana.get("/api/auth/personal-tokens")).body.data;
    assert.deepEqual(listed.map((token) => [token.id, token.name]), [[id, "Nightly report"]]);
    assert.ok(!JSON.stringify(listed).includes(secret.slice(-43)));
  });

  test("with all scopes still reach no account, no session and no token, and make no tokens of their own", async () => {
    const ana = await world.user();
    const { secret } = (await makes(ana, { scopes: ["read", "write", "realtime"] })).body.data;
    assert.equal((await ask("POST", "/api/meetings", secret, NEW)).status, 201);
    for (const [method, path, sent] of [["DELETE", "/api/users/profile"], ["PUT", "/api/auth/update-password", {}], ["POST", "/api/auth/logout", {}], ["DELETE", "/api/auth/sessions"], ["POST", "/api/auth/personal-tokens", { name: "more", scopes: ["read"] }]]) {
      const answer = await ask(method, path, secret, sent);
      assert.deepEqual([answer.status, answer.body.error.code], [403, "insufficient_scope"], `${method} ${path}`);
    }
    assert.equal((await ana.get("/api/me")).status, 200);
  });

  test("end when their user says so, their sockets too; another's can't be ended", async () => {
    const [ana, mallory] = await world.users("ana", "mallory");
    const { secret, id } = (await makes(ana, { scopes: ["realtime"] })).body.data;
    const { ended } = await socketWith(world.url, `Bearer ${secret}`);
    assert.equal((await mallory.delete(`/api/auth/personal-tokens/${id}`)).body.error.code, "token_not_found");
    assert.equal((await ana.delete(`/api/auth/personal-tokens/${id}`)).status, 200);
    assert.equal(await within("its socket to be closed", ended, 3000), "io server disconnect");
    await eventually("it to be worth nothing", async () => (await ask("GET", "/socket.io/?EIO=4&transport=polling", secret)).status === 401, 2000);
    assert.equal((await ana.delete(`/api/auth/personal-tokens/${id}`)).status, 404);
  });

  test("are refused without a name or scopes, for too long, or when there are fifty", async () => {
    const ana = await world.user();
    for (const fields of [{ name: " " }, { name: 7 }, { scopes: [] }, { scopes: "read" }, { scopes: ["admin"] }, { expiresInDays: 0 }, { expiresInDays: 367 }, { expiresInDays: "7" }]) {
      const { status, body } = await makes(ana, fields);
      assert.deepEqual([status, body.error.code], [400, "invalid_token"], JSON.stringify(fields));
    }
    for (let n = 0; n < 50; n++) assert.equal((await makes(ana, {})).status, 201);
    assert.equal((await makes(ana, {})).body.error.code, "too_many_tokens");
    assert.equal((await request(world.url, { path: "/api/auth/personal-tokens" })).status, 401);
  });

  test("go with their account", async () => {
    const ana = await world.user();
    const { secret } = (await makes(ana, {})).body.data;
    assert.equal((await ana.delete("/api/users/profile")).status, 200);
    await eventually("it to be worth nothing", async () => (await ask("GET", "/api/me", secret)).status === 401, 2000);
  });
});
