// Files of other systems come in: looked at first, mended, brought in, with what somebody should look at.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ask, BASE, closeBrowser, loginOf, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

/** Names that no earlier run on this plant has used. */
const OWN = `IN${Date.now() % 1_000_000}`;
const panel = (page, name) => page.locator("section", { has: page.getByRole("heading", { name, exact: true }) });
const figure = (page, label) => page.locator("div", { has: page.getByText(label, { exact: true }) }).last().locator("b");
const csv = (name, rows) => ({ name, mimeType: "text/csv", buffer: Buffer.from(rows.join("\n")) });

const HEAD = "Order,Product,Ordered,Operation,Machine,Worker,Activity,Start,End,Good,Rejected,Held,Rework";
const row = (day, good, start = `2026-01-0${day}T07:00:00`) => `${OWN},${OWN} frame,10,Cut,${OWN} saw,${OWN}-W,Work,${start},2026-01-0${day}T09:00:00,${good},0,0,`;
/** The second row makes more than was ordered; the third cannot be read. */
const LOG = [HEAD, row(5, 10), row(6, 4), row(7, 1, "yesterday")];

test("a shop's log is looked at, then brought in: what was refused and what wants a look stand with line and reason, and nothing comes twice", story, async () => {
  const orders = async () => (await ask("planner", `work-orders?work_order_number=${OWN}`)).data.length;
  const { page, leave } = await visit("planner", "imports?kind=operation-log");
  await page.getByLabel("File", { exact: false }).setInputFiles(csv("log.csv", LOG));
  await page.getByRole("button", { name: "Look first" }).click();
  await page.getByText("log.csv was only looked at: nothing is changed.").waitFor();
  const [refused, flagged] = [panel(page, "Refused, with why"), panel(page, "Taken, and to be looked at")];
  assert.match(await refused.locator("tbody tr").innerText(), /^4\s+started_at\s+yesterday\s+/);
  assert.match(await flagged.locator("tbody tr").innerText(), new RegExp(`^3\\s+work_order_number\\s+${OWN}\\s+more was made at Cut than was ordered$`));
  assert.equal(await orders(), 0, "looking changes nothing");

  await page.getByRole("button", { name: "Bring in" }).click();
  await page.getByText("log.csv is in, without what was refused.").waitFor();
  assert.deepEqual([await figure(page, "New").innerText(), await figure(page, "Refused").innerText(), await figure(page, "To be looked at").innerText()], ["2", "1", "1"]);
  await flagged.getByText("more was made than was ordered: ask").waitFor();
  await panel(page, "Hours by work center").getByRole("row", { name: `${OWN} saw 4` }).waitFor();
  assert.equal(await orders(), 1);

  await page.getByLabel("File", { exact: false }).setInputFiles(csv("mended.csv", [...LOG.slice(0, 3), row(7, 1)]));
  await page.getByRole("button", { name: "Bring in" }).click();
  await page.getByText("mended.csv is in.").waitFor();
  assert.deepEqual([await figure(page, "New").innerText(), await figure(page, "As they were").innerText()], ["1", "2"]);
  await leave();
});

for (const [language, says] of [["de-DE", ["Erst ansehen", "Angenommen und anzusehen", "Zeile"]], ["es-ES", ["Mirar primero", "Aceptado y por revisar", "Línea"]]]) {
  test(`what wants a look is said in the language of the reader, ${language}`, story, async () => {
    const { page, leave } = await visit("planner", "imports?kind=operation-log", { language });
    await page.locator("input[type=file]").setInputFiles(csv("log.csv", LOG.map((it) => it.replaceAll(OWN, `${OWN}-${language}`))));
    await page.getByRole("button", { name: says[0] }).click();
    await panel(page, says[1]).getByRole("columnheader", { name: says[2] }).waitFor();
    assert.equal(await panel(page, says[1]).locator("tbody tr").count(), 1);
    await leave();
  });
}

test("an example file of a kind comes in as it stands", story, async () => {
  const { page, leave } = await visit("planner", "imports?kind=customers");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Example file" }).click()]);
  await page.getByLabel("File", { exact: false }).setInputFiles(csv("customers.csv", readFileSync(await file.path(), "utf8").split("\n")));
  await page.getByRole("button", { name: "Look first" }).click();
  await page.getByText("customers.csv was only looked at: nothing is changed.").waitFor();
  assert.equal(await figure(page, "Refused").innerText(), "0");
  await leave();
});

test("every kind that can be brought in is on the page, each with an example, and nobody else finds the way", story, async () => {
  const answer = await fetch(`${BASE}/api/v1/imports/nothing-like-it`, { method: "POST", body: "a\n1", headers: { Authorization: `Bearer ${loginOf("planner").token}` } });
  const known = (await answer.json()).detail.split("there are ")[1].replace(/\.$/, "").split(", ");
  const { page, leave } = await visit("planner", "imports");
  const options = page.getByLabel("What it holds", { exact: false }).locator("option");
  await options.first().waitFor({ state: "attached" });
  const shown = await options.evaluateAll((all) => all.map((it) => it.value));
  assert.deepEqual([...shown].sort(), [...known].sort());
  for (const kind of shown.filter((it) => it !== "operation-log")) {
    await page.getByLabel("What it holds", { exact: false }).selectOption(kind);
    await page.getByRole("button", { name: "Example file" }).waitFor();
  }
  await leave();
  const operator = await visit("operator");
  await operator.page.getByRole("button", { name: "operator", exact: true }).click();
  await operator.page.getByRole("link", { name: "Station", exact: true }).waitFor();
  assert.equal(await operator.page.getByRole("link", { name: "Import", exact: true }).count(), 0);
  await operator.leave();
});

/** As many as one import may have, nearly: enough to be seen at work. */
const MANY = 190_000;
const crowd = () => csv("crowd.csv", ["customer_code,customer_name", ...Array.from({ length: MANY }, (_, at) => `${OWN}-${at},Customer ${at}`)]);

test("a large file says how many of its rows are checked and for how long, here and to whoever comes to the page, and is not sent twice", story, async () => {
  const { page, context, leave } = await visit("planner", "imports?kind=customers");
  const sent = [];
  page.on("request", (request) => request.method() === "POST" && request.url().includes("/imports/") && sent.push(request.url()));
  await page.getByLabel("File", { exact: false }).setInputFiles(crowd());
  const look = page.getByRole("button", { name: "Look first" });
  await look.click();
  // Past the browser driver, which waits until a button may be pressed.
  await look.click({ force: true });
  await page.getByRole("button", { name: "Bring in" }).click({ force: true });
  const told = page.getByText(/^[\d,]+ of 190,000 rows checked$/);
  await told.waitFor();
  await page.getByText(/^for \d+:\d\d$/).waitFor();
  assert.ok((await page.getByRole("progressbar", { name: "Look first" }).getAttribute("value")) !== null);
  const other = await context.newPage();
  await other.goto(`${BASE}/#/imports`);
  await other.getByRole("heading", { name: "crowd.csv is being looked at" }).waitFor();
  await other.getByText(/begun by planner/).waitFor();
  await page.getByText("crowd.csv was only looked at: nothing is changed.").waitFor();
  await other.getByRole("heading", { name: "crowd.csv is being looked at" }).waitFor({ state: "detached" });
  assert.equal(await figure(page, "Rows").innerText(), "190,000");
  assert.equal(sent.length, 1);
  await leave();
});

test("whoever would leave while a file is brought in is asked first, and stays where they were", story, async () => {
  const { page, leave } = await visit("planner", "imports?kind=customers");
  let answer;
  const held = new Promise((done) => (answer = done));
  await page.route("**/api/v1/imports/customers*", async (route) => (await held, route.continue()));
  const asked = [];
  page.on("dialog", (dialog) => (asked.push([dialog.type(), dialog.message()]), dialog.type() === "confirm" && asked.length > 1 ? dialog.accept() : dialog.dismiss()));
  await page.getByLabel("File", { exact: false }).setInputFiles(csv("two.csv", ["customer_code,customer_name", `${OWN}-A,One`, `${OWN}-B,Two`]));
  await page.getByRole("button", { name: "Bring in" }).click();
  await page.getByRole("progressbar", { name: "Bring in" }).waitFor();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await page.getByRole("heading", { name: "Bring in a file" }).waitFor();
  assert.match(page.url(), /#\/imports\?kind=customers$/);
  assert.match(asked[0][1], /leaving brings in nothing of it/);
  answer();
  await page.getByText("two.csv is in.").waitFor();
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await page.getByRole("heading", { name: "Orders" }).first().waitFor();
  assert.equal(asked.length, 1, "when it is in, nobody is asked");
  await leave();
});
