// A certificate for localhost and the authority that signed it, made with openssl.
import { execFileSync, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Options for a test that needs certificates: skipped with the reason, never in CI. */
export function needsOpenssl() {
  if (spawnSync("openssl", ["version"]).status === 0) return {};
  const reason = "needs openssl, for certificates";
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

/** Makes them in a folder: the paths of `{authority, certificate, key}`. */
export function certificates(folder) {
  const at = (name) => join(folder, name);
  const openssl = (...args) => execFileSync("openssl", args, { stdio: "ignore" });
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-keyout", at("authority.key"), "-out", at("authority.pem"), "-days", "2", "-subj", "/CN=Authority of the tests");
  openssl("req", ...key, "-keyout", at("server.key"), "-out", at("server.csr"), "-subj", "/CN=localhost");
  writeFileSync(at("server.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n");
  openssl("x509", "-req", "-in", at("server.csr"), "-CA", at("authority.pem"), "-CAkey", at("authority.key"), "-CAcreateserial", "-out", at("server.pem"), "-days", "2", "-extfile", at("server.ext"));
  return { authority: at("authority.pem"), certificate: at("server.pem"), key: at("server.key") };
}
