// A provider of OpenID Connect, as a process: oidc-provider with the clients of SETTINGS. Whoever comes is signed in as the
// cookie `who` says, so that a test can be anybody; `deny` says no.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import http from "node:http";
import Provider from "oidc-provider";

const { clients, conformIdTokenClaims = true } = JSON.parse(process.env.SETTINGS);
const accounts = new Map();
const server = http.createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const provider = new Provider(issuer, {
  clients,
  conformIdTokenClaims,
  jwks: { keys: [{ ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "RS256" }] },
  cookies: { keys: [randomUUID()] },
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "given_name", "family_name", "preferred_username"] },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, { uid }) => `/interaction/${uid}` },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
  findAccount: (_, sub) => accounts.has(sub) && { accountId: sub, claims: () => ({ ...accounts.get(sub), sub }) },
});
provider.on("server_error", (_, error) => console.error(error));

function who(request) {
  const [, text] = /(?:^|; )who=([^;]*)/.exec(request.headers.cookie ?? "") ?? [];
  return text && text !== "deny" ? JSON.parse(Buffer.from(text, "base64url").toString()) : undefined;
}

async function interact(request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const person = who(request);
  if (!person) return provider.interactionFinished(request, response, { error: "access_denied" });
  accounts.set(person.sub, person);
  const grant = new provider.Grant({ accountId: person.sub, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  return provider.interactionFinished(request, response, { login: { accountId: person.sub }, consent: { grantId } });
}

const answer = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/interaction/")) return answer(request, response);
  interact(request, response).catch((error) => response.writeHead(500).end(`${error}`));
});
console.log(JSON.stringify({ issuer }));
