import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { shows, withFactor } from "../harness/factor.mjs";
import { request } from "../harness/http.mjs";
import { MailServer, linkCode, needsMailServer } from "../harness/mail-server.mjs";
import { eventually, within } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

describe("a password reset", needsMailServer(), () => {
  let mails;
  const world = aWorld(async () => {
    mails = await MailServer.start();
    return { user: { ...mails.env, EMAIL_VERIFICATION: "off" } };
  });
  const post = (path, body, headers) => request(world.url, { method: "POST", path: `/api/auth/${path}`, body, headers });

  /** Somebody who was sent a link: its code. */
  async function withLink(person, n = 1) {
    assert.equal((await post("reset-password", { email: person.email })).status, 200);
    return linkCode(world, await mails.mail(person.email, n)).code;
  }
  const another = () => {
    const text = `another ${Math.random()}${Math.random()}`;
    world.keepSecret(text);
    return text;
  };

  test("sets another password by a link, ends all sessions and their sockets, and shows the address to be theirs", async () => {
    const ana = await world.user();
    const elsewhere = await ana.elsewhere();
    const meeting = await ana.creates();
    const socket = await ana.joins(meeting);
    const made = await ana.post("/api/auth/personal-tokens", { name: "Script", scopes: ["read"] });
    world.keepSecret(made.body.data.secret);
    const ended = new Promise((resolve) => socket.socket.once("disconnect", resolve));
    const code = await withLink(ana);
    const newPassword = another();
    const { status, body } = await post("confirm-password-reset", { oobCode: code, newPassword });
    assert.deepEqual([status, body.data], [200, { email: ana.email }], JSON.stringify(body));
    assert.equal(typeof body.message, "string");
    assert.equal(await within("the socket to be closed", ended, 3000), "io server disconnect");
    const script = () => request(world.url, { path: "/api/me", headers: { authorization: `Bearer ${made.body.data.secret}` } });
    for (const asks of [() => ana.get("/api/me"), () => elsewhere.get("/api/me"), script]) {
      await eventually("sessions and personal tokens to have ended", async () => (await asks()).status === 401, 2000);
    }
    assert.equal((await post("login", { email: ana.email, password: ana.fields.password })).status, 401);
    ana.fields.password = newPassword;
    await ana.logsIn();
    assert.equal((await ana.get("/api/me")).body.data.verified, true);
    const notice = await mails.mail(ana.email, 2);
    assert.match(notice.subject, /password has been changed/);
    assert.deepEqual(notice.addressed.to, [[ana.username, ana.email]]);
  });

  test("is answered alike for an address that nobody has, and sends nothing there", async () => {
    const ana = await world.visitor().registers();
    const nobody = world.visitor("nobody").email;
    const [known, unknown] = [await post("reset-password", { email: ana.email }), await post("reset-password", { email: nobody })];
    assert.deepEqual([known.status, known.body.data], [200, { email: ana.email }]);
    assert.deepEqual([unknown.status, unknown.body], [known.status, { ...known.body, data: { email: nobody } }]);
    const names = ({ headers }) => Object.keys(headers).filter((name) => name !== "x-request-id").sort();
    assert.deepEqual(names(unknown), names(known));
    await mails.mail(ana.email);
    const ben = await world.visitor("ben").registers();
    await withLink(ben);
    assert.equal(mails.tried.filter((to) => to === nobody).length, 0);
  });

  test("of 50 who use one link at once one succeeds, and its password is the account's", async () => {
    const ana = await world.visitor().registers();
    const code = await withLink(ana);
    const passwords = Array.from({ length: 50 }, another);
    const answers = await Promise.all(passwords.map((newPassword) => post("confirm-password-reset", { oobCode: code, newPassword })));
    const winners = passwords.filter((_, n) => answers[n].status === 200);
    assert.equal(winners.length, 1, answers.map(({ status }) => status).join());
    for (const { status, body } of answers) assert.ok(status === 200 || ["invalid_reset_code", "busy", "store_unavailable"].includes(body.error.code), JSON.stringify(body));
    assert.equal((await post("login", { email: ana.email, password: winners[0] })).status, 200);
  });

  test("works once; what is no link of now is refused with a code", async () => {
    const ana = await world.visitor().registers();
    const code = await withLink(ana);
    const newPassword = another();
    const cases = [
      [{ newPassword }, "reset_code_required"],
      [{ oobCode: " ", newPassword }, "reset_code_required"],
      [{ oobCode: code, newPassword: "short" }, "weak_password"],
      [{ oobCode: code }, "weak_password"],
      [{ oobCode: "x", newPassword }, "invalid_reset_code"],
      [{ oobCode: "x".repeat(43), newPassword }, "invalid_reset_code"],
      [{ oobCode: code.toLowerCase() === code ? code.toUpperCase() : code.toLowerCase(), newPassword }, "invalid_reset_code"],
    ];
    for (const [body, expected] of cases) {
      const answer = await post("confirm-password-reset", body);
      assert.deepEqual([answer.status, answer.body.error.code], [400, expected], JSON.stringify(answer.body));
    }
    assert.equal((await post("confirm-password-reset", { oobCode: code, newPassword })).status, 200, "none of these has used it");
    const again = await post("confirm-password-reset", { oobCode: code, newPassword }, { "accept-language": "es" });
    assert.deepEqual([again.status, again.body.error.code], [400, "invalid_reset_code"]);
    assert.match(again.body.message, /El enlace de recuperación es inválido o ha expirado/);
    for (const body of [{}, { email: "ana" }, { email: 7 }]) assert.equal((await post("reset-password", body)).body.error.code, "invalid_email");
  });

  test("a change of the password makes a link worthless", async () => {
    const ana = await world.user();
    const code = await withLink(ana);
    const newPassword = another();
    const changed = await ana.put("/api/auth/update-password", { currentPassword: ana.fields.password, newPassword, confirmPassword: newPassword });
    assert.equal(changed.status, 200);
    assert.equal((await post("confirm-password-reset", { oobCode: code, newPassword: another() })).body.error.code, "invalid_reset_code");
  });

  test("a link that was sent to an address that is the account's no more is worthless", async () => {
    const ana = await world.user();
    const code = await withLink(ana);
    const { email } = world.visitor("other");
    assert.equal((await ana.put("/api/users/profile", { email })).status, 200);
    assert.equal((await post("confirm-password-reset", { oobCode: code, newPassword: another() })).body.error.code, "invalid_reset_code");
    assert.match((await mails.mail(ana.email, 2)).subject, /is to change/, "the address before is told");
  });

  test("is sent once a minute to one address, however often it is asked for, and nothing tells", async () => {
    const ana = await world.visitor().registers();
    const answers = await Promise.all(Array.from({ length: 10 }, () => post("reset-password", { email: ana.email })));
    for (const { status, body } of answers) assert.deepEqual([status, body], [200, answers[0].body]);
    await mails.mail(ana.email);
    await withLink(await world.visitor("ben").registers());
    assert.equal(mails.to(ana.email).length, 1);
  });

  test("leads where the operator says, whatever the request's Host is", async () => {
    const ana = await world.visitor().registers();
    for (const headers of [{ host: "evil.example" }, { "x-forwarded-host": "evil.example" }]) await post("reset-password", { email: ana.email }, headers);
    const mail = await mails.mail(ana.email);
    const { link } = linkCode(world, mail);
    const { origin } = new URL(link);
    assert.ok(world.servers.gateways.some(({ port }) => origin === `http://localhost:${port}`), origin);
    assert.ok(link.startsWith(`${origin}/reset-password?mode=resetPassword&oobCode=`), link);
    assert.ok(!JSON.stringify(mail).includes("evil.example"));
  });

  test("takes no second factor away", async () => {
    const { person, secret } = await withFactor(world);
    const newPassword = another();
    assert.equal((await post("confirm-password-reset", { oobCode: await withLink(person), newPassword })).status, 200);
    const login = (more) => post("login", { email: person.email, password: newPassword, ...more });
    assert.equal((await login({})).body.error.code, "second_factor_required");
    assert.equal((await login({ code: shows(secret, 1) })).status, 200);
  });
});
