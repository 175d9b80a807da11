import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { BLUE, GREEN, NOTHING, RED, alike, decoded, flatPng, gif, jpg, png, svg, webp, withExif } from "../harness/images.mjs";
import { MODE, needs } from "../harness/modes.mjs";
import { highest } from "../harness/resources.mjs";
import { SEED } from "../harness/seed.mjs";
import { eventually, inParallel } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const OWN = "/api/users/profile/avatar";
const MOST = 5 * 1024 * 1024;
const puts = (person, file, type = "image/png", headers = {}) => person.put(OWN, file, { headers: { "content-type": type, ...headers } });
const refusal = ({ status, body }) => [status, body?.error?.code];
const stripes = (width) => (x) => [RED, GREEN, BLUE][Math.floor((x * 3) / width)];
const plain = (colour) => png(20, 20, () => colour);

/** Somebody's avatar as another sees it. */
async function seen(by, path) {
  const answer = await by.get(path);
  assert.equal(answer.status, 200, answer.text);
  return { ...answer, picture: decoded(answer.bytes) };
}

/** A form as a browser sends it. */
function form(...parts) {
  const boundary = `----form${SEED}`;
  const pieces = parts.flatMap(({ name, filename, type, data }) => [
    `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename ? `; filename="${filename}"` : ""}\r\n`,
    type ? `Content-Type: ${type}\r\n\r\n` : "\r\n", data, "\r\n",
  ]);
  const body = Buffer.concat([...pieces, `--${boundary}--\r\n`].map((piece) => Buffer.from(piece)));
  return [body, `multipart/form-data; boundary=${boundary}`];
}

describe("an avatar", () => {
  const world = aWorld();

  test("is the middle square of a picture, at most 512 pixels wide, for everybody who is signed in", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    assert.equal((await ana.get("/api/me")).body.data.picture, null);
    const { status, body } = await puts(ana, png(900, 600, stripes(900)));
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.message);
    const { picture } = body.data;
    assert.match(picture, new RegExp(`^/api/users/${ana.id}/avatar\\?v=[-\\w]+$`));
    assert.equal((await ana.get("/api/me")).body.data.picture, picture);
    assert.equal((await ben.get(`/api/users/${ana.id}`)).body.data.picture, picture);

    const shown = await seen(ben, picture);
    assert.deepEqual([shown.picture.width, shown.picture.height], [512, 512]);
    assert.equal(shown.headers["content-type"], "image/jpeg");
    assert.equal(shown.picture.type, "image/jpeg");
    // Of 900 pixels the middle 600 are left: half a red stripe, a green one, half a blue one.
    for (const [x, colour] of [[20, RED], [100, RED], [150, GREEN], [256, GREEN], [360, GREEN], [410, BLUE], [490, BLUE]]) {
      for (const y of [5, 256, 506]) assert.ok(alike(shown.picture.at(x, y), colour), `${x},${y} is ${shown.picture.at(x, y)}`);
    }
    assert.match(shown.headers["cache-control"], /^private, no-cache$/);
    assert.equal(shown.headers["x-content-type-options"], "nosniff");
    assert.equal(shown.headers["content-disposition"], "inline");
    assert.match(shown.headers["content-security-policy"], /default-src 'none'/);
    for (const path of [`/api/users/${ana.id}/avatar`, OWN]) assert.deepEqual((await seen(ana, path)).bytes, shown.bytes, path);

    for (const tag of [shown.headers.etag, `"other", W/${shown.headers.etag}`, "*"]) {
      const again = await ben.get(picture, { headers: { "if-none-match": tag } });
      assert.deepEqual([again.status, again.bytes.length, again.headers.etag], [304, 0, shown.headers.etag], tag);
    }
    assert.equal((await ben.get(picture, { headers: { "if-none-match": '"other"' } })).status, 200);
    const head = await ben.request("HEAD", picture);
    assert.deepEqual([head.status, head.headers["content-length"]], [200, `${shown.bytes.length}`]);
  });

  test("stays as small as it is, and transparent where it is", async () => {
    const ana = await world.user();
    const half = (x) => (x < 30 ? GREEN : NOTHING);
    const { body } = await puts(ana, png(60, 80, half));
    const { picture, headers } = await seen(ana, body.data.picture);
    assert.deepEqual([picture.type, headers["content-type"], picture.width, picture.height], ["image/png", "image/png", 60, 60]);
    assert.deepEqual([picture.at(5, 5), picture.at(55, 55)[3]], [GREEN, 0]);

    const large = (await puts(ana, png(1500, 1200, (x) => (x < 750 ? GREEN : NOTHING)))).body.data;
    const scaled = (await seen(ana, large.picture)).picture;
    assert.deepEqual([scaled.width, scaled.at(10, 10), scaled.at(500, 500)[3]], [512, GREEN, 0]);
    // Whatever colour is not seen gets into none that is.
    for (let x = 250; x < 262; x++) assert.ok(scaled.at(x, 256)[3] < 8 || alike(scaled.at(x, 256).slice(0, 3), GREEN.slice(0, 3)), `${x}: ${scaled.at(x, 256)}`);
  });

  test("is upright as the camera was held, and keeps nothing else of the file", async () => {
    const ana = await world.user();
    const photo = jpg(300, 300, (x, y) => (y < 150 ? RED : BLUE));
    const sides = { 1: ["top", RED], 3: ["bottom", RED], 6: ["right", RED], 8: ["left", RED] };
    const at = { top: [150, 20], bottom: [150, 280], left: [20, 150], right: [280, 150] };
    for (const [orientation, [side, colour]] of Object.entries(sides)) {
      const { body } = await puts(ana, withExif(photo, Number(orientation), "taken at 40.4168 N"), "image/jpeg");
      const { picture, bytes } = await seen(ana, body.data.picture);
      assert.ok(alike(picture.at(...at[side]), colour), `${orientation}: ${side} is ${picture.at(...at[side])}`);
      assert.ok(!bytes.includes("Exif") && !bytes.includes("40.4168"), "nothing of the EXIF is left");
    }
  });

  test("is made of WebP too, and of the one file of a form, whatever it is said to be", async () => {
    const ana = await world.user();
    const green = async (answer, x, y) => {
      assert.equal(answer.status, 200, answer.text);
      const { picture } = await seen(ana, answer.body.data.picture);
      assert.ok(alike(picture.at(x, y), GREEN) || alike(picture.at(x, y), [10, 200, 30, 255]), `${picture.at(x, y)}`);
      return picture;
    };
    assert.equal((await green(await puts(ana, webp.lossy, "image/webp"), 15, 15)).width, 30);
    assert.equal((await green(await puts(ana, webp.lossless, "image/webp"), 2, 2)).width, 4);
    const [body, type] = form(
      { name: "userId", data: "somebody" },
      { name: "avatar", filename: "me.png", type: "application/octet-stream", data: plain(GREEN) },
    );
    await green(await puts(ana, body, type), 10, 10);
    await green(await puts(ana, plain(GREEN), "Image/JPEG; q=1"), 10, 10);
  });

  test("is another address when it is another picture; replaced or taken away it is gone", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    const first = (await puts(ana, plain(RED))).body.data.picture;
    const { headers: { etag }, bytes } = await seen(ben, first);
    const second = (await puts(ana, plain(BLUE))).body.data.picture;
    assert.notEqual(second, first);
    const changed = await ben.get(first, { headers: { "if-none-match": etag } });
    assert.deepEqual([changed.status, alike(decoded(changed.bytes).at(5, 5), BLUE)], [200, true], "it is always the one of now");
    await puts(ana, plain(RED));
    const again = await seen(ben, first);
    assert.deepEqual([again.headers.etag, again.bytes], [etag, bytes]);

    for (let times = 0; times < 2; times++) {
      const { status, body } = await ana.delete(OWN);
      assert.deepEqual([status, body.data.picture], [200, null], JSON.stringify(body));
      assert.ok(body.message);
    }
    assert.deepEqual(refusal(await ben.get(second)), [404, "avatar_not_found"]);
    assert.deepEqual(refusal(await ana.get(OWN)), [404, "avatar_not_found"]);
    assert.equal((await ben.get(`/api/users/${ana.id}`)).body.data.picture, null);
    for (const id of ["nobody", "a%20b", "x".repeat(200)]) assert.deepEqual(refusal(await ben.get(`/api/users/${id}/avatar`)), [404, "user_not_found"], id);
  });

  test("needs a session, or a token that may read; a script's changes none", async () => {
    const ana = await world.user();
    const { picture } = (await puts(ana, plain(RED))).body.data;
    const nobody = world.visitor();
    for (const answer of [await nobody.get(picture), await puts(nobody, plain(RED)), await nobody.delete(OWN)]) {
      assert.deepEqual(refusal(answer), [401, "no_session"]);
    }
    const { email, password } = ana.fields;
    const { accessToken } = (await nobody.post("/api/auth/token", { email, password })).body.data;
    const { secret } = (await ana.post("/api/auth/personal-tokens", { name: "Script", scopes: ["read", "write"] })).body.data;
    for (const text of [accessToken, secret]) world.keepSecret(text);
    const bearer = (token) => ({ authorization: `Bearer ${token}` });
    for (const token of [accessToken, secret]) assert.equal((await nobody.get(picture, { headers: bearer(token) })).status, 200);
    assert.equal((await puts(nobody, plain(GREEN), "image/png", bearer(accessToken))).status, 200);
    assert.deepEqual(refusal(await puts(nobody, plain(GREEN), "image/png", bearer(secret))), [403, "insufficient_scope"]);
    assert.deepEqual(refusal(await puts(ana, plain(GREEN), "image/png", { origin: "https://elsewhere.example" })), [403, "foreign_origin"]);
  });
});

describe("what is no avatar", () => {
  const world = aWorld();
  const photo = () => jpg(64, 64, (x, y) => [x * 4, y * 4, (x ^ y) * 4, 255]);
  const half = (file) => file.subarray(0, file.length >> 1);

  test("is refused by what it is, not by what it says it is", async () => {
    const ana = await world.user();
    const cases = [
      ["another type", plain(RED), "image/gif", 415, "unsupported_media_type"],
      ["no type", plain(RED), "", 415, "unsupported_media_type"],
      ["JSON", Buffer.from("{}"), "application/json", 415, "unsupported_media_type"],
      ["a type like one", plain(RED), "image/png+xml", 415, "unsupported_media_type"],
      ["a form without a boundary", plain(RED), "multipart/form-data", 415, "unsupported_media_type"],
      ["a GIF", gif, "image/png", 415, "unsupported_media_type"],
      ["an SVG", svg, "image/png", 415, "unsupported_media_type"],
      ["a page", Buffer.from("<!doctype html><script>alert(1)</script>"), "image/jpeg", 415, "unsupported_media_type"],
      ["a PNG that breaks off", half(png(64, 64, (x, y) => [x, y, x ^ y, 255])), "image/png", 400, "invalid_image"],
      ["a JPEG that breaks off", half(photo()), "image/jpeg", 400, "invalid_image"],
      ["a WebP that breaks off", half(webp.lossy), "image/webp", 400, "invalid_image"],
      ["a PNG of nothing", plain(RED).subarray(0, 8), "image/png", 400, "invalid_image"],
      ["nothing", Buffer.alloc(0), "image/png", 400, "invalid_image"],
      ["20,000 pixels a side", flatPng(20_000, 20_000), "image/png", 400, "invalid_image"],
      ["8,192 pixels a side", flatPng(8_192, 8_192), "image/png", 400, "invalid_image"],
      ["2 billion pixels a side", flatPng(2 ** 31 - 1, 2 ** 31 - 1, { body: false }), "image/png", 400, "invalid_image"],
      ["no pixels", flatPng(0, 9, { body: false }), "image/png", 400, "invalid_image"],
    ];
    for (const [what, file, type, status, code] of cases) {
      assert.deepEqual(refusal(await puts(ana, file, type)), [status, code], what);
    }
    const two = form(...["a", "b"].map((name) => ({ name, filename: `${name}.png`, type: "image/png", data: plain(RED) })));
    assert.deepEqual(refusal(await puts(ana, ...two)), [400, "invalid_image"]);
    assert.deepEqual(refusal(await puts(ana, ...form({ name: "avatar", data: "me.png" }))), [400, "invalid_image"]);
    const { body } = await puts(ana, gif, "image/gif", { "accept-language": "es" });
    assert.match(body.message, /PNG, JPEG o WebP/);
    assert.equal((await ana.get("/api/me")).body.data.picture, null);
  });

  test("is refused past 5 MiB, whether or not it says its length, in a form too; up to that it is read", async () => {
    const ana = await world.user();
    const padded = (length) => Buffer.concat([plain(GREEN), Buffer.alloc(length - plain(GREEN).length)]);
    assert.equal((await puts(ana, padded(MOST))).status, 200);
    const chunked = { "transfer-encoding": "chunked" };
    assert.equal((await puts(ana, padded(MOST), "image/png", chunked)).status, 200);
    const inForm = (length) => form({ name: "avatar", filename: "me.png", type: "image/png", data: padded(length) });
    assert.equal((await puts(ana, ...inForm(MOST))).status, 200);
    for (const [file, type, headers] of [[padded(MOST + 1), "image/png"], [padded(MOST + 1), "image/png", chunked], [...inForm(MOST + 1)], [padded(MOST * 2), "image/png", chunked]]) {
      assert.deepEqual(refusal(await puts(ana, file, type, headers)), [413, "body_too_large"], type);
    }
  });

  test("hides nothing behind a picture", async () => {
    const ana = await world.user();
    const both = Buffer.concat([plain(GREEN), Buffer.from("<script>alert(document.cookie)</script>")]);
    const { picture } = (await puts(ana, both)).body.data;
    const { bytes, picture: shown } = await seen(ana, picture);
    assert.ok(alike(shown.at(5, 5), GREEN) && !bytes.includes("script"));
  });

  test("leaves every other route with JSON of 100 kB", async () => {
    const ana = await world.user();
    const large = Buffer.alloc(100_001);
    for (const [method, path] of [["PUT", "/api/users/profile"], ["POST", OWN], ["DELETE", OWN], ["PUT", `${OWN}/`], ["PUT", `/api/users/${ana.id}/avatar`], ["PUT", "/api/users/profile/%61vatar"], ["POST", "/api/meetings"]]) {
      const send = (body) => ana.request(method, path, { body, headers: { "content-type": "image/png" } });
      assert.deepEqual(refusal(await send(plain(RED))), [415, "unsupported_media_type"], `${method} ${path}`);
      assert.deepEqual(refusal(await send(large)), [413, "body_too_large"], `${method} ${path}`);
    }
  });

  test("fills no memory, however many come at once", { skip: !existsSync("/proc/self/status"), timeout: 120_000 }, async () => {
    const people = await world.users("ana", "ben", "cid", "dan");
    const bombs = [flatPng(20_000, 20_000), flatPng(8_192, 8_192, { depth: 8, type: 6, samples: 4 }), flatPng(5_700, 5_700, { depth: 16, type: 6, samples: 4 })];
    await puts(people[0], flatPng(300, 300)); // what the readers need once
    const before = Math.max(...world.servers.gateways.map(highest));
    const answers = await inParallel(Array.from({ length: 60 }), (_, n) => puts(people[n % people.length], bombs[n % bombs.length]), 30);
    for (const answer of answers) assert.ok(["400 invalid_image", "503 busy"].includes(refusal(answer).join(" ")), answer.text);
    const more = Math.max(...world.servers.gateways.map(highest)) - before;
    assert.ok(more < 64, `${more} MiB more`);
    const fine = await eventually("a picture to be read again", async () => {
      const answer = await puts(people[0], flatPng(4_000, 4_000, { depth: 8, type: 2, samples: 3 }));
      return answer.status === 200 && answer;
    });
    assert.equal(decoded((await people[0].get(fine.body.data.picture)).bytes).width, 512);
  });
});

describe("the folder of avatars", () => {
  const world = aWorld();
  // Beside the database's file; where that is a server, in `data`.
  const folder = () => join(world.servers.folder, MODE === "many" || MODE === "plenums" ? "data/avatars" : "avatars");
  const files = async (person) => (await readdir(folder())).filter((name) => name.includes(person.id));
  const becomes = (what, person, count) => eventually(what, async () => (await files(person)).length === count, 20_000);

  test("holds one file of each user, and none of who has gone", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    await puts(ben, plain(BLUE));
    // One of hers at a time is received; the others are told to come again.
    const answers = await inParallel(Array.from({ length: 6 }), (_, n) => puts(ana, plain([n, 0, 0, 255])), 6);
    const taken = answers.filter(({ status }) => status === 200).length;
    assert.deepEqual(answers.filter(({ status }) => status !== 200).map(refusal), Array.from({ length: 6 - taken }, () => [503, "busy"]));
    assert.ok(taken >= 1);
    await becomes("her files but one to be removed", ana, 1);
    assert.equal((await ben.get(`/api/users/${ana.id}/avatar`)).status, 200, "the one that is left is hers");
    assert.equal((await ana.delete(OWN)).status, 200);
    await becomes("her last file to be removed", ana, 0);
    await puts(ana, plain(RED));
    const { picture } = (await ana.get("/api/me")).body.data;
    assert.equal((await ana.delete("/api/users/profile")).status, 200);
    assert.deepEqual(refusal(await ben.get(picture)), [404, "user_not_found"]);
    await becomes("the file of who has gone to be removed", ana, 0);
    assert.equal((await files(ben)).length, 1);
  });

  test("that is away is told as such; accounts go on, and what has to be removed is removed when it is back", async () => {
    const [ana, ben, cid] = await world.users("ana", "ben", "cid");
    for (const person of [ana, ben]) await puts(person, plain(GREEN));
    const { picture } = (await ben.get("/api/me")).body.data;
    const { headers } = await seen(cid, picture);
    const away = `${folder()}.away`;
    await rename(folder(), away);
    await writeFile(folder(), "no folder");
    try {
      assert.deepEqual(refusal(await puts(cid, plain(RED))), [503, "store_unavailable"]);
      assert.deepEqual(refusal(await cid.get(picture)), [503, "store_unavailable"]);
      assert.equal((await cid.get(picture, { headers: { "if-none-match": headers.etag } })).status, 304, "who has it needs no more");
      assert.equal((await cid.get("/api/me")).body.data.picture, null);
      assert.equal((await ana.delete("/api/users/profile")).status, 200);
      assert.equal((await ben.delete(OWN)).status, 200);
    } finally {
      await rm(folder());
      await rename(away, folder());
    }
    for (const person of [ana, ben]) await becomes("what has to be removed to be removed", person, 0);
    assert.equal((await puts(cid, plain(RED))).status, 200);
  });

  test("is made again when it was lost, and a lost picture is none", async () => {
    const ana = await world.user();
    const { picture } = (await puts(ana, plain(GREEN))).body.data;
    for (const name of await files(ana)) await rm(join(folder(), name));
    assert.deepEqual(refusal(await ana.get(picture)), [404, "avatar_not_found"]);
    await rm(folder(), { recursive: true });
    assert.equal((await puts(ana, plain(RED))).status, 200);
    assert.ok(alike((await seen(ana, OWN)).picture.at(5, 5), RED));
    await mkdir(folder(), { recursive: true });
  });
});

describe("avatars in a bucket", needs("TEST_S3_URL", "an S3-compatible server"), () => {
  const url = process.env.TEST_S3_URL && new URL(process.env.TEST_S3_URL);
  const prefix = `of/${SEED}`;
  const world = aWorld({
    user: {
      AVATAR_STORE: `s3:/${url?.pathname}/${prefix}/`,
      AWS_ENDPOINT_URL: url?.origin,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "a-secret-that-is-none",
    },
  });
  const objects = async (person) => {
    const list = await (await fetch(`${url.href}?list-type=2&prefix=${encodeURIComponent(`${prefix}/${person.id}`)}`)).text();
    return [...list.matchAll(/<Key>([^<]+)<\/Key>/g)].map(([, key]) => key);
  };

  test("are kept there, given, and removed", async () => {
    const [ana, ben] = await world.users("ana", "ben");
    for (const colour of [RED, BLUE]) assert.equal((await puts(ana, plain(colour))).status, 200);
    assert.ok(alike((await seen(ben, `/api/users/${ana.id}/avatar`)).picture.at(5, 5), BLUE));
    await eventually("the first to be removed", async () => (await objects(ana)).length === 1);
    const [key] = await objects(ana);
    // The server lets whoever names a key read what is not public; it checks no signature.
    const authorization = "AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=none";
    const object = await fetch(`${url.href}/${key}`, { headers: { authorization } });
    assert.deepEqual([object.status, object.headers.get("content-type")], [200, "image/jpeg"]);
    assert.equal((await ana.delete("/api/users/profile")).status, 200);
    await eventually("the last to be removed", async () => (await objects(ana)).length === 0);
  });
});
