// The operator's terminal: badge and PIN, several people, no network, scans, and what a lead does about an act that came too late.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { ask, BASE, centerWhere, closeBrowser, loginOf, openBrowser, scan, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const TABLET = [1024, 768];
/** Everybody's in a demo. */
const PIN = "2580";
const CUT = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK|ERR_FAILED|ERR_CONNECTION|net::/;
const working = (it) => it.state === "running" && it.job.good_quantity + it.job.bad_quantity + 12 < it.job.planned_quantity;
const operationOf = (job) => ask("lead", `work-order-operations/${job.operation_id}`);

async function until(what, says) {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await what()) return;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.fail(says);
}

/** Names of one run, since a plant may be asked by several. */
let terminals = Date.now();
/** A tablet that stands at a work center, with the badges of people who may sign on there. */
async function tablet(center, options = {}) {
  terminals += 1;
  const made = await ask("lead", "terminals", { terminal_name: `Tablet ${terminals}`, work_center_ids: [center.work_center_id], asks_pin: true });
  const door = await fetch(`${BASE}/api/v1/door`, { headers: { Cookie: `millwright_terminal=${made.token}` } });
  const people = (await door.json()).terminal.people;
  const visitor = await visit(null, "", { size: TABLET, worker: true, terminal: made.token, expected: new RegExp(`401|422|${CUT.source}`), ...options });
  return { ...visitor, people, name: made.terminal_name };
}

async function pinIn(page) {
  for (const digit of PIN) await page.getByRole("button", { name: digit, exact: true }).click();
  await page.locator(".pin").getByRole("button", { name: "Sign on" }).click();
}

async function signOn(page, name) {
  const letters = page.getByRole("group", { name: "First letter" });
  if (await letters.count()) await letters.getByRole("button", { name: name.charAt(0).toUpperCase(), exact: true }).click();
  await page.getByRole("button", { name, exact: true }).first().click();
  await pinIn(page);
}

const badgeOf = async (employee) => (await ask("lead", `badges?employee_id=${employee}&limit=1`)).data[0].badge_number;
const workerReady = (page) => page.evaluate(() => navigator.serviceWorker.ready.then(() => true));

test("a lead makes a tablet a terminal; an operator finds their name, types the PIN and stands at the station", story, async () => {
  const own = `Tablet of the story ${terminals}`;
  const center = await centerWhere(working);
  const { page, leave } = await visit("lead", "terminals", { size: TABLET, expected: /401/ });
  await page.getByRole("button", { name: "Make this device a terminal" }).click();
  await page.getByLabel("Name").fill(own);
  await page.getByLabel("Stands at").selectOption({ label: center.work_center_name });
  await page.getByRole("dialog").getByRole("button", { name: "Make this device a terminal" }).click();
  await page.getByRole("heading", { name: own }).waitFor();
  const people = (await (await page.request.get(`${BASE}/api/v1/door`)).json()).terminal.people;
  await signOn(page, people[0].name);
  await page.locator(".count b").waitFor();
  await page.getByRole("button", { name: people[0].name, exact: true }).waitFor();
  const before = (await operationOf(center.job)).completed_quantity;
  await page.getByRole("button", { name: "+1" }).click();
  await page.getByText("All saved").waitFor();
  assert.equal((await operationOf(center.job)).completed_quantity, before + 1);
  const entries = (await ask("admin", `changes?after=${(await ask("admin", "plant")).head - 20}&limit=20`)).data;
  const entry = entries.findLast((it) => it.command === "ReportOperation");
  assert.equal(entry.terminal, own);
  assert.notEqual(entry.actor, "lead");
  await leave();
});

test("a second person signs on by a scan, both are on the clock, and one signs off by one tap", story, async () => {
  const center = await centerWhere(working);
  const { page, people, leave } = await tablet(center);
  await signOn(page, people[0].name);
  await page.locator(".count b").waitFor();
  await scan(page, await badgeOf(people[1].employee_id));
  await pinIn(page);
  await page.getByRole("button", { name: people[1].name, exact: true }).waitFor();
  const open = async () => (await ask("lead", `labor-transactions?is_open=true&operation_id=${center.job.operation_id}`)).data.map((it) => it.employee_id);
  await until(async () => (await open()).includes(people[1].employee_id), "the second person is not on the clock");
  await page.getByRole("button", { name: `Sign off ${people[1].name}` }).click();
  await page.getByRole("button", { name: people[1].name, exact: true }).waitFor({ state: "detached" });
  await until(async () => !(await open()).includes(people[1].employee_id), "the second person is still on the clock");
  await page.locator(".count b").waitFor();
  await leave();
});

test("a wrong PIN is refused with a sentence, and the right one opens", story, async () => {
  const center = await centerWhere(working);
  const { page, people, leave } = await tablet(center);
  await page.getByRole("button", { name: people[0].name, exact: true }).first().click();
  for (const digit of "1357") await page.getByRole("button", { name: digit, exact: true }).click();
  await page.locator(".pin").getByRole("button", { name: "Sign on" }).click();
  await page.getByText("Badge or PIN is wrong.").waitFor();
  await pinIn(page);
  await page.locator(".count b").waitFor();
  await leave();
});

test("the network is cut and the page is loaded anew: the operator counts, stops, runs again, and all arrives once", story, async () => {
  const center = await centerWhere(working);
  const before = await operationOf(center.job);
  const stops = async () => (await ask("lead", `downtime-events?work_center_id=${center.work_center_id}&limit=1000`)).data.length;
  const stopped = await stops();
  const { page, context, people, leave } = await tablet(center);
  await signOn(page, people[0].name);
  await page.locator(".count b").waitFor();
  await workerReady(page);
  await context.setOffline(true);
  for (let tap = 0; tap < 3; tap += 1) await page.getByRole("button", { name: "+1" }).click();
  await page.getByText("3 not saved yet").waitFor();
  await page.getByRole("button", { name: "Machine stopped" }).click();
  await page.getByRole("dialog").locator(".tiles button").first().click();
  await page.locator(".since").waitFor();
  await page.reload();
  await page.locator(".since").waitFor();
  await page.getByRole("button", { name: "Running again" }).click();
  await page.locator(".count b").waitFor();
  assert.equal(await page.locator(".count b").innerText(), String(before.completed_quantity + 3));
  await page.getByRole("button", { name: "+1" }).click();
  await page.getByText("6 not saved yet").waitFor();
  assert.equal((await operationOf(center.job)).completed_quantity, before.completed_quantity, "the plant cannot know yet");
  await context.setOffline(false);
  await page.getByText("All saved").waitFor({ timeout: 20_000 });
  assert.equal((await operationOf(center.job)).completed_quantity, before.completed_quantity + 4);
  assert.equal(await stops(), stopped + 1);
  await page.reload();
  await page.getByText("All saved").waitFor();
  assert.equal((await operationOf(center.job)).completed_quantity, before.completed_quantity + 4);
  await leave();
});

test("two tabs of one tablet, both without a network, lose and double nothing", story, async () => {
  const center = await centerWhere(working);
  const before = (await operationOf(center.job)).completed_quantity;
  const { page, context, people, leave } = await tablet(center);
  await signOn(page, people[0].name);
  await page.locator(".count b").waitFor();
  const other = await context.newPage();
  await other.goto(page.url());
  await other.locator(".count b").waitFor();
  await context.setOffline(true);
  for (const tab of [page, other, page]) await tab.getByRole("button", { name: "+1" }).click();
  await page.waitForTimeout(2500);
  await context.setOffline(false);
  await until(async () => (await operationOf(center.job)).completed_quantity === before + 3, "three pieces did not arrive once");
  await page.getByText("All saved").waitFor();
  await other.getByText("All saved").waitFor({ timeout: 15_000 });
  assert.equal((await operationOf(center.job)).completed_quantity, before + 3);
  await leave();
});

test("what the plant will not take becomes a lead's task on the wall, and is settled there", story, async () => {
  const center = await centerWhere(working);
  const { page, context, people, leave } = await tablet(center, { expected: new RegExp(`401|409|422|${CUT.source}`) });
  await signOn(page, people[0].name);
  await page.locator(".count b").waitFor();
  await context.setOffline(true);
  await page.getByRole("button", { name: "+1" }).click();
  await page.getByText("1 not saved yet").waitFor();
  await ask("lead", `work-orders/${center.job.work_order_id}/hold`, { reason: "drawing is wrong" });
  await context.setOffline(false);
  await page.getByText("A lead has it now.").waitFor({ timeout: 20_000 });
  await page.getByText("All saved").waitFor();
  await leave();
  const lead = await visit("lead");
  const row = lead.page.locator("li", { hasText: "Report operation was not taken" }).first();
  await row.getByRole("button", { name: "Settle" }).click();
  await lead.page.getByLabel("What was done about it").fill("counted by hand");
  await lead.page.getByRole("dialog").getByRole("button", { name: "Settle" }).click();
  await row.waitFor({ state: "detached" });
  assert.equal((await ask("lead", "refused-acts?status=open")).data.length, 0);
  await ask("lead", `work-orders/${center.job.work_order_id}/resume`, {});
  await lead.leave();
});

test("a session that ends in mid-act keeps what was done, and it is saved after signing on", story, async () => {
  const center = await centerWhere(working);
  const before = (await operationOf(center.job)).completed_quantity;
  const { page, people, leave } = await tablet(center);
  await signOn(page, people[0].name);
  await page.locator(".count b").waitFor();
  const on = (await (await page.request.get(`${BASE}/api/v1/door`)).json()).terminal.signed_on[0];
  await page.request.delete(`${BASE}/api/v1/session`, { headers: { "Millwright-Person": on.user_id } });
  await page.getByRole("button", { name: "+1" }).click();
  await page.getByText("1 act is kept here and not saved yet").waitFor();
  await signOn(page, people[1].name);
  await page.getByText("All saved").waitFor();
  assert.equal((await operationOf(center.job)).completed_quantity, before + 1);
  await leave();
});

test("a scan goes to what it names on every page, is said, and never eats what somebody types", story, async () => {
  const order = (await ask("lead", "work-orders?status=in_progress&limit=1")).data[0];
  const lot = (await ask("lead", "lots?limit=1")).data[0];
  const { page, leave } = await visit("lead", "losses?period=week", { expected: /404/ });
  await page.getByRole("heading", { name: "Stops", exact: true }).waitFor();
  await scan(page, order.work_order_number);
  await page.waitForURL(/#\/orders\//);
  await page.getByRole("status").filter({ hasText: order.work_order_number }).waitFor();
  const box = page.getByRole("combobox");
  await box.pressSequentially("drawer", { delay: 130 });
  assert.equal(await box.inputValue(), "drawer");
  await scan(page, lot.lot_number);
  await page.waitForURL(/#\/lots\//);
  assert.equal(await box.inputValue(), "drawer");
  await page.keyboard.press("Escape");
  await scan(page, "nothing-like-it");
  await page.getByText(/Nothing here is called nothing-like-it/).waitFor();
  await scan(page, "(01)12345678901234(10)A");
  await page.getByText("That was no code that can be read").waitFor();
  // Twice within a second: a busy machine may need another try.
  const twice = page.getByText("was scanned twice at once");
  for (let tries = 0; tries < 10 && !(await twice.count()); tries += 1) await scan(page, lot.lot_number);
  await twice.waitFor();
  await leave();
});

test("at the station a unit's label counts one, the same unit is not counted again, and the traveller is known", story, async () => {
  const center = await centerWhere(working);
  const { page, people, leave } = await tablet(center);
  await signOn(page, people[0].name);
  const count = page.locator(".count b");
  await count.waitFor();
  const before = Number(await count.innerText());
  await scan(page, "(01)09506000134352(21)U-0001");
  await page.getByText("Counted: unit U-0001").waitFor();
  await page.waitForTimeout(1200);
  await scan(page, "(01)09506000134352(21)U-0001");
  await page.getByText("Unit U-0001 is counted already").waitFor();
  await page.getByText("All saved").waitFor();
  assert.equal(Number(await count.innerText()), before + 1);
  await scan(page, center.job.work_order_number);
  await page.getByText("That is the job at work here").waitFor();
  await leave();
});

test("a demo's people log in by one tap", story, async () => {
  const { page, leave } = await visit(null, "", { expected: /401/ });
  await page.getByRole("button", { name: "Planner", exact: false }).click();
  await page.getByText("Needs someone").waitFor();
  await page.getByRole("button", { name: loginOf("planner").user, exact: true }).waitFor();
  await leave();
});

for (const [language, scheme] of [["en-GB", "light"], ["de-DE", "dark"], ["es-ES", "light"]]) {
  test(`the door of a terminal and its PIN pad have no fault of access and fit, ${language}, ${scheme}`, story, async () => {
    const center = await centerWhere(working);
    const { page, context, people, leave } = await tablet(center, { language, scheme });
    await context.addInitScript({ path: createRequire(import.meta.url).resolve("axe-core") });
    await page.reload();
    const sound = async (name) => {
      const { violations } = await page.evaluate(() => window.axe.run(document));
      assert.deepEqual(violations.map((it) => `${name}: ${it.id} ${it.nodes[0].html.slice(0, 160)}`), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0, name);
    };
    const person = page.getByRole("button", { name: people[0].name, exact: true }).first();
    await person.waitFor();
    await sound("door");
    await person.click();
    await page.locator(".pin").waitFor();
    await sound("PIN");
    await page.keyboard.type(PIN, { delay: 120 });
    await page.keyboard.press("Enter");
    await page.locator(".count b").waitFor();
    await sound("station");
    await page.setViewportSize({ width: 390, height: 844 });
    await sound("station on a phone");
    await leave();
  });
}
