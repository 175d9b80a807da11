import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Parser } from "@asyncapi/parser";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Documents } from "../harness/documents.mjs";
import { examples } from "../harness/examples.mjs";
import { request } from "../harness/http.mjs";
import { MailServer, needsMailServer } from "../harness/mail-server.mjs";
import { describeIn } from "../harness/modes.mjs";
import { GitHubLike } from "../harness/providers.mjs";
import { endsWithTests } from "../harness/process.mjs";
import { admin } from "../harness/operator.mjs";
import { aWorld } from "../harness/world.mjs";

const CONTRACT = fileURLToPath(new URL("../../contract/", import.meta.url));
const read = async (name) => JSON.parse(await readFile(join(CONTRACT, name), "utf8"));
/** Set, the examples are written rather than compared. */
const WRITE = process.env.WRITE_EXAMPLES;

/** A provider of sign-in: to be named, and asked of only where a test does. */
const GITHUB = { GITHUB_CLIENT_ID: "plenum", GITHUB_CLIENT_SECRET: "not a real one", GITHUB_CALLBACK_URL: "https://meet.example.com/api/auth/oauth/github" };

describeIn(["plenum"], "the documents' examples", () => {
  let mails, github;
  const world = aWorld(async () => {
    [mails, github] = await Promise.all([MailServer.start(), GitHubLike.start()]);
    return { user: { ...mails.env, ...github.env, EMAIL_VERIFICATION: "required" } };
  });
  after(() => github?.stop());

  test("are one of each operation and event, which the server answers so", needsMailServer(), async () => {
    const documents = await Documents.of(world);
    const seen = await examples(world, documents, mails);
    if (WRITE) return writeFile(join(CONTRACT, "examples.json"), `${JSON.stringify(seen, null, 2)}\n`);
    assert.deepEqual(seen, await read("examples.json"));
    assert.deepEqual(Object.keys(seen.operations).sort(), [...documents.operations.keys()].sort());
    const heard = Object.keys(seen.events.server).concat("server:notice");
    const told = Object.values(documents.asyncapi.operations);
    assert.deepEqual(heard.sort(), told.filter(({ action }) => action === "send").map(({ title }) => title).sort());
    assert.deepEqual(Object.keys(seen.events.client).sort(), told.filter(({ action }) => action === "receive").map(({ title }) => title).sort());
  });
});

describeIn(["plenum"], "the documents", () => {
  const world = aWorld();

  test("are served as they stand in the source, to anyone", async () => {
    const { openapi, asyncapi } = await Documents.of(world);
    assert.deepEqual(openapi, await read("openapi.json"));
    assert.deepEqual(asyncapi, await read("asyncapi.json"));
  });

  test("are what their own parsers call valid, with examples that keep their schemas", async () => {
    const rules = Object.fromEntries(
      ["struct", "no-unresolved-refs", "operation-operationId-unique", "no-duplicated-tag-names", "no-invalid-media-type-examples", "no-invalid-parameter-examples", "no-invalid-schema-examples", "path-parameters-defined", "no-ambiguous-paths", "operation-summary", "security-defined"]
        .map((rule) => [rule, "error"]));
    // Schemas leave room for fields to come.
    for (const rule of Object.keys(rules).filter((rule) => rule.endsWith("-examples"))) rules[rule] = { severity: "error", allowAdditionalProperties: true };
    // `/api/meetings/today/{id}` and `/api/meetings/{id}/join` may mean one address; the router knows which.
    delete rules["no-ambiguous-paths"];
    // What needs no session says so by asking for none.
    delete rules["security-defined"];
    const source = await readFile(join(CONTRACT, "openapi.json"), "utf8");
    const problems = await lintFromString({ source, absoluteRef: "openapi.json", config: await createConfig({ rules }) });
    assert.deepEqual(problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`), []);

    const parser = new Parser();
    const { document, diagnostics } = await parser.parse(await readFile(join(CONTRACT, "asyncapi.json"), "utf8"));
    const errors = diagnostics.filter(({ severity }) => severity === 0).map(({ message, path }) => `${message} at ${path.join("/")}`);
    assert.deepEqual(errors, []);
    assert.ok(document.operations().all().length >= 15);
  });

  test("name the fields that are read: one that is needed and absent, or of another type, is refused", async () => {
    const { openapi, operations } = await Documents.of(world);
    const ana = await admin(world, "ana");
    const { meetingId } = await ana.creates();
    const resolved = (schema) => (schema.$ref ? openapi.components.schemas[schema.$ref.split("/").at(-1)] : schema);
    // Looked at only where there is a second factor or a provider, or who may register is bounded; the suites about those show how it is refused then.
    const unread = ["login.code", "issueTokens.code", "register.invitation", "linkProvider.currentPassword"];
    let tried = 0;
    for (const [id, { method, path, requestBody }] of operations) {
      const schema = resolved(requestBody?.content["application/json"]?.schema ?? {});
      for (const body of (schema.oneOf ?? [schema]).map(resolved)) {
        const properties = Object.entries(body.properties ?? {});
        const whole = Object.fromEntries(properties.filter(([, { examples }]) => examples).map(([name, { examples }]) => [name, examples[0]]));
        const without = (name) => Object.fromEntries(Object.entries(whole).filter(([other]) => other !== name));
        const wrong = [
          ...(body.required ?? []).map((name) => [`${name} absent`, without(name)]),
          ...properties.filter(([name]) => !unread.includes(`${id}.${name}`)).map(([name]) => [`${name} an object`, { ...whole, [name]: {} }]),
        ];
        for (const [what, sent] of wrong) {
          const { status, text } = await ana.request(method.toUpperCase(), path.replace(/\{(\w+)\}/, (_, name) => (name === "id" ? meetingId : "github")), { body: sent });
          assert.ok([400, 401].includes(status), `${id} with ${what}: ${status} ${text}`);
          tried += 1;
        }
      }
    }
    assert.ok(tried >= 50, `${tried} bodies were tried`);
  });

  test("are pages too, of which a browser loads nothing else", async () => {
    const { openapi, asyncapi } = await Documents.of(world);
    const { status, headers, text } = await request(world.url, { path: "/docs", headers: { accept: "text/html" } });
    assert.equal(status, 200);
    assert.match(headers["content-security-policy"], /^default-src 'none'; style-src 'sha256-/);
    assert.doesNotMatch(text, /<script|<link|<img|<iframe|\bsrc=|style="|url\(/);
    for (const path of Object.keys(openapi.paths)) assert.ok(text.includes(`<code class="path">${path}</code>`), `${path} is not on the page`);
    for (const { title } of Object.values(asyncapi.operations)) assert.ok(text.includes(`<code class="path">${title}</code>`), `${title} is not on the page`);
    const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "every part has an address of its own");
    for (const [, id] of text.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(id), `#${id} leads nowhere`);
    const guide = await request(world.url, { path: "/docs/guide", headers: { accept: "text/html" } });
    assert.equal(guide.status, 200);
    assert.match(guide.text, /What is promised/);
  });
});

const VENV = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "plenum-tests/venv");
const SCHEMATHESIS = join(VENV, "bin/schemathesis");
const CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance", "response_headers_conformance"];

/** What ends the session that asks, or gives it another token: tried with sessions that nothing else needs. Ids are learned from lists. */
const LAST = ["updatePassword", "confirmSecondFactor", "endSession", "unlinkProvider", "logout", "deleteProfile"];

function missing() {
  if (existsSync(SCHEMATHESIS)) return {};
  const reason = `needs schemathesis: make deps installs it into ${VENV}`;
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

describeIn(["plenum"], "schemathesis", () => {
  const world = aWorld({ user: GITHUB });

  /** Runs it in somebody's name: nothing may be answered that the document does not tell. */
  async function finds(person, flags) {
    const folder = await mkdtemp(join(tmpdir(), "plenum-schemathesis-"));
    try {
      // What is away is said to be; anything else is a fault of ours.
      await writeFile(join(folder, "schemathesis.toml"), `[checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", 502, 503, 504]\n`);
      const child = endsWithTests(spawn(SCHEMATHESIS, [
        "--config-file", join(folder, "schemathesis.toml"), "--no-color", "run", `${world.url}/openapi.json`,
        "--checks", CHECKS.join(), "--seed", "20261102", "--phases", "examples,coverage,fuzzing", "--no-shrink", "--request-timeout", "20",
        "--warnings", "off", "--header", `Cookie: ${person.cookie}`, ...flags,
      ], { cwd: folder, env: { ...process.env, HYPOTHESIS_STORAGE_DIRECTORY: join(folder, "hypothesis") }, stdio: ["ignore", "pipe", "pipe"] }));
      let out = "";
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (out += text));
      const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
      assert.equal(code, 0, out);
      const summary = out.slice(out.lastIndexOf("SUMMARY")).split("\n").slice(1).join("\n").trim();
      assert.match(summary, /passed/);
      console.log(summary);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  test("finds no answer outside the document", missing(), async () => {
    const ana = await world.user("ana", { password: "correct horse" });
    await finds(ana, ["--max-examples", "40", ...LAST.flatMap((id) => ["--exclude-operation-id", id])]);
    assert.equal((await ana.get("/api/me")).status, 200, "all of it was asked in a session that went on");
  });

  test("nor where the session ends with it", missing(), async () => {
    for (const id of LAST) {
      const person = await world.user("luis", { password: "correct horse" });
      await finds(person, ["--max-examples", "10", "--include-operation-id", id]);
    }
  });
});
