import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { aWorld } from "../harness/world.mjs";

const registers = async (world, fields) => {
  const { status, body } = await world.visitor("ana", fields).post("/api/auth/register", world.people.at(-1).fields);
  return [status, body.error?.code];
};

describe("registration without any setting", () => {
  const world = aWorld();

  test("is open, and whoever registers goes on at once, an invitation or none", async () => {
    const ana = await world.user("ana", { invitation: "whatever" });
    assert.equal((await ana.get("/api/meetings")).status, 200);
    await ana.creates();
  });
});

describe("registration that is closed", () => {
  const world = aWorld({ user: { REGISTRATION: "closed" } });

  test("takes nobody, after the fields were looked at", async () => {
    assert.deepEqual(await registers(world, {}), [403, "registration_closed"]);
    assert.deepEqual(await registers(world, { invitation: "x".repeat(43) }), [403, "registration_closed"]);
    assert.deepEqual(await registers(world, { age: 0 }), [400, "invalid_age"]);
  });
});

describe("registration by invitation", () => {
  const world = aWorld({ user: { REGISTRATION: "invite" } });

  test("takes nobody without one, and none that never was", async () => {
    assert.deepEqual(await registers(world, {}), [403, "invitation_required"]);
    assert.deepEqual(await registers(world, { invitation: "  " }), [403, "invitation_required"]);
    for (const invitation of ["x", "x".repeat(43), "x".repeat(5_000)]) {
      assert.deepEqual(await registers(world, { invitation }), [400, "invalid_invitation"]);
    }
  });
});

describe("registration of some domains", () => {
  const world = aWorld({ user: { REGISTRATION_DOMAINS: "example.com, Example.ORG" } });

  test("takes addresses of these alone", async () => {
    await world.user("ana");
    await world.user("ben", { email: `ben.${Date.now()}@EXAMPLE.org` });
    for (const domain of ["example.net", "sub.example.com", "example.com.evil.example", "notexample.com"]) {
      assert.deepEqual(await registers(world, { email: `ana@${domain}` }), [400, "email_domain_not_allowed"], domain);
    }
    assert.deepEqual(await registers(world, { email: "ana@example.com@evil.example" }), [400, "invalid_email"]);
  });
});
