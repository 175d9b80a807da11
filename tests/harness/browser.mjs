// People who use the web client: each has a browser of their own, and does what its words and roles offer.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, afterEach, before } from "node:test";
import { chromium } from "playwright-core";
import { watchCalls } from "./calls-seen.mjs";
import { CHROMIUM } from "./chromium.mjs";
import { eventually } from "./wait.mjs";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--use-fake-ui-for-media-stream",
  "--use-fake-device-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];

/** What Chrome itself writes where the server refuses. */
const REFUSAL = /^Failed to load resource: the server responded with a status of (401|403|404)\b/;
/** What it writes where there is no network. */
const NO_NETWORK = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|WebSocket connection to/;

/** Generous: a busy machine is slow, and only what fails waits for it. */
const WAIT = 60_000;

/** Options for a suite: skipped without a browser, never in CI. */
export function needsChromium() {
  if (existsSync(CHROMIUM)) return {};
  const reason = `needs Chromium: there is none at ${CHROMIUM}; \`make deps\` installs it, or set CHROMIUM`;
  if (process.env.CI === "true") throw new Error(reason);
  return { skip: reason };
}

/** A browser for the tests of the enclosing describe, and people with the world's accounts in it. */
export function browsersIn(world) {
  const people = new Set();
  let browser;
  before(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  afterEach(async (t) => {
    const errors = [...people].flatMap((person) => person.errors);
    if (!t.passed) for (const person of people) console.error(await person.tells());
    await Promise.all([...people].map((person) => person.context.close()));
    people.clear();
    assert.deepEqual(errors, [], "the console of a page holds errors");
  });
  after(() => browser?.close());

  const open = async (name, { relayed = false, ...options } = {}) => {
    const context = await browser.newContext({ locale: "en", viewport: { width: 1280, height: 800 }, baseURL: world.url, ...options });
    context.setDefaultTimeout(WAIT);
    await context.addInitScript(watchCalls, { relayed });
    const person = new Person(world.visitor(name), context, await context.newPage());
    people.add(person);
    return person;
  };
  return {
    /** Somebody at the front page, without an account. */
    visitor: open,
    /** Somebody signed in. */
    async user(name, options) {
      const person = await open(name, options);
      await person.user.registers();
      await person.user.logsIn();
      await person.takesSession();
      return person;
    },
  };
}

export class Person {
  errors = [];
  wasOffline = false;

  constructor(user, context, page) {
    Object.assign(this, { user, context, page });
    this.name = user.username;
    page.on("pageerror", (error) => this.errors.push(`${this.name}: ${error.stack ?? error}`));
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() !== "error" || REFUSAL.test(text)) return;
      if (this.wasOffline && NO_NETWORK.test(text)) return;
      this.errors.push(`${this.name}: ${text} (${message.location().url})`);
    });
  }

  /** What is on the page, for who reads why a test has failed. */
  async tells() {
    const words = await this.page.locator("body").innerText().catch((error) => error.message);
    return `--- ${this.name} at ${this.page.url()}\n${words}`;
  }

  /** Signed in here as the user is outside of a browser. */
  takesSession() {
    const session = { name: "session", value: this.user.token, url: this.user.world.url, httpOnly: true, sameSite: "Lax" };
    return this.context.addCookies([session]);
  }

  button(name, options) {
    return this.page.getByRole("button", { name, exact: true, ...options });
  }

  heading(name) {
    return this.page.getByRole("heading", { name });
  }

  goes(path) {
    return this.page.goto(path, { waitUntil: "domcontentloaded" });
  }

  async fills(fields) {
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label, { exact: true }).fill(`${value}`);
  }

  /** From the front page to an account. */
  async signsUp() {
    const { name, last_name, email, password, age } = this.user.fields;
    await this.goes("/");
    await this.page.getByRole("link", { name: "Sign up" }).first().click();
    await this.fills({ "First name": name, "Last name": last_name, "Email address": email, Password: password, Age: age });
    await this.button("Create account").click();
    await this.heading("Your meetings").waitFor();
  }

  /** A meeting of one's own; its link. */
  async plans(title, { waitingRoom = false, guests = false, passcode } = {}) {
    await this.goes("/meetings/new");
    await this.page.getByLabel("Title").fill(title);
    if (waitingRoom) await this.page.getByLabel("Waiting room").check();
    if (guests) await this.page.getByLabel("Guests", { exact: true }).check();
    if (passcode) await this.page.getByLabel(/^Passcode/).fill(passcode);
    await this.button("Create meeting").click();
    await this.page.getByRole("link", { name: "Join", exact: true }).waitFor();
    const { meetingId } = await this.page.evaluate(async (id) => {
      const answer = await fetch(`/api/meetings/${id}`);
      return (await answer.json()).data;
    }, new URL(this.page.url()).pathname.split("/").at(-1));
    this.meetingId = meetingId;
    return `/meetings/${meetingId}/room`;
  }

  /** Opens the link and comes to the lobby, and from there into the room. */
  async joins(link) {
    await this.goes(link);
    await this.entersFromLobby();
  }

  async entersFromLobby() {
    await this.page.getByLabel("What your camera sees").waitFor();
    await this.button("Join").click();
    await this.isInside();
  }

  /** The link that a person would send: what the meeting's page copies. */
  async copiesLink() {
    await this.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await this.button("Copy link").click();
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  /** Through the link of a meeting that takes guests. */
  async comesAsGuest(link, name = this.name) {
    await this.goes(link);
    await this.page.getByLabel("Your name").fill(name);
    await this.button("Come in as a guest").click();
    await this.entersFromLobby();
  }

  /** Opens the link and asks to be let in. */
  async knocks(link) {
    await this.goes(link);
    await this.page.getByLabel("What your camera sees").waitFor();
    await this.button("Ask to come in").click();
    await this.heading("The host will let you in soon").waitFor();
  }

  /** Everybody on the stage, oneself too. */
  tiles() {
    return this.page.getByRole("region", { name: "Participants" }).getByRole("button", { name: /^Keep .* large$/ });
  }

  /** Somebody on the stage. */
  tile(name) {
    return this.page.getByRole("region", { name: "Participants" }).getByRole("button", { name: `Keep ${name} large`, exact: true });
  }

  isInside() {
    return this.page.getByRole("toolbar", { name: "Meeting controls" }).waitFor();
  }

  async opensChat() {
    const messages = this.page.getByRole("log", { name: "Messages" });
    if (await messages.isVisible()) return;
    await this.page.getByRole("button", { name: /^Chat/ }).click();
    await messages.waitFor();
  }

  async says(text) {
    await this.opensChat();
    await this.page.getByRole("textbox", { name: "Write a message" }).fill(text);
    await this.button("Send").click();
  }

  async reads(text) {
    await this.opensChat();
    await this.page.getByRole("log", { name: "Messages" }).getByText(text, { exact: true }).waitFor();
  }

  /** What the chat shows, in its order. */
  messages(pattern) {
    return this.page.getByRole("log", { name: "Messages" }).getByText(pattern).allInnerTexts();
  }

  /** Waits until moving pictures and sound of that many others come in. */
  async seesAndHears(others = 1) {
    await this.#until("pictures", (page) => page.evaluate(() => window.callsSeen.pictures()), others);
    await this.#until("sound", (page) => page.evaluate(() => window.callsSeen.sounds()), others);
  }

  async sees(others = 1) {
    await this.#until("pictures", (page) => page.evaluate(() => window.callsSeen.pictures()), others);
  }

  /** Counted on each stream, from now: what came before does not tell that it still comes. */
  async #until(what, count, others) {
    const before = await count(this.page);
    const rising = async () => {
      const now = await count(this.page);
      return Object.entries(now).filter(([id, figure]) => figure > (before[id] ?? 0)).length >= others;
    };
    await eventually(`${this.name} to have ${what} of ${others}`, rising, WAIT);
  }

  /** Of what kind the own end of every connection is. */
  routes() {
    return this.page.evaluate(() => window.callsSeen.routes());
  }

  async losesNetwork() {
    this.wasOffline = true;
    await this.context.setOffline(true);
  }

  findsNetwork() {
    return this.context.setOffline(false);
  }

  async opensPeople() {
    if (await this.heading("People").isVisible()) return;
    await this.page.getByRole("button", { name: /^People/ }).click();
    await this.heading("People").waitFor();
  }

  /** Something from the menu of a message. */
  async doesWith(text, action) {
    const said = this.page.getByRole("log", { name: "Messages" }).getByRole("paragraph").filter({ hasText: text }).first();
    const message = said.locator("xpath=ancestor::div[.//button[contains(@aria-label, 'Actions for')]][1]");
    await message.hover();
    await message.getByRole("button", { name: /^Actions for/ }).click();
    await this.page.getByRole("menuitem", { name: action, exact: true }).click();
  }

  /** For hosts: something from the menu of another in the list of people. */
  async does(action, other) {
    await this.button(`Actions for ${other.name}`).click();
    await this.page.getByRole("menuitem", { name: action, exact: true }).click();
  }

  presses(key) {
    return this.page.keyboard.press(key);
  }

  types(text) {
    return this.page.keyboard.type(text);
  }

  /** Moves the focus by a key until it is on what has this role and name. */
  async reachesByKeys(role, name, keys = ["Tab"], most = 60) {
    const goal = this.page.getByRole(role, { name, ...(typeof name === "string" && role !== "textbox" ? { exact: true } : {}) });
    const there = () => goal.evaluateAll((all) => all.includes(document.activeElement));
    for (let pressed = 0; !(await there()); pressed++) {
      if (pressed === most) throw new Error(`${this.name} does not reach ${role} "${name}" with ${most} presses of ${keys}`);
      await this.presses(keys[pressed % keys.length]);
    }
  }

  async leaves({ host = false } = {}) {
    await this.button("Leave").click();
    if (host) await this.page.getByRole("menuitem", { name: "Leave the meeting" }).click();
    await this.heading("You left the meeting").waitFor();
  }
}
