// Requests over TLS to a server that only the tests trust.
import https from "node:https";

/** `{status, headers, text, body}`; `body` is the parsed JSON, if it is JSON. */
export function securely(url, { method = "GET", path = "/", headers = {}, body, ca } = {}) {
  const payload = body === undefined || Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body);
  const all = { ...(payload !== undefined && payload !== body ? { "content-type": "application/json" } : {}), ...(payload === undefined ? {} : { "content-length": Buffer.byteLength(payload) }), ...headers };
  return new Promise((resolve, reject) => {
    const sent = https.request(new URL(path, url), { method, headers: all, ca, agent: false }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const isJson = /\bjson\b/.test(answer.headers["content-type"]);
        resolve({ status: answer.statusCode, headers: answer.headers, text, body: isJson ? JSON.parse(text) : undefined });
      });
    });
    sent.on("error", reject);
    sent.end(payload);
  });
}

export const answers = (url, ca) => securely(url, { path: "/health", ca }).then(() => true, () => false);
