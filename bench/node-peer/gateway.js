// The way in: accounts, sessions, and a proxy that tells the chat service who calls.
import { integer, port, text } from "./lib/environment.js";

import { Agent, STATUS_CODES } from "node:http";

import express from "express";
import httpProxy from "http-proxy";

import { Accounts, shown } from "./lib/accounts.js";
import { Refusal, endWith, success } from "./lib/answer.js";
import * as caller from "./lib/caller.js";
import { health, listen, plain, serverOf } from "./lib/listen.js";
import { Sessions } from "./lib/sessions.js";

const accounts = new Accounts();
const sessions = new Sessions();

const proxy = httpProxy.createProxyServer({
  target: text("CHAT_BACKEND_URL", "http://localhost:4000"),
  agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
  // Longer than a polling request hangs: a ping's interval and timeout.
  proxyTimeout: integer("BACKEND_TIMEOUT_MS", 90_000),
});

const app = express();
plain(app);
app.get("/health", health("gateway"));

const json = express.json({ limit: 100_000 });

app.post("/api/auth/register", json, async (request, response) => {
  const account = await accounts.register(request.body);
  success(response, shown(account), { status: 201, message: "The account was created" });
});

app.post("/api/auth/login", json, async (request, response) => {
  const account = await accounts.login(request.body);
  sessions.open(request, response, account.uid);
  success(response, shown(account), { message: "Signed in" });
});

// Before any body parser: bodies are streamed.
app.use((request, response, next) => {
  const { path } = request;
  if (!path.startsWith("/api/meetings") && !path.startsWith("/socket.io/")) return next();
  if (!authenticated(request)) throw new Refusal(401, "no_session", "No active session");
  proxy.web(request, response);
});

endWith(app);

const server = serverOf(app);

server.on("upgrade", (request, socket, head) => {
  // Until the proxy takes over nobody else hears of a reset.
  socket.on("error", () => socket.destroy());
  if (!request.url.startsWith("/socket.io/")) return refuse(socket, 404);
  if (!authenticated(request)) return refuse(socket, 401);
  proxy.ws(request, socket, head);
});

// A client that is gone before the chat service answers its upgrade would leave that socket open.
proxy.on("proxyReqWs", (outgoing, request, socket) => {
  const abandon = () => outgoing.destroy();
  socket.once("close", abandon);
  outgoing.once("upgrade", () => socket.off("close", abandon));
});

proxy.on("error", (error, request, response) => {
  // A client that went away while its request was under way is no fault of the chat service.
  if (request.socket?.destroyed) return;
  console.error(`${request.method} ${request.url}: ${error.message}`);
  if (typeof response.setHeader !== "function") return refuse(response, 502);
  if (response.headersSent) return response.destroy();
  const { body } = new Refusal(502, "backend_unavailable", "The service cannot be reached");
  response.writeHead(502, { "Content-Type": "application/json" });
  response.end(JSON.stringify({ success: false, message: body.message, error: body }));
});

listen(server, { name: "gateway", host: text("HOST", "0.0.0.0"), port: port(3000) });

/** Whether the request has a session; if so, its headers now name the caller. */
function authenticated(request) {
  const uid = sessions.userOf(request);
  const account = uid && accounts.get(uid);
  if (account) caller.stamp(request.headers, account);
  return Boolean(account);
}

function refuse(socket, status) {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
