import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSetCookie, request } from "../harness/http.mjs";
import { aWorld } from "../harness/world.mjs";

const FIVE_DAYS = String(5 * 24 * 60 * 60);
const login = (ana) => ana.post("/api/auth/login", { email: ana.email, password: ana.fields.password });

describe("the session cookie in development", () => {
  const world = aWorld();

  test("is HttpOnly, for every path, SameSite=Lax, lasts five days and works without TLS", async () => {
    const ana = await world.visitor().registers();
    const { cookies } = await login(ana);
    assert.equal(cookies.length, 1);
    const { name, value, attributes } = parseSetCookie(cookies[0]);
    assert.equal(name, "session");
    assert.ok(value.length >= 43, "256 bits");
    assert.deepEqual(
      { httponly: attributes.httponly, path: attributes.path, age: attributes["max-age"], secure: attributes.secure },
      { httponly: true, path: "/", age: FIVE_DAYS, secure: undefined },
    );
    assert.equal(attributes.samesite, "Lax");
    assert.equal(attributes.domain, undefined);
  });

  test("is cleared by logout with the attributes it was set with", async () => {
    const ana = await world.user();
    const { cookies } = await ana.logsOut();
    const { name, value, attributes } = parseSetCookie(cookies[0]);
    assert.deepEqual([name, value, attributes["max-age"], attributes.path], ["session", "", "0", "/"]);
  });

  test("is read beside what another host of the site has set, whatever that is", async () => {
    const ana = await world.user();
    const strange = Buffer.from(`name=José; ${ana.cookie}; x=\xff`, "latin1").toString("latin1");
    const { status } = await request(world.url, { path: "/api/me", headers: { cookie: strange } });
    assert.equal(status, 200);
  });

  test("is read among others, in any order", async () => {
    const ana = await world.user();
    const cookie = `theme=dark; session=${ana.token}; other="a b"`;
    assert.equal((await request(world.url, { path: "/api/me", headers: { cookie } })).status, 200);
  });

  test("tokens differ, and are not the session's or the user's id", async () => {
    const ana = await world.user();
    const again = await ana.elsewhere();
    assert.notEqual(ana.token, again.token);
    assert.ok(!ana.token.includes(ana.id));
  });
});

for (const [what, FRONTEND_URL, sameSite] of [
  ["on the same site", "https://app.example.com", "Lax"],
  ["on another site", "https://frontend.example.net", "None"],
]) {
  describe(`the session cookies in production with a frontend ${what}`, () => {
    const env = { APP_ENV: "production", FRONTEND_URL, CORS_ORIGIN: FRONTEND_URL };
    const world = aWorld({ env });
    // The site that the server is on is the one the browser asked for.
    const HOST = { host: "api.example.com", origin: FRONTEND_URL };

    test(`are session and __Host-session, Secure, SameSite=${sameSite}; each alone opens the session`, async () => {
      const ana = world.visitor();
      assert.equal((await ana.post("/api/auth/register", ana.fields, { headers: HOST })).status, 201);
      const { email, password } = ana.fields;
      const { cookies } = await ana.post("/api/auth/login", { email, password }, { headers: HOST });
      const parsed = cookies.map(parseSetCookie);
      assert.deepEqual(parsed.map((c) => c.name).sort(), ["__Host-session", "session"]);
      for (const { name, value, attributes } of parsed) {
        assert.deepEqual(
          [attributes.secure, attributes.httponly, attributes.path, attributes["max-age"], attributes.samesite, attributes.domain],
          [true, true, "/", FIVE_DAYS, sameSite, undefined],
          name,
        );
        const alone = await request(world.url, { path: "/api/me", headers: { cookie: `${name}=${value}` } });
        assert.equal(alone.status, 200, `${name} alone`);
      }
    });

    test("are both cleared by logout", async () => {
      const ana = world.visitor();
      await ana.registers();
      await ana.logsIn();
      const { cookies } = await ana.logsOut();
      const cleared = cookies.map(parseSetCookie);
      assert.deepEqual(cleared.map((c) => [c.name, c.value, c.attributes["max-age"], c.attributes.secure]).sort(), [
        ["__Host-session", "", "0", true],
        ["session", "", "0", true],
      ]);
      assert.equal(ana.jar.size, 0);
    });

    test("/health names the environment", async () => {
      assert.equal((await request(world.url, { path: "/health" })).body.environment, "production");
    });
  });
}
