// How fast the Gantt is with 2,000 bars: frames while it is moved and while a bar is dragged, in milliseconds. LOGINS=... node frames.mjs [THROTTLE]
//
// The bars are made up, so that the figure is about the drawing: the plant is asked for its work centers only.
import { ask, closeBrowser, openBrowser, skip, visit } from "./browser.mjs";

const BARS = 2000;
const GAP = 200 * 60_000;
const throttle = Number(process.argv[2] ?? 1);

const at = (list, share) => list.toSorted((one, other) => one - other)[Math.floor(list.length * share)].toFixed(1);

/** Frames between now and the end of an act. */
async function frames(page, act) {
  await page.evaluate(() => {
    window.frames_ = [];
    let last = performance.now();
    const next = (time) => {
      window.frames_.push(time - last);
      last = time;
      window.watched = requestAnimationFrame(next);
    };
    window.watched = requestAnimationFrame(next);
  });
  await act();
  return page.evaluate(() => {
    cancelAnimationFrame(window.watched);
    return window.frames_.slice(2);
  });
}

if (!skip) {
  await openBrowser();
  const centers = (await ask("planner", "work-centers?status=active&limit=500")).data;
  const now = Date.parse((await ask("planner", "floor")).plant_time);
  const slots = Array.from({ length: BARS }, (_, n) => {
    const center = centers[n % centers.length];
    const from = now + Math.floor(n / centers.length) * GAP;
    const iso = (time) => new Date(time).toISOString();
    return {
      schedule_id: `SCH-${n}`, work_center_id: center.work_center_id, work_order_id: `WO-9${String(n >> 2).padStart(5, "0")}`, work_order_number: null, product: "Door", operation_sequence: 10 * (1 + (n & 3)), operation_name: "Cut",
      planned_start_time: iso(from), planned_end_time: iso(from + 0.9 * GAP), actual_start_time: null, actual_end_time: null, schedule_status: "planned", customer_due_date: null,
    };
  });
  const { page, context } = await visit("planner", "", { expected: /./ });
  const json = (route, body) => route.fulfill({ json: body });
  await page.route(/\/api\/v1\/schedule\?/, (route) => json(route, { frozen_hours: 4, data: slots }));
  // A move is answered with thirty others that move on, as a busy lane would.
  await page.route(/\/plans\/in-force\/branch/, (route) => json(route, { plan_id: 0, state: "ready" }));
  await page.route(/\/plans\/0\/moves/, (route) => {
    const { work_center_id, planned_start_time } = route.request().postDataJSON();
    const moves = slots.slice(0, 31).map((it, n) => {
      const from = Date.parse(planned_start_time) + n * GAP;
      const to = { work_center_id, work_center_code: "", planned_start_time: new Date(from).toISOString(), planned_end_time: new Date(from + 0.9 * GAP).toISOString() };
      return { work_order_id: it.work_order_id, operation_sequence: it.operation_sequence, operation_name: "Cut", is_late: n % 5 === 0, from: to, to };
    });
    return json(route, { plan_id: 0, version: 1, does: true, promises_broken: 1, promises_saved: 0, moves });
  });
  await page.goto(`${page.url().split("#")[0]}#/plan?span=week`);
  const canvas = page.getByRole("img", { name: /^The plan as bars/ });
  await canvas.waitFor();
  await page.waitForTimeout(1500);
  const session = await context.newCDPSession(page);
  if (throttle > 1) await session.send("Emulation.setCPUThrottlingRate", { rate: throttle });
  const box = await canvas.boundingBox();
  const drag = async (x, y, dx, dy, steps) => {
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let step = 1; step <= steps; step += 1) await page.mouse.move(x + (dx * step) / steps, y + (dy * step) / steps);
  };
  const [middle, top] = [box.x + box.width / 2, box.y + 20];
  const panned = await frames(page, async () => {
    await drag(middle, top, -400, 0, 120);
    await page.mouse.up();
  });
  const held = await frames(page, () => drag(middle, box.y + 44 + 26 + 19, 300, 80, 120));
  const says = await page.locator(".says [role=status]").innerText();
  await page.keyboard.press("Escape");
  for (const [what, list] of [["moving the drawing", panned], ["dragging a bar", held]]) console.log(`${BARS} bars, ${what}, CPU / ${throttle}: ${list.length} frames, p50 ${at(list, 0.5)} ms, p95 ${at(list, 0.95)} ms`);
  console.log(`said while dragging: ${says}`);
  await closeBrowser();
}
