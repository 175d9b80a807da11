// Database servers refuse to run as root; as root, they run as a user without rights.
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync } from "node:fs";

const id = (flag, user) => {
  try {
    return Number(execFileSync("id", [flag, user], { stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return undefined;
  }
};

/** `{uid, gid}` of the first of these users that exists; `{}` when we are not root. */
export function unprivileged(...users) {
  if (process.getuid() !== 0) return {};
  const user = users.find((name) => id("-u", name) !== undefined);
  return { uid: id("-u", user), gid: id("-g", user) };
}

/** A folder that belongs to `as`. */
export function folderOf(as, path) {
  mkdirSync(path, { mode: 0o700 });
  if (as.uid !== undefined) chownSync(path, as.uid, as.gid);
  return path;
}
