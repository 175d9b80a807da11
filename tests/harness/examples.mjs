// One example of every operation and event, asked of a running server in an order in which each can go well. What differs from
// run to run (ids, times, secrets) is written as if it were always the same.
import assert from "node:assert/strict";
import { PNG } from "pngjs";
import { eventExamples } from "./example-events.mjs";
import { request } from "./http.mjs";
import { works } from "./operator.mjs";
import { shows } from "./factor.mjs";
import { digits, linkCode } from "./mail-server.mjs";
import { eventually } from "./wait.mjs";

const ANA = { email: "ana@example.com", password: "correct horse", name: "Ana", last_name: "Prueba", age: 30 };
const LUIS = { email: "luis@example.com", password: "correct horse", name: "Luis", last_name: "Ejemplo", age: 41 };
const EVA = { email: "eva@example.com", password: "open the gates", name: "Eva", last_name: "Admin", age: 52 };
const OTHER_PASSWORD = "battery staple";
const BROWSER = { "user-agent": "Firefox on Linux" };

const NOW = "2026-11-02T09:30:00.000Z";
const LATER = "2026-12-02T09:30:00.000Z";
const SAME = {
  accessToken: "b7Kq0Xv3mJ9tR2nW6yZ1cF5hL8pD4sG7aE0uT3iO6wQ",
  refreshToken: "8Uu9m7l3cT0b4o1qV5yX2wZ6aB8dE0fG3hJ5kL7nP9r",
  token: "plenum_pat_b7Kq0Xv3mJ9tR2nW6yZ1cF5hL8pD4sG7aE0uT3iO6wQ",
  secret: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
  qr: "data:image/png;base64,iVBORw0KGgo…",
  code: "287082",
  oobCode: "8Uu9m7l3cT0b4o1qV5yX2wZ6aB8dE0fG3hJ5kL7nP9r",
  recoveryCodes: ["k7mq-2xv9-t4nd", "p3wz-8hcf-6jrb"],
};
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const LINK_CODE = /^[a-z]{4}-[a-z]{4}-[a-z]{4}$/;
const SOCKET_ID = /^[\w-]{16}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A small picture, as a file. */
function aPicture() {
  const picture = new PNG({ width: 8, height: 8 });
  picture.data.fill(200);
  return { body: PNG.sync.write(picture), headers: { "content-type": "image/png" } };
}

/** Writes what was seen as if it were always the same. */
class Sameness {
  #ids = new Map();
  today = new Date().toISOString().slice(0, 10);

  #id(id) {
    if (!this.#ids.has(id)) this.#ids.set(id, `5f2c8a10-0000-4000-8000-${`${this.#ids.size + 1}`.padStart(12, "0")}`);
    return this.#ids.get(id);
  }

  of(value, key) {
    if (Array.isArray(value)) return key === "recoveryCodes" ? SAME.recoveryCodes : value.map((item) => this.of(item));
    if (value !== null && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, this.of(part, name)]));
    if (typeof value !== "string") return value;
    if (key === "secret") return value.startsWith("plenum_pat_") ? SAME.token : SAME.secret;
    if (key === "url" && value.includes("/login/oauth/authorize")) return "https://github.com/login/oauth/authorize?response_type=code&client_id=plenum&state=…&code_challenge=…&code_challenge_method=S256";
    if (key === "url") return value.replace(/secret=[A-Z2-7]+/, `secret=${SAME.secret}`);
    if (LINK_CODE.test(value)) return "abcd-efgh-jkmn";
    if (key in SAME && ["accessToken", "refreshToken", "qr", "code", "oobCode"].includes(key) && !/^[a-z_]+$/.test(value)) return SAME[key];
    if ((key === "id" || key === "target") && SOCKET_ID.test(value)) return "Kx3vQ9mZt2LrW8yB";
    if (key === "process") return "127.0.0.1:3000";
    if (key === "host") return "localhost:3000";
    if (key === "expiresAt") return LATER;
    if (key !== "startsAt" && TIME.test(value)) return NOW;
    if (key === "startsAt" && value.startsWith(this.today)) return `2026-11-02${value.slice(10)}`;
    if (key === "date" && value === this.today) return "2026-11-02";
    if (key === "epoch") return this.#id(value);
    if (key === "messageId" || key === "pollId") return value.replace(/^[0-9a-f]+/, "9c1f30b2a7d84e65b0c2d4e6f8a01357");
    if (key === "picture") return value.replace(UUID, (id) => this.#id(id)).replace(/v=.*/, "v=4f9a2c7be81d4036-9d5e1f70a2b3c468");
    return value.replace(UUID, (id) => this.#id(id));
  }
}

/** `{operations, events}`: what was asked, and what came back, by operation's id and by event. `mails` is where the world's mails go. */
export async function examples(world, documents, mails) {
  const same = new Sameness();
  const operations = {}, events = { client: {}, server: {} };

  /** Asks an operation, in somebody's name or nobody's. Once is written down: the first time. */
  async function ask(id, who, { parameters = {}, body, headers = {} } = {}) {
    const operation = documents.operations.get(id);
    assert.ok(operation, `there is no operation ${id}`);
    const inPath = operation.path.replace(/\{(\w+)\}/g, (_, name) => parameters[name]);
    const query = new URLSearchParams((operation.parameters ?? []).filter((p) => p.in === "query" && parameters[p.name] !== undefined).map((p) => [p.name, parameters[p.name]]));
    const path = query.size ? `${inPath}?${query}` : inPath;
    const method = operation.method.toUpperCase();
    const options = { body, headers: { ...BROWSER, ...headers } };
    const answer = who ? await who.request(method, path, options) : await request(world.url, { method, path, ...options });
    assert.ok(answer.status < 300 || (answer.status === 302 && id === "signInElsewhere"), `${id}: ${answer.status} ${answer.text}`);
    const isJson = body !== undefined && !Buffer.isBuffer(body);
    if (isJson) documents.checkSent(id, body);
    documents.checkAnswer(id, answer);
    const isDocument = /\/((open|async)api\.json|recording)\b/.test(path);
    operations[id] ??= same.of({
      ...(Object.keys(parameters).length ? { parameters } : {}),
      ...(isJson ? { body } : {}),
      status: answer.status,
      ...(answer.body === undefined || isDocument ? {} : { answer: answer.body }),
    });
    return answer.body?.data ?? answer.body;
  }

  /** What an admin sees and does. */
  async function administers() {
    const eva = world.visitor("eva", EVA);
    await eva.registers();
    const code = digits(await mails.mail(eva.email));
    world.keepSecret(code);
    assert.equal((await eva.post("/api/auth/verify", { email: eva.email, code })).status, 200);
    await works(world, "user", "grant", eva.email, "admin");
    await eva.logsIn();
    const { meetingId: id } = await eva.creates({ title: "All hands" });
    const client = await eva.joins({ meetingId: id });
    await eventually("the others to be gone", async () => (await eva.get("/api/admin/sockets")).body.data.length === 1);
    await ask("getAdminOverview", eva);
    await ask("listLiveRooms", eva);
    await ask("recordLiveRoom", eva, { parameters: { id, texts: false } });
    const [socket] = await ask("listSockets", eva, { parameters: { user: eva.id } });
    await ask("cutSocket", eva, { parameters: { id: socket.id }, body: { reason: "To see what it does" } });
    await client.hears("(disconnect)");
    client.closes();
    const cut = `/api/admin/incidents?user=${eva.id}&kind=cut`;
    await eventually("the cut to be kept", async () => (await eva.get(cut)).body.data.length === 1);
    await ask("listIncidents", eva, { parameters: { user: eva.id, kind: "cut" } });
    await ask("endLiveRoom", eva, { parameters: { id }, body: {} });
    await ask("listAccounts", eva, { parameters: { query: "luis" } });
    const account = { parameters: { id: luis.id }, body: { reason: "Asked for by their manager" } };
    for (const operation of ["endAccountSessions", "disableAccount", "enableAccount"]) await ask(operation, eva, account);
    await ask("listAudit", eva);
    await ask("exportAudit", eva);
  }

  for (const id of ["getHealth", "getReadiness", "getCallHealth", "getFirstPage", "getStart", "getReference", "getGuide", "getOpenApi", "getAsyncApi"]) await ask(id);

  const [ana, luis] = [world.visitor("ana", ANA), world.visitor("luis", LUIS)];
  for (const person of [ana, luis]) {
    person.id = (await ask("register", null, { body: person.fields })).uid;
    const code = digits(await mails.mail(person.email));
    world.keepSecret(code);
    await ask("resendCode", null, { body: { email: person.email } });
    await ask("verifyAddress", null, { body: { email: person.email, code } });
    await ask("login", person, { body: { email: person.email, password: person.fields.password } });
  }
  await ask("getProfile", ana);
  await ask("getMe", ana);
  await ask("changeProfile", ana, { body: { name: "Ana María" } });
  await ask("searchUsers", ana, { parameters: { query: "luis" } });
  await ask("getUser", ana, { parameters: { id: luis.id } });

  const { body: picture, headers } = aPicture();
  await ask("changeAvatar", ana, { body: picture, headers });
  await ask("getOwnAvatar", ana);
  await ask("getAvatar", luis, { parameters: { id: ana.id } });
  await ask("removeAvatar", ana);

  const elsewhere = await ana.elsewhere();
  const sessions = await ask("listSessions", ana);
  await ask("endSession", ana, { parameters: { id: sessions.find((session) => !session.current).id } });
  assert.equal((await elsewhere.get("/api/me")).status, 401);
  await ask("endOtherSessions", ana);
  await ask("getConnection", ana);

  await ask("listProviders");
  await ask("signInElsewhere", null, { parameters: { name: "github" } });
  const { url } = await ask("linkProvider", ana, { parameters: { name: "github" }, body: { currentPassword: ANA.password } });
  const coder = { id: 583231, login: "ana", name: "Ana Prueba", emails: [{ email: ana.email, primary: true, verified: true }] };
  const { origin, pathname, search } = new URL(url);
  const sent = await request(origin, { path: pathname + search, headers: { cookie: `who=${Buffer.from(JSON.stringify(coder)).toString("base64url")}` } });
  const back = new URL(sent.headers.location);
  assert.equal((await ana.get(back.pathname + back.search)).status, 302);
  await ask("listIdentities", ana);
  await ask("unlinkProvider", ana, { parameters: { provider: "github" }, body: { currentPassword: ANA.password } });

  const { refreshToken } = await ask("issueTokens", null, { body: { email: ana.email, password: ANA.password } });
  await ask("issueTokens", null, { body: { refreshToken } });
  const token = await ask("makePersonalToken", ana, { body: { name: "backup", scopes: ["read"], expiresInDays: 30 } });
  await ask("listPersonalTokens", ana);
  await ask("endPersonalToken", ana, { parameters: { id: token.id } });

  const meeting = await ask("createMeeting", ana, {
    body: { title: "Weekly", date: "2030-01-15", time: "10:30", timeZone: "Europe/Madrid", description: "What we did, what we will do", estimatedDuration: 45, maxParticipants: 8, guestsAllowed: true, passcode: "open sesame" },
  });
  const parameters = { id: meeting.meetingId };
  await ask("listMeetings", ana);
  await ask("listMeetingsOfUser", ana, { parameters: { id: ana.id } });
  const standup = await ana.creates({ title: "Standup", date: same.today, time: "12:00" });
  await ask("listMeetingsOfToday", ana, { parameters: { id: ana.id } });
  await ask("getMeeting", luis, { parameters });
  await ask("getChatMeeting", luis, { parameters });
  await ask("getMeetingByCode", luis, { parameters: { code: meeting.code } });
  await ask("getMeetingCalendar", luis, { parameters });
  await ask("updateMeeting", ana, { parameters, body: { time: "11:00", coHosts: [luis.id] } });
  await ask("joinMeeting", luis, { parameters, body: { passcode: "open sesame" } });
  await ask("leaveMeeting", luis, { parameters, body: {} });
  const him = { id: standup.meetingId, user: luis.id };
  await ask("removeFromMeeting", ana, { parameters: him, body: {} });
  await ask("readmitToMeeting", ana, { parameters: him, body: {} });
  await ask("endMeeting", ana, { parameters: { id: standup.meetingId }, body: {} });
  await ask("getMeetingReport", ana, { parameters });
  await ask("getIceServers", luis);
  await ask("getCallStats", luis);
  const { code } = await ana.creates({ title: "Open day", guestsAllowed: true });
  await ask("comeAsGuest", null, { body: { code, name: "Gala" } });

  await eventExamples({ ana, luis, meeting, events, same, documents, closes: () => ask("deleteMeeting", ana, { parameters }), meanwhile: async () => {
    await ask("getChatStats", ana);
    await ask("actInMeeting", ana, { parameters: { ...parameters, event: "reaction:send" }, body: { reaction: "🎉" } });
  }, inCall: () => ask("getCallRoom", luis, { parameters }) });

  await ask("updatePassword", ana, { body: { currentPassword: ANA.password, newPassword: OTHER_PASSWORD, confirmPassword: OTHER_PASSWORD } });
  await ask("getSecondFactor", ana);
  const { secret } = await ask("proposeSecondFactor", ana, { body: { password: OTHER_PASSWORD } });
  const { recoveryCodes } = await ask("confirmSecondFactor", ana, { body: { code: shows(secret) } });
  await ask("checkSecondFactor", ana, { body: { code: recoveryCodes[0] } });
  await ask("renewRecoveryCodes", ana);
  await ask("disableSecondFactor", ana);
  await ask("logout", ana);
  await ask("resetPassword", null, { body: { email: luis.email } });
  const link = linkCode(world, await mails.mail(luis.email, 2));
  await ask("confirmPasswordReset", null, { body: { oobCode: link.code, newPassword: OTHER_PASSWORD } });
  luis.fields.password = OTHER_PASSWORD;
  await luis.logsIn();
  await administers();
  await luis.logsIn();
  await ask("deleteProfile", luis);
  return { operations, events };
}
