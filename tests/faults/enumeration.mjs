// Whether the time of an answer tells who has an account. A thousand questions about addresses that have one and a thousand about
// addresses that have none, in random order, on one quiet connection at a time; printed is what an attacker could make of it.
import { randomInt } from "node:crypto";
import { auc, median, rankSum } from "../harness/rank-sum.mjs";
import { eventually, inParallel } from "../harness/wait.mjs";
import { World } from "../harness/world.mjs";

const SAMPLES = Number(process.env.SAMPLES ?? 1_000);
/** Standard deviations that chance reaches once in some 1,700 comparisons. */
const NOISE = 3.5;
const PEOPLE = 20;
/** How often digits for one address are looked at. */
const TRIES = 5;
const chosen = (name) => !process.env.ONLY || process.env.ONLY.split(",").includes(name);

const world = new World({ mode: "plenum", user: { EMAIL_VERIFICATION: "required" } });
await world.start();
let apart = 0;
try {
  const registered = (names) => inParallel(names, (name) => world.visitor(name).registers(), 4);
  const people = await registered(Array.from({ length: PEOPLE }, (_, n) => `known${n}`));
  const asker = world.visitor("asker");
  const known = () => people[randomInt(PEOPLE)].email;
  // As many as of those, so that both are asked about equally often: a second mail within a minute is less work than a first.
  const nobody = Array.from({ length: PEOPLE }, (_, n) => world.visitor(`unknown${n}`).email);
  const unknown = () => nobody[randomInt(PEOPLE)];
  // Whose code waits, and is looked at each time; and as many whom nobody knows.
  const waiting = chosen("verify") ? await registered(Array.from({ length: Math.ceil(SAMPLES / TRIES) }, (_, n) => `waiting${n}`)) : [];
  const sent = () => world.servers.gateways.flatMap(({ lines }) => lines).filter((line) => line.includes("a mail was sent"));
  await eventually("a code for each", async () => sent().length >= people.length + waiting.length, 60_000);
  const asked = { known: waiting.map(({ email }) => email), unknown: waiting.map((_, n) => world.visitor(`nobody${n}`).email) };
  const dealt = Object.fromEntries(Object.entries(asked).map(([kind, emails]) => [kind, Array.from({ length: TRIES }, () => emails).flat()]));
  const questions = {
    login: (email) => ["/api/auth/login", { email, password: "a guess at it" }],
    token: (email) => ["/api/auth/token", { email, password: "a guess at it" }],
    "reset-password": (email) => ["/api/auth/reset-password", { email }],
    "resend-code": (email) => ["/api/auth/resend-code", { email }],
    verify: (_, kind) => ["/api/auth/verify", { email: dealt[kind].pop(), code: "000000" }],
  };
  console.log(`${SAMPLES} samples each way; z is the rank-sum statistic, |z| < ${NOISE} is noise; 0.500 of pairs is a coin's toss\n`);
  console.log("question         known, median   unknown, median   difference      z   pairs told");
  for (const [name, ask] of Object.entries(questions)) {
    if (!chosen(name)) continue;
    const times = { known: [], unknown: [] };
    const statuses = new Set();
    while (times.known.length < SAMPLES || times.unknown.length < SAMPLES) {
      const kind = times.known.length >= SAMPLES ? "unknown" : times.unknown.length >= SAMPLES || randomInt(2) ? "known" : "unknown";
      const [path, body] = ask(kind === "known" ? known() : unknown(), kind);
      const begun = process.hrtime.bigint();
      const answer = await asker.post(path, body);
      times[kind].push(Number(process.hrtime.bigint() - begun) / 1e6);
      statuses.add(`${answer.status} ${answer.body?.error?.code ?? ""}`);
    }
    const [one, other] = [median(times.known), median(times.unknown)];
    const z = rankSum(times.known, times.unknown);
    if (Math.abs(z) >= NOISE) apart++;
    const cells = [name.padEnd(16), `${one.toFixed(3)} ms`.padStart(13), `${other.toFixed(3)} ms`.padStart(17), `${((other - one) * 1_000).toFixed(0)} µs`.padStart(12), z.toFixed(2).padStart(6), auc(times.known, times.unknown).toFixed(3).padStart(12)];
    console.log(`${cells.join(" ")}   ${[...statuses].join(", ")}`);
  }
} finally {
  await world.close();
}
console.log(apart ? `\n${apart} of them tell more than chance does` : "\nnone of them tells more than chance does");
process.exitCode = apart ? 1 : 0;
