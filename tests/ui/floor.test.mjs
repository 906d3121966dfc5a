// The operator at the station and the lead at the wall.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, centerWhere, closeBrowser, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const TABLET = { size: [1280, 800] };
const working = (it) => it.state === "running" && it.job.good_quantity + it.job.bad_quantity + 12 < it.job.planned_quantity;
const goodOf = async (job) => (await ask("lead", `work-order-operations/${job.operation_id}`)).completed_quantity;

async function until(what, says) {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await what()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(says);
}

test("an operator counts: the number moves at once, is saved once, and a slip is undone", story, async () => {
  const center = await centerWhere(working);
  const before = await goodOf(center.job);
  const { page, leave } = await visit("operator", `station/${center.work_center_code}`, TABLET);
  const count = page.locator(".count b");
  await count.waitFor();
  const plus = page.getByRole("button", { name: "+1" });
  for (let tap = 0; tap < 3; tap += 1) await plus.click();
  assert.equal(await count.innerText(), String(before + 3));
  await page.getByText("All saved").waitFor();
  assert.equal(await goodOf(center.job), before + 3);
  await plus.click();
  await page.getByRole("button", { name: "Undo" }).click();
  assert.equal(await count.innerText(), String(before + 3));
  await page.waitForTimeout(2000);
  assert.equal(await goodOf(center.job), before + 3);
  await leave();
});

test("with the network gone an operator goes on counting; the page says so, and nothing is lost or doubled, also by a reload", story, async () => {
  const center = await centerWhere(working);
  const before = await goodOf(center.job);
  const { page, context, leave } = await visit("operator", `station/${center.work_center_code}`, { ...TABLET, expected: /ERR_INTERNET_DISCONNECTED|ERR_NETWORK|ERR_FAILED/ });
  await page.locator(".count b").waitFor();
  await context.setOffline(true);
  const plus = page.getByRole("button", { name: "+1" });
  for (let tap = 0; tap < 4; tap += 1) await plus.click();
  await page.waitForTimeout(2500);
  await page.getByText("4 not saved yet").waitFor();
  assert.equal(await goodOf(center.job), before);
  await context.setOffline(false);
  await page.reload();
  await page.getByText("All saved").waitFor({ timeout: 15_000 });
  await until(async () => (await goodOf(center.job)) === before + 4, "the four pieces did not arrive once");
  await leave();
});

test("a machine stops: two taps give the reason; the lead sees it first, answers, and lets it run again", story, async () => {
  const center = await centerWhere(working);
  const operator = await visit("operator", `station/${center.work_center_code}`, TABLET);
  await operator.page.getByRole("button", { name: "Machine stopped" }).click();
  await operator.page.getByRole("dialog").locator(".tiles button").first().click();
  await operator.page.locator(".since").waitFor();
  const lead = await visit("lead");
  const row = lead.page.locator("li", { hasText: center.work_center_name }).first();
  await row.getByRole("button", { name: "I am on it" }).click();
  await row.getByText("lead is on it").waitFor();
  await row.getByRole("button", { name: "Running again" }).click();
  await lead.page.locator(".what", { hasText: new RegExp(`^${center.work_center_name}$`) }).waitFor({ state: "detached" });
  await operator.page.locator(".count b").waitFor();
  await operator.leave();
  await lead.leave();
});

test("a stop that a machine opened without a reason asks for one on the losses page, first of all", story, async () => {
  const center = await centerWhere(working);
  const stop = await ask("lead", "downtime-events", { downtime_category: "breakdown", work_center_id: center.work_center_id, downtime_reason_code: "NO-REASON" });
  const { page, leave } = await visit("manager", "losses?period=week");
  const row = page.locator("section", { has: page.getByRole("heading", { name: "Stops", exact: true }) }).locator("tbody tr").first();
  await row.getByText("No reason yet").waitFor();
  await row.getByRole("button", { name: "Give reason" }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^No material/ }).click();
  await until(async () => (await ask("lead", `downtime-events/${stop.downtime_id}`)).downtime_category === "material_shortage", "the reason was not taken");
  await ask("lead", `downtime-events/${stop.downtime_id}/resolve`, {});
  await leave();
});

test("an operator pauses, goes on with the badge, and finishes with fewer only when asked again", story, async () => {
  const center = await centerWhere(working);
  const { page, leave } = await visit("operator", `station/${center.work_center_code}`, TABLET);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  const badge = (await ask("lead", "employees?limit=1&status=active")).data[0].employee_code;
  await page.getByLabel("Scan your badge").fill(badge);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.getByRole("button", { name: "Finish operation" }).click();
  await page.getByRole("button", { name: "Go on counting" }).click();
  assert.equal((await ask("lead", `work-order-operations/${center.job.operation_id}`)).status, "in_progress");
  await page.getByRole("button", { name: "Finish operation" }).click();
  await page.getByRole("button", { name: "Finish with fewer" }).click();
  await until(async () => (await ask("lead", `work-order-operations/${center.job.operation_id}`)).status === "completed", "the operation was not finished");
  await leave();
});

test("a lead sees on the board what is blocked and by what, without a click", story, async () => {
  const center = await centerWhere(working);
  const line = (await ask("lead", `work-centers/${center.work_center_id}`)).line_id;
  const stop = await ask("lead", "downtime-events", { downtime_category: "tool_change", work_center_id: center.work_center_id });
  const { page, leave } = await visit("lead", `boards?line=${line}`);
  const blocked = page.locator("section", { has: page.getByRole("heading", { name: /^Blocked/ }) });
  await blocked.locator("li", { hasText: center.job.work_order_number }).getByText("Tool change").waitFor();
  await ask("lead", `downtime-events/${stop.downtime_id}/resolve`, {});
  await leave();
});
