// Every page by itself: nothing that axe finds wrong, in both themes and on two screens, with a picture of each.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
const SCREENS = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

describe("pages", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);
  mkdirSync(PICTURES, { recursive: true });

  /** Looks at the page as it is: what is wrong with it is kept in `found`, to be told of all pages at once. */
  async function look(person, name, found) {
    const { page } = person;
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      for (const [screen, size] of Object.entries(SCREENS)) {
        await page.setViewportSize(size);
        await page.screenshot({ path: join(PICTURES, `${name}-${colorScheme}-${screen}.png`), animations: "disabled" });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0) found.push(`${name} (${screen}): ${wide} pixels wider than the screen`);
      }
      await page.setViewportSize(SCREENS.wide);
      // As a string: pages let no other script in.
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, nodes } of violations) {
        for (const { html, failureSummary } of nodes) found.push(`${name} (${colorScheme}): ${id}: ${html.slice(0, 200)} ${failureSummary}`);
      }
    }
  }

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
