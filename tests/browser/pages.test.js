// Every page by itself: nothing that axe finds wrong, in both themes and on two screens, with a picture of each.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { look } from "../harness/looks.mjs";
import { aWorld } from "../harness/world.mjs";

describe("pages", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);
  test("nothing is amiss with those that need no account", async () => {
    const found = [];
    const ana = await people.visitor("ana");
    for (const [path, name, heading] of [
      ["/", "front", "Meet, talk and chat in one calm place"],
      ["/signup", "sign-up", "Create your account"],
      ["/login", "log-in", "Welcome back"],
      ["/forgot-password", "forgot", "Forgot your password?"],
      ["/no/such/page", "not-found", "There is nothing here"],
    ]) {
      await ana.goes(path);
      await ana.heading(heading).first().waitFor();
      await look(ana, name, found);
    }
    assert.deepEqual(found, []);
  });

  test("nothing is amiss with those of an account", async () => {
    const found = [];
    const ana = await people.user("ana");
    const { meetingId } = await ana.user.creates({ title: "Weekly", description: "What we did, and what comes next." });
    for (const [path, name, heading] of [
      ["/meetings", "meetings", "Your meetings"],
      ["/meetings/new", "new-meeting", "New meeting"],
      [`/meetings/${meetingId}`, "meeting", "Weekly"],
      [`/meetings/${meetingId}/report`, "report", "Who was there"],
      ["/profile", "profile", "Profile"],
      ["/security", "security", "Security"],
    ]) {
      await ana.goes(path);
      await ana.heading(heading).first().waitFor();
      await ana.page.locator("[aria-busy=true]").waitFor({ state: "detached" });
      await look(ana, name, found);
    }
    assert.deepEqual(found, []);
  });
});
