// What an admin sees and does in a browser, and the record of it.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { admin, works } from "../harness/operator.mjs";
import { run } from "../harness/process.mjs";
import { needsPython, slowReader } from "../harness/slow-reader.mjs";
import { eventually } from "../harness/wait.mjs";
import { aWorld } from "../harness/world.mjs";

const ROUTES = [
  ["GET", "overview"], ["GET", "rooms"], ["POST", "rooms/one/end"], ["GET", "rooms/one/recording"], ["GET", "sockets"], ["POST", "sockets/one/cut"],
  ["GET", "accounts"], ["POST", "accounts/one/disable"], ["POST", "accounts/one/enable"], ["POST", "accounts/one/end-sessions"],
  ["GET", "incidents"], ["GET", "audit"], ["GET", "audit/export"],
];

async function sees(person, path) {
  const { status, body } = await person.get(`/api/admin/${path}`);
  assert.equal(status, 200, JSON.stringify(body));
  return body.data;
}

async function does(person, path, reason) {
  const { status, body } = await person.post(`/api/admin/${path}`, { reason });
  assert.deepEqual([status, typeof body.message], [200, "string"], JSON.stringify(body));
}

/** The latest act of the record, without what differs from run to run. */
async function latest(root) {
  const [{ number: _, at, address, ...act }] = await sees(root, "audit");
  assert.match(at, /^\d{4}-.*Z$/);
  assert.match(address, /^(127\.0\.0\.1|::1)$/);
  return act;
}

describe("an admin", () => {
  const world = aWorld({ chat: { RATE_LIMIT_EVENTS_PER_SECOND: "0" } });

  test("is nobody without the role: a user, a guest, a token, a stranger are refused everywhere", async () => {
    const root = await admin(world);
    const ben = await world.user("ben");
    const meeting = await ben.creates({ guestsAllowed: true });
    const guest = world.visitor("guest");
    guest.id = (await guest.post("/api/auth/guest", { code: meeting.code, name: "Gala" })).body.data.uid;
    const { secret } = (await root.post("/api/auth/personal-tokens", { name: "script", scopes: ["read", "write", "realtime"] })).body.data;
    world.keepSecret(secret);
    const script = world.visitor("script");
    const bearer = { headers: { authorization: `Bearer ${secret}` } };
    for (const [method, path] of ROUTES) {
      const ask = (who, options = {}) => who.request(method, `/api/admin/${path}`, { ...(method === "POST" ? { body: {} } : {}), ...options });
      const codes = [];
      for (const [who, options] of [[ben], [guest], [script, bearer], [world.visitor()]]) {
        const { status, body } = await ask(who, options);
        codes.push([status, body.error.code]);
      }
      assert.deepEqual(codes, [[403, "not_admin"], [403, "forbidden"], [403, "insufficient_scope"], [401, "no_session"]], path);
    }
    await eventually("the attempts to be known", async () => (await sees(root, `incidents?user=${ben.id}`)).some(({ code }) => code === "not_admin"));
    assert.equal((await root.get("/api/me")).body.data.admin, true);
    assert.equal("admin" in (await ben.get("/api/me")).body.data, false);
    await works(world, "user", "revoke-role", root.email, "admin");
    await eventually("the session to be over", async () => (await root.get("/api/me")).status === 401);
    await root.logsIn();
    assert.equal((await root.get("/api/admin/overview")).body.error.code, "not_admin", "the role is looked at each time");
  });

  test("sees nodes, rooms and sockets, whichever node they are on", async () => {
    const root = await admin(world);
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ title: "Seen from above" });
    const [hers, his] = [await ana.joins(meeting), await ben.joins(meeting, "polling")];
    await his.does("call:join", { meetingId: meeting.meetingId, peerId: "b" });
    await hers.hears("users:online", { count: 2 });
    const { nodes, accounts, sessions, limits } = await sees(root, "overview");
    assert.ok(nodes.length >= 1 && nodes.every(({ up, version }) => up && version), JSON.stringify(nodes));
    assert.equal(new Set(nodes.map(({ node }) => node)).size, nodes.length);
    assert.ok(accounts >= 3 && sessions >= 3 && limits.length === 2);
    const room = await eventually("the room to be counted", async () => {
      const found = (await sees(root, "rooms")).find(({ meetingId }) => meetingId === meeting.meetingId);
      return found?.people === 2 && found.inCall === 1 && found;
    });
    assert.deepEqual([room.title, room.hostId], ["Seen from above", ana.id]);
    const [socket, ...others] = await sees(root, `sockets?user=${ben.id}`);
    assert.deepEqual([socket.userId, socket.username, socket.transport, socket.meetings, others], [ben.id, ben.username, "polling", [meeting.meetingId], []]);
  });

  test("ends a room, cuts a socket, signs somebody out, disables an account; each is in the record with its reason", async () => {
    const root = await admin(world);
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const client = await ben.joins(meeting);
    const [socket] = await sees(root, `sockets?user=${ben.id}`);
    const from = client.now;
    const cut = client.loses({ from });
    await does(root, `sockets/${socket.id}/cut`, "to see whether it comes back");
    await cut;
    await client.comesBack({ from });
    const by = { actorId: root.id, actor: root.username };
    assert.deepEqual(await latest(root), { ...by, act: "socket.cut", target: socket.id, reason: "to see whether it comes back", outcome: "done" });
    await eventually("the cut to be explained", async () => (await sees(root, `incidents?user=${ben.id}&kind=cut`)).some(({ code, username }) => code === "by_admin" && username === ben.username));

    await client.joins(meeting);
    await does(root, `rooms/${meeting.meetingId}/end`, "they had gone home");
    await client.hears("meeting:ended", { reason: "completed" });
    assert.deepEqual(await latest(root), { ...by, act: "room.end", target: meeting.meetingId, reason: "they had gone home", outcome: "done" });

    await does(root, `accounts/${ana.id}/end-sessions`);
    await eventually("her session to be over", async () => (await ana.get("/api/me")).status === 401);
    await ana.logsIn();
    await does(root, `accounts/${ben.id}/disable`, "asked for by their manager");
    await eventually("his session to be over", async () => (await ben.get("/api/me")).status === 401);
    const { email, password } = ben.fields;
    assert.equal((await ben.post("/api/auth/login", { email, password })).body.error.code, "account_disabled");
    const [found] = await sees(root, `accounts?query=${encodeURIComponent(email)}`);
    assert.deepEqual([found.id, typeof found.disabledAt], [ben.id, "string"]);
    await does(root, `accounts/${ben.id}/enable`);
    await ben.logsIn();
    assert.deepEqual((await latest(root)).act, "account.enable");
  });

  test("what is refused is in the record too, and nobody does it to oneself", async () => {
    const root = await admin(world);
    const refused = async (path, body, [status, code]) => {
      const answer = await root.post(`/api/admin/${path}`, body);
      assert.deepEqual([answer.status, answer.body.error.code], [status, code], path);
    };
    await refused(`accounts/${root.id}/disable`, {}, [409, "own_account"]);
    assert.deepEqual((await latest(root)).outcome, "own_account");
    await refused("accounts/no-such-account/disable", {}, [404, "user_not_found"]);
    assert.deepEqual((await latest(root)).outcome, "user_not_found");
    await refused("rooms/no-such-meeting/end", {}, [404, "meeting_not_found"]);
    await refused("sockets/AAAAAAAAAAAAAAAA/cut", {}, [400, "unknown_sid"]);
    await refused(`accounts/${root.id}/end-sessions`, { reason: "x".repeat(301) }, [400, "invalid_payload"]);
    await refused(`accounts/${root.id}/end-sessions`, { reason: 7 }, [400, "invalid_payload"]);
  });

  test("the record is exported whole, with what operators did at the machine, by page and by command", async () => {
    const root = await admin(world);
    const answer = await root.get("/api/admin/audit/export");
    assert.equal(answer.headers["content-type"], "application/x-ndjson");
    const acts = answer.text.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(acts.map(({ number }) => number), acts.map(({ number }) => number).toSorted((a, b) => a - b));
    const granted = acts.find(({ act, target }) => act === "account.grant.admin" && target === root.id);
    assert.deepEqual([granted.actor, granted.actorId, granted.outcome], ["operator", null, "done"]);
    const [last] = await sees(root, "audit");
    assert.equal(last.act, "audit.export");
    const [before] = await sees(root, `audit?before=${last.number}`);
    assert.ok(before.number < last.number);
    const printed = (await works(world, "audit", "export", "--after", `${granted.number - 1}`)).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(printed[0], granted);
    assert.equal((await root.get("/api/admin/audit?before=yesterday")).body.error.code, "invalid_query");
  });

  test("finds why one user was cut: who does not read is cut, and it says so", needsPython(), async () => {
    const root = await admin(world);
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates();
    const hers = await ana.joins(meeting);
    const slow = await slowReader(ben, meeting);
    const cut = slow.cut(60_000);
    let over = false;
    cut.finally(() => (over = true)).catch(() => {});
    const large = "x".repeat(4000);
    for (let n = 0; !over && n < 5_000; n++) await hers.does("chat:message", { meetingId: meeting.meetingId, message: large });
    await cut;
    const found = await eventually("the cut to be explained", async () => (await sees(root, `incidents?user=${ben.id}&kind=cut`))[0]);
    assert.match(found?.code ?? "never cut", /^(too_much_queued|too_old|tunnel_broken)$/);
    assert.deepEqual([found.userId, found.username], [ben.id, ben.username]);
  });

  test("a room's recording says again what each person saw; without texts unless asked, and its use is in the record", async () => {
    const root = await admin(world);
    const [ana, ben] = await world.users("ana", "ben");
    const meeting = await ana.creates({ passcode: "open sesame" });
    const { meetingId } = meeting;
    const hers = await ana.joins(meeting);
    const his = await ben.connects();
    his.joined = (await his.asks("join:meeting", { meetingId, passcode: "open sesame" })).data;
    await hers.does("chat:message", { meetingId, message: "a secret plan" });
    await hers.does("chat:message", { meetingId, message: "for two", toUserId: ben.id });
    await his.does("hand:raise", { meetingId });
    await his.hears("hand:raised");
    const take = async (texts) => {
      const answer = await root.get(`/api/admin/rooms/${meetingId}/recording?texts=${texts}`);
      assert.equal(answer.status, 200, answer.text);
      const file = join(world.servers.folder, `room-${texts}.json`);
      await writeFile(file, answer.text);
      return { file, text: answer.text };
    };
    const without = await take(false);
    assert.ok(!/secret|sesame/.test(without.text) && without.text.includes("[13 characters]"), without.text);
    assert.deepEqual((await latest(root)).act, "room.record");
    const { file, text } = await take(true);
    assert.ok(text.includes("a secret plan") && !text.includes("sesame"));
    assert.deepEqual((await latest(root)).act, "room.record-with-texts");

    for (const client of [hers, his]) {
      const { code, out, err } = await run("plenum", { args: ["replay", "--json", "--seen-by", client.user.id, file] });
      assert.equal(code, 0, err);
      const steps = out.trimEnd().split("\n").map((line) => JSON.parse(line));
      const told = steps.flatMap(({ told }) => told).filter(({ event, to }) => !["(joined)", "users:online"].includes(event) && to.some(({ userId }) => userId === client.user.id));
      const heard = client.heard.filter(({ event, data }) => data?.seq !== undefined && !event.startsWith("("));
      assert.deepEqual(told.map(({ event, data }) => ({ event, data })), heard.map(({ event, data }) => ({ event, data })));
      assert.ok(told.length >= 3);
    }
    const shown = await run("plenum", { args: ["replay", without.file] });
    assert.match(shown.out, /texts redacted[\s\S]*said: \[13 characters\][\s\S]*hand:raised -> /);
    const broken = join(world.servers.folder, "broken.json");
    await writeFile(broken, text.slice(0, 100));
    const not = await run("plenum", { args: ["replay", broken] });
    assert.deepEqual([not.code, /is not a room's recording/.test(not.err)], [1, true], not.err);
  });
});
