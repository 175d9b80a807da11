// An app's own login: it signs who somebody is, and publishes its keys.
import { createHmac, createSign, generateKeyPairSync, randomBytes, sign as signRaw } from "node:crypto";
import { Loopback } from "./loopback.mjs";

const part = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");

/** A token with these claims. `key` is a private key; a text is a secret for HMAC; none leaves it unsigned. */
export function signed(claims, header, key) {
  const message = `${part({ typ: "JWT", ...header })}.${part(claims)}`;
  return `${message}.${signature(message, header.alg, key)}`;
}

function signature(message, alg, key) {
  if (key === undefined) return "";
  if (typeof key === "string" || Buffer.isBuffer(key)) return createHmac("sha256", key).update(message).digest("base64url");
  if (alg === "EdDSA") return signRaw(null, Buffer.from(message), key).toString("base64url");
  if (alg === "ES256") return createSign("sha256").update(message).sign({ key, dsaEncoding: "ieee-p1363" }, "base64url");
  return createSign("sha256").update(message).sign(key, "base64url");
}

/** The public half as it is published. */
export const publicKey = (key, more) => ({ ...key.export({ format: "jwk" }), use: "sig", ...more });

export const seconds = () => Math.floor(Date.now() / 1000);

export class Issuer extends Loopback {
  keys = new Map();
  audience = "plenum";
  current = "first";

  constructor(name = "https://login.example.com") {
    super();
    this.name = name;
    this.adds("first", "RS256");
  }

  /** A new key, published at once unless told otherwise. */
  adds(kid, alg = "RS256", published = true) {
    const kinds = { RS256: ["rsa", { modulusLength: 2048 }], ES256: ["ec", { namedCurve: "P-256" }], EdDSA: ["ed25519", {}] };
    this.keys.set(kid, { ...generateKeyPairSync(...kinds[alg]), alg, published });
    return this;
  }

  get jwks() {
    const published = [...this.keys].filter(([, key]) => key.published);
    return { keys: published.map(([kid, { publicKey: key, alg }]) => publicKey(key, { kid, alg })) };
  }

  /** Its entry in TRUSTED_ISSUERS. */
  entry(more = {}) {
    return { issuer: this.name, audience: this.audience, jwks: `${this.url}/jwks`, ...more };
  }

  answer() {
    return { body: this.jwks };
  }

  claims(more = {}) {
    const now = seconds();
    return { iss: this.name, aud: this.audience, sub: `user-${randomBytes(5).toString("hex")}`, iat: now, exp: now + 600, ...more };
  }

  /** A token for these claims, signed with this key. */
  token(claims, { kid = this.current, ...header } = {}) {
    const { privateKey, alg } = this.keys.get(kid);
    return signed(this.claims(claims), { alg, kid, ...header }, privateKey);
  }
}
