// IT, the planner and the manager.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { ask, centerWhere, closeBrowser, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

/** An adapter of a machine, which says its power again and again. */
async function adapter() {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    const beat = setInterval(() => socket.write("|spindle_power|3.25\n"), 100);
    socket.on("close", () => clearInterval(beat));
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  // A story that failed before it stopped the machine must not keep this process waiting for it.
  server.unref();
  return { address: `127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

test("a connection is tried, its values are seen, and only then it is saved; its password is never shown", story, async () => {
  const machine = await adapter();
  const { page, leave } = await visit("admin", "connectors");
  await page.getByRole("link", { name: "Add a connection" }).click();
  await page.getByLabel("Code").fill("ADAPTER-1");
  await page.getByLabel("Protocol").selectOption("shdr");
  await page.getByLabel(/^TOML/).fill(`address = "${machine.address}"\nmachine = "LAS-01"\n`);
  await page.getByRole("button", { name: "Try for five seconds" }).click();
  const trial = page.locator("section", { has: page.getByRole("heading", { name: "What the trial saw" }) });
  await trial.getByRole("row", { name: /spindle_power/ }).waitFor({ timeout: 20_000 });
  assert.match(await trial.getByRole("row", { name: /spindle_power/ }).innerText(), /3\.25/);
  const own = async () => (await ask("admin", "connectors")).data.filter((it) => it.connector_code === "ADAPTER-1");
  assert.deepEqual(await own(), []);
  await page.getByLabel(/^Password/).fill("a secret of the machine");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /ADAPTER-1/ }).getByText("Live").waitFor({ timeout: 20_000 });
  await page.getByRole("link", { name: "ADAPTER-1" }).first().click();
  await page.getByText("One is set; it is never shown.").waitFor();
  assert.equal(await page.getByLabel(/^Password/).inputValue(), "");
  const [connector] = await own();
  await ask("admin", `connectors/${connector.connector_id}`, { status: "inactive" }, "PATCH");
  machine.stop();
  await leave();
});

test("settings that cannot be read are refused with a sentence, and stay as they were typed", story, async () => {
  const { page, leave } = await visit("admin", "connectors/new", { expected: /4\d\d/ });
  await page.getByLabel(/^TOML/).fill("this is = not = toml");
  await page.getByRole("button", { name: "Try for five seconds" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel(/^TOML/).inputValue(), "this is = not = toml");
  await leave();
});

test("a machine's day, its live values and the chart of one of them", story, async () => {
  const center = await centerWhere((it) => it.state === "running" && it.machine_id);
  const machine = await ask("lead", `machines/${center.machine_id}`);
  const { page, leave } = await visit("manager", `machines/${machine.machine_code}`);
  await page.getByRole("heading", { name: machine.machine_name }).waitFor();
  await page.getByRole("img", { name: /States of/ }).waitFor();
  const values = page.locator("section", { has: page.getByRole("heading", { name: "Live values" }) });
  await values.getByRole("button", { name: "power", exact: true }).click();
  await page.getByRole("img", { name: /^power over the day/ }).locator("canvas").waitFor();
  assert.match(page.url(), /metric=power/);
  await leave();
});

test("a manager reads why OEE is low: the factors with their sums, and the largest losses in words", story, async () => {
  const { page, leave } = await visit("manager", "losses?period=week");
  await page.getByText(/planned min$/).first().waitFor();
  const oee = (await ask("manager", "kpi/oee")).data[0];
  await page.getByText(`${oee.parts.good.toLocaleString("en-GB")} good of ${oee.parts.produced.toLocaleString("en-GB")} pieces`).waitFor();
  assert.ok((await page.locator("section", { has: page.getByRole("heading", { name: "Why it is not more" }) }).locator("ol li").count()) >= 1);
  await leave();
});

test("a lead holds an order with its reason and resumes it", story, async () => {
  const order = (await ask("lead", "work-orders?status=in_progress&limit=1")).data[0];
  const { page, leave } = await visit("lead", `orders/${order.work_order_id}`);
  await page.getByRole("button", { name: "Hold" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("drawing is wrong");
  await dialog.getByRole("button", { name: "Hold" }).click();
  await page.getByText("On hold: drawing is wrong").waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("On hold: drawing is wrong").waitFor({ state: "detached" });
  await leave();
});

test("an admin adds a person, who may then log in; an auditor only looks", story, async () => {
  const { page, leave } = await visit("admin", "people");
  await page.getByRole("button", { name: "Add a person" }).click();
  await page.getByLabel("User name").fill("marta");
  await page.getByLabel("Role").selectOption("lead");
  await page.getByLabel(/^Password/).fill("a long enough password");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("row", { name: /marta/ }).waitFor();
  await leave();
  const other = await visit("auditor", "people");
  await other.page.getByRole("row", { name: /marta/ }).waitFor();
  assert.equal(await other.page.getByRole("button", { name: "Change" }).count(), 0);
  await other.leave();
});

test("the admin of a simulated plant lets it run and stops it", story, async () => {
  const { page, leave } = await visit("admin");
  await page.getByRole("button", { name: "admin", exact: true }).click();
  for (const wanted of [60, 0]) {
    const set = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/plant/clock"));
    await page.getByLabel("Plant time").selectOption(String(wanted));
    assert.equal((await set).status(), 200);
    assert.equal((await ask("admin", "plant")).plant.clock_rate, wanted);
  }
  await leave();
});

test("a manager reads the success metrics with their targets and takes them along as a file", story, async () => {
  const { page, leave } = await visit("manager", "reports");
  const metrics = page.locator(".metrics > div");
  await metrics.first().waitFor();
  assert.equal(await metrics.count(), 6);
  for (const text of await metrics.allInnerTexts()) assert.match(text, /target .+\n.+ (of|over|in) /, text);
  for (const [name, begins] of [["PDF", "%PDF-"], ["XLSX", "PK"], ["CSV", "metric,"]]) {
    const address = await page.getByRole("link", { name, exact: true }).first().getAttribute("href");
    const file = await page.request.get(new URL(address, page.url()).href);
    assert.ok((await file.body()).toString("latin1").startsWith(begins), name);
  }
  await page.getByRole("heading", { name: "Who was there" }).waitFor();
  await leave();
});
