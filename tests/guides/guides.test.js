// The guides in docs/guides, followed to the letter.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { follow } from "../harness/guide.mjs";
import { needs } from "../harness/modes.mjs";

const names = readdirSync(new URL("../../docs/guides", import.meta.url)).filter((name) => name.endsWith(".md")).map((name) => name.slice(0, -3));

describe("the guide", { ...needs("TEST_POSTGRES_URL", "PostgreSQL"), ...needs("TEST_FIRESTORE_EMULATOR_HOST", "Firestore's emulator") }, () => {
  const env = { PG: process.env.TEST_POSTGRES_URL, FIRESTORE: process.env.TEST_FIRESTORE_EMULATOR_HOST ?? "" };

  for (const name of names) {
    test(`${name} does what it says`, async (t) => {
      const left = await follow(name, env);
      for (const { text, why } of left) t.diagnostic(`${name}: not run (${why}): ${text.split("\n")[0]}`);
      for (const { why } of left) assert.ok(why.length > 5);
    });
  }
});
