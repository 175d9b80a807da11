import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "../harness/http.mjs";
import { aWorld } from "../harness/world.mjs";

const BUILT = fileURLToPath(new URL("../../web/app/dist/", import.meta.url));
const HTML = { accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
const skip = existsSync(`${BUILT}index.html`) ? false : "the web client is not built";

describe("the web client at the gateway", { skip }, () => {
  const world = aWorld();
  const get = (path, headers = {}) => request(world.url, { path, headers });
  const page = () => readFileSync(`${BUILT}index.html`, "utf8");
  /** What the page loads first. */
  const script = () => /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(page())[1];
  const directives = ({ headers }) => new Map(headers["content-security-policy"].split(";").map((part) => part.trim().split(" ")).map(([name, ...of]) => [name, of.join(" ")]));

  test("/ is its page, under a policy that lets it reach its own files and server alone", async () => {
    const first = await get("/", HTML);
    assert.deepEqual([first.status, first.text], [200, page()]);
    assert.match(first.headers["content-type"], /^text\/html/);
    assert.equal(first.headers["cache-control"], "no-cache");
    const policy = directives(first);
    for (const name of ["script-src", "style-src", "connect-src", "font-src", "form-action"]) assert.equal(policy.get(name), "'self'", name);
    for (const name of ["default-src", "base-uri", "frame-ancestors"]) assert.equal(policy.get(name), "'none'", name);
    assert.equal(first.headers["permissions-policy"], "camera=(self), microphone=(self), display-capture=(self)");
    assert.equal(first.headers["x-content-type-options"], "nosniff");
    // What it would refuse must not be in the page.
    assert.doesNotMatch(first.text, /<style|style="|<script>|javascript:| on[a-z]+="/i);
  });

  test("each of its addresses answers with the page: those to which mails and providers send people too", async () => {
    const code = "abcd-efgh-jkmn";
    for (const path of ["/login?oauth_success=true", "/login?oauth_error=No&oauth_error_code=x", "/reset-password?mode=resetPassword&oobCode=x",
      "/signup", "/verify", "/forgot-password", "/meetings", "/meetings/new", "/meetings/x/edit", "/profile", "/security", `/m/${code}`]) {
      const { status, headers, text } = await get(path, HTML);
      assert.deepEqual([status, text, headers["cache-control"]], [200, page(), "no-cache"], path);
      const program = await get(path, { accept: "*/*" });
      assert.deepEqual([program.status, program.body?.error?.code], [404, "not_found"], path);
    }
  });

  test("its files are kept for ever by their names, and its page is not sent twice", async () => {
    const file = await get(script());
    assert.equal(file.status, 200);
    assert.match(file.headers["content-type"], /^text\/javascript/);
    assert.equal(file.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(file.text, readFileSync(BUILT + script().slice(1), "utf8"));
    for (const path of ["/", "/login", script(), "/icon.svg"]) {
      const { etag } = (await get(path, HTML)).headers;
      const again = await get(path, { ...HTML, "if-none-match": `"other", ${etag}` });
      assert.deepEqual([again.status, again.bytes.length, again.headers.etag], [304, 0, etag], path);
    }
    assert.equal((await get("/icon.svg")).headers["cache-control"], "no-cache");
  });

  test("files are sent compressed to who reads that, each form with a tag of its own", async () => {
    const plain = await get(script());
    const tags = new Set([plain.headers.etag]);
    for (const [coding, unpacked] of [["br", brotliDecompressSync], ["gzip", gunzipSync]]) {
      const packed = await get(script(), { "accept-encoding": coding });
      assert.equal(packed.headers["content-encoding"], coding);
      assert.match(packed.headers.vary, /accept-encoding/i);
      assert.ok(packed.bytes.length < plain.bytes.length / 2);
      assert.deepEqual(unpacked(packed.bytes), plain.bytes);
      tags.add(packed.headers.etag);
    }
    assert.equal(tags.size, 3);
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.equal((await get(script(), { "accept-encoding": "br;q=0, identity" })).headers["content-encoding"], undefined);
    assert.equal((await get(`${script()}.br`)).status, 404);
  });

  test("what is neither a file nor a page is 404: the page for people, JSON for programs", async () => {
    for (const path of ["/nowhere", "/assets/nothing.js", "/assets/", "/assets", "/loginx", "/package.json", "/src/main.tsx", "/index.html"]) {
      const people = await get(path, HTML);
      assert.deepEqual([people.status, people.text, people.headers.etag], [404, page(), undefined], path);
      const program = await get(path);
      assert.deepEqual([program.status, program.body.error.code], [404, "not_found"], path);
    }
    for (const path of ["/assets/../../package.json", "/assets/%2e%2e/%2e%2e/package.json", "/assets/..%2f..%2fpackage.json", "//etc/passwd"]) {
      const { status, text } = await get(path);
      assert.ok(status === 400 || status === 404, `${path}: ${status}`);
      assert.doesNotMatch(text, /"dependencies"|root:/, path);
    }
  });

  test("pages and files are only read", async () => {
    for (const path of ["/login", "/meetings", script()]) {
      const { status, body } = await request(world.url, { method: "POST", path, headers: HTML, body: {} });
      assert.deepEqual([status, body.error.code], [404, "not_found"], path);
    }
    const first = await request(world.url, { method: "POST", path: "/", body: {} });
    assert.deepEqual([first.status, first.body.error.code], [405, "method_not_allowed"]);
    const head = await request(world.url, { method: "HEAD", path: "/login", headers: HTML });
    assert.deepEqual([head.status, head.bytes.length], [200, 0]);
  });

  test("the API and the pages for developers keep their own, stricter policy", async () => {
    const ana = await world.user();
    for (const path of ["/api/me", "/api/nowhere", "/health", "/docs", "/docs/start", "/docs/guide", "/openapi.json"]) {
      const answer = await ana.request("GET", path, { headers: HTML });
      const policy = directives(answer);
      assert.deepEqual([policy.get("default-src"), policy.get("script-src")], ["'none'", undefined], path);
      assert.notEqual(answer.text, page(), path);
    }
  });
});
