// The planner: makes a plan, sees what it moves and why, publishes one order, and asks what could be promised.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, closeBrowser, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

/** A plan is made for ten seconds. */
const SOLVED = { timeout: 30_000 };
const panel = (page, title) => page.locator("section", { has: page.getByRole("heading", { name: title }) });

async function slotOf(order, sequence) {
  const { data } = await ask("planner", "schedule");
  return data.find((it) => it.work_order_id === order && it.operation_sequence === sequence);
}

test("a planner makes a plan, sees what it moves and why, publishes one order and finds it in the schedule", story, async () => {
  const { page, leave } = await visit("planner", "plan");
  await page.getByRole("img", { name: /^The plan as bars/ }).waitFor();
  await page.getByRole("button", { name: "Make a plan" }).click();
  await page.getByRole("progressbar").waitFor();
  await page.getByRole("heading", { name: /^Draft \d+, ready/ }).waitFor(SOLVED);
  const draft = new URL(page.url().replace("#/", "")).searchParams.get("draft");
  const { data: effects } = await ask("planner", `plans/${draft}/diff`);
  assert.ok(effects.length > 1, "the plan moves nothing");
  await page.getByRole("heading", { name: `${effects.length} orders move` }).waitFor();
  const late = (await ask("planner", `plans/${draft}`)).figures.late_orders;
  assert.match(await panel(page, /^Draft \d+, ready/).innerText(), new RegExp(`Late orders\\s+${late}\\s`));

  const chosen = await page.getByRole("checkbox").first().getAttribute("value");
  const wanted = effects.find((it) => it.work_order_id === chosen);
  const { work_order_number } = await ask("planner", `work-orders/${chosen}`);
  await page.getByRole("button", { name: work_order_number ?? chosen, exact: true }).first().click();
  await page.getByRole("heading", { name: "Why then" }).waitFor();
  assert.ok((await page.locator("ol li", { hasText: /^Operation \d+ \(/ }).count()) >= 1);

  await page.getByRole("checkbox").first().check();
  await page.getByRole("button", { name: "Publish chosen (1)" }).click();
  await page.getByText("1 order published").waitFor();
  const { operation_sequence, to } = wanted.moves[0];
  const slot = await slotOf(chosen, operation_sequence);
  assert.equal(slot.work_center_id, to.work_center_id);
  assert.equal(Date.parse(slot.planned_start_time), Date.parse(to.planned_start_time));
  await leave();
});

test("a plan that is being made is stopped, and is a plan all the same", story, async () => {
  const { page, leave } = await visit("lead", "plan");
  await page.getByRole("button", { name: "Disturb as little as possible" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("heading", { name: /^Draft \d+, ready/ }).waitFor({ timeout: 5000 });
  await leave();
});

test("what could be promised is answered with a day, and nothing is made", story, async () => {
  const orders = async () => (await ask("planner", "plant")).records.work_orders;
  const product = (await ask("planner", "routings?limit=1")).data[0].product_id;
  const { product_name } = await ask("planner", `products/${product}`);
  const { page, leave } = await visit("planner", "plan");
  const made = await orders();
  const form = panel(page, "Can you do it?");
  await form.getByLabel("Product").selectOption({ label: product_name });
  await form.getByLabel("Quantity").fill("12");
  await form.getByRole("button", { name: "Ask the plan" }).click();
  await form.getByText(/^Done \w{3}/).waitFor(SOLVED);
  await form.getByText(/^(In time|Not in time)$/).waitFor();
  assert.equal(await orders(), made);
  await leave();
});

test("the Gantt is used by keys alone: arrows move it, and an order is chosen from its table", story, async () => {
  const { page, leave } = await visit("operator", "plan?span=week");
  const canvas = page.getByRole("img", { name: /^The plan as bars/ });
  await canvas.waitFor();
  assert.equal(await page.getByRole("button", { name: "Make a plan" }).count(), 0, "an operator makes no plans");
  await page.getByText("What is seen, as a table").click();
  const rows = page.locator("details tbody tr");
  await rows.first().waitFor();
  const first = await rows.first().innerText();
  await canvas.focus();
  await page.keyboard.press("Home");
  for (let at = 0; at < 4; at += 1) await page.keyboard.press("+");
  for (let at = 0; at < 6; at += 1) await page.keyboard.press("ArrowRight");
  await page.waitForFunction((was) => document.querySelector("details tbody tr")?.innerText !== was, first);
  await rows.first().getByRole("button").press("Enter");
  await page.getByRole("link", { name: "Open the order" }).waitFor();
  await leave();
});
