// The planner's hand: a bar is dragged with the effect told before it is dropped, undone, pinned, published; the same by keys alone; a lead moves one job of the board.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, closeBrowser, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const drawing = (page) => page.getByRole("img", { name: /^The plan as bars/ });
const says = (page) => page.locator(".says [role=status]");
const draftOf = (page) => new URL(page.url().replace("#/", "")).searchParams.get("draft");
const INTO = 6;
const ANSWERED = /Possible|may not|cannot|closed|ends later|taken|passed|runs|busy|no time/;

async function versionOf(draft) {
  return (await ask("planner", `plans/${draft}/versions`)).version;
}

/** A place of the drawing where the card of a bar shows that fits; a little way into the bar, since at its very edge a press may miss what the pointer still meets. */
async function barWhere(page, fits) {
  const box = await drawing(page).boundingBox();
  const card = page.locator(".card");
  const told = async (x, y) => (await page.mouse.move(x, y), (await card.count()) ? card.innerText() : "");
  for (let y = box.y + 60; y < box.y + box.height - 10; y += 19) {
    for (let x = box.x + 300; x < box.x + box.width - 200; x += 14) {
      const text = await told(x, y);
      if (!text || !fits(text)) continue;
      if ((await told(x + INTO, y)) === text) return { x: x + INTO, y };
      if ((await told(x - INTO, y)) === text) return { x: x - INTO, y };
    }
  }
  assert.fail("no such bar is seen");
}

/** Orders and sequences that are planned and have not begun. */
async function planned() {
  const { data } = await ask("planner", "schedule");
  return data.filter((it) => ["planned", "confirmed"].includes(it.schedule_status) && it.operation_sequence);
}

test("a bar is dragged with its effect told, put down, undone, done again, pinned and published", story, async () => {
  const { page, leave } = await visit("planner", "plan?span=shift");
  await drawing(page).waitFor();
  const all = await planned();
  const isPlanned = (text) => all.some((it) => text.startsWith(it.work_order_number ?? it.work_order_id) && text.includes(`${it.operation_sequence} ${it.operation_name}`));
  await page.waitForTimeout(500);
  const at = await barWhere(page, isPlanned);
  await page.mouse.move(at.x, at.y);
  await page.mouse.down();
  for (let step = 1; step <= 10; step += 1) await page.mouse.move(at.x + 12 * step, at.y, { steps: 2 });
  await says(page).filter({ hasText: ANSWERED }).waitFor();
  await page.mouse.up();
  const near = page.getByRole("button", { name: /^Put it on/ });
  await Promise.race([says(page).filter({ hasText: "Moved." }).waitFor(), near.waitFor()]);
  if (await near.count()) await near.click();
  await says(page).filter({ hasText: "Moved." }).waitFor();
  const draft = draftOf(page);
  assert.equal(await versionOf(draft), 2);

  await page.getByRole("button", { name: "Undo", exact: true }).click();
  await page.waitForFunction(() => [...document.querySelectorAll("button")].some((it) => it.textContent === "Redo" && !it.disabled));
  assert.equal(await versionOf(draft), 1);
  await drawing(page).focus();
  await page.keyboard.press("Control+Shift+Z");
  await page.waitForFunction(() => [...document.querySelectorAll("button")].some((it) => it.textContent === "Undo" && !it.disabled));
  assert.equal(await versionOf(draft), 2);

  const pins = async () => (await ask("planner", "plan-pins?status=active")).data.length;
  assert.equal(await pins(), 0);
  await page.keyboard.press("n");
  await page.keyboard.press("p");
  for (let tries = 0; (await pins()) === 0 && tries < 50; tries += 1) await page.waitForTimeout(100);
  assert.equal(await pins(), 1);
  await page.waitForTimeout(500);
  await page.keyboard.press("p");
  for (let tries = 0; (await pins()) === 1 && tries < 50; tries += 1) await page.waitForTimeout(100);
  assert.equal(await pins(), 0);

  await page.getByRole("button", { name: "Publish all" }).click();
  await page.getByText(/orders? published/).waitFor();
  assert.equal((await ask("planner", `plans/${draft}`)).state, "published");
  await leave();
});

test("a planner who uses keys alone takes a bar up, leaves it, moves it, and finds the same in the table", story, async () => {
  const { page, leave } = await visit("planner", "plan?span=day");
  await drawing(page).waitFor();
  await page.waitForTimeout(500);
  await drawing(page).focus();
  await page.keyboard.press("n");
  await page.keyboard.press("m");
  await page.keyboard.press("ArrowRight");
  await says(page).filter({ hasText: ANSWERED }).waitFor();
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => /operation \d+/.test(document.querySelector(".says [role=status]").textContent) && !/Possible|checked/.test(document.querySelector(".says [role=status]").textContent));
  await page.waitForFunction(() => location.hash.includes("draft="));
  const draft = draftOf(page);
  assert.equal(await versionOf(draft), 1, "what is left is not moved");

  await page.getByText("What is seen, as a table").click();
  await page.getByRole("button", { name: /^Move WO-/ }).first().press("Enter");
  for (let hour = 0; hour < 3; hour += 1) await page.keyboard.press("Shift+ArrowRight");
  await says(page).filter({ hasText: ANSWERED }).waitFor();
  await page.keyboard.press("Enter");
  const near = page.getByRole("button", { name: /^Put it on/ });
  await Promise.race([says(page).filter({ hasText: "Moved." }).waitFor(), near.waitFor()]);
  if (await near.count()) await near.press("Enter");
  await says(page).filter({ hasText: "Moved." }).waitFor();
  assert.equal(await versionOf(draft), 2);
  await drawing(page).focus();
  await page.keyboard.press("Control+z");
  for (let tries = 0; (await versionOf(draft)) === 2 && tries < 50; tries += 1) await page.waitForTimeout(100);
  assert.equal(await versionOf(draft), 1);
  await leave();
});

test("a branch is a tab of its own, and two drafts are laid beside each other", story, async () => {
  const { page, leave } = await visit("planner", "plan");
  await drawing(page).waitFor();
  await page.getByRole("button", { name: "Branch" }).click();
  await page.waitForFunction(() => location.hash.includes("draft="));
  const first = draftOf(page);
  await page.getByRole("button", { name: "Branch" }).click();
  await page.waitForFunction((was) => !location.hash.includes(`draft=${was}`), first);
  const second = draftOf(page);
  await page.getByRole("group", { name: "Plans" }).getByRole("button", { name: `Draft ${second}`, pressed: true }).waitFor();
  await page.getByLabel("Compare with").selectOption(first);
  await page.getByText(`in draft ${first}`).first().waitFor();
  assert.deepEqual((await ask("planner", `plans/${second}/diff?against=${first}`)).data, []);
  await page.getByRole("group", { name: "Plans" }).getByRole("button", { name: "Plan in force" }).click();
  await page.waitForFunction(() => !/draft=\d/.test(location.hash));
  await page.getByLabel("Frozen zone").selectOption("4");
  for (let tries = 0; (await ask("planner", "schedule")).frozen_hours !== 4 && tries < 50; tries += 1) await page.waitForTimeout(100);
  assert.equal((await ask("planner", "schedule")).frozen_hours, 4);
  await page.getByLabel("Frozen zone").selectOption("0");
  await leave();
});

test("a lead moves a job of the board to another work center with two keys, and it is the plan", story, async () => {
  const centers = (await ask("lead", "work-centers?status=active&limit=500")).data;
  const waits = (await ask("lead", "work-order-operations?status=ready&sort=planned_start_time&limit=500")).data;
  const floor = await ask("lead", "floor");
  const isLike = (one, other) => one.machine_type && ["line_id", "machine_type", "setup_category"].every((it) => one[it] === other[it]);
  /** The places of a department where a job may go, as the dialog lists them. */
  const others = (job) => floor.departments.find((it) => it.line_id === job.line_id)?.work_centers.filter((it) => it.work_center_id !== job.work_center_id) ?? [];
  const of = (id) => centers.find((it) => it.work_center_id === id);
  const digit = (job) => 1 + others(job).findIndex((it) => it.state !== "down" && isLike(of(it.work_center_id) ?? {}, of(job.work_center_id) ?? {}));
  const job = waits.find((it) => digit(it) > 0);
  assert.ok(job, "no waiting job could run elsewhere");
  const to = others(job)[digit(job) - 1].work_center_id;
  const { work_order_number } = await ask("lead", `work-orders/${job.work_order_id}`);
  const { page, leave } = await visit("lead", `boards?line=${job.line_id}`);
  await page.getByRole("button", { name: `Move ${work_order_number ?? job.work_order_id}, operation ${job.operation_sequence}`, exact: true }).press("m");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press(String(digit(job)));
  await page.getByText(/is planned on/).waitFor();
  const { data } = await ask("lead", "schedule");
  assert.equal(data.find((it) => it.work_order_id === job.work_order_id && it.operation_sequence === job.operation_sequence).work_center_id, to);
  await leave();
});
