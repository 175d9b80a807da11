// What somebody who has never been here waits for.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

const FIRST_LOAD_MAX = 200_000;
const ROUNDS = 5;
const EMPTY = '<!doctype html><html lang="en"><title>Empty</title><h1>Empty</h1></html>';

const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

/** Bytes of the page and of all it asked for, as they came over the network. */
const loaded = (page) =>
  page.evaluate(() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .filter(({ name }) => !/\/(api|socket\.io)\//.test(new URL(name).pathname))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0));

/** Milliseconds from the navigation until the heading is there and the next frames were painted. */
async function interactive(page, url, heading) {
  await page.goto(url);
  await page.getByRole("heading", { name: heading }).first().waitFor();
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))));
}

describe("the first load", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("is under 200 kB compressed, and the room comes after it", async (t) => {
    const times = { front: [], empty: [] };
    let bytes;
    for (let round = 0; round < ROUNDS; round++) {
      const { page, context } = await people.visitor("ana");
      times.front.push(await interactive(page, `${world.url}/`, "Meet, talk and chat in one calm place"));
      bytes = await loaded(page);
      await page.route("**/empty", (route) => route.fulfill({ contentType: "text/html", body: EMPTY }));
      times.empty.push(await interactive(page, `${world.url}/empty`, "Empty"));
      await context.clearCookies();
    }
    assert.ok(bytes > 10_000, `${bytes}: nothing was counted`);
    assert.ok(bytes < FIRST_LOAD_MAX, `the first load has ${bytes} bytes`);

    const ben = await people.user("ben");
    const link = await ben.plans("Weekly");
    await ben.joins(link);
    const inRoom = await loaded(ben.page);
    assert.ok(inRoom > bytes, "the room's own part is loaded with the room");
    const [front, empty] = [median(times.front), median(times.empty)];
    t.diagnostic(`first load ${kB(bytes)} compressed; with the room ${kB(inRoom)}`);
    t.diagnostic(`interactive after ${front.toFixed(0)} ms, an empty page after ${empty.toFixed(0)} ms: ${(front / empty).toFixed(1)} times (medians of ${ROUNDS}, each in a new browser profile)`);
  });
});
