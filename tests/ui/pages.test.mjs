// Every page: no fault of access, nothing wider than the window, and a weight that a cheap tablet carries.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { ask, BASE, centerWhere, closeBrowser, openBrowser, settled, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const AXE = createRequire(import.meta.url).resolve("axe-core");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const PAGES = ["", "tv", "boards", "orders", "orders/ORDER", "orders/ORDER?view=traveller", "plan", "lots", "lots/LOT", "materials", "materials/SH-304-10", "materials?show=expected", "losses?period=week", "reports", "machines", "machines/LAS-01", "explorer?series=LAS-01/power,LAS-01/temperature", "station", "station/CENTER", "connectors", "connectors/new", "data", "imports?kind=operation-log", "audit", "people", "people?show=tokens", "people?show=employees", "terminals", "settings", "records/PROD-000001"];
/** Of each kind of drawing one: tiles, bars on a canvas, boxes on a canvas, lengths, strips, a form, what an operator sees. */
const CONTRASTED = ["", "boards", "plan", "lots/LOT", "losses?period=week", "machines/LAS-01", "settings", "station/CENTER"];
/** No table was written as Parquet yet, which the server answers with 404. */
const NOTHING_WRITTEN = /404/;
const KB = 1024;
const BUDGET = { operator: 60 * KB, page: 60 * KB, all: 250 * KB };

async function named(page) {
  const order = (await ask("lead", "work-orders?status=in_progress&limit=1")).data[0];
  const lot = (await ask("lead", "lots?quantity_consumed.gt=0&limit=1")).data[0];
  const center = await centerWhere((it) => it.job);
  return page.replace("ORDER", order.work_order_id).replace("LOT", lot.lot_number).replace("CENTER", center.work_center_code);
}

/** What axe says of pages, as an admin sees them. */
async function faults(pages, options) {
  const { page, leave } = await visit("admin", "", { ...options, expected: NOTHING_WRITTEN });
  await page.context().addInitScript({ path: AXE });
  await page.reload();
  const found = [];
  for (const name of pages) {
    await page.goto(`${BASE}/#/${await named(name)}`);
    await settled(page);
    const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
    found.push(...violations.map((it) => `${name}: ${it.id} ${it.nodes[0].html.slice(0, 160)} ${it.nodes[0].failureSummary}`));
  }
  await leave();
  return found;
}

for (const [language, scheme] of ["en-GB", "de-DE", "es-ES"].flatMap((language) => ["light", "dark"].map((scheme) => [language, scheme]))) {
  test(`axe finds nothing on any page, ${language}, ${scheme}`, story, async () => {
    assert.deepEqual(await faults(PAGES, { language, scheme }), []);
  });
}

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing where the device asks for more contrast, ${scheme}`, story, async () => {
    assert.deepEqual(await faults(CONTRASTED, { scheme, contrast: "more" }), []);
  });
}

/** How far two colours that the page tells are apart, as WCAG counts it: 1 to 21. */
const apart = (page, [front, back]) => page.evaluate(([front, back]) => {
  const probe = document.body.appendChild(document.createElement("i"));
  const light = (colour) => {
    probe.style.cssText = `forced-color-adjust: none; color: ${colour}`;
    const [red, green, blue] = getComputedStyle(probe).color.match(/[\d.]+/g).map((it) => (it / 255 <= 0.04045 ? it / 255 / 12.92 : ((it / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const [one, other] = [light(front), light(back)].sort((one, other) => other - one);
  probe.remove();
  return one / other;
}, [front, back]);

test("high contrast is chosen in the menu, stays, and follows the night; a device's own colours are left to it", story, async () => {
  const { page, leave } = await visit("lead");
  await settled(page);
  const text = () => apart(page, ["var(--text)", "var(--ground)"]);
  const stop = () => apart(page, ["var(--down)", "var(--down-tint)"]);
  assert.ok((await text()) < 21);
  await page.getByRole("button", { name: "lead", exact: true }).click();
  await page.getByLabel("Look").selectOption({ label: "high contrast" });
  for (const scheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: scheme });
    assert.equal(Math.round(await text()), 21, scheme);
    assert.ok((await stop()) >= 7, scheme);
    assert.ok((await apart(page, ["var(--bar-planned)", "var(--panel)"])) >= 4.5, scheme);
    assert.ok((await apart(page, ["var(--on-bar)", "var(--bar-planned)"])) >= 7, scheme);
  }
  await page.reload();
  await settled(page);
  assert.equal(await page.locator("html").getAttribute("data-theme"), "contrast");
  await leave();
  const forced = await visit("lead", "plan", { forcedColors: "active" });
  await settled(forced.page);
  assert.equal(await forced.page.locator("html").getAttribute("data-theme"), "contrast");
  // Bars of orders are blue; were the device's colours forced on them, they and their words would be one.
  await forced.page.waitForTimeout(500);
  const blue = await forced.page.locator("canvas[role=img]").evaluate((it) => {
    const dots = it.getContext("2d").getImageData(0, 0, it.width, it.height).data;
    return dots.filter((_, at) => at % 4 === 0 && dots[at + 2] - dots[at] > 40).length;
  });
  assert.ok(blue > 1000, `${blue} dots of the plan are blue`);
  await forced.leave();
});

for (const size of [[1440, 900], [1024, 768], [390, 844]]) {
  test(`no page is wider than a window of ${size[0]}`, story, async () => {
    const { page, leave } = await visit("admin", "", { size, language: "de-DE", expected: NOTHING_WRITTEN });
    const wide = [];
    for (const name of PAGES) {
      await page.goto(`${BASE}/#/${await named(name)}`);
      await settled(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) wide.push(`${name} by ${over}`);
    }
    assert.deepEqual(wide, []);
    await leave();
  });
}

for (const language of ["en-GB", "de-DE", "es-ES"]) {
  test(`at a station the count and every act are seen whole, however the tablet is held, ${language}`, story, async () => {
    const center = await centerWhere((it) => it.job && it.state === "running");
    const { page, leave } = await visit("operator", `station/${center.work_center_code}`, { language });
    const hidden = [];
    for (const [width, height] of [[1440, 900], [1280, 800], [1024, 768], [820, 1180], [768, 1024], [390, 844]]) {
      await page.setViewportSize({ width, height });
      await settled(page);
      const beside = await page.locator(".work").evaluate((it) => it.scrollWidth - it.clientWidth);
      if (beside > 0) hidden.push(`${beside} of it at ${width}: to be scrolled to`);
      for (const part of await page.locator(".count, .acts button, .rest button").all()) {
        await part.scrollIntoViewIfNeeded();
        const why = await part.evaluate((it) => {
          const { left, right, top, bottom } = it.getBoundingClientRect();
          const covered = [left + 2, right - 2].some((x) => !it.contains(document.elementFromPoint(x, (top + bottom) / 2)) && document.elementFromPoint(x, (top + bottom) / 2) !== it);
          return covered ? "covered" : it.scrollWidth > it.clientWidth ? "too narrow" : "";
        });
        if (why) hidden.push(`${(await part.innerText()).replaceAll("\n", " ")} at ${width}: ${why}`);
      }
    }
    assert.deepEqual(hidden, []);
    await leave();
  });
}

/** Bytes of scripts, styles and the page as they came over the wire. */
async function weigh(role, path) {
  const { page, leave } = await visit(role, path, { expected: NOTHING_WRITTEN });
  await settled(page);
  const sizes = await page.evaluate(() => performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation"))
    .filter((it) => /\.(js|css)$|\/$/.test(new URL(it.name).pathname)).map((it) => [it.name, it.encodedBodySize]));
  await leave();
  return sizes;
}

test("the operator's page, any other and the whole are within their budgets", story, async () => {
  const center = await centerWhere((it) => it.job);
  const sum = (sizes) => sizes.reduce((all, [, size]) => all + size, 0);
  const operator = await weigh("operator", `station/${center.work_center_code}`);
  const parts = new Map(operator);
  for (const name of PAGES) for (const [part, size] of await weigh("admin", await named(name))) parts.set(part, size);
  const largest = Math.max(...parts.values());
  console.log(`operator page ${(sum(operator) / KB).toFixed(1)} KB, largest part ${(largest / KB).toFixed(1)} KB, all ${(sum([...parts]) / KB).toFixed(1)} KB, packed and without fonts`);
  assert.ok(sum(operator) <= BUDGET.operator);
  assert.ok(largest <= BUDGET.page);
  assert.ok(sum([...parts]) <= BUDGET.all);
});

test("a stranger at three metres: in grey, what stands still differs from what runs by shape and word", story, async () => {
  const { page, leave } = await visit("lead");
  await settled(page);
  for (const word of await page.locator(".head .word").allInnerTexts()) assert.notEqual(word.trim(), "");
  const shapes = new Map();
  for (const tile of await page.locator("li:has(> .head)").all()) {
    shapes.set((await tile.getAttribute("class")).match(/tone-\w+/)[0], await tile.locator("path").first().getAttribute("d"));
  }
  assert.equal(new Set(shapes.values()).size, shapes.size);
  await leave();
});
