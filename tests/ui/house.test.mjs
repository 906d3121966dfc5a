// Who looks after material, data and the plant itself; and what happens when things go wrong in the middle.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ask, BASE, closeBrowser, loginOf, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

/** Codes that no earlier run on this plant has used. */
const OWN = `UI${Date.now() % 1_000_000}`;
const panel = (page, name) => page.locator("section", { has: page.getByRole("heading", { name, exact: true }) });

test("a planner sees what is short and for which order, and what comes in changes it", story, async () => {
  const material = (await ask("planner", "materials", { material_code: `${OWN}-SHORT`, material_name: "Rare sheet", material_type: "raw_material", stock_unit: "SHEET", status: "active", inspection_required: false })).material_code;
  const product = await ask("planner", "products", { product_code: `${OWN}-PRODUCT`, product_name: "Rare cabinet", bom_complexity: "simple", unit_of_measure: "EA", status: "active" });
  await ask("planner", "bills-of-material", { product_id: product.product_id, status: "active", lines: [{ material_id: material, quantity_per_unit: 2, unit_of_measure: "SHEET", scrap_percentage: 0 }] });
  const center = (await ask("planner", "work-centers?limit=1")).data[0];
  await ask("planner", "routings", { product_id: product.product_id, status: "active", steps: [{ operation_sequence: 10, operation_name: "Cut", work_center_id: center.work_center_id, setup_minutes: 0, standard_time_per_unit_seconds: 60, requires_inspection: false }] });
  const order = await ask("planner", "work-orders", { product_id: product.product_id, planned_quantity: 5 });
  await ask("planner", `work-orders/${order.work_order_id}/release`, {});
  const { page, leave } = await visit("planner", "materials?show=short");
  await page.getByRole("row", { name: new RegExp(`${OWN}-SHORT`) }).getByText("10 SHEET too few").waitFor();
  await page.getByRole("link", { name: `${OWN}-SHORT` }).click();
  const uses = panel(page, "Orders that take and bring it");
  await uses.getByRole("row", { name: /Rare cabinet/ }).waitFor();
  await page.getByRole("button", { name: "Receive material" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/^Quantity/).fill("12.5");
  await dialog.getByLabel("Lot number").fill(`${OWN}-LOT`);
  await dialog.getByLabel(/Heat/).fill("H-UI-1");
  await dialog.getByRole("button", { name: "Receive material" }).click();
  await page.getByText("12.5 SHEET").first().waitFor();
  await panel(page, "Movements").getByRole("rowheader", { name: "Receipt" }).waitFor();
  await page.getByText("10 SHEET too few").waitFor({ state: "detached" });
  await leave();
});

test("an analyst asks by SQL: rows with their types, a mistake marked where it is, the answer as a file", story, async () => {
  const { page, leave } = await visit("analyst", "data", { expected: /422|404/ });
  const box = panel(page, "SQL");
  await box.getByLabel("Statement", { exact: false }).last().fill("SELECT nope FROM work_orders");
  await box.getByRole("button", { name: "Run" }).click();
  await box.getByRole("alert").getByText("nope").waitFor();
  assert.equal(await box.locator("mark").innerText(), "nope");
  await box.getByLabel("Statement", { exact: false }).last().fill("SELECT status, count(*) AS orders FROM work_orders GROUP BY status ORDER BY status");
  await box.getByRole("button", { name: "Run" }).click();
  await box.getByRole("columnheader", { name: "orders bigint" }).waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), box.getByRole("button", { name: "CSV" }).click()]);
  assert.match(readFileSync(await file.path(), "utf8"), /^status,orders\r?\n/);
  await box.getByRole("button", { name: "Tables and columns" }).click();
  await page.getByLabel("Table or column").fill("heat_number");
  await page.getByRole("dialog").locator("summary").filter({ hasText: /^lots/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Begin with this table" }).first().click();
  assert.match(await box.getByLabel("Statement", { exact: false }).last().inputValue(), /^SELECT \* FROM /);
  await leave();
});

test("an admin keeps a backup, proves it, and sees how the server fares", story, async () => {
  const { page, leave } = await visit("admin", "data", { expected: /404/ });
  const backups = panel(page, "Backups");
  await backups.getByRole("button", { name: "Back up now" }).click();
  await backups.getByText(/The backup of .* is whole/).waitFor({ timeout: 30_000 });
  await backups.getByRole("button", { name: "Prove it" }).first().click();
  await backups.getByText("SHA-256").waitFor();
  await panel(page, "Health of the server").getByText("It takes commands").waitFor();
  await leave();
});

test("several series of machines share one axis, with states and orders beneath, and become a file", story, async () => {
  const { page, leave } = await visit("manager", "explorer?series=LAS-01/power,LAS-01/temperature,PUN-01/power");
  await page.getByRole("img", { name: "3 series over time" }).waitFor({ timeout: 20_000 });
  await page.getByRole("img", { name: "States of LAS-01" }).waitFor();
  await page.getByRole("button", { name: "Remove PUN-01 power" }).click();
  await page.getByRole("img", { name: "2 series over time" }).waitFor();
  await page.getByRole("combobox", { name: /^Value/ }).selectOption({ index: 1 });
  await page.getByRole("img", { name: "3 series over time" }).waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  assert.match(readFileSync(await file.path(), "utf8"), /^time,machine,metric,unit/);
  await leave();
});

test("an auditor finds who did what, sees what it changed, and the sealed days", story, async () => {
  const lot = (await ask("lead", "lots?status=available&limit=1")).data[0];
  await ask("inspector", `lots/${lot.lot_id}/hold`, { reason: "a story of the audit" });
  await ask("inspector", `lots/${lot.lot_id}/release`, { reason: "over" });
  const { page, leave } = await visit("auditor", "audit");
  await page.getByLabel("Reason or what was told").fill("story of the audit");
  await page.getByLabel("Reason or what was told").press("Enter");
  await page.getByRole("rowheader", { name: "Hold lot" }).first().waitFor();
  await page.getByRole("button", { name: "Details" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("hold_reason").first().waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();
  await page.getByRole("heading", { name: "Sealed days" }).waitFor();
  await leave();
});

test("a token is made, shown once, used, and ended; people stand with what they are certified for", story, async () => {
  const { page, leave } = await visit("admin", "people?show=tokens");
  await page.getByLabel("Acts as").selectOption({ label: "analyst, analyst" });
  await page.getByLabel("For which program").fill(`${OWN} report`);
  await page.getByRole("button", { name: "Make a token" }).click();
  const token = await page.getByRole("status").locator("code").innerText();
  const me = await fetch(`${BASE}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal((await me.json()).role, "analyst");
  const end = page.getByRole("row", { name: new RegExp(`${OWN} report`) }).getByRole("button", { name: "End it" });
  await end.click();
  await page.getByText("End it: press again").waitFor();
  assert.equal((await fetch(`${BASE}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } })).status, 200, "one press ends nothing");
  await end.click();
  await page.getByRole("row", { name: new RegExp(`${OWN} report`) }).getByText("inactive", { exact: false }).waitFor();
  assert.equal((await fetch(`${BASE}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } })).status, 401);
  await page.getByRole("button", { name: "People of the shop" }).click();
  await page.getByText(/until \d+ \w+ \d{4}|ended \d+ \w+ \d{4}/).first().waitFor();
  await leave();
});

test("an admin names the plant, and adds a day on which it is closed", story, async () => {
  const { page, leave } = await visit("admin", "settings");
  const name = page.getByLabel("Name of the plant");
  const before = await name.inputValue();
  await name.fill(`${before} two`);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  await page.getByText(`${before} two`).first().waitFor();
  await name.fill(before);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved").waitFor();
  const days = panel(page, "Days that differ");
  await days.getByLabel("Day", { exact: true }).fill("2027-12-24");
  await days.getByLabel("What it is").fill("Christmas <b>Eve</b>");
  await days.getByRole("button", { name: "Add" }).click();
  await days.getByRole("row", { name: /24 Dec 2027/ }).getByText("Christmas <b>Eve</b>").waitFor();
  await leave();
});

test("by keys alone the focus stays where it was: with an act that is done, and after a dialog that was opened and left", story, async () => {
  const { page, leave } = await visit("admin", "settings");
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() || document.activeElement?.tagName);
  await page.getByRole("button", { name: "Save" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Saved").waitFor();
  assert.equal(await focused(), "Save");
  await page.goto(`${BASE}/#/materials`);
  await page.getByRole("button", { name: "Receive material" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  assert.equal(await dialog.getByLabel("Material").evaluate((it) => it === document.activeElement), true, "a form begins in its first field");
  for (const leaves of ["Escape", "Close"]) {
    if (leaves === "Escape") await page.keyboard.press(leaves);
    else await dialog.getByRole("button", { name: leaves }).press("Enter");
    await dialog.waitFor({ state: "detached" });
    assert.equal(await focused(), "Receive material", leaves);
    await page.keyboard.press("Enter");
    await dialog.waitFor();
  }
  await leave();
});

test("everything made of a lot is held in one act, after the dialog has shown what that is", story, async () => {
  const lot = (await ask("lead", "lots?quantity_consumed.gt=0&status=available&limit=1")).data[0];
  const { page, leave } = await visit("manager", `lots/${lot.lot_number}`);
  await page.getByRole("button", { name: "Hold all that it reached" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("rowheader", { name: lot.lot_number, exact: true }).waitFor();
  const wanted = await dialog.locator("tbody tr").count();
  const head = (await ask("lead", "plant")).head;
  await dialog.getByLabel("Reason").fill("heat withdrawn");
  await dialog.getByRole("button", { name: /^Hold \d+ lot/ }).click();
  await page.getByText("On hold: heat withdrawn").waitFor();
  const acts = await ask("auditor", `changes?after=${head}`);
  const holds = acts.data.filter((it) => it.command === "HoldLots");
  assert.deepEqual([holds.length, holds[0].changes.length], [1, wanted]);
  await leave();
});

test("a log-in that ends in the middle of typing stands before the page, and what was typed is still there", story, async () => {
  const { page, leave } = await visit("planner", "materials", { expected: /401/ });
  await page.getByRole("button", { name: "Receive material" }).click();
  const dialog = page.getByRole("dialog").filter({ hasText: "Quantity" });
  await dialog.getByLabel("Heat").fill("H-HALF-TYPED");
  await page.request.delete(`${BASE}/api/v1/session`);
  await dialog.getByLabel("Material").fill("SH-304-10");
  await dialog.getByLabel(/^Quantity/).fill("1");
  await dialog.getByRole("button", { name: "Receive material" }).click();
  const door = page.getByRole("dialog").filter({ hasText: "The log-in has ended" });
  await door.waitFor();
  const { user, password } = loginOf("planner");
  await door.getByLabel("User name").fill(user);
  await door.getByLabel("Password").fill(password);
  await door.getByRole("button", { name: "Log in" }).click();
  await door.waitFor({ state: "detached" });
  assert.equal(await dialog.getByLabel("Heat").inputValue(), "H-HALF-TYPED");
  await dialog.getByRole("button", { name: "Receive material" }).click();
  await dialog.waitFor({ state: "detached" });
  await leave();
});

test("long names, right-to-left names and HTML are shown as they were written, and no page grows wider", story, async () => {
  const long = "Abdeckblech".repeat(18);
  await ask("planner", "materials", { material_code: `${OWN}-LONG`, material_name: long, material_type: "component", stock_unit: "EA", status: "active", inspection_required: false });
  await ask("planner", "materials", { material_code: `${OWN}-RTL`, material_name: "\u05DC\u05D5\u05D7 \u05E4\u05DC\u05D3\u05D4 (304)", material_type: "component", stock_unit: "EA", status: "active", inspection_required: false });
  await ask("planner", "materials", { material_code: `${OWN}-HTML`, material_name: "<img src=x onerror=alert(1)><b>bold</b>", material_type: "component", stock_unit: "EA", status: "active", inspection_required: false });
  const { page, leave } = await visit("planner", `materials?with=${OWN}-`, { size: [1024, 768] });
  await page.getByText("<img src=x onerror=alert(1)><b>bold</b>").waitFor();
  await page.getByText("\u05DC\u05D5\u05D7").waitFor();
  const over = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok((await over()) <= 0);
  for (const code of [`${OWN}-LONG`, `${OWN}-RTL`, `${OWN}-HTML`]) {
    await page.goto(`${BASE}/#/materials/${code}`);
    await page.getByRole("heading", { name: code }).waitFor();
    assert.ok((await over()) <= 0, `${code} is wider by ${await over()}`);
  }
  await leave();
});
