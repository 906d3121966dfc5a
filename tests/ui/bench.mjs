// How long pages take on a slow tablet (a processor six times slower) and how smoothly the plan moves on a desktop: node bench.mjs
// Nothing is asserted: other work on the machine shows in the figures. Each is the middle of five.
import { ask, BASE, centerWhere, closeBrowser, loginOf, openBrowser, openPage, skip, visit } from "./browser.mjs";

const RUNS = 5;
const SLOWER = 6;
const BARS = 2000;
const PAN_MS = 2000;

const middle = (all) => [...all].sort((one, other) => one - other)[Math.floor(all.length / 2)];

/** The plan in force, made so long that a week has two thousand bars. */
async function manyBars(page) {
  const { data } = await ask("planner", "schedule");
  const slots = Array.from({ length: BARS }, (_, at) => {
    const slot = data[at % data.length];
    const later = (time) => time && new Date(Date.parse(time) + Math.floor(at / data.length) * 7_200_000).toISOString();
    return { ...slot, schedule_id: `BENCH-${at}`, planned_start_time: later(slot.planned_start_time), planned_end_time: later(slot.planned_end_time) };
  });
  await page.route("**/api/v1/schedule?*", (route) => route.fulfill({ contentType: "application/json", body: JSON.stringify({ data: slots }) }));
}

/** Milliseconds from going to a page until `ready` is seen, in a browser that has nothing of it yet. */
async function firstLoad(role, path, ready, prepare = async () => {}) {
  const times = [];
  for (let run = 0; run < RUNS; run += 1) {
    const { page, context } = await openPage({ size: [1024, 768] });
    const { user, password } = loginOf(role);
    await page.request.post(`${BASE}/api/v1/session`, { data: { user_name: user, password } });
    await prepare(page);
    const client = await context.newCDPSession(page);
    await client.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
    const began = performance.now();
    await page.goto(`${BASE}/#/${path}`, { waitUntil: "commit" });
    await ready(page);
    await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted))));
    times.push(performance.now() - began);
    await context.close();
  }
  return middle(times);
}

/** The 95th percentile of the time between two frames while a hand drags the plan, without a slower processor. */
async function panning() {
  const { page, context } = await visit("planner");
  await manyBars(page);
  await page.goto(`${BASE}/#/plan`);
  const canvas = page.getByRole("img", { name: /^The plan as bars/ });
  await canvas.waitFor();
  await page.waitForTimeout(1000);
  const box = await canvas.boundingBox();
  await page.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const beat = (now) => (window.frames_.push(now - last), (last = now), requestAnimationFrame(beat));
    requestAnimationFrame(beat);
  });
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  const end = performance.now() + PAN_MS;
  for (let at = 0; performance.now() < end; at += 1) await page.mouse.move(box.x + box.width / 2 + 200 * Math.sin(at / 10), box.y + box.height / 2);
  await page.mouse.up();
  const frames = (await page.evaluate(() => window.frames_)).sort((one, other) => one - other);
  await context.close();
  return frames[Math.floor(frames.length * 0.95)];
}

if (!skip) {
  await openBrowser();
  const center = await centerWhere((it) => it.job);
  const seen = (find) => (page) => find(page).waitFor({ timeout: 60_000 });
  const figures = {
    "operator ready": await firstLoad("operator", `station/${center.work_center_code}`, seen((page) => page.getByText(center.job.product_name).first())),
    "wall": await firstLoad("lead", "", seen((page) => page.getByText("Needs someone").first())),
    "plan of 2,000 bars": await firstLoad("planner", "plan", seen((page) => page.getByRole("img", { name: /^The plan as bars/ })), manyBars),
  };
  for (const [what, time] of Object.entries(figures)) console.log(`${what}: ${(time / 1000).toFixed(2)} s at a processor ${SLOWER} times slower, first load`);
  console.log(`panning the plan of 2,000 bars: 95 of 100 frames within ${(await panning()).toFixed(0)} ms on this machine`);
  await closeBrowser();
}
