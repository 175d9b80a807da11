// A meeting on a phone: a small screen that is touched.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { SCREENS, picture, settled, tooWide, violations } from "../harness/looks.mjs";
import { aWorld } from "../harness/world.mjs";

const PHONE = { viewport: SCREENS.phone, isMobile: true, hasTouch: true, deviceScaleFactor: 2, reducedMotion: "reduce" };

describe("on a phone", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  /** Nothing stands out of the screen, nothing covers what is to be pressed, and axe has nothing to say. */
  async function fits({ page, name }, where, pressed) {
    assert.equal(await tooWide(page), 0, `${where}: wider than the screen`);
    const { width, height } = SCREENS.phone;
    for (const control of pressed) {
      const box = await control.boundingBox();
      assert.ok(box, `${where}: ${control} is not shown`);
      assert.ok(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height, `${where}: ${control} is off the screen: ${JSON.stringify(box)}`);
      await control.click({ trial: true });
    }
    await settled(page);
    assert.deepEqual(await violations(page), [], `${where} of ${name}`);
    await picture(page, `phone-${where}`);
  }

  test("sign up, plan, join, be seen and heard, chat, look who is there, raise a hand, leave", async () => {
    const ana = await people.visitor("ana", PHONE);
    const ben = await people.user("ben");
    await ana.goes("/");
    await ana.heading("Meet, talk and chat in one calm place").waitFor();
    await fits(ana, "front", []);
    await ana.signsUp();
    await fits(ana, "meetings", []);
    const link = await ana.plans("On the way");
    await fits(ana, "meeting", [ana.page.getByRole("link", { name: "Join", exact: true })]);
    await ana.goes(link);
    await ana.page.getByLabel("What your camera sees").waitFor();
    await ana.button("Join").scrollIntoViewIfNeeded();
    await fits(ana, "lobby", [ana.button("Join")]);
    await ana.button("Join").tap();
    await ana.isInside();
    await ben.joins(link);
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);
    const bar = ["Mute", "Stop video", "Chat", "More", "Leave"].map((name) => ana.button(name));
    await fits(ana, "room", bar);

    await ana.button("Mute").tap();
    await ana.button("Unmute").waitFor();
    await ana.says("from my phone");
    await ben.reads("from my phone");
    await fits(ana, "chat", [ana.page.getByRole("textbox", { name: "Write a message" })]);
    await ana.button("Close Chat").tap();
    await ana.button("More").tap();
    await ana.page.getByRole("menuitem", { name: "People", exact: true }).tap();
    await ana.heading("People").waitFor();
    await fits(ana, "people", []);
    await ana.button("Close People").tap();
    await ana.button("More").tap();
    await ana.page.getByRole("menuitem", { name: "Raise hand" }).tap();
    await ben.page.getByText(`${ana.name} has raised a hand`).first().waitFor();
    await ana.button("Leave").tap();
    await ana.page.getByRole("menuitem", { name: "Leave the meeting" }).tap();
    await ana.heading("You left the meeting").waitFor();
    await fits(ana, "left", [ana.button("Rejoin")]);
  });
});
