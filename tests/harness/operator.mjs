// An operator at the machine, who types `plenum …`.
import assert from "node:assert/strict";
import { run } from "./process.mjs";

/** `plenum ARGS` on the database of a world's gateway. */
export async function plenum(world, ...args) {
  const { DATABASE_URL } = world.servers.gateway.env;
  return run("plenum", { args, env: { DATABASE_URL }, cwd: world.servers.folder, ms: 60_000 });
}

export async function works(world, ...args) {
  const { code, out, err } = await plenum(world, ...args);
  assert.equal(code, 0, `plenum ${args.join(" ")}: ${err}`);
  return out;
}

/** Somebody who has the role `admin`, signed in. */
export async function admin(world, name = "root") {
  const person = world.visitor(name);
  await person.registers();
  await works(world, "user", "grant", person.email, "admin");
  return person.logsIn();
}
