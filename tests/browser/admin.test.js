// An admin in a browser: who meets, why somebody was cut, an account that is disabled, and the record of it all.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { browsersIn, needsChromium } from "../harness/browser.mjs";
import { look } from "../harness/looks.mjs";
import { works } from "../harness/operator.mjs";
import { aWorld } from "../harness/world.mjs";

describe("an admin in a browser", needsChromium(), () => {
  const world = aWorld();
  const people = browsersIn(world);

  test("finds why somebody was cut, ends a room, disables an account, and reads it all in the record", async () => {
    const found = [];
    const ana = await people.user("ana");
    await ana.goes("/admin");
    await ana.heading("There is nothing here").waitFor();

    const root = await people.visitor("root");
    await root.user.registers();
    await works(world, "user", "grant", root.user.email, "admin");
    await root.user.logsIn();
    await root.takesSession();
    const ben = await world.user("ben");
    const meeting = await ben.creates({ title: "Late in the evening" });
    const client = await ben.joins(meeting);

    await root.goes("/meetings");
    await root.page.getByRole("button", { name: /^Account/ }).click();
    await root.page.getByRole("menuitem", { name: "Administration" }).click();
    await root.heading("Administration").waitFor();
    await root.page.getByText("Answers").first().waitFor();
    await look(root, "admin-overview", found);

    const opens = (name) => root.page.getByRole("tab", { name, exact: true }).click();
    const dialog = root.page.getByRole("dialog");
    const confirms = async (reason) => {
      await dialog.getByLabel(/^Why/).fill(reason);
      await dialog.getByRole("button", { name: "Do it" }).click();
      await dialog.waitFor({ state: "detached" });
    };
    await opens("Accounts");
    await root.page.getByLabel("Name or address").fill(ben.email);
    await root.button("Search").click();
    await root.page.getByText(ben.id).waitFor();
    await look(root, "admin-accounts", found);
    await root.button(`Actions for ${ben.username}`).click();
    await root.page.getByRole("menuitem", { name: "Their connections" }).click();
    await root.button(`Cut a connection of ${ben.username}`).click();
    const from = client.now;
    await confirms("a test of the line");
    await client.loses({ from });
    await client.comesBack({ from });
    await look(root, "admin-connections", found);

    await opens("Accounts");
    await root.page.getByLabel("Name or address").fill(ben.email);
    await root.button("Search").click();
    await root.button(`Actions for ${ben.username}`).click();
    await root.page.getByRole("menuitem", { name: "What went wrong for them" }).click();
    await root.page.getByText("An admin cut it: see the record.").waitFor();
    await look(root, "admin-incidents", found);

    await client.joins(meeting);
    await opens("Rooms");
    await root.button("End Late in the evening").click();
    await confirms("it is midnight");
    await client.hears("meeting:ended");
    await root.page.getByText("Nobody meets right now").waitFor();

    await opens("Accounts");
    await root.page.getByLabel("Name or address").fill(ben.email);
    await root.button("Search").click();
    await root.button(`Actions for ${ben.username}`).click();
    await root.page.getByRole("menuitem", { name: "Disable" }).click();
    await confirms("left the company");
    await root.page.getByText("Disabled", { exact: true }).waitFor();
    assert.equal((await ben.get("/api/me")).status, 401);

    await opens("Record");
    for (const reason of ["a test of the line", "it is midnight", "left the company"]) await root.page.getByText(reason).waitFor();
    await look(root, "admin-record", found);
    assert.deepEqual(found, []);
  });
});
