// One HTTP request, sent as written: node:http alters neither path nor headers.
import http from "node:http";
import { within } from "./wait.mjs";

/**
 * @returns {Promise<{status, headers, raw: string[], cookies: string[], bytes, text, body}>} `body` is the parsed JSON, if it is JSON
 */
export function request(url, { method = "GET", path, headers = {}, body, ms } = {}) {
  const { hostname, port, pathname, search } = new URL(url);
  const json = body !== undefined && typeof body !== "string" && !Buffer.isBuffer(body);
  const payload = json ? JSON.stringify(body) : body;
  const all = { ...(json ? { "content-type": "application/json" } : {}), ...headers };
  if (payload !== undefined && all["transfer-encoding"] === undefined) all["content-length"] = Buffer.byteLength(payload);
  const target = path ?? pathname + search;
  const answered = new Promise((resolve, reject) => {
    const sent = http.request({ hostname, port, method, path: target, headers: all, agent: false }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const bytes = Buffer.concat(chunks);
        const text = bytes.toString("utf8");
        let parsed;
        if (/\bjson\b/.test(answer.headers["content-type"])) parsed = JSON.parse(text);
        const cookies = answer.headers["set-cookie"] ?? [];
        resolve({ status: answer.statusCode, headers: answer.headers, raw: answer.rawHeaders, cookies, bytes, text, body: parsed });
      });
    });
    sent.on("error", reject);
    sent.end(payload);
  });
  return within(`${method} ${target}`, answered, ms ?? 30_000);
}

/** The parts of a Set-Cookie header: `{name, value, attributes: {"max-age": "…", httponly: true, …}}`. */
export function parseSetCookie(header) {
  const [pair, ...rest] = header.split(";").map((part) => part.trim());
  const at = pair.indexOf("=");
  const attributes = {};
  for (const part of rest) {
    const [key, value] = part.split("=");
    attributes[key.toLowerCase()] = value ?? true;
  }
  return { name: pair.slice(0, at), value: pair.slice(at + 1), attributes };
}
