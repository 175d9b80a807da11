// A network that goes away and comes back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

const AWAY_MS = 10_000;

describe("a lost network", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("one loses the network for ten seconds and comes back with every message and the call", async () => {
    const [ana, ben] = [await people.user("ana"), await people.user("ben")];
    const link = await ana.plans("On a train");
    await ana.joins(link);
    await ben.joins(link);
    await ana.says("before");
    await ben.reads("before");

    await ben.losesNetwork();
    const lost = Date.now();
    await ben.page.getByText("Your device has no network.").waitFor();
    const texts = ["while you were away 1", "while you were away 2", "while you were away 3"];
    for (const text of texts) {
      await ana.says(text);
      await ana.reads(text);
    }
    await ben.says("from the tunnel");
    await ana.page.waitForTimeout(Math.max(0, lost + AWAY_MS - Date.now()));
    await ben.findsNetwork();

    for (const text of texts) await ben.reads(text);
    await ana.reads("from the tunnel");
    assert.deepEqual(await ben.messages(/away \d/), texts);
    await ben.page.getByText("You are back. Nothing was lost.").waitFor();
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);
  });
});
