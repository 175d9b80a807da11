// What a host does about others: lets them in, mutes them, removes them.
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

describe("a host", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("who knocks is admitted; who is muted is told; who is removed is out", async () => {
    const [ana, ben] = [await people.user("ana"), await people.user("ben")];
    const link = await ana.plans("Behind a door", { waitingRoom: true });
    await ana.joins(link);
    await ben.knocks(link);
    await ana.page.getByText(`${ben.name} would like to come in`).first().waitFor();
    await ana.button("Admit").click();
    await ben.isInside();
    await ana.seesAndHears();

    await ana.opensPeople();
    await ana.does("Mute", ben);
    await ben.page.getByText("A host has muted you. You can unmute yourself.").first().waitFor();
    await ben.button("Unmute").first().waitFor();

    await ana.does("Remove", ben);
    await ana.page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await ben.heading("You were removed from this meeting").waitFor();
    await ana.page.getByRole("button", { name: `Actions for ${ben.name}` }).waitFor({ state: "detached" });
  });
});
