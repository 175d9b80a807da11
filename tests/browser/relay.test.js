// Where two browsers can't reach each other, the relay that the server offers carries the call.
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { needsTurn, turn } from "../harness/turn.mjs";
import { aWorld } from "../harness/world.mjs";

describe("a relayed call", { ...needsChromium(), ...needsTurn() }, () => {
  let relay;
  const world = aWorld(async () => {
    relay = await turn();
    return { env: relay.env };
  });
  const people = browsersIn(world);
  after(() => relay?.stop());

  test("two who can only be reached through the relay see and hear each other", async () => {
    const [ana, ben] = [await people.user("ana", { relayed: true }), await people.user("ben", { relayed: true })];
    const link = await ana.plans("Behind two walls");
    await ana.joins(link);
    await ben.joins(link);
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);
    for (const person of [ana, ben]) assert.deepEqual(await person.routes(), ["relay"]);
  });
});
