// More than two in one call.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { picture } from "../harness/looks.mjs";
import { aWorld } from "../harness/world.mjs";

describe("four in one call", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("each sees and hears the three others; who goes is gone for all, and is seen again on coming back", async () => {
    const four = [];
    for (const name of ["ana", "ben", "cleo", "dora"]) four.push(await people.user(name));
    const [ana, , , dora] = four;
    const link = await ana.plans("All of us");
    for (const person of four) await person.joins(link);
    for (const person of four) await person.seesAndHears(3);
    await picture(ana.page, "room-four");

    await dora.leaves();
    for (const person of four.slice(0, 3)) await person.tile(dora.name).waitFor({ state: "detached" });
    await dora.button("Rejoin").click();
    await dora.isInside();
    await Promise.all([ana.seesAndHears(3), dora.seesAndHears(3)]);
    assert.equal(await ana.tiles().count(), 4);
  });
});
