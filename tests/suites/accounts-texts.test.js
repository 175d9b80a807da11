import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

const ES = { headers: { "accept-language": "es-ES,es;q=0.9" } };
const EN = { headers: { "accept-language": "en-GB,en;q=0.5" } };
const LONG = "x".repeat(51);

describe("what is wrong with an account's fields is said in the reader's language", () => {
  const world = aWorld();
  const good = () => world.visitor().fields;
  const register = (fields, options) => world.visitor().post("/api/auth/register", fields, options);

  const cases = [
    ["email", "not-an-address", "invalid_email", /valid email address/i, /Debe proporcionar un correo electrónico válido/],
    ["email", undefined, "invalid_email", /valid email address/i, /Debe proporcionar un correo electrónico válido/],
    ["email", 12, "invalid_email", /valid email address/i, /Debe proporcionar un correo electrónico válido/],
    ["email", "ana@localhost", "invalid_email", /valid email address/i, /correo electrónico válido/],
    ["email", `${"x".repeat(250)}@example.com`, "invalid_email", /valid email address/i, /correo electrónico válido/],
    ["name", undefined, "invalid_name", /2 to 50 characters/i, /Los nombres son obligatorios/],
    ["name", "A", "invalid_name", /2 to 50 characters/i, /Los nombres deben tener entre 2 y 50 caracteres/],
    ["name", LONG, "invalid_name", /2 to 50 characters/i, /Los nombres deben tener entre 2 y 50 caracteres/],
    ["name", "   ", "invalid_name", /2 to 50 characters/i, /Los nombres (no pueden estar vacíos|son obligatorios)/],
    ["name", ["Ana"], "invalid_name", /2 to 50 characters/i, /Los nombres/],
    ["last_name", undefined, "invalid_last_name", /2 to 50 characters/i, /Los apellidos son obligatorios/],
    ["last_name", "B ", "invalid_last_name", /2 to 50 characters/i, /Los apellidos deben tener entre 2 y 50 caracteres/],
    ["last_name", LONG, "invalid_last_name", /2 to 50 characters/i, /Los apellidos deben tener entre 2 y 50 caracteres/],
    ["age", undefined, "invalid_age", /between 1 and 120/i, /La edad debe ser un número entre 1 y 120/],
    ["age", 0, "invalid_age", /between 1 and 120/i, /La edad debe ser un número entre 1 y 120/],
    ["age", 121, "invalid_age", /between 1 and 120/i, /La edad debe ser un número entre 1 y 120/],
    ["age", "old", "invalid_age", /between 1 and 120/i, /La edad debe ser un número entre 1 y 120/],
    ["age", true, "invalid_age", /between 1 and 120/i, /La edad debe ser un número entre 1 y 120/],
    ["age", 1.5, "invalid_age", /between 1 and 120/i, /La edad debe ser un número entre 1 y 120/],
    ["password", "12345", "weak_password", /at least 6 characters/i, /La contraseña debe tener al menos 6 caracteres/],
    ["password", 1234567, "weak_password", /at least 6 characters/i, /La contraseña debe tener al menos 6 caracteres/],
  ];

  for (const [field, value, code, en, es] of cases) {
    test(`register refuses ${field} = ${JSON.stringify(value)?.slice(0, 30)} with ${code}`, async () => {
      const fields = { ...good(), [field]: value };
      const english = await register(fields, EN);
      assert.deepEqual([english.status, english.body.success, english.body.error.code], [400, false, code]);
      assert.match(english.body.message, en);
      const spanish = await register(fields, ES);
      assert.deepEqual([spanish.status, spanish.body.error.code], [400, code]);
      assert.match(spanish.body.message, es);
    });
  }

  test("the edges are fine: 2 and 50 characters counted as people do, age 1 and 120, 6 characters of password", async () => {
    const edges = [
      { name: "Ñu", age: 1 },
      { name: "é".repeat(50), last_name: "李".repeat(50), age: "120" },
      { password: "ñandú6" },
    ];
    for (const fields of edges) {
      assert.equal((await register({ ...good(), ...fields })).status, 201, JSON.stringify(fields));
    }
  });

  test("all that is wrong is said at once, joined with a comma, with the code of each", async () => {
    const { status, body } = await register({ email: "x", password: "1", name: "", last_name: 4, age: "x" }, EN);
    assert.equal(status, 400);
    const codes = body.error.details.map((d) => d.code).sort();
    assert.deepEqual(codes, ["invalid_age", "invalid_email", "invalid_last_name", "invalid_name", "weak_password"]);
    assert.equal(body.message, body.error.details.map((d) => d.message).join(", "));
  });

  test("a body that is empty, no object or no JSON is refused, not believed", async () => {
    assert.equal((await register({})).status, 400);
    const visitor = world.visitor();
    const json = { headers: { "content-type": "application/json" } };
    for (const body of ["[]", '"x"', "null", "{", "{]", "\u0000", '{"email":}']) {
      const answer = await visitor.post("/api/auth/register", body, json);
      assert.deepEqual([answer.status, answer.body.error.code], [400, "invalid_json"], body);
    }
  });

  test("login says what is missing before it looks at any account", async () => {
    const ana = await world.user();
    const login = (fields, options) => ana.post("/api/auth/login", fields, options);
    const malformed = await login({ email: "nope", password: "secret-enough" }, ES);
    assert.deepEqual([malformed.status, malformed.body.error.code], [400, "invalid_email"]);
    assert.match(malformed.body.message, /Debe proporcionar un correo electrónico válido/);
    const without = await login({ email: ana.email }, ES);
    assert.deepEqual([without.status, without.body.error.code], [400, "password_required"]);
    assert.match(without.body.message, /La contraseña es requerida/);
    assert.match((await login({ email: ana.email, password: "" }, EN)).body.message, /is required/i);
    assert.equal((await login({ email: ana.email, password: 7 }, EN)).status, 400);
  });

  test("refused logins, missing sessions, taken addresses and unknown users have the words clients look for", async () => {
    const ana = await world.user();
    const wrong = await ana.post("/api/auth/login", { email: ana.email, password: "wrong-one" }, ES);
    assert.match(wrong.body.message, /Credenciales de inicio de sesión inválidas/);
    assert.match((await ana.post("/api/auth/login", { email: ana.email, password: "wrong-one" }, EN)).body.message, /Email or password is incorrect/i);
    assert.match((await register(ana.fields, ES)).body.message, /El correo ya está registrado/);
    assert.match((await ana.get("/api/users/nobody", ES)).body.message, /Usuario no encontrado/);
    assert.match((await ana.get("/api/users/nobody", EN)).body.message, /User not found/i);
    const visitor = world.visitor();
    assert.match((await visitor.get("/api/me", ES)).body.message, /No hay sesión activa/);
    const broken = await visitor.get("/api/me", { headers: { ...ES.headers, cookie: "session=x" } });
    assert.match(broken.body.message, /Sesión inválida o expirada/);
  });

  test("the language is the best of ours, and the default's when none of ours is asked for", async () => {
    const visitor = world.visitor();
    const said = async (language) =>
      (await visitor.get("/api/me", language === undefined ? {} : { headers: { "accept-language": language } })).body.message;
    for (const language of ["es", "es-MX", "de, es;q=0.4", "en;q=0.2, es;q=0.9"]) assert.match(await said(language), /sesión/, language);
    for (const language of [undefined, "*", "de-DE, fr", "en-US", ";;q=,,"]) assert.match(await said(language), /session/, language);
  });
});

describe("DEFAULT_LOCALE=es", () => {
  const world = aWorld({ env: { DEFAULT_LOCALE: "es" } });

  test("is what those read who ask for none of ours", async () => {
    const visitor = world.visitor();
    for (const headers of [{}, { "accept-language": "*" }, { "accept-language": "fr" }]) {
      assert.match((await visitor.get("/api/me", { headers })).body.message, /No hay sesión activa/);
    }
    assert.match((await visitor.get("/api/me", EN)).body.message, /No active session/);
  });
});
