// Two people who have never seen it: from the front page to a call, by what the pages offer alone.
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

describe("newcomers", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("from the front page to a call with video and chat", async (t) => {
    const [ana, ben] = [await people.visitor("ana"), await people.visitor("ben")];
    const began = Date.now();
    await ana.signsUp();
    await ana.page.getByRole("link", { name: /New meeting|Plan a meeting/ }).first().click();
    await ana.page.getByLabel("Title").fill("Our first meeting");
    await ana.button("Create meeting").click();
    await ana.page.getByRole("link", { name: "Join", exact: true }).waitFor();
    const link = await ana.copiesLink();
    await ana.page.getByRole("link", { name: "Join", exact: true }).click();
    await ana.entersFromLobby();

    await ben.goes(link);
    await ben.page.getByRole("link", { name: "Sign up" }).click();
    const { name, last_name, email, password, age } = ben.user.fields;
    await ben.fills({ "First name": name, "Last name": last_name, "Email address": email, Password: password, Age: age });
    await ben.button("Create account").click();
    await ben.entersFromLobby();
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);
    await ben.says("Hello!");
    await ana.reads("Hello!");
    t.diagnostic(`from the front page to a call with video and chat: ${((Date.now() - began) / 1000).toFixed(1)} s, both people by turns`);
  });
});
