import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { request } from "../harness/http.mjs";
import { MailServer, digits, linkCode, needsMailServer } from "../harness/mail-server.mjs";
import { aWorld } from "../harness/world.mjs";

/** Six digits that are none of these. */
const others = (...codes) => ["000000", "111111", "222222", "333333", "444444", "555555", "666666"].filter((code) => !codes.includes(code));

describe("an address that has to be verified", needsMailServer(), () => {
  let mails;
  const world = aWorld(async () => {
    mails = await MailServer.start();
    return { user: mails.env };
  });
  const post = (path, body, headers) => request(world.url, { method: "POST", path: `/api/auth/${path}`, body, headers });
  const login = ({ fields: { email, password } }, path = "login") => post(path, { email, password });
  const registered = async (name) => {
    const person = await world.visitor(name).registers();
    return { person, code: digits(await mails.mail(person.email)) };
  };
  const verified = async (name) => {
    const { person, code } = await registered(name);
    assert.equal((await post("verify", { email: person.email, code })).status, 200);
    return person.logsIn();
  };

  test("nobody logs in before that, which only who knows the password is told; then they do", async () => {
    const { person, code } = await registered("ana");
    for (const path of ["login", "token"]) {
      const { status, body, cookies } = await login(person, path);
      assert.deepEqual([status, body.error.code, cookies.length], [403, "email_not_verified", 0]);
      const wrong = await post(path, { email: person.email, password: `${person.fields.password}-wrong` });
      assert.deepEqual([wrong.status, wrong.body.error.code], [401, "invalid_credentials"]);
    }
    const { status, body } = await post("verify", { email: ` ${person.email.toUpperCase()} `, code: `${code.slice(0, 3)} ${code.slice(3)}` });
    assert.deepEqual([status, body.data], [200, { email: person.email }], JSON.stringify(body));
    await person.logsIn();
    assert.equal((await person.get("/api/me")).body.data.verified, true);
    assert.equal((await login(person, "token")).status, 200);
    assert.equal((await post("verify", { email: person.email, code })).body.error.code, "invalid_verification_code", "it counts once");
  });

  test("five wrong codes end the code; the right one counts no more", async () => {
    const { person, code } = await registered("ana");
    for (const wrong of others(code).slice(0, 5)) {
      const { status, body } = await post("verify", { email: person.email, code: wrong });
      assert.deepEqual([status, body.error.code], [400, "invalid_verification_code"]);
    }
    assert.equal((await post("verify", { email: person.email, code })).body.error.code, "invalid_verification_code");
    assert.equal((await login(person)).body.error.code, "email_not_verified");
  });

  test("also of many wrong ones at once five are looked at", async () => {
    const { person, code } = await registered("ana");
    const wrong = Array.from({ length: 40 }, (_, n) => others(code)[n % 5]);
    await Promise.all(wrong.map((one) => post("verify", { email: person.email, code: one })));
    assert.equal((await post("verify", { email: person.email, code })).status, 400);
  });

  test("everything that is wrong is told alike, also for an address that nobody has, or that is verified", async () => {
    const { person, code } = await registered("ana");
    const ben = await verified("ben");
    const nobody = world.visitor("nobody").email;
    const [wrong] = others(code);
    const cases = [[person.email, wrong], [person.email, ""], [person.email, 123456], [person.email, undefined], [person.email, `${code}0`], [nobody, wrong], [nobody, code], [ben.email, wrong]];
    const answers = [];
    for (const [email, given] of cases) answers.push(await post("verify", { email, code: given }));
    for (const { status, body } of answers) assert.deepEqual([status, body], [400, answers[0].body]);
    assert.equal(answers[0].body.error.code, "invalid_verification_code");
    assert.equal((await post("verify", { email: "ana", code })).body.error.code, "invalid_email");
    assert.equal((await post("verify", { email: ben.email, code })).status, 400, "a code is one address's");
  });

  test("another code is asked for alike by everybody, and one a minute is sent, to who waits for one", async () => {
    const { person } = await registered("ana");
    const ben = await verified("ben");
    const nobody = world.visitor("nobody").email;
    const asked = [];
    for (const email of [person.email, nobody, ben.email]) asked.push([email, await post("resend-code", { email })]);
    for (const [email, { status, body }] of asked) assert.deepEqual([status, body], [200, { ...asked[0][1].body, data: { email } }]);
    await registered("carla");
    assert.deepEqual([person.email, nobody, ben.email].map((email) => mails.to(email).length), [1, 0, 1], "each had one a moment ago, or waits for none");
    assert.equal((await post("resend-code", { email: "ana" })).body.error.code, "invalid_email");
  });

  test("a profile keeps its address until the new one is confirmed; both are told", async () => {
    const ana = await verified("ana");
    const { email } = world.visitor("other");
    const { status, body } = await ana.put("/api/users/profile", { email, name: "Nueva" });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual([body.data.email, body.data.name, body.data.verified], [ana.email, "Nueva", true]);
    assert.match(body.message, /confirmed/);
    assert.match((await mails.mail(ana.email, 2)).subject, /is to change/);
    const mail = await mails.mail(email);
    assert.deepEqual(mail.addressed.to, [["", email]], "a stranger reads no name");
    assert.match(mail.subject, /use this address/);
    const account = `${ana.email[0]}…${ana.email.split("@")[0].at(-1)}@e…e.com`;
    for (const part of [mail.text, mail.html]) {
      assert.ok(part.includes(account), part);
      assert.ok(!part.includes(ana.email), "nor whose it is");
    }
    const code = digits(mail);
    assert.equal((await post("verify", { email: ana.email, code })).status, 400, "not with the address before");
    assert.equal((await ana.get("/api/me")).body.data.email, ana.email);
    assert.equal((await post("verify", { email, code })).status, 200);
    const me = (await ana.get("/api/me")).body.data;
    assert.deepEqual([me.email, me.verified], [email, true]);
    assert.equal((await login(ana)).status, 401, "the address before is nobody's");
    ana.fields.email = email;
    assert.equal((await login(ana)).status, 200);
  });

  test("one's own address is no change, another's is refused, and too many are", async () => {
    const ana = await verified("ana");
    const ben = await verified("ben");
    const same = await ana.put("/api/users/profile", { email: ana.email.toUpperCase() });
    assert.deepEqual([same.status, same.body.data.verified], [200, true]);
    const taken = await ana.put("/api/users/profile", { email: ben.email });
    assert.deepEqual([taken.status, taken.body.error.code], [409, "email_taken"]);
    const change = () => ana.put("/api/users/profile", { email: world.visitor("other").email });
    assert.equal((await change()).status, 200);
    const again = await change();
    assert.deepEqual([again.status, again.body.error.code], [429, "rate_limited"]);
  });

  test("a password reset ends a change of address that waits: a stranger may have asked for it", async () => {
    const ana = await verified("ana");
    const { email } = world.visitor("stranger");
    assert.equal((await ana.put("/api/users/profile", { email })).status, 200);
    const code = digits(await mails.mail(email));
    await mails.mail(ana.email, 2);
    assert.equal((await post("reset-password", { email: ana.email })).status, 200);
    const newPassword = `${ana.fields.password}2`;
    world.keepSecret(newPassword);
    const { code: oobCode } = linkCode(world, await mails.mail(ana.email, 3));
    assert.equal((await post("confirm-password-reset", { oobCode, newPassword })).status, 200);
    assert.equal((await post("verify", { email, code })).body.error.code, "invalid_verification_code");
  });

  test("of two who wait for one address the one that shows its code has it, and the other's is refused", async () => {
    const [ana, ben] = [await verified("ana"), await verified("ben")];
    const { email } = world.visitor("other");
    assert.equal((await ana.put("/api/users/profile", { email })).status, 200);
    const code = digits(await mails.mail(email));
    assert.equal((await ben.put("/api/users/profile", { email })).body.error.code, "rate_limited", "the address is sent one a minute, by whomever");
    const somebody = { ...world.visitor("somebody").fields, email };
    assert.equal((await post("register", somebody)).status, 201, "it is free until then");
    const { status, body } = await post("verify", { email, code });
    assert.deepEqual([status, body.error.code], [409, "email_taken"]);
    assert.equal((await ana.get("/api/me")).body.data.email, ana.email);
  });
});

describe("an address that needs no verifying", needsMailServer(), () => {
  let mails;
  const world = aWorld(async () => {
    mails = await MailServer.start();
    return { user: { ...mails.env, EMAIL_VERIFICATION: "off" } };
  });

  test("is one whose account goes on at once, and is sent no code", async () => {
    const ana = await world.user();
    assert.equal((await ana.get("/api/me")).body.data.verified, false);
    const { email } = world.visitor("other");
    const { body } = await ana.put("/api/users/profile", { email });
    assert.equal(body.data.email, email);
    await mails.mail(ana.email);
    assert.deepEqual(mails.mails.map(({ subject }) => subject), ["The address of your account is to change"]);
  });
});
