// What nobody expects and everybody meets: words without end, writing from right to left, HTML, garbage from a scanner, a page of yesterday's server, a list without end.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, BASE, centerWhere, closeBrowser, openBrowser, scan, settled, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>";
/** Five hundred characters, no space to break at, from right to left and from left to right. */
const ENDLESS = `${HTML}${"\u05E4\u05DC\u05D3\u05D4".repeat(40)}${"Abdeckblech".repeat(40)}`.slice(0, 500);
const SIZES = [[1440, 900], [1024, 768], [390, 844]];
/** By how much the page is wider than the window, or the widest part of it that scrolls downwards than its place. */
const over = (page) => page.evaluate(() => Math.max(document.documentElement.scrollWidth - window.innerWidth, ...[...document.querySelectorAll("aside, .work")].map((it) => it.scrollWidth - it.clientWidth)));
const working = (it) => it.state === "running" && it.job.good_quantity + it.job.bad_quantity + 12 < it.job.planned_quantity;

test("a reason of 500 characters in two directions and with HTML stands as it was written on every page that tells it, none wider for it", story, async () => {
  assert.equal(ENDLESS.length, 500);
  const lot = (await ask("lead", "lots?quantity_consumed.gt=0&status=available&limit=1")).data[0];
  const order = (await ask("lead", "work-orders?status=in_progress&limit=1")).data[0];
  await ask("inspector", `lots/${lot.lot_id}/hold`, { reason: ENDLESS });
  await ask("lead", `work-orders/${order.work_order_id}/hold`, { reason: ENDLESS });
  const wide = [];
  for (const size of SIZES) {
    const { page, leave } = await visit("lead", "", { size });
    for (const name of ["", "lots?show=on_hold", `lots/${lot.lot_number}`, `orders/${order.work_order_id}`, "boards"]) {
      await page.goto(`${BASE}/#/${name}`);
      await settled(page);
      if (name !== "boards") await page.getByText(HTML, { exact: false }).first().waitFor();
      if ((await over(page)) > 0) wide.push(`${name} at ${size[0]} by ${await over(page)}`);
    }
    assert.equal(await page.locator("img[src=x]").count(), 0);
    await leave();
  }
  await ask("inspector", `lots/${lot.lot_id}/release`, { reason: "over" });
  await ask("lead", `work-orders/${order.work_order_id}/resume`, {});
  assert.deepEqual(wide, []);
});

test("a name may have 200 characters and the page holds it; of 500 the plant says so, and what was typed stays", story, async () => {
  const name = ENDLESS.slice(0, 200);
  const own = `ODD${Date.now() % 1_000_000}`;
  const product = await ask("planner", "products", { product_code: own, product_name: name, bom_complexity: "simple", unit_of_measure: "EA", status: "active" });
  const center = await centerWhere(working);
  await ask("planner", "routings", { product_id: product.product_id, status: "active", steps: [{ operation_sequence: 10, operation_name: name, work_center_id: center.work_center_id, setup_minutes: 0, standard_time_per_unit_seconds: 60, requires_inspection: false }] });
  const order = await ask("planner", "work-orders", { product_id: product.product_id, planned_quantity: 5 });
  await ask("planner", `work-orders/${order.work_order_id}/release`, {});
  const wide = [];
  for (const size of SIZES) {
    const { page, leave } = await visit("lead", "", { size });
    for (const path of ["orders?status=released", `orders/${order.work_order_id}`, "boards", "plan", `station/${center.work_center_code}`]) {
      await page.goto(`${BASE}/#/${path}`);
      await settled(page);
      if ((await over(page)) > 0) wide.push(`${path} at ${size[0]} by ${await over(page)}`);
    }
    await leave();
  }
  assert.deepEqual(wide, []);
  const { page, leave } = await visit("admin", "settings", { expected: /422/ });
  const plant = page.getByLabel("Name of the plant");
  await plant.evaluate((it) => it.removeAttribute("maxlength"));
  await plant.fill(ENDLESS);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("alert").getByText("200").waitFor();
  assert.equal(await plant.inputValue(), ENDLESS);
  await leave();
});

test("garbage from a scanner at the station is said and counts nothing", story, async () => {
  const center = await centerWhere(working);
  const { page, leave } = await visit("operator", `station/${center.work_center_code}`, { expected: /404/ });
  const count = page.locator(".count b");
  await count.waitFor();
  const before = await count.innerText();
  for (const garbage of ["\u0001\u0002\u0003\u0004", "(01)123", "(99)abcdef", "]C1", "9".repeat(550)]) {
    await scan(page, garbage);
    await page.getByText("That was no code that can be read").waitFor();
    await page.waitForTimeout(1100);
  }
  await scan(page, HTML);
  await page.getByRole("status").getByText(`Nothing here is called ${HTML}`).waitFor();
  assert.equal(await page.locator("img[src=x]").count(), 0);
  assert.equal(await count.innerText(), before);
  await page.getByText("All saved").waitFor();
  await leave();
});

test("a page of yesterday's server that asks for a part which is gone says so, and loading it anew helps", story, async () => {
  const { page, leave } = await visit("lead", "", { expected: /404|Failed to fetch/ });
  await settled(page);
  await page.route(/assets\/Orders-.*\.js/, (route) => route.fulfill({ status: 404, body: "gone" }));
  await page.getByRole("link", { name: "Orders", exact: true }).click();
  await page.getByRole("alert").getByText("the server may have been upgraded").waitFor();
  await page.unroute(/assets\/Orders-.*\.js/);
  await page.getByRole("button", { name: "Load anew" }).click();
  await page.getByRole("heading", { name: "Orders" }).waitFor();
  await leave();
});

test("of a list of 100,000 lots a page comes at a time, each row once, and the thirtieth page as fast as the second", story, async () => {
  const ALL = 100_000;
  const sample = (await ask("lead", "lots?limit=1")).data[0];
  const { page, leave } = await visit("lead");
  await settled(page);
  const asked = [];
  await page.route(/\/api\/v1\/lots\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [from, size] = [Number(query.get("cursor") ?? 0), Number(query.get("limit"))];
    asked.push(size);
    const data = Array.from({ length: Math.min(size, ALL - from) }, (_, at) => ({ ...sample, lot_id: `LOT-${from + at}`, lot_number: `MANY-${from + at}` }));
    return route.fulfill({ json: { data, next_cursor: from + size < ALL ? String(from + size) : null } });
  });
  await page.goto(`${BASE}/#/lots`);
  const rows = page.locator("main tbody tr");
  await page.getByRole("link", { name: "MANY-99", exact: true }).waitFor();
  assert.equal(await rows.count(), 100);
  const lasted = [];
  for (let pages = 2; pages <= 30; pages += 1) {
    const began = Date.now();
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByRole("link", { name: `MANY-${pages * 100 - 1}`, exact: true }).waitFor();
    lasted.push(Date.now() - began);
  }
  assert.equal(await rows.count(), 3000);
  assert.equal(new Set(await rows.locator("th a").allInnerTexts()).size, 3000);
  assert.ok(asked.every((size) => size === 100), `asked for ${Math.max(...asked)} at once`);
  assert.ok(lasted.at(-1) < 5000, `the last page came after ${lasted.at(-1)} ms, the second after ${lasted[0]} ms`);
  await leave();
});
