import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { certificates, needsOpenssl } from "../harness/certificates.mjs";
import { proposed, shows } from "../harness/factor.mjs";
import { request } from "../harness/http.mjs";
import { MailServer, digits, linkCode, needsMailServer } from "../harness/mail-server.mjs";
import { MANY } from "../harness/modes.mjs";
import { run } from "../harness/process.mjs";
import { eventually, within } from "../harness/wait.mjs";
import { World, aWorld } from "../harness/world.mjs";

/** A request that any server held up would make late, in milliseconds. */
const AT_ONCE = 2_000;

const post = (world, path, body, headers) => request(world.url, { method: "POST", path: `/api/auth/${path}`, body, headers });
const asksReset = async (world, person, headers) => {
  const { status } = await within("an answer", post(world, "reset-password", { email: person.email }, headers), AT_ONCE);
  assert.equal(status, 200);
};

describe("a mail", needsMailServer(), () => {
  let mails;
  const world = aWorld(async () => {
    mails = await MailServer.start();
    return { user: { ...mails.env, MAIL_FROM: '"Plénum, the meetings" <plenum@example.com>', FRONTEND_URL: "https://app.example.com/meet/" } };
  });

  test("is text and HTML, in the user's language, from MAIL_FROM, and its link leads to FRONTEND_URL", async () => {
    const ana = world.visitor();
    await ana.post("/api/auth/register", ana.fields, { headers: { "accept-language": "es-ES" } });
    digits(await mails.mail(ana.email));
    await asksReset(world, ana, { "accept-language": "en" });
    const mail = await mails.mail(ana.email, 2);
    assert.equal(mail.subject, "Restablezca su contraseña");
    assert.deepEqual(mail.addressed, { from: [["Plénum, the meetings", "plenum@example.com"]], to: [["", ana.email]] });
    assert.equal(mail.sender, "plenum@example.com");
    const { link, code } = linkCode(world, mail);
    assert.equal(link, `https://app.example.com/meet/reset-password?mode=resetPassword&oobCode=${code}`);
    assert.ok(mail.html.includes(`href="${link.replaceAll("&", "&amp;")}"`), mail.html);
    assert.match(mail.html, /lang="es"/);
    const headers = Object.fromEntries(mail.headers);
    assert.equal(headers["Auto-Submitted"], "auto-generated");
    assert.ok(headers["Message-ID"] && headers.Date);
  });

  test("holds what people call themselves as one name, whatever it is, and never before the address is theirs", async () => {
    const names = [['Ana" <m@example.com>, "', "x"], ["Bcc: m@example.com", "a,b;c"], ["Ñandú 名前", "😀 =?utf-8?q?x?="], ["\\\\", "(comment)"], ["<script>", "&amp;"]];
    for (const [name, last_name] of names) {
      const ana = world.visitor("ana", { name, last_name: last_name.padEnd(2, "x") });
      await ana.registers();
      const first = await mails.mail(ana.email);
      assert.deepEqual(first.addressed.to, [["", ana.email]]);
      assert.ok(!JSON.stringify(first).includes(JSON.stringify(name).slice(1, -1)), "a stranger's address is sent nothing that was typed");
      assert.equal((await post(world, "verify", { email: ana.email, code: digits(first) })).status, 200);
      await ana.logsIn();
      const newPassword = `${ana.fields.password}2`;
      world.keepSecret(newPassword);
      assert.equal((await ana.put("/api/auth/update-password", { currentPassword: ana.fields.password, newPassword, confirmPassword: newPassword })).status, 200);
      const notice = await mails.mail(ana.email, 2);
      assert.deepEqual(notice.receivers, [ana.email]);
      assert.deepEqual(notice.addressed.to, [[ana.username, ana.email]]);
      assert.deepEqual(notice.headers.map(([header]) => header), first.headers.map(([header]) => header), "no header more");
    }
  });

  test("can't be given a header: a line break in a name or an address is refused", async () => {
    const bcc = "Ana\r\nBcc: mallory@example.com";
    for (const fields of [{ name: bcc }, { last_name: bcc }, { name: "Ana\nx" }, { name: "Ana\u0000" }]) {
      const { status, body } = await post(world, "register", world.visitor("ana", fields).fields);
      assert.deepEqual([status, /invalid_(last_)?name/.test(body.error.code)], [400, true], JSON.stringify(fields));
    }
    for (const email of ["ana@example.com\r\nBcc: m@example.com", "ana@example.com, m@example.com", '"a\r\nRCPT TO:<m@example.com>"@example.com', "ana@example.com>\r\nDATA"]) {
      for (const path of ["reset-password", "resend-code"]) {
        const { status, body } = await post(world, path, { email });
        assert.deepEqual([status, body.error.code], [400, "invalid_email"], email);
      }
    }
  });

  test("tells that the second factor was taken away", async () => {
    const ana = await world.visitor().registers();
    await post(world, "verify", { email: ana.email, code: digits(await mails.mail(ana.email)) });
    await ana.logsIn();
    const { secret } = await proposed(world, ana);
    const { body } = await ana.post("/api/auth/second-factor/confirm", { code: shows(secret) });
    for (const code of body.data.recoveryCodes) world.keepSecret(code);
    assert.equal((await ana.post("/api/auth/second-factor/check", { code: body.data.recoveryCodes[0] })).status, 200);
    assert.equal((await ana.delete("/api/auth/second-factor")).status, 200);
    assert.match((await mails.mail(ana.email, 2)).subject, /second factor is off/);
  });
});

describe("a mail server that is away, slow or refuses", needsMailServer(), () => {
  let mails;
  const world = aWorld(async () => {
    mails = await MailServer.start();
    return { user: { ...mails.env, EMAIL_VERIFICATION: "off" } };
  });
  /** How soon after it is well again what waited has come: the pauses between the tries, and some. */
  const PATIENCE = 30_000;

  for (const [how, breaks, heals] of [
    ["down", () => mails.stops(), () => mails.startsAgain()],
    ["slow", () => mails.turns("silent"), () => mails.turns("take")],
    ["refusing for a while", () => mails.turns("later"), () => mails.turns("take")],
    ["refusing for good, as it says", () => mails.turns("never"), () => mails.turns("take")],
  ]) {
    test(`${how}: no request is held up, and the mail arrives once it is well again, with a link that counts`, async () => {
      const people = [await world.visitor().registers(), await world.visitor("ben").registers()];
      await breaks();
      const tried = mails.tried.length;
      for (const person of people) await asksReset(world, person);
      const late = await within("a registration", world.visitor("carla").registers(), AT_ONCE);
      await within("a login", late.logsIn(), AT_ONCE);
      if (how === "down") await eventually("a try in vain", async () => world.servers.gateways.some(({ lines }) => lines.some((line) => line.includes("a mail was not sent"))));
      else await eventually("it to be tried", async () => mails.tried.length > tried);
      for (const person of people) assert.equal(mails.to(person.email).length, 0);
      await heals();
      for (const person of people) {
        const { code } = linkCode(world, await mails.mail(person.email, 1, PATIENCE));
        const newPassword = `${person.fields.password}2`;
        world.keepSecret(newPassword);
        assert.equal((await post(world, "confirm-password-reset", { oobCode: code, newPassword })).status, 200);
      }
    });
  }

  test("a mail that was taken is sent once, also by several gateways", async () => {
    const people = await Promise.all(Array.from({ length: 12 }, () => world.visitor().registers()));
    await Promise.all(people.map((person) => asksReset(world, person)));
    for (const person of people) linkCode(world, await mails.mail(person.email));
    const last = await world.visitor("last").registers();
    await asksReset(world, last);
    linkCode(world, await mails.mail(last.email));
    assert.deepEqual(people.map(({ email }) => mails.to(email).length), people.map(() => 1));
  });
});

describe("a code or a link", needsMailServer(), () => {
  test("is in no log, whatever is logged, and nowhere in the database, before its mail is sent nor after", async (t) => {
    const mails = await MailServer.start();
    const world = new World({ user: mails.env, env: { RUST_LOG: "trace" } });
    t.after(() => world.close());
    await world.start();
    const ana = await world.visitor().registers();
    const code = digits(await mails.mail(ana.email));
    mails.turns("silent");
    await asksReset(world, ana);
    await eventually("the mail to be under way", async () => mails.tried.length > 1);
    const stored = async () => {
      const names = (await readdir(world.servers.folder)).filter((name) => /\.db(-wal)?$/.test(name));
      return Buffer.concat(await Promise.all(names.map((name) => readFile(join(world.servers.folder, name)))));
    };
    const before = MANY ? undefined : await stored();
    mails.turns("take");
    const link = linkCode(world, await mails.mail(ana.email, 2));
    const held = MANY ? [] : [before, await stored()];
    for (const bytes of held) {
      assert.ok(bytes.includes(ana.email), "these are the bytes of the accounts");
      for (const secret of [code, link.code]) assert.ok(!bytes.includes(secret), "the database holds a code");
    }
    const said = world.servers.processes.flatMap(({ lines }) => lines);
    assert.ok(said.some((line) => line.includes("a mail was sent")), "something is logged of mails");
    // A line's own time holds six digits of any kind.
    for (const line of said) assert.doesNotMatch(line.replace(/"timestamp":"[^"]*"/, ""), new RegExp(`\\b${code}\\b`));
    // The end of the world looks for the link's code in every line.
    assert.ok(world.secrets.has(link.code));
  });
});

describe("a mail server with TLS and a password", needsMailServer(), () => {
  for (const [how, wrapped, address] of [
    ["smtps://", true, (port) => `smtps://ana:p%40ss-word-of-the-mail-server@localhost:${port}`],
    ["STARTTLS", false, (port) => `smtp://ana:p%40ss-word-of-the-mail-server@localhost:${port}?tls=required`],
  ]) {
    /** A world that sends its mails to such a server, and believes the authority that signed its certificate, or only others. */
    async function aWorldThat(t, believes) {
      const folder = await mkdtemp(join(tmpdir(), "plenum-mail-"));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const { authority, ...pair } = certificates(folder);
      const mails = await MailServer.start({ ...pair, wrapped, user: "ana", password: "p@ss-word-of-the-mail-server" });
      const env = { SMTP_URL: address(mails.settings.port), MAIL_FROM: "plenum@example.com", EMAIL_VERIFICATION: "off" };
      const world = new World({ user: believes ? { ...env, SSL_CERT_FILE: authority } : env });
      t.after(() => world.close());
      await world.start();
      for (const secret of ["p@ss-word-of-the-mail-server", "p%40ss-word-of-the-mail-server"]) world.keepSecret(secret);
      const ana = await world.visitor().registers();
      await asksReset(world, ana);
      return { world, mails, ana };
    }

    test(`is spoken to by ${how}`, needsOpenssl(), async (t) => {
      const { world, mails, ana } = await aWorldThat(t, true);
      const mail = await mails.mail(ana.email);
      assert.deepEqual([mail.encrypted, mail.user], [true, "ana"]);
      linkCode(world, mail);
    });

    test(`is sent nothing by ${how} when its certificate is nobody's who is believed`, needsOpenssl(), async (t) => {
      const { world, mails, ana } = await aWorldThat(t, false);
      await eventually("a try in vain", async () => world.servers.gateways.some(({ lines }) => lines.some((line) => line.includes("a mail was not sent"))));
      assert.deepEqual([mails.tried, mails.to(ana.email)], [[], []]);
    });
  }
});

describe("without a mail server", () => {
  const world = aWorld({ user: { EMAIL_VERIFICATION: "required" } });

  test("mails are files beside the database, for this user alone, which the log names", async () => {
    const ana = await world.visitor().registers();
    const folder = join(world.servers.folder, MANY ? "data/outbox" : "outbox");
    const file = await eventually("the file", async () => (await readdir(folder).catch(() => [])).find((name) => name.endsWith(".eml")));
    assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600);
    const line = await eventually("the log", async () => world.servers.gateways.flatMap(({ lines }) => lines).find((text) => text.includes(file)));
    assert.match(JSON.parse(line).message, /written to a file/);
    const text = (await readFile(join(folder, file), "utf8")).replaceAll("\r\n", "\n");
    const code = digits({ text });
    assert.ok(!line.includes(code));
    assert.equal((await post(world, "verify", { email: ana.email, code })).status, 200);
    await ana.logsIn();
  });
});

describe("variables of mails", () => {
  test("that can't be used are named at the start, without what they hold", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "plenum-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const starts = (env) => run("user-backend", { env: { HOST: "127.0.0.1", PORT: "0", ...env }, cwd: folder });
    const bad = await starts({ SMTP_URL: "http://ana:hush-hush@mail.example.com", MAIL_FROM: "nobody", EMAIL_VERIFICATION: "perhaps", REGISTRATION: "maybe", REGISTRATION_DOMAINS: "@example.com" });
    assert.equal(bad.code, 2, bad.err);
    for (const name of ["SMTP_URL", "MAIL_FROM", "EMAIL_VERIFICATION", "REGISTRATION ", "REGISTRATION_DOMAINS"]) assert.ok(bad.err.includes(name), `${name} in ${bad.err}`);
    assert.ok(!bad.err.includes("hush-hush"), bad.err);
    const missing = await starts({ SMTP_URL: "smtps://mail.example.com", APP_ENV: "production" });
    assert.equal(missing.code, 2, missing.err);
    for (const name of ["MAIL_FROM", "FRONTEND_URL"]) assert.ok(missing.err.includes(name), `${name} in ${missing.err}`);
  });
});
