// Material on its way: when it is expected beside what is there, and received when it comes.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, closeBrowser, openBrowser, settled, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const OWN = `PO${Date.now() % 1_000_000}`;
const SHEET = "SH-304-20";
const onHand = async () => (await ask("planner", `materials/${SHEET}/stock`)).on_hand;

/** Material that was ordered, to come so many hours from now. */
async function expect(order, quantity, hours) {
  const now = Date.parse((await ask("planner", "plant")).plant_time);
  const supplier = (await ask("planner", "suppliers?limit=1")).data[0];
  const expected_at = new Date(now + hours * 3_600_000).toISOString().replace(/\.\d+/, "");
  return ask("planner", "expected-receipts", { material_id: SHEET, quantity, expected_at, supplier_id: supplier.supplier_id, purchase_order_number: order });
}

test("what is expected stands by its time beside what is there; what is overdue says so; received, it is there and no longer expected", story, async () => {
  const [late, next] = [await expect(`${OWN}-1`, 40, -30), await expect(`${OWN}-2`, 25, 48)];
  const before = await onHand();
  const { page, leave } = await visit("planner", "materials");
  await settled(page);
  const stock = page.locator("tbody tr", { hasText: SHEET });
  await stock.getByText("overdue").waitFor();
  assert.match(await stock.innerText(), /\b65\b/);
  await page.getByRole("button", { name: "On its way", exact: true }).click();
  const rows = page.locator("tbody tr", { hasText: OWN });
  await rows.nth(1).waitFor();
  assert.match(await rows.first().innerText(), /overdue[^]*SH-304-20[^]*40\sSHEET/);
  assert.doesNotMatch(await rows.nth(1).innerText(), /overdue/);

  await rows.first().getByRole("button", { name: /^Receive/ }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Quantity", { exact: false }).inputValue(), "40");
  await dialog.getByRole("button", { name: "Receive material" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.locator("tbody tr", { hasText: `${OWN}-1` }).waitFor({ state: "detached" });
  assert.equal((await ask("planner", `expected-receipts/${late.expected_receipt_id}`)).status, "received");
  assert.equal(await onHand(), before + 40);
  await leave();

  const one = await visit("planner", `materials/${SHEET}`);
  const row = one.page.locator("tbody tr", { hasText: `${OWN}-2` });
  await row.getByRole("button", { name: /^Receive/ }).click();
  await one.page.getByRole("dialog").getByLabel("Quantity", { exact: false }).fill("10");
  await one.page.getByRole("dialog").getByLabel("That is all of it", { exact: false }).uncheck();
  await one.page.getByRole("dialog").getByRole("button", { name: "Receive material" }).click();
  await row.getByText("15 SHEET").waitFor();
  assert.deepEqual([(await ask("planner", `expected-receipts/${next.expected_receipt_id}`)).quantity, await onHand()], [15, before + 50]);
  await ask("planner", `expected-receipts/${next.expected_receipt_id}`, { status: "cancelled" }, "PATCH");
  await row.waitFor({ state: "detached" });
  await one.leave();
});

test("who may receive and not order takes material in, and the office says whether more comes", story, async () => {
  const { expected_receipt_id } = await expect(`${OWN}-3`, 5, 20);
  const { page, leave } = await visit("operator", "materials?show=expected");
  await page.locator("tbody tr", { hasText: `${OWN}-3` }).getByRole("button", { name: /^Receive/ }).click();
  assert.equal(await page.getByRole("dialog").getByLabel("That is all of it", { exact: false }).count(), 0);
  await leave();
  await ask("planner", `expected-receipts/${expected_receipt_id}`, { status: "cancelled" }, "PATCH");
});
