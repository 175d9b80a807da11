import { hash, randomBytes } from "node:crypto";

import { parseCookie } from "cookie";

const COOKIE = "session";
const LIFETIME_MS = 5 * 24 * 60 * 60 * 1000;
const SWEEP_MS = 60 * 60 * 1000;

/** Login sessions by the hash of their token: who reads this map can log in as nobody. */
export class Sessions {
  #byHash = new Map();

  constructor() {
    setInterval(() => this.#sweep(), SWEEP_MS).unref();
  }

  /** Opens a session and sets its cookie. */
  open(request, response, uid) {
    const token = randomBytes(32).toString("base64url");
    this.#byHash.set(hashed(token), { uid, expiresAt: Date.now() + LIFETIME_MS });
    response.cookie(COOKIE, token, {
      httpOnly: true,
      sameSite: "lax",
      secure: request.secure,
      path: "/",
      maxAge: LIFETIME_MS,
    });
  }

  /** The user id of a request's session, or undefined. */
  userOf(request) {
    const { cookie } = request.headers;
    const token = cookie && parseCookie(cookie)[COOKIE];
    const session = token && this.#byHash.get(hashed(token));
    return session && session.expiresAt > Date.now() ? session.uid : undefined;
  }

  #sweep() {
    const now = Date.now();
    for (const [key, { expiresAt }] of this.#byHash) if (expiresAt <= now) this.#byHash.delete(key);
  }
}

function hashed(token) {
  return hash("sha256", token, "base64");
}
