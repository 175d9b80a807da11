// Looking at a page: in both themes and on two screens, with a picture of each, and with axe.
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PICTURES = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
export const SCREENS = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };

mkdirSync(PICTURES, { recursive: true });

/** The part of a page that stands out of the screen at its side, in pixels. */
export const tooWide = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);

/** Whatever comes in has come: half transparent, nothing has its colours. */
export const settled = (page) =>
  page.evaluate(() => {
    const ends = document.getAnimations().filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().endTime));
    return Promise.allSettled(ends.map(({ finished }) => finished)).then(() => undefined);
  });

export const picture = (page, name) => page.screenshot({ path: join(PICTURES, `${name}.png`), animations: "disabled" });

/** What axe finds wrong with a page as it is. */
export async function violations(page) {
  // As a string: pages let no other script in.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`));
}

/** Looks at the page as it is: what is wrong with it is kept in `found`, to be told of all pages at once. */
export async function look({ page }, name, found, { themes = ["light", "dark"] } = {}) {
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const [screen, size] of Object.entries(SCREENS)) {
      await page.setViewportSize(size);
      await picture(page, `${name}-${colorScheme}-${screen}`);
      const wide = await tooWide(page);
      if (wide > 0) found.push(`${name} (${screen}): ${wide} pixels wider than the screen`);
    }
    await page.setViewportSize(SCREENS.wide);
    await settled(page);
    for (const wrong of await violations(page)) found.push(`${name} (${colorScheme}): ${wrong}`);
  }
}
