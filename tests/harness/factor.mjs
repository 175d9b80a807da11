// Second factors: what an authenticator app shows, and people who have one.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const STEP = 30_000;

/** What an authenticator app shows for a secret, `ahead` steps from now (RFC 6238). */
export function shows(secret, ahead = 0) {
  const bits = [...secret].map((c) => ALPHABET.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP) + ahead));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return `${number % 1_000_000}`.padStart(6, "0");
}

/** The secret that somebody is proposed. */
export async function proposed(world, person) {
  const { status, body } = await person.post("/api/auth/second-factor", { password: person.fields.password });
  assert.equal(status, 200, JSON.stringify(body));
  world.keepSecret(body.data.secret);
  return body.data;
}

/** Somebody with a second factor: `{person, secret, recoveryCodes}`. A code of now is spent; one a step ahead is not. */
export async function withFactor(world, name = "ana") {
  const person = await world.user(name);
  const { secret } = await proposed(world, person);
  const { status, body } = await person.post("/api/auth/second-factor/confirm", { code: shows(secret) });
  assert.equal(status, 200, JSON.stringify(body));
  for (const code of body.data.recoveryCodes) world.keepSecret(code);
  return { person, secret, recoveryCodes: body.data.recoveryCodes };
}
