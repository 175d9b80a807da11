// The lobby and the room, as they look in each of their states, and what people do there besides talking.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { look } from "../harness/looks.mjs";
import { aWorld } from "../harness/world.mjs";

describe("lobby and room", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);
  /** The room is dark in both themes. */
  const dark = { themes: ["dark"] };

  test("nothing is amiss with any state of them, and a host's tools do what they say", async () => {
    const found = [];
    const [ana, ben] = [await people.user("ana"), await people.user("ben")];
    await ana.plans("Planning", { waitingRoom: true, guests: true });
    const link = await ana.copiesLink();
    assert.match(new URL(link).pathname, /^\/m\/[a-z]{4}-[a-z]{4}-[a-z]{4}$/, "short, and not guessable");

    await ana.goes(link);
    await ana.page.getByLabel("What your camera sees").waitFor();
    await look(ana, "lobby", found);
    await ana.entersFromLobby();
    await look(ana, "room-alone", found, dark);

    const gala = await people.visitor("gala");
    await gala.goes(link);
    await gala.page.getByLabel("Your name").waitFor();
    await look(gala, "link", found);
    await gala.page.getByLabel("Your name").fill("Gala");
    await gala.button("Come in as a guest").click();
    await gala.page.getByLabel("What your camera sees").waitFor();
    await gala.button("Ask to come in").click();
    await gala.heading("The host will let you in soon").waitFor();
    await look(gala, "waiting", found);
    await ben.knocks(link);
    await ana.page.getByText("2 people would like to come in").first().waitFor();
    await look(ana, "room-knocks", found, dark);
    await ana.opensPeople();
    await look(ana, "room-people", found, dark);
    await ana.button("Deny Gala").click();
    await gala.heading("You were not let in").waitFor();
    await look(gala, "denied", found);
    await gala.button("Ask again").click();
    await gala.heading("The host will let you in soon").waitFor();
    await ana.button("Admit Gala").waitFor();
    await ana.button("Admit all").click();
    await Promise.all([gala.isInside(), ben.isInside()]);
    await ana.seesAndHears(2);
    await ana.page.getByText("Guest", { exact: true }).first().waitFor();

    // What is written, answered, changed, reacted to, taken back, and said to one alone.
    await ben.says("Shall we begin?");
    await ana.reads("Shall we begin?");
    await ana.doesWith("Shall we begin?", "Reply");
    await ana.says("Yes");
    await ben.page.getByRole("blockquote").getByText("Shall we begin?").waitFor();
    await ben.doesWith("Shall we begin?", "Edit");
    await ben.page.getByRole("textbox", { name: "Write a message" }).fill("Shall we start?");
    await ben.button("Save").click();
    await ana.page.getByRole("log", { name: "Messages" }).getByText("Shall we start?").first().waitFor();
    await ben.page.getByLabel("To", { exact: true }).selectOption({ label: ana.name });
    await ben.says("only for you");
    await ana.reads("only for you");
    await gala.opensChat();
    await gala.page.getByRole("log", { name: "Messages" }).getByText("Yes", { exact: true }).waitFor();
    assert.equal(await gala.page.getByText("only for you").count(), 0, "what is private is its two's alone");
    await look(ana, "room-chat", found, dark);

    // Hands in the order they went up, and a reaction that everybody sees.
    await ben.button("Raise hand").click();
    await ana.page.getByText(`${ben.name} has raised a hand`).first().waitFor();
    await gala.button("React", { exact: true }).first().click();
    await gala.page.getByRole("menuitem", { name: "React with 👏" }).or(gala.page.getByRole("button", { name: "React with 👏" })).first().click();
    await ana.page.getByText("👏").first().waitFor();

    // A poll.
    await ana.page.getByRole("button", { name: /^Polls/ }).click();
    await ana.button("New poll").first().click();
    await ana.fills({ Question: "When do we meet next?", "Option 1": "Monday", "Option 2": "Tuesday" });
    await ana.button("Start the poll").click();
    for (const [person, choice] of [[ben, "Monday"], [gala, "Tuesday"]]) {
      await person.page.getByRole("button", { name: /^Polls/ }).click();
      await person.page.getByLabel(choice).check();
      await person.button("Vote").click();
      await person.button("Change your vote").waitFor();
    }
    await ana.page.getByText("2 votes").waitFor();
    await look(ana, "room-polls", found, dark);
    await ana.button("Close the poll").click();
    await ben.page.getByText("Closed", { exact: true }).waitFor();

    // Nobody new; one out, who does not come back; and the end, for all.
    await ana.opensPeople();
    await ana.button("Lock").click();
    await ben.page.getByText("Locked", { exact: true }).first().waitFor();
    await ana.button("Unlock").click();
    await ana.page.getByRole("button", { name: "Actions for Gala" }).click();
    await ana.page.getByRole("menuitem", { name: "Remove", exact: true }).click();
    await ana.page.getByRole("dialog").getByRole("button", { name: "Remove", exact: true }).click();
    await gala.heading("You were removed from this meeting").waitFor();
    await look(gala, "removed", found);
    await ana.button("Leave").click();
    await ana.page.getByRole("menuitem", { name: "End for everyone" }).click();
    await ana.page.getByRole("dialog").getByRole("button", { name: "End for everyone" }).click();
    await Promise.all([ana, ben].map((person) => person.heading("The meeting is over").waitFor()));
    await look(ben, "ended", found);
    assert.deepEqual(found, []);
  });

  test("where there is a passcode, it is asked for, and a wrong one said to be wrong", async () => {
    const [ana, ben] = [await people.user("ana"), await people.user("ben")];
    const link = await ana.plans("With a word", { passcode: "open sesame" });
    await ana.joins(link);
    await ben.goes(link);
    await ben.page.getByLabel("Passcode").fill("open barley");
    await ben.button("Join").click();
    await ben.page.getByText("The passcode is incorrect").first().waitFor();
    await ben.page.getByLabel("Passcode").fill("open sesame");
    await ben.button("Join").click();
    await ben.isInside();
  });

  test("who comes in by a second window has the call there, and the first says so at once", async () => {
    const ana = await people.user("ana");
    const ben = await people.user("ben");
    const link = await ana.plans("Two windows");
    await ana.joins(link);
    await ben.joins(link);
    await ben.seesAndHears();
    const first = ana.page;
    ana.page = await ana.context.newPage();
    await ana.joins(link);
    await first.getByText("You are in the call in another tab or on another device.").waitFor();
    await Promise.all([ana.seesAndHears(), ben.seesAndHears()]);
    await first.getByRole("button", { name: "Bring it here" }).click();
    await ana.page.getByText("You are in the call in another tab or on another device.").waitFor();
    await ben.seesAndHears();
  });
});
