// What every story starts from: a running demo plant, its log-ins, and a page that remembers what it should not have done.
//
//   LOGINS=DATA/demo-logins.json [CHROMIUM=/usr/bin/chromium] npm test

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function whyNot() {
  if (!process.env.LOGINS) return "set LOGINS to the demo-logins.json of a running demo plant";
  if (!existsSync(CHROMIUM)) return `there is no browser at ${CHROMIUM}; set CHROMIUM`;
  return import("playwright-core").then(() => "", () => "run npm ci first");
}

export const skip = (await whyNot()) || false;
/** How every story is told: not at all without a browser, and one that finds no end fails by its name rather than hold up the others. */
export const story = { skip, timeout: 240_000 };
if (skip) console.log(`The interface is not tested: ${skip}.`);

const logins = skip ? { url: "", users: [] } : JSON.parse(readFileSync(process.env.LOGINS, "utf8"));
export const BASE = logins.url;
export const loginOf = (role) => logins.users.find((it) => it.role === role);

let browser;
export async function openBrowser() {
  if (!skip) browser = await (await import("playwright-core")).chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}
export const closeBrowser = () => browser?.close();

/** Asks the plant as a role, past the interface; answers the JSON. */
export async function ask(role, path, body, method = body ? "POST" : "GET") {
  const headers = { Authorization: `Bearer ${loginOf(role).token}`, "Content-Type": "application/json" };
  const answer = await fetch(`${BASE}/api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${text}`);
  return text ? JSON.parse(text) : null;
}

/**
 * A browser of nobody that has gone nowhere yet. `expected` are faults that the story brings about; with `worker` it keeps the interface for
 * the time without a network.
 */
export async function openPage({ size = [1440, 900], scheme = "light", language = "en-GB", contrast, forcedColors, expected = /^$/, worker = false } = {}) {
  const context = await browser.newContext({ viewport: { width: size[0], height: size[1] }, colorScheme: scheme, contrast, forcedColors, locale: language, serviceWorkers: worker ? "allow" : "block" });
  const page = await context.newPage();
  const wrongs = [];
  page.on("pageerror", (error) => wrongs.push(error.message));
  page.on("console", (message) => {
    // Asking who is logged in answers 401 to nobody, which the browser notes as an error.
    const usual = message.location().url.endsWith("/api/v1/session") && message.text().includes("401");
    if (message.type() === "error" && !usual && !expected.test(message.text())) wrongs.push(message.text());
  });
  page.on("request", (request) => {
    if (!new URL(request.url()).host.startsWith("127.0.0.1:") && !/^(data|blob):/.test(request.url())) wrongs.push(`outside request: ${request.url()}`);
  });
  const leave = async () => {
    await context.close();
    assert.deepEqual(wrongs, []);
  };
  return { page, context, leave };
}

/** A browser of somebody, logged in as a role (or nobody) and on a page; `terminal` is the token of the terminal that it is. */
export async function visit(role, path = "", { terminal = "", ...options } = {}) {
  const opened = await openPage(options);
  const { page } = opened;
  if (role) {
    const { user, password } = loginOf(role);
    await page.request.post(`${BASE}/api/v1/session`, { data: { user_name: user, password } });
  }
  if (terminal) await page.request.post(`${BASE}/api/v1/terminal`, { data: { token: terminal } });
  await page.goto(`${BASE}/#/${path}`);
  return opened;
}

const centers = async () => (await ask("lead", "floor")).departments.flatMap((it) => it.work_centers);

/** A work center of the floor that fits. At night and on Sundays few work, and stories use them up: then work is begun that waits. */
export async function centerWhere(fits) {
  let found = (await centers()).find(fits);
  for (const job of found ? [] : await waiting()) {
    if (await begin(job)) found = (await centers()).find(fits);
    if (found) break;
  }
  assert.ok(found, "the plant has no such work center");
  return found;
}

/** Work that is long enough for a story, at work centers where nothing is begun and nothing stands. */
async function waiting() {
  const free = new Set((await centers()).filter((it) => !it.job && !it.stop).map((it) => it.work_center_id));
  const { data } = await ask("lead", "work-order-operations?status=ready&sort=planned_start_time&limit=500");
  return data.filter((it) => free.has(it.work_center_id) && it.planned_quantity >= 30);
}

/** Begins a job with somebody who may; answers whether the plant took it. */
async function begin(job) {
  const { machine_id, required_skill } = await ask("lead", `work-centers/${job.work_center_id}`);
  const people = (await ask("lead", "employees?status=active&limit=500")).data;
  const { employee_id } = people.find((it) => !required_skill || it.certifications.some(({ skill }) => skill === required_skill)) ?? people[0];
  const at = { work_order_id: job.work_order_id, operation_sequence: job.operation_sequence, machine_id };
  try {
    await ask("lead", `work-orders/${job.work_order_id}/operations/${job.operation_sequence}/start`, { employee_id, machine_id });
    await ask("lead", "labor-transactions/clock-in", { employee_id, activity_type: "direct_labor", ...at });
    return true;
  } catch {
    return false;
  }
}

/** As fast as a scanner types, however busy this machine is: its keys come to whatever has the focus, and a field takes them as well. */
export const scan = (page, ...codes) =>
  page.evaluate((keys) => {
    for (const key of keys) {
      const target = document.activeElement ?? document.body;
      const taken = target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      if (!taken || key.length > 1 || !(target instanceof HTMLInputElement)) continue;
      target.value += key;
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }, codes.flatMap((code) => [...code, "Enter"]));

/** A page is there when it says something, no longer says that it reads, and has not begun to read anew. */
export async function settled(page) {
  await page.locator("main > *").first().waitFor();
  await page.waitForLoadState("load");
  let quiet = 0;
  for (let tries = 0; tries < 300 && quiet < 3; tries += 1) {
    await page.waitForTimeout(100);
    quiet = (await page.getByText(/^(Reading|Wird gelesen|Leyendo)$/).count()) ? 0 : quiet + 1;
  }
  assert.equal(quiet, 3, "the page reads and reads");
}
