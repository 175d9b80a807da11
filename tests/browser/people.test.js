// People without a mouse, and people of another language.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { aWorld } from "../harness/world.mjs";

describe("people", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("by keyboard alone: sign in, open a meeting, join, mute, chat, leave", async () => {
    const ana = await people.visitor("ana");
    await ana.user.registers();
    await ana.user.logsIn();
    const { meetingId } = await ana.user.creates({ title: "No mouse", date: new Date().toISOString().slice(0, 10), time: "23:59" });

    await ana.goes("/");
    await ana.reachesByKeys("link", "Log in");
    await ana.presses("Enter");
    await ana.heading("Welcome back").waitFor();
    await ana.reachesByKeys("textbox", "Email address");
    await ana.types(ana.user.email);
    await ana.reachesByKeys("textbox", "Password");
    await ana.types(ana.user.fields.password);
    await ana.presses("Enter");
    await ana.heading("Your meetings").waitFor();
    await ana.page.getByRole("link", { name: "No mouse" }).first().waitFor();
    await ana.reachesByKeys("link", /^No mouse/);
    await ana.presses("Enter");
    await ana.page.waitForURL(`**/meetings/${meetingId}`);
    await ana.page.getByRole("link", { name: "Join", exact: true }).waitFor();
    await ana.reachesByKeys("link", "Join");
    await ana.presses("Enter");
    await ana.page.getByLabel("What your camera sees").waitFor();
    await ana.reachesByKeys("button", "Join");
    await ana.presses("Enter");
    await ana.isInside();

    await ana.presses("m");
    await ana.button("Unmute").waitFor();
    await ana.presses("c");
    const field = ana.page.getByRole("textbox", { name: "Write a message" });
    await field.waitFor();
    await ana.page.waitForFunction((element) => document.activeElement === element, await field.elementHandle());
    await ana.types("typed");
    await ana.presses("Enter");
    await ana.reads("typed");
    await ana.presses("Escape");
    await ana.page.getByRole("log", { name: "Messages" }).waitFor({ state: "detached" });
    await ana.reachesByKeys("button", "Leave", ["ArrowRight"]);
    await ana.presses("Enter");
    await ana.page.getByRole("menuitem", { name: "Leave the meeting" }).waitFor();
    await ana.presses("Enter");
    await ana.heading("You left the meeting").waitFor();
  });

  test("in Spanish, for who reads Spanish", async () => {
    const ana = await people.visitor("ana", { locale: "es-CO" });
    await ana.goes("/login");
    await ana.heading("Le damos la bienvenida").waitFor();
    await ana.button("Iniciar sesión").waitFor();
    assert.equal(await ana.page.evaluate(() => document.documentElement.lang), "es");
  });
});
