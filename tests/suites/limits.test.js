import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSetCookie } from "../harness/http.mjs";
import { aWorld } from "../harness/world.mjs";

const from = (address, more = {}) => ({ headers: { "x-forwarded-for": address, ...more } });
const times = (n, ask) => Array.from({ length: n }).reduce((before) => before.then(ask), Promise.resolve());

/** Asks until refused; what the refusal was, and how often it went well before. */
async function untilRefused(most, ask) {
  for (let n = 0; n <= most; n++) {
    const answer = await ask(n);
    if (answer.status === 429) return { n, answer };
  }
  assert.fail(`${most} went through`);
}

function isRateLimited(answer) {
  assert.equal(answer.status, 429, answer.text);
  assert.equal(answer.body.error.code, "rate_limited");
  const wait = Number(answer.headers["retry-after"]);
  assert.ok(Number.isInteger(wait) && wait >= 1 && wait <= 60, `Retry-After: ${answer.headers["retry-after"]}`);
}

describe("logins and the like, by address", () => {
  const world = aWorld({ gateways: 1, user: { RATE_LIMIT_AUTH_PER_MINUTE: "6", TRUSTED_PROXIES: "127.0.0.1, ::1" } });
  let next = 1;
  const anAddress = () => `198.51.100.${next++}`;

  test("past the measure are refused, with the time to wait, in the caller's language", async () => {
    const visitor = world.visitor();
    const there = anAddress();
    const { n, answer } = await untilRefused(6, () => visitor.post("/api/auth/login", { email: visitor.email, password: "wrong one" }, from(there)));
    assert.equal(n, 6);
    isRateLimited(answer);
    const es = await visitor.post("/api/auth/register", visitor.fields, from(there, { "accept-language": "es" }));
    isRateLimited(es);
    assert.match(es.body.message, /Demasiad/);
  });

  test("from elsewhere go on", async () => {
    const visitor = world.visitor();
    const there = anAddress();
    await untilRefused(6, () => visitor.post("/api/auth/login", {}, from(there)));
    assert.equal((await visitor.post("/api/auth/register", visitor.fields, from(anAddress()))).status, 201);
  });

  test("count whichever of them is asked, and what has a session does not count", async () => {
    const ana = world.visitor();
    const there = anAddress();
    await ana.post("/api/auth/register", ana.fields, from(there));
    await ana.post("/api/auth/login", ana.fields, from(there));
    await times(10, () => ana.get("/api/auth/sessions", from(there)));
    const paths = ["register", "login", "token", "login"];
    for (const path of paths) assert.notEqual((await ana.post(`/api/auth/${path}`, {}, from(there))).status, 429);
    isRateLimited(await ana.post("/api/auth/token", {}, from(there)));
    assert.equal((await ana.get("/api/me", from(there))).status, 200);
  });

  test("of a whole IPv6 network are one's", async () => {
    const visitor = world.visitor();
    const { n } = await untilRefused(6, (n) => visitor.post("/api/auth/login", {}, from(`2001:db8:7::${n + 1}`)));
    assert.equal(n, 6);
    assert.equal((await visitor.post("/api/auth/login", {}, from("2001:db8:8::1"))).status, 400);
  });

  test("are used up by no page elsewhere whose pictures lead here", async () => {
    const visitor = world.visitor();
    const there = anAddress();
    for (const path of ["login", "register", "oauth/github"]) await times(8, () => visitor.get(`/api/auth/${path}`, from(there)));
    isRateLimited(await visitor.get("/api/auth/oauth/github", from(there))); // which has a measure of its own
    assert.equal((await visitor.post("/api/auth/login", {}, from(there))).status, 400);
  });

  test("are not escaped by saying another address before the one the proxy saw", async () => {
    const visitor = world.visitor();
    const there = anAddress();
    const { n } = await untilRefused(6, (n) => visitor.post("/api/auth/login", {}, from(`203.0.113.${n}, ${there}`)));
    assert.equal(n, 6);
  });
});

describe("without trusted proxies", () => {
  const world = aWorld({ gateways: 1, user: { RATE_LIMIT_AUTH_PER_MINUTE: "5" } });

  test("nobody escapes by saying where they come from", async () => {
    const visitor = world.visitor();
    const headers = (n) => ({ "x-forwarded-for": `203.0.113.${n}`, forwarded: `for=203.0.113.${n}`, "x-real-ip": `203.0.113.${n}` });
    const { n, answer } = await untilRefused(5, (n) => visitor.post("/api/auth/login", {}, { headers: headers(n) }));
    assert.equal(n, 5);
    isRateLimited(answer);
  });
});

describe("guesses at an account's password, from wherever they come", () => {
  const world = aWorld({ gateways: 1, user: { RATE_LIMIT_AUTH_PER_MINUTE: "5", TRUSTED_PROXIES: "127.0.0.1, ::1" } });
  let next = 1;
  const anywhere = () => from(`198.51.100.${next++}`);
  const guess = (who, email) => who.post("/api/auth/login", { email, password: `a guess ${next}` }, anywhere());

  async function signedUp(name) {
    const person = world.visitor(name);
    assert.equal((await person.post("/api/auth/register", person.fields, anywhere())).status, 201);
    return person;
  }

  test("come to an end, and their user gets in by the browser that has signed in before", async () => {
    const ana = await signedUp("ana");
    assert.equal((await ana.post("/api/auth/login", ana.fields, anywhere())).status, 200);
    const attacker = world.visitor("mallory");
    const { n, answer } = await untilRefused(6, () => guess(attacker, ana.email));
    assert.ok(n >= 4, `refused after ${n}`);
    isRateLimited(answer);
    const right = await attacker.post("/api/auth/login", ana.fields, anywhere());
    isRateLimited(right); // not even the right password
    const elsewhere = await ana.post("/api/auth/login", ana.fields, anywhere());
    assert.equal(elsewhere.status, 200, elsewhere.text);
    assert.equal((await ana.get("/api/me")).status, 200);
  });

  test("are refused alike where there is no such account", async () => {
    const attacker = world.visitor("mallory");
    const nobody = world.visitor("nobody");
    const ben = await signedUp("ben");
    const [unknown, known] = [await untilRefused(6, () => guess(attacker, nobody.email)), await untilRefused(6, () => guess(attacker, ben.email))];
    assert.equal(unknown.n, known.n);
    assert.deepEqual(unknown.answer.body, known.answer.body);
  });

  test("by who stole a browser's mark come to an end too, and the mark is of no use for another account", async () => {
    const [ana, ben] = [await signedUp("ana"), await signedUp("ben")];
    assert.equal((await ana.post("/api/auth/login", ana.fields, anywhere())).status, 200);
    const { n } = await untilRefused(6, () => guess(ana, ana.email));
    assert.ok(n <= 5);
    const attacker = world.visitor("mallory");
    await untilRefused(6, () => guess(attacker, ben.email));
    isRateLimited(await guess(ana, ben.email));
  });

  test("in a session of theirs come to an end too", async () => {
    const ana = await signedUp("ana");
    await ana.post("/api/auth/login", ana.fields, anywhere());
    const change = { newPassword: "another-1", confirmPassword: "another-1" };
    const { n, answer } = await untilRefused(6, (n) => ana.put("/api/auth/update-password", { currentPassword: `guess ${n}`, ...change }));
    assert.equal(n, 5);
    isRateLimited(answer);
    isRateLimited(await ana.delete("/api/auth/identities/google", { body: { currentPassword: "another guess" } }));
    const ben = await signedUp("ben");
    await ben.post("/api/auth/login", ben.fields, anywhere());
    const unlinking = await untilRefused(6, (n) => ben.delete("/api/auth/identities/google", { body: { currentPassword: `guess ${n}` } }));
    assert.equal(unlinking.n, 5);
    isRateLimited(unlinking.answer);
  });

  test("leave no mark that a script could read or another path be sent", async () => {
    const ana = await signedUp("ana");
    const { cookies } = await ana.post("/api/auth/login", ana.fields, anywhere());
    const mark = cookies.map(parseSetCookie).find(({ name }) => name === "device");
    assert.ok("httponly" in mark.attributes);
    assert.equal(mark.attributes.path, "/api/auth");
    assert.equal(mark.attributes.samesite, "Lax");
    assert.ok(mark.value.length >= 43);
  });
});

describe("requests to the API", () => {
  const world = aWorld({ gateways: 1, user: { RATE_LIMIT_API_PER_MINUTE: "20", TRUSTED_PROXIES: "127.0.0.1, ::1" } });

  test("are counted by session, meetings and accounts together; another session goes on, and so do sockets", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ben.creates();
    const client = await ana.joins(meeting, "polling");
    const asked = ["/api/meetings", "/api/me", "/api/chat/stats", "/api/users/search?query=ana"];
    const { n, answer } = await untilRefused(20, (n) => ana.get(asked[n % asked.length]));
    assert.ok(n >= 15, `refused after ${n}`);
    isRateLimited(answer);
    isRateLimited(await ana.get("/api/meetings"));
    assert.equal((await ben.get("/api/meetings")).status, 200);
    for (let n = 0; n < 30; n++) await client.says(meeting, `still here ${n}`);
    const again = await ana.joins(meeting, "websocket");
    assert.ok(again.joined.recovered !== undefined);
  });

  test("without a session are counted by address, whatever token they make up", async () => {
    const visitor = world.visitor();
    const there = "198.51.100.200";
    const madeUp = (n) => from(there, { cookie: `session=${String(n).padStart(43, "a")}` });
    const { n, answer } = await untilRefused(20, (n) => visitor.get(n % 2 ? "/api/me" : "/api/meetings", madeUp(n)));
    assert.equal(n, 20);
    isRateLimited(answer);
    assert.equal((await visitor.get("/api/me", from("198.51.100.201"))).status, 401);
    assert.equal((await visitor.get("/health", from(there))).status, 200);
  });
});

describe("a proxy", () => {
  const world = aWorld({ gateways: 1, user: { TRUSTED_PROXIES: "127.0.0.1, ::1" } });

  test("that is trusted says where a request comes from and whether it had TLS, and its cookies are Secure then", async () => {
    const ana = await world.user("ana");
    const { body } = await ana.get("/api/auth/connection", from("198.51.100.9", { "x-forwarded-proto": "https" }));
    assert.equal(body.data.address, "198.51.100.9");
    assert.deepEqual([body.data.secure, body.data.unbelieved], [true, false]);
    const secure = async (headers) => {
      const { cookies } = await world.visitor().post("/api/auth/login", ana.fields, { headers });
      return cookies.map(parseSetCookie).every(({ attributes }) => "secure" in attributes);
    };
    assert.equal(await secure({ "x-forwarded-proto": "https" }), true);
    assert.equal(await secure({}), false);
  });
});

describe("who is no trusted proxy", () => {
  const world = aWorld({ gateways: 1 });

  test("is not believed, and told so", async () => {
    const ana = await world.user("ana");
    const { body } = await ana.get("/api/auth/connection", from("198.51.100.9", { "x-forwarded-proto": "https" }));
    assert.match(body.data.address, /^(127\.0\.0\.1|::1)$/);
    assert.deepEqual([body.data.secure, body.data.unbelieved, body.data.peer], [false, true, body.data.address]);
  });
});
