// The start page in a real browser. Starts nothing itself: give it a plant with at least one lot.
//
//   BASE_URL=http://127.0.0.1:8080 USER_NAME=admin PASSWORD=... [LOT=LOT-000001] [CHROMIUM=/usr/bin/chromium] npm test
//
// USER is read where USER_NAME is absent. Without a browser or these, it says so and skips.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";

const { BASE_URL, PASSWORD } = process.env;
const USER = process.env.USER_NAME ?? process.env.USER;
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function whyNot() {
  if (!BASE_URL || !USER || !PASSWORD) return "set BASE_URL, USER and PASSWORD to a running plant";
  if (!existsSync(CHROMIUM)) return `there is no browser at ${CHROMIUM}; set CHROMIUM`;
  return import("playwright-core").then(() => "", () => "run npm ci first");
}

const skip = await whyNot();
if (skip) console.log(`The start page is not tested: ${skip}.`);

let browser;
before(async () => {
  if (!skip) browser = await (await import("playwright-core")).chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
});
after(() => browser?.close());

/** A page that remembers what it should not have done. */
async function openPage(colorScheme, width, path = "/") {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  const wrongs = [];
  page.on("pageerror", (error) => wrongs.push(error.message));
  page.on("console", (message) => {
    // Asking who is logged in answers 401 to nobody, which the browser notes as an error.
    const expected = message.location().url.endsWith("/api/v1/session") && message.text().includes("401");
    if (message.type() === "error" && !expected) wrongs.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(BASE_URL) && !request.url().startsWith("data:")) wrongs.push(`outside request: ${request.url()}`);
  });
  await page.goto(new URL(path, BASE_URL).href);
  return { page, wrongs, close: () => context.close() };
}

async function logIn(page, password = PASSWORD) {
  await page.getByLabel("User name").fill(USER);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

async function anyLot(page) {
  if (process.env.LOT) return process.env.LOT;
  const answer = await page.request.get(new URL("/api/v1/lots?limit=1", BASE_URL).href);
  const lot = (await answer.json()).data[0];
  assert.ok(lot, "the plant has no lot to trace");
  return lot.lot_number;
}

for (const scheme of ["light", "dark"]) {
  for (const width of [1280, 1024, 820]) {
    test(`${scheme}, ${width} wide: log in, see the plant, trace a lot, log out`, { skip: skip || false }, async () => {
      const { page, wrongs, close } = await openPage(scheme, width);
      await logIn(page);
      await page.locator("#recent table, #recent a").first().waitFor();
      assert.notEqual(await page.locator("#plant-name").innerText(), "");
      await page.getByText("Connected").waitFor();

      const lot = await anyLot(page);
      await page.locator("#trace-number").fill(lot);
      await page.keyboard.press("Enter");
      await page.locator(".drawing svg .root").waitFor();
      assert.ok(await page.locator("#trace-result table tbody tr").count() >= 1);
      assert.match(await page.locator(".balance").innerText(), /Gap/);
      assert.match(page.url(), /#trace\//);

      const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
      assert.ok(wide <= seen, `the page is ${wide} wide in a window of ${seen}`);
      const grounds = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(grounds, scheme === "light" ? "rgb(233, 235, 238)" : "rgb(20, 23, 26)");

      await page.getByRole("button", { name: "Log out" }).click();
      await page.locator("#welcome").waitFor();
      assert.deepEqual(wrongs, []);
      await close();
    });
  }
}

test("a node of the drawing is reached and traced by keyboard", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("light", 1280);
  await logIn(page);
  await page.getByText("Connected").waitFor();
  await page.locator("#trace-number").fill(await anyLot(page));
  await page.keyboard.press("Enter");
  const other = page.locator(".drawing svg a:not(.root)").first();
  await other.waitFor();
  const wanted = await other.getAttribute("href");
  await other.focus();
  await page.keyboard.press("Enter");
  await page.locator(`.drawing svg a.root[href="${wanted}"]`).waitFor();
  assert.deepEqual(wrongs, []);
  await close();
});

test("the wall shows every work center with its state in words, and the day's figures", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("light", 1280);
  await logIn(page);
  await page.locator("#wall .center").first().waitFor();
  const floor = await (await page.request.get(new URL("/api/v1/floor", BASE_URL).href)).json();
  const centers = floor.departments.flatMap((it) => it.work_centers);
  assert.equal(await page.locator("#wall .center").count(), centers.length);
  for (const mark of await page.locator("#wall .center .mark").allInnerTexts()) assert.notEqual(mark.trim(), "");
  assert.equal(await page.locator("#today li").count(), 3);
  assert.deepEqual(wrongs, []);
  await close();
});

test("figures have their band in words, and the planned busy time adds up to a whole", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("dark", 1024);
  await logIn(page);
  await page.locator("#figures-list li").first().waitFor();
  for (const band of await page.locator("#figures-list .band").allInnerTexts()) assert.notEqual(band.trim(), "");
  const shares = await page.locator("#losses tbody td:last-child").allInnerTexts();
  const sum = shares.map((it) => Number.parseFloat(it.replace(/[^0-9.-]/g, ""))).reduce((one, other) => one + other, 0);
  assert.ok(Math.abs(sum - 100) < 0.5, `the shares add up to ${sum}`);
  assert.deepEqual(wrongs, []);
  await close();
});

test("a misspelled word finds, and a hit of a lot leads to its trace", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("light", 820);
  await logIn(page);
  await page.getByText("Connected").waitFor();
  await page.locator("#search-words").fill((await anyLot(page)).slice(-6));
  await page.keyboard.press("Enter");
  await page.locator("#search-result li a").first().waitFor();
  await page.locator("#search-words").fill("kind:lots " + (await anyLot(page)));
  await page.keyboard.press("Enter");
  await page.locator("#search-result .kind").getByText("lot", { exact: true }).first().waitFor();
  await page.locator("#search-result li a").first().click();
  await page.locator(".drawing svg .root").waitFor();
  assert.deepEqual(wrongs, []);
  await close();
});

test("the admin of a simulated plant pauses it and lets it run", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("light", 1280);
  await logIn(page);
  const rate = async () => (await (await page.request.get(new URL("/api/v1/plant", BASE_URL).href)).json()).plant.clock_rate;
  for (const wanted of [60, 0]) {
    const set = page.waitForResponse((answer) => answer.url().endsWith("/api/v1/plant/clock"));
    await page.getByLabel("Plant time").selectOption(String(wanted));
    assert.equal((await set).status(), 200);
    assert.equal(await rate(), wanted);
  }
  assert.deepEqual(wrongs, []);
  await close();
});

test("an unknown lot is answered with a sentence", { skip: skip || false }, async () => {
  const { page, close } = await openPage("light", 1280);
  await logIn(page);
  await page.getByText("Connected").waitFor();
  await page.locator("#trace-number").fill("NO-SUCH-LOT");
  await page.keyboard.press("Enter");
  await page.locator("#trace-fault").getByText("NO-SUCH-LOT").waitFor();
  await close();
});

test("a wrong password is answered with a sentence", { skip: skip || false }, async () => {
  const { page, close } = await openPage("dark", 820);
  await logIn(page, `${PASSWORD} not`);
  await page.locator("#log-in-fault").getByText(/wrong|wait/).waitFor();
  await close();
});

test("the API documentation renders and lists its operations", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("light", 1280, "/api/docs");
  await page.locator(".opblock").first().waitFor({ timeout: 30_000 });
  assert.ok(await page.locator(".opblock").count() > 100);
  assert.deepEqual(wrongs, []);
  await close();
});

test("the refusal codes are listed", { skip: skip || false }, async () => {
  const { page, wrongs, close } = await openPage("dark", 1280, "/api/docs/problems");
  assert.ok(await page.locator("tbody tr").count() > 20);
  assert.deepEqual(wrongs, []);
  await close();
});
