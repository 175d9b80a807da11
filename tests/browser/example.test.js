// The app in the README of @plenum/client: a meeting in somebody else's React, at somebody else's address.
import { after, before, describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { serveExample } from "../harness/example.mjs";
import { aWorld } from "../harness/world.mjs";

describe("the example of @plenum/client", needsChromium(), () => {
  let example;
  const world = aWorld();
  const people = browsersIn(world);
  before(async () => {
    example = await serveExample(world.url);
  });
  after(() => example?.stop());

  test("two people log in, meet, see and hear each other, and chat", async () => {
    const [ana, ben] = [await people.visitor("ana"), await people.visitor("ben")];
    for (const { user } of [ana, ben]) await user.registers();
    const host = await ana.user.elsewhere();
    const { meetingId } = await host.creates();
    for (const person of [ana, ben]) {
      const { page, user } = person;
      await person.goes(`${example.url}/?meeting=${meetingId}`);
      await person.fills({ Address: user.email, Password: user.fields.password });
      await person.button("Log in").click();
      await page.getByRole("status").getByText("Connected").waitFor();
      await person.button("Join the call").click();
      await page.getByRole("region", { name: "Call" }).waitFor();
      await person.button("Unmute").click();
      await person.button("Start video").click();
    }
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);
    await ana.page.getByLabel("Message").fill("from another app");
    await ana.button("Send").click();
    await ben.page.getByText("from another app").waitFor();
    await ben.button("Leave the call").click();
    await ben.button("Join the call").waitFor();
    await ana.page.getByRole("figure").waitFor({ state: "detached" });
  });
});
