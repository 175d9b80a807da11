// What people come for: a meeting, from the front page to the call.
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

describe("a meeting", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("two people sign up, plan, meet, see and hear each other, and chat", async () => {
    const ana = await people.visitor("ana");
    const ben = await people.visitor("ben");
    await Promise.all([ana.signsUp(), ben.signsUp()]);
    const link = await ana.plans("Weekly");
    await ana.joins(link);
    await ben.joins(link);
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);

    await ana.says("Good morning");
    await ben.reads("Good morning");
    await ben.says("Hello, Ana");
    await ana.reads("Hello, Ana");

    await ben.button("Share screen").click();
    const screen = ana.page.getByLabel(`Screen of ${ben.name}`);
    await screen.waitFor();
    await ana.page.waitForFunction((video) => video.videoWidth > 0 && video.currentTime > 0, await screen.elementHandle());
    await ben.button("Stop sharing").click();
    await screen.waitFor({ state: "detached" });

    await ben.leaves();
    await ana.leaves({ host: true });
  });
});
