// How the gateway names its caller to the chat service: headers that no client may say.
const NAMESPACE = "x-plenum-";
const USER = "x-plenum-user";
const NAME = "x-plenum-name";

export function stamp(headers, user) {
  for (const name in headers) if (name.startsWith(NAMESPACE)) delete headers[name];
  delete headers.cookie;
  headers[USER] = user.uid;
  headers[NAME] = user.encodedName;
}

/** The caller `{userId, username}` of a request, or undefined when the gateway stamped none. */
export function read(headers) {
  const userId = headers[USER];
  return userId && { userId, username: decodeURIComponent(headers[NAME] ?? "") };
}
