// The start page: log in, see what needs someone, trace a lot. Everything shown comes from the same
// API that is documented at /api/docs; text is set as text, never as markup.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const LIVE_ROWS = 12;
const TRACE_NODES = 200;

// ---------------------------------------------------------------------------- elements

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}
const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const s = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

function show(element, content) {
  element.hidden = !content;
  element.textContent = content || "";
}

// ---------------------------------------------------------------------------- the server

class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

let open = 0;
function busy(step) {
  open += step;
  // Quick answers need no bar; it would only flicker.
  clearTimeout(busy.timer);
  busy.timer = setTimeout(() => { $("loading").hidden = open === 0; }, 150);
}

/** Asks the server; a refusal becomes an error that carries the server's own sentence. */
async function ask(path, options) {
  busy(1);
  try {
    const answer = await fetch(path, options);
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, sentence(text, answer.status));
    return text ? JSON.parse(text) : null;
  } catch (error) {
    if (error instanceof TypeError) throw new Refused(0, "The server does not answer. Check that it runs and that this machine reaches it.");
    throw error;
  } finally {
    busy(-1);
  }
}

function sentence(text, status) {
  try {
    const detail = JSON.parse(text).detail;
    return detail[0].toUpperCase() + detail.slice(1) + (/[.?]$/.test(detail) ? "" : ".");
  } catch {
    return `The server answered ${status} without saying why.`;
  }
}

const post = (path, body) => ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const read = (path) => ask(`/api/v1/${path}`);

// ---------------------------------------------------------------------------- words

const spaced = (word) => word.replaceAll("_", " ");
/** `ReportOperation` as people say it. */
const plain = (command) => command.replace(/([a-z])([A-Z])/g, (_, a, b) => `${a} ${b.toLowerCase()}`);
/** Groups thousands with a thin space, which no locale takes for a decimal sign. */
function amount(number) {
  const [whole, part] = String(number).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  return part ? `${grouped}.${part}` : grouped;
}
const measured = (number, unit) => (number === null ? "" : `${amount(number)}\u00a0${unit ?? ""}`.trim());
const short = (text, length) => (text.length > length ? `${text.slice(0, length - 1)}\u2026` : text);

// Each state has a shape of its own, so that no state rests on colour. 14 x 14.
const SHAPES = {
  created: () => s("path", { d: "M2 2h10v10H2z M5 7h4", fill: "none", stroke: "currentColor", "stroke-dasharray": "3 2" }),
  released: () => s("circle", { cx: 7, cy: 7, r: 5, fill: "none", stroke: "currentColor", "stroke-width": 1.5 }),
  scheduled: () => s("path", { d: "M7 2a5 5 0 1 0 .01 0z M7 4v3l2.5 1.5", fill: "none", stroke: "currentColor", "stroke-width": 1.5 }),
  in_progress: () => s("path", { d: "M3 1.5v11L12.5 7z", fill: "currentColor" }),
  on_hold: () => s("path", { d: "M7 1l6 6-6 6-6-6z", fill: "currentColor" }),
  completed: () => s("path", { d: "M2 7.5l3.5 3.5L12 3.5", fill: "none", stroke: "currentColor", "stroke-width": 2 }),
  closed: () => s("path", { d: "M2 2h10v10H2z", fill: "currentColor" }),
  cancelled: () => s("path", { d: "M7 2a5 5 0 1 0 .01 0z M3.5 10.5l7-7", fill: "none", stroke: "currentColor", "stroke-width": 1.5 }),
  late: () => s("path", { d: "M3 3l8 8M11 3l-8 8", fill: "none", stroke: "currentColor", "stroke-width": 2.5 }),
};
SHAPES.running = SHAPES.in_progress;
SHAPES.down = SHAPES.late;
SHAPES.planned_stop = () => s("path", { d: "M4 2.5v9M10 2.5v9", fill: "none", stroke: "currentColor", "stroke-width": 2.5 });
SHAPES.setup = () => s("path", { d: "M2 12l7-7M8 2.5a3 3 0 0 0 3.5 3.5", fill: "none", stroke: "currentColor", "stroke-width": 2 });
SHAPES.waiting = SHAPES.scheduled;
SHAPES.idle = SHAPES.released;
SHAPES.available = SHAPES.shipped = SHAPES.completed;
SHAPES.exhausted = SHAPES.closed;
SHAPES.planned = SHAPES.created;
// Not "closed" like an order: no shift of it is open.
SHAPES.off_shift = () => s("path", { d: "M3 7h8", fill: "none", stroke: "currentColor", "stroke-width": 2 });

const shape = (status) => s("svg", { width: 14, height: 14, viewBox: "0 0 14 14", "aria-hidden": "true" }, (SHAPES[status] ?? SHAPES.released)());
const state = (status) => h("span", { class: `state ${status}` }, shape(status), spaced(status));

const table = (heads, rows, name) =>
  h("table", { class: name ?? null },
    h("thead", null, h("tr", null, heads.map((head) => h("th", { scope: "col", class: head.number ? "number" : null }, head.label ?? head)))),
    h("tbody", null, rows));

// ---------------------------------------------------------------------------- time

const plant = { zone: "UTC", time: 0, at: 0, rate: 1, names: new Map() };

const plantNow = () => new Date(plant.time + (performance.now() - plant.at) * plant.rate);
const inZone = (time, options) => new Intl.DateTimeFormat("en-GB", { timeZone: plant.zone, ...options }).format(new Date(time));
const clockTime = (time) => inZone(time, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const dayOf = (time) => inZone(time, { weekday: "short", day: "numeric", month: "short", year: "numeric" });

function tick() {
  const now = plantNow();
  $("clock").replaceChildren(h("b", null, inZone(now, { hour: "2-digit", minute: "2-digit" })), `${dayOf(now)}, ${plant.zone}`);
}

/** Only a simulated plant's clock can be set, and only by who may. */
async function setSpeed(event) {
  try {
    await post("/api/v1/plant/clock", { rate: Number(event.target.value) });
    await refresh();
  } catch (refused) {
    trouble(refused);
  }
}

function showSpeed() {
  $("speed").hidden = !(plant.simulated && plant.role === "admin");
  const rates = [...new Set([0, 1, 60, 600, plant.rate])].sort((a, b) => a - b);
  $("speed-rate").replaceChildren(...rates.map((rate) => h("option", { value: rate, selected: rate === plant.rate }, rate ? `${rate}x` : "paused")));
}

function lateness(end) {
  const minutes = Math.max(0, Math.floor((plantNow() - new Date(end)) / 60_000));
  if (minutes < 60) return `${minutes} min late`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h late` : `${Math.floor(minutes / 1440)} days late`;
}

// ---------------------------------------------------------------------------- logging in

function showWelcome(why) {
  stopLive();
  showFigures.at = 0;
  clearInterval(tick.timer);
  for (const id of ["overview", "plant", "clock", "person"]) $(id).hidden = true;
  $("welcome").hidden = false;
  show($("log-in-fault"), why);
  $("password").value = "";
  ($("user-name").value ? $("password") : $("user-name")).focus();
}

async function logIn(event) {
  event.preventDefault();
  const act = $("log-in-act");
  show($("log-in-fault"), "");
  act.disabled = true;
  act.textContent = "Logging in";
  try {
    await post("/api/v1/session", { user_name: $("user-name").value, password: $("password").value });
    await start();
  } catch (refused) {
    showWelcome(refused.message);
  } finally {
    act.disabled = false;
    act.textContent = "Log in";
  }
}

async function logOut() {
  try {
    await ask("/api/v1/session", { method: "DELETE" });
    showWelcome("");
  } catch (refused) {
    trouble(refused);
  }
}

/** A fault of a whole reading: an ended log-in goes back to the door, the rest is said at the top. */
function trouble(refused) {
  if (refused.status === 401) showWelcome("The log-in has ended. Log in again.");
  else show($("fault"), refused.message ?? String(refused));
}

async function start() {
  let session;
  try {
    session = await read("session");
  } catch (refused) {
    if (refused.status !== 401) show($("fault"), refused.message);
    return showWelcome("");
  }
  plant.role = session.role;
  $("who").replaceChildren(h("b", null, session.user_name), `, ${session.role}`);
  $("welcome").hidden = true;
  for (const id of ["overview", "plant", "clock", "person"]) $(id).hidden = false;
  await refresh();
  clearInterval(tick.timer);
  tick.timer = setInterval(tick, 1000);
  listen();
  traceAddress();
}

// ---------------------------------------------------------------------------- the overview

async function refresh() {
  try {
    const overview = await read("plant");
    takePlant(overview);
    if (!plant.names.size) await names();
    showStatuses(overview);
    await Promise.all([showFloor(), showFiguresSometimes(), showNeeds(overview), showRecent()]);
    show($("fault"), "");
  } catch (refused) {
    trouble(refused);
  }
}

function takePlant(overview) {
  const it = overview.plant ?? {};
  plant.zone = it.timezone ?? "UTC";
  plant.time = new Date(overview.plant_time).getTime();
  plant.at = performance.now();
  plant.rate = it.clock_rate ?? 1;
  plant.head = overview.head;
  $("plant-name").textContent = it.plant_name ?? "";
  $("simulated").hidden = !it.simulated;
  plant.simulated = it.simulated;
  showSpeed();
  document.title = `${it.plant_name ?? "Plant"} - Millwright`;
  tick();
}

/** Orders carry ids; people know products and customers by name. Read once; what is new or beyond the page is asked for singly. */
async function names() {
  const [products, customers] = await Promise.all([read("products?limit=1000"), read("customers?limit=1000")]);
  for (const it of products.data) plant.names.set(it.product_id, it.product_name);
  for (const it of customers.data) plant.names.set(it.customer_id, it.customer_name);
}
async function namesFor(orders) {
  const unknown = (column) => [...new Set(orders.map((it) => it[column]).filter((id) => id && !plant.names.has(id)))];
  const learn = async (path, column, id) => plant.names.set(id, (await read(`${path}/${id}`))[column]);
  await Promise.all([
    ...unknown("product_id").map((id) => learn("products", "product_name", id)),
    ...unknown("customer_id").map((id) => learn("customers", "customer_name", id)),
  ]);
}
const nameOf = (id) => plant.names.get(id) ?? id;
const numberOf = (order) => order.work_order_number ?? order.work_order_id;

/** Link to the trace of a record; the address keeps it, so that Back and bookmarks work. */
const traceLink = (id, label) => h("a", { class: "id", href: `#trace/${encodeURIComponent(id)}` }, label ?? id);

async function showNeeds(overview) {
  const [orders, lots, late] = await Promise.all([read("work-orders?status=on_hold&limit=3"), read("lots?status=on_hold&limit=3"), lateOrders()]);
  await namesFor([...orders.data, ...late.first]);
  const cards = [
    need("hold", "on_hold", "Orders on hold", overview.work_orders_by_status.on_hold, "work-orders?status=on_hold",
      orders.data.map((it) => h("li", null, traceLink(it.work_order_id, numberOf(it)), ` ${nameOf(it.product_id)} `, why(it.hold_reason)))),
    need("hold", "on_hold", "Lots on hold", overview.lots_on_hold, "lots?status=on_hold",
      lots.data.map((it) => h("li", null, traceLink(it.lot_id, it.lot_number), ` ${measured(it.quantity_on_hand, it.unit_of_measure)} `, why(it.hold_reason)))),
    need("late", "late", "Orders late", late.count, late.address,
      late.first.map((it) => h("li", null, traceLink(it.work_order_id, numberOf(it)), ` ${nameOf(it.product_id)} `, h("span", null, lateness(it.scheduled_end_time))))),
  ];
  const calm = !overview.work_orders_by_status.on_hold && !overview.lots_on_hold && !late.first.length;
  $("needs-list").replaceChildren(...(calm ? [h("p", { class: "quiet" }, "Nothing is on hold and no order is late.")] : cards));
}

// ---------------------------------------------------------------------------- the floor

/** Loudest first, as they are counted above the wall. */
const FLOOR = { down: "down", waiting: "waiting", setup: "in setup", running: "running", planned_stop: "planned stop", idle: "idle", off_shift: "off shift" };

async function showFloor() {
  const [floor, machines] = await Promise.all([read("floor"), read("machine-states")]);
  plant.machines = new Map(machines.data.map((it) => [it.machine_id, it]));
  const centers = floor.departments.flatMap((it) => it.work_centers);
  for (const it of centers) if (it.state === "closed") it.state = "off_shift";
  const counts = Object.keys(FLOOR).map((state) => [centers.filter((it) => it.state === state).length, FLOOR[state]]);
  $("floor-said").textContent = counts.filter(([count]) => count).map(([count, word]) => `${count} ${word}`).join(", ");
  const { today } = floor;
  const pieces = today.good_pieces + today.bad_pieces;
  $("today").replaceChildren(
    figure("Orders started", amount(today.orders_started), `${amount(today.orders_created)} new`),
    figure("Orders completed", amount(today.orders_completed), `${amount(today.shipments)} shipment${today.shipments === 1 ? "" : "s"} left`),
    figure("Good pieces finished", amount(today.good_pieces), pieces ? `${amount(today.bad_pieces)} rejected or scrapped` : "none counted yet"));
  $("wall").replaceChildren(...(centers.length ? floor.departments.map(departmentOf) : [h("p", { class: "quiet" }, "No work centers yet. Bring them in with millwright import work-centers FILE.")]));
}

/** The hour, with its weekday where that is not today. */
function whenOf(time) {
  const day = (of) => inZone(of, { dateStyle: "short" });
  const hour = inZone(time, { hour: "2-digit", minute: "2-digit" });
  return day(time) === day(plantNow()) ? hour : `${inZone(time, { weekday: "short" })} ${hour}`;
}

const figure = (label, number, beside) => h("li", null, h("span", null, `${label} today`), h("b", null, number), h("span", null, beside));

function departmentOf(it) {
  return h("section", { class: "department" }, h("h3", null, it.line_name ?? "Without a department"), h("ul", null, it.work_centers.map(tile)));
}

function tile(it) {
  const says = it.stop ? [spaced(it.stop.downtime_category), it.stop.downtime_reason_description].filter(Boolean).join(": ") : null;
  const since = it.since ? `since ${whenOf(it.since)}` : "";
  return h("li", { class: `center ${it.state}` },
    h("p", { class: "what" }, h("b", null, it.work_center_name), h("span", { class: "mark" }, shape(it.state), FLOOR[it.state])),
    says ? h("p", { class: "cause" }, says) : null,
    it.job ? jobOf(it.job) : null,
    machineOf(plant.machines.get(it.machine_id)),
    since || it.people ? h("p", { class: "quiet" }, [since, it.people ? `${it.people} ${it.people === 1 ? "person" : "people"}` : ""].filter(Boolean).join(", ")) : null);
}

/** What its control says, beside what people told; silent where no machine is connected, or where it is off as planned. */
const MACHINE = { producing: "producing", setup: "set up", idle: "idle", interrupted: "held", maintenance: "in maintenance", down: "down", no_data: "says nothing" };
function machineOf(it) {
  if (!it?.last_told_at || it.state === "not_planned") return null;
  const since = it.state === "no_data" ? "" : ` since ${whenOf(it.since)}`;
  return h("p", { class: `machine ${it.state}`, title: `${it.machine}: ${[it.execution, it.mode].filter(Boolean).join(", ") || "no word"}` },
    `Machine ${MACHINE[it.state]}${since}`, it.alarm ? h("b", null, ` ${it.alarm}`) : null);
}

function jobOf(job) {
  const done = job.good_quantity + job.bad_quantity;
  const label = `${job.good_quantity} good${job.bad_quantity ? `, ${job.bad_quantity} bad` : ""} of ${job.planned_quantity}`;
  return [
    h("p", { class: "job" }, traceLink(job.work_order_id, job.work_order_number ?? job.work_order_id), ` ${job.product_name}`),
    h("p", { class: "made" }, h("progress", { max: Math.max(1, job.planned_quantity), value: Math.min(done, job.planned_quantity), "aria-label": label }), h("span", null, label)),
  ];
}

// ---------------------------------------------------------------------------- figures

const FIGURES = ["oee", "first_pass_yield", "utilization", "schedule_adherence", "on_time_delivery", "labor_efficiency", "ppm", "mttr", "mtbf"];
const FIGURES_EVERY = 30_000;
const UNITS = { percent: "%", ppm: "ppm", minutes: "min", hours: "h", pieces_per_hour: "pieces/h" };
/** What became of planned busy time, from the good to the lost; each has a tone and a word. */
const LOSSES = { fully_productive: "good pieces at standard time", quality: "pieces that are not good", speed: "slower than standard", delay: "begun and nobody there", setup: "setup", down: "down" };

async function showFigures() {
  const answers = await Promise.all(FIGURES.map((name) => read(`kpi/${name}`)));
  const [oee] = answers;
  $("figures-said").textContent = `${dayOf(oee.from)} until now`;
  $("figures-list").replaceChildren(...answers.map(figureCard));
  showLosses(oee.data[0]);
}

/** Figures of a week change slowly: they follow at their own pace. */
function showFiguresSometimes() {
  const now = performance.now();
  if (showFigures.at && now - showFigures.at < FIGURES_EVERY) return Promise.resolve();
  showFigures.at = now;
  return showFigures();
}

function figureCard(answer) {
  const value = answer.data[0]?.value ?? null;
  const { at_least: least, at_most: most } = answer.target;
  const band = [least === null ? null : `at least ${least}`, most === null ? null : `at most ${most}`].filter(Boolean).join(", ");
  const off = value === null ? null : least !== null && value < least ? "below" : most !== null && value > most ? "above" : "within";
  const judged = !band ? "no band" : off === null ? band : `${off} its band: ${band}`;
  return h("li", { class: off ?? "none" },
    h("span", null, answer.title),
    h("b", null, value === null ? "no data" : `${amount(rounded(value))}\u00a0${UNITS[answer.unit]}`),
    h("span", { class: "band" }, band && off && off !== "within" ? shape("late") : null, judged));
}

const rounded = (value) => (Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 10) / 10);

function showLosses(group) {
  const minutes = group?.losses_minutes;
  const busy = group?.minutes.planned_busy ?? 0;
  if (!busy) return $("losses").replaceChildren(h("p", { class: "quiet" }, "No work center was planned to be busy in this time."));
  // Faster than standard is a gain, which no bar of losses can show; the table does.
  const parts = Object.keys(LOSSES).map((name) => [name, minutes[name]]);
  const drawn = parts.filter(([, length]) => length > 0);
  const all = drawn.reduce((sum, [, length]) => sum + length, 0);
  let x = 0;
  const bar = drawn.map(([name, length]) => {
    const width = Math.max(2, (1000 * length) / all);
    const part = s("rect", { class: `loss-${name}`, x, y: 0, width, height: 28 }, s("title", null, `${LOSSES[name]}: ${hours(length)}`));
    x += width;
    return part;
  });
  const rows = parts.map(([name, length]) => h("tr", null,
    h("th", { scope: "row" }, h("span", { class: `swatch loss-${name}`, "aria-hidden": "true" }), LOSSES[name]),
    h("td", { class: "number" }, hours(length)), h("td", { class: "number" }, `${rounded((100 * length) / busy)}\u00a0%`)));
  $("losses").replaceChildren(
    s("svg", { class: "strip", viewBox: `0 0 ${Math.max(1000, x)} 28`, preserveAspectRatio: "none", role: "img", "aria-label": parts.map(([name, length]) => `${LOSSES[name]}: ${hours(length)}`).join(", ") }, bar),
    table(["What", { label: "Hours", number: true }, { label: "Of planned busy time", number: true }], rows, "losses"));
}

const hours = (minutes) => `${amount(rounded(minutes / 60))}\u00a0h`;

// ---------------------------------------------------------------------------- finding

async function find(event) {
  event.preventDefault();
  const words = $("search-words").value.trim();
  show($("search-fault"), "");
  $("search-said").textContent = "Looking";
  $("search-result").replaceChildren();
  try {
    const { data } = await read(`search?limit=20&q=${encodeURIComponent(words)}`);
    $("search-said").textContent = data.length ? `${data.length === 20 ? "The best 20" : data.length} for ${words}` : `Nothing is like ${words}. Fewer or shorter words find more.`;
    $("search-result").replaceChildren(...data.map(hit));
  } catch (refused) {
    $("search-said").textContent = "";
    if (refused.status === 401) return trouble(refused);
    show($("search-fault"), refused.message);
  }
}

function hit(it) {
  const title = kindOf(it.id) ? traceLink(it.id, it.title) : h("a", { class: "id", href: `/api/v1/${it.kind.replaceAll("_", "-")}/${encodeURIComponent(it.id)}` }, it.title);
  return h("li", null, h("span", { class: "kind" }, spaced(it.kind)), title, h("span", { class: "quiet" }, it.snippet));
}

// ----------------------------------------------------------------------------

const why = (reason) => h("span", null, reason || "no reason given");

/** An order is late when its planned end has passed and it is not done; each state has its own index. */
async function lateOrders() {
  const before = plantNow().toISOString();
  const path = (status) => `work-orders?status=${status}&scheduled_end_time.lt=${before}&sort=scheduled_end_time&limit=200`;
  const pages = await Promise.all(["scheduled", "in_progress", "on_hold"].map((status) => read(path(status))));
  const all = pages.flatMap((page) => page.data).sort((a, b) => a.scheduled_end_time.localeCompare(b.scheduled_end_time));
  const more = pages.some((page) => page.next_cursor);
  const address = `work-orders?scheduled_end_time.lt=${before}&status.ne=completed&status.ne=closed&status.ne=cancelled`;
  return { first: all.slice(0, 3), count: more ? `${all.length}+` : all.length, address };
}

function need(tone, mark, title, count, address, rows) {
  return h("section", { class: `need ${tone}${rows.length ? " calls" : ""}` },
    h("h3", null, rows.length ? shape(mark) : null, title, h("span", { class: "count" }, String(count))),
    h("ul", null, rows),
    rows.length ? h("a", { class: "more", href: `/api/v1/${address}` }, "All of them, as JSON") : null);
}

const STATUSES = ["created", "released", "scheduled", "in_progress", "on_hold", "completed", "closed", "cancelled"];

function showStatuses(overview) {
  const counts = STATUSES.map((status) => [status, overview.work_orders_by_status[status] ?? 0]);
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  const rows = counts.map(([status, count]) => h("tr", null, h("th", { scope: "row" }, state(status)), h("td", { class: "number" }, amount(count))));
  const half = rows.length / 2;
  const heads = ["Status", { label: "Orders", number: true }];
  const twin = h("div", { class: "twin" }, table(heads, rows.slice(0, half), "counts"), table(heads, rows.slice(half), "counts"));
  $("orders-bar").replaceChildren(...(all ? [statusBar(counts, all), twin] : []));
}

/** The orders as one bar; every state that occurs keeps a width that can be seen. */
function statusBar(counts, all) {
  const present = counts.filter(([, count]) => count);
  const least = 14;
  const room = 1000 - present.length * (least + 4);
  let x = 1;
  const parts = present.map(([status, count]) => {
    const width = least + (room * count) / all;
    const part = s("rect", { class: `fill-${status}`, x, y: 2, width, height: 24, rx: 4 }, s("title", null, `${spaced(status)}: ${count} of ${all}`));
    x += width + 4;
    return part;
  });
  const label = present.map(([status, count]) => `${count} ${spaced(status)}`).join(", ");
  return s("svg", { class: "strip", viewBox: "0 0 1000 28", preserveAspectRatio: "none", role: "img", "aria-label": `${all} orders: ${label}` }, parts);
}

async function showRecent() {
  const { data } = await read("work-orders?sort=-work_order_id&limit=12");
  if (!data.length) {
    $("recent").replaceChildren(h("p", { class: "quiet" }, "No work orders yet. Create one with POST /api/v1/work-orders; the ", h("a", { href: "/api/docs" }, "API documentation"), " shows a whole order's life."));
    return;
  }
  await namesFor(data);
  const heads = ["Order", "Product", "Status", { label: "Produced / planned", number: true }, "Customer"];
  $("recent").replaceChildren(table(heads, data.map(orderRow)));
}

function orderRow(it) {
  return h("tr", null,
    h("td", null, traceLink(it.work_order_id, numberOf(it))),
    h("td", null, nameOf(it.product_id)),
    h("td", null, state(it.status)),
    h("td", { class: "number" }, `${amount(it.produced_quantity)} / ${measured(it.planned_quantity, it.unit_of_measure)}`),
    h("td", null, it.customer_id ? nameOf(it.customer_id) : h("span", { class: "quiet" }, "to stock")));
}

// ---------------------------------------------------------------------------- live

let source = null;
let retry = 0;

function stopLive() {
  source?.close();
  source = null;
  clearTimeout(retry);
}

function liveState(word, lost) {
  $("live-state").className = `state${lost ? " lost" : ""}`;
  $("live-state").replaceChildren(shape(lost ? "late" : "in_progress"), word);
}

function listen() {
  stopLive();
  $("live").replaceChildren();
  liveState("Connecting", true);
  // Some entries may be hidden from this role, hence a little more than is shown.
  source = new EventSource(`/api/v1/events?after=${Math.max(0, plant.head - 3 * LIVE_ROWS)}`);
  source.onopen = () => liveState("Connected", false);
  source.addEventListener("entry", (event) => takeEntry(JSON.parse(event.data)));
  source.onerror = lost;
}

/** The browser resumes a broken stream by itself, but not a refused one: ask again, or log in again. */
function lost() {
  if (source?.readyState !== EventSource.CLOSED) return liveState("Reconnecting", true);
  liveState("Not connected, trying again", true);
  retry = setTimeout(() => read("plant").then((overview) => { takePlant(overview); listen(); }).catch((refused) => (refused.status === 401 ? trouble(refused) : lost())), 5000);
}

function takeEntry(entry) {
  $("live-empty").hidden = true;
  $("live").prepend(entryRow(entry));
  while ($("live").children.length > LIVE_ROWS) $("live").lastElementChild.remove();
  if (entry.seq > plant.head) refreshSoon();
}

/** A busy plant tells many things a second; the overview follows at its own pace. */
function refreshSoon() {
  refreshSoon.timer ??= setTimeout(() => {
    refreshSoon.timer = null;
    if (source) refresh();
  }, 2500);
}

function entryRow(entry) {
  const events = entry.events.map((event) => spaced(event.name).replace(".", " ")).join(", ");
  const subject = kindOf(entry.subject) ? traceLink(entry.subject) : h("span", { class: "id" }, entry.subject);
  return h("li", null,
    h("time", { datetime: entry.recorded_at, title: `${dayOf(entry.recorded_at)}, entry ${entry.seq}` }, clockTime(entry.recorded_at)),
    h("span", null, `${plain(entry.command)} `, subject),
    h("span", { class: "by" }, `${entry.actor}${events ? `: ${events}` : ""}`));
}

// ---------------------------------------------------------------------------- trace

const KINDS = { LOT: "lots", WO: "work-orders", SHP: "shipments", SUP: "suppliers", CUST: "customers" };
const kindOf = (id) => KINDS[/^([A-Z]+)-\d+$/.exec(id)?.[1]];

function traceAddress() {
  const number = /^#trace\/(.+)$/.exec(location.hash)?.[1];
  if (number && !$("overview").hidden) trace(decodeURIComponent(number));
}

function askTrace(event) {
  event.preventDefault();
  const wanted = `#trace/${encodeURIComponent($("trace-number").value.trim())}`;
  if (location.hash === wanted) traceAddress();
  else location.hash = wanted;
}

async function trace(number) {
  trace.wanted = number;
  $("trace-number").value = number;
  show($("trace-fault"), "");
  $("trace-result").replaceChildren();
  $("trace-said").textContent = `Tracing ${number}. A lot with many thousands of descendants takes a few seconds.`;
  $("trace").scrollIntoView({ block: "start" });
  try {
    const found = await read(`${kindOf(number) ?? "lots"}/${encodeURIComponent(number)}/trace?direction=both&max_nodes=${TRACE_NODES}`);
    // A slow answer must not replace the one asked for after it.
    if (trace.wanted === number) showTrace(found);
  } catch (refused) {
    if (trace.wanted !== number) return;
    $("trace-said").textContent = "";
    if (refused.status === 401) return trouble(refused);
    show($("trace-fault"), refused.status === 404 ? `${refused.message} Lots are found by number or id; the others by an id such as WO-000001.` : refused.message);
  }
}

function showTrace(found) {
  const root = found.nodes[0];
  const drawn = layOut(found);
  const drawing = h("div", { class: "drawing", role: "region", "aria-label": "Drawing of the trace", tabindex: "0" }, draw(drawn));
  const counts = Object.entries(found.counts).map(([kind, count]) => `${amount(count)} ${spaced(kind)}${count === 1 ? "" : "s"}`).join(", ");
  $("trace-said").replaceChildren(h("b", null, `${root.number} ${root.name}`), counts ? `Reaches ${counts}.` : "It came from nowhere known and has gone nowhere yet.");
  $("trace-result").replaceChildren(...[
    found.balance ? balance(found.balance) : null,
    found.truncated ? h("p", { class: "note" }, `The drawing shows the nearest ${found.nodes.length}; all of them: `, h("a", { href: `/api/v1/${kindOf(root.id)}/${root.id}/trace/nodes?direction=both` }, "the list, as JSON")) : null,
    drawing,
    twin(drawn),
  ].filter(Boolean));
  if (drawing.scrollWidth > drawing.clientWidth) drawing.before(sizeAct(drawing));
  $("trace").scrollIntoView({ block: "start" });
  centre(drawing, drawn.byId.get(root.id));
}

/** A wide drawing scrolls; who wants the whole shape at once makes it fit. */
function sizeAct(drawing) {
  const act = h("button", { type: "button", class: "size" }, "Fit the width");
  act.addEventListener("click", () => { act.textContent = drawing.classList.toggle("whole") ? "Readable size" : "Fit the width"; });
  return act;
}

/** The root in the middle of what is seen, when the drawing is larger than its place. */
function centre(drawing, root) {
  const scale = drawing.firstElementChild.clientWidth / drawing.firstElementChild.viewBox.baseVal.width;
  drawing.scrollLeft = (root.x + root.width / 2) * scale - drawing.clientWidth / 2;
  drawing.scrollTop = root.y * scale - drawing.clientHeight / 2;
}

function balance(it) {
  const figure = (label, number, name) => h("li", { class: name ?? null }, h("span", null, label), h("b", null, measured(number, it.unit)));
  const fits = it.gap === 0;
  return h("ul", { class: "balance", "aria-label": "Mass balance" },
    figure("Received", it.received), figure("Produced", it.produced), figure("Consumed", it.consumed), figure("Shipped", it.shipped),
    figure("Scrapped", it.scrapped), figure("Adjusted", it.adjusted), figure("On hand", it.on_hand),
    figure(fits ? "Gap, adds up" : "Gap, does not add up", it.gap, fits ? null : "wrong"));
}

const BOX = { height: 66, gap: 14, between: 44, top: 36, margin: 16 };

/** Gives every node a column by its longest way from the root, so that edges always go to the right. */
function layOut(found) {
  const byId = new Map(found.nodes.map((it) => [it.id, { ...it, column: 0, before: [], after: [] }]));
  for (const edge of found.edges) {
    byId.get(edge.from).after.push(edge.to);
    byId.get(edge.to).before.push(edge.from);
  }
  place(byId, found.root, "after", 1);
  place(byId, found.root, "before", -1);
  const { columns, wires } = fillColumns(byId, found.edges);
  arrange(columns);
  return { ...measure(columns), byId, wires, root: found.root };
}

/** Walks away from the root; a node is passed on only when all its feeders in this walk are known. */
function place(byId, root, way, step) {
  const back = way === "after" ? "before" : "after";
  const reached = new Set([root]);
  for (const id of reached) for (const next of byId.get(id)[way]) reached.add(next);
  const waiting = new Map([...reached].map((id) => [id, byId.get(id)[back].filter((it) => reached.has(it)).length]));
  const ready = [root];
  while (ready.length) {
    const id = ready.pop();
    for (const next of byId.get(id)[way]) {
      const node = byId.get(next);
      node.column = step * Math.max(step * node.column, step * byId.get(id).column + 1);
      waiting.set(next, waiting.get(next) - 1);
      if (waiting.get(next) === 0) ready.push(next);
    }
  }
}

/** Columns from left to right; an edge that passes a column keeps a lane free in it. */
function fillColumns(byId, edges) {
  const nodes = [...byId.values()];
  const first = Math.min(...nodes.map((it) => it.column));
  const columns = Array.from({ length: Math.max(...nodes.map((it) => it.column)) - first + 1 }, () => []);
  for (const node of nodes) columns[node.column - first].push(Object.assign(node, { left: [], right: [], height: BOX.height }));
  const wires = edges.map((edge) => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    const stops = [from];
    for (let column = from.column + 1; column < to.column; column += 1) {
      const lane = { lane: true, left: [], right: [], height: 16 };
      columns[column - first].push(lane);
      stops.push(lane);
    }
    stops.push(to);
    for (let at = 1; at < stops.length; at += 1) {
      stops[at - 1].right.push(stops[at]);
      stops[at].left.push(stops[at - 1]);
    }
    return { ...edge, stops };
  });
  for (const wire of wires) {
    const left = labelEnds(wire)[0];
    left.label = Math.max(left.label ?? 0, textWidth("450 12px", measured(wire.quantity, wire.unit)));
  }
  return { columns, wires };
}

/** Sorts columns by the middle of their neighbours, there and back, which undoes most crossings. */
function arrange(columns) {
  for (const column of columns) stack(column);
  for (let round = 0; round < 8; round += 1) {
    const forth = round % 2 === 0;
    for (const column of forth ? columns : [...columns].reverse()) {
      for (const it of column) it.wish = middle(forth ? it.left : it.right) ?? it.y + it.height / 2;
      column.sort((a, b) => a.wish - b.wish);
      settle(column);
    }
  }
  const top = Math.min(...columns.flat().map((it) => it.y));
  for (const it of columns.flat()) it.y += BOX.top + BOX.margin - top;
}

const middle = (nodes) => (nodes.length ? nodes.reduce((sum, it) => sum + it.y + it.height / 2, 0) / nodes.length : null);

function stack(column) {
  let y = 0;
  for (const it of column) {
    it.y = y;
    y += it.height + BOX.gap;
  }
}

/** Everyone as near to their wish as the others allow; the whole column then shares what is left. */
function settle(column) {
  let free = -Infinity;
  let off = 0;
  for (const it of column) {
    it.y = Math.max(it.wish - it.height / 2, free);
    free = it.y + it.height + BOX.gap;
    off += it.wish - it.height / 2 - it.y;
  }
  for (const it of column) it.y += off / column.length;
}

/** Columns are as wide as their longest text, and the space between them as the quantities in it. */
function measure(columns) {
  let x = BOX.margin;
  let space = 0;
  for (const column of columns) {
    const width = Math.max(0, ...column.filter((it) => !it.lane).map(boxWidth));
    for (const it of column) Object.assign(it, { x, width });
    space = BOX.between + Math.max(0, ...column.map((it) => it.label ?? 0));
    x += width + space;
  }
  const height = Math.max(...columns.flat().map((it) => it.y + it.height)) + BOX.margin;
  return { columns, width: x - space + BOX.margin, height };
}

const brush = document.createElement("canvas").getContext("2d");
function textWidth(font, text) {
  brush.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
  return Math.ceil(brush.measureText(text).width);
}

function boxWidth(node) {
  const [number, name, rest] = lines(node);
  return Math.max(96, textWidth("650 15px", number) + 24, textWidth("450 13px", name) + 24, textWidth("450 13px", rest) + (node.status ? 42 : 24));
}

const lines = (node) => [short(node.number, 22), short(node.name, 24), [measured(node.quantity, node.unit), node.status && spaced(node.status)].filter(Boolean).join(", ")];

function draw(drawn) {
  const { width, height } = drawn;
  // Shrinks a little to fit its place, but never below what can be read; then it scrolls.
  const scale = Math.max(0.87, Math.min(1, ($("trace-result").clientWidth - 2) / width));
  const nodes = [...drawn.byId.values()].sort((a, b) => a.x - b.x || a.y - b.y);
  return s("svg", { class: drawn.wires.length > 80 ? "many" : null, width: width * scale, height: height * scale, viewBox: `0 0 ${width} ${height}` },
    drawn.columns.map(columnHead),
    drawn.wires.map((wire) => s("path", { class: "edge", d: path(wire.stops) })),
    nodes.map((node) => drawNode(node, node.id === drawn.root)),
    drawn.wires.map(drawAmount));
}

function columnHead(column) {
  const nodes = column.filter((it) => !it.lane);
  const kinds = [...new Set(nodes.map((it) => it.kind))];
  const label = kinds.map((kind) => spaced(kind)[0].toUpperCase() + spaced(kind).slice(1) + (nodes.filter((it) => it.kind === kind).length > 1 ? "s" : ""));
  return nodes.length ? s("text", { class: "column", x: nodes[0].x, y: BOX.margin + 12 }, label.join(", ")) : null;
}

const level = (stop) => stop.y + stop.height / 2;

function path(stops) {
  const parts = [];
  for (let at = 1; at < stops.length; at += 1) {
    const [from, to] = [stops[at - 1], stops[at]];
    const [start, end] = [from.x + from.width, to.x];
    const bend = (end - start) / 2;
    parts.push(`${at === 1 ? `M${start} ${level(from)}` : ""} C${start + bend} ${level(from)} ${end - bend} ${level(to)} ${end} ${level(to)}`);
    if (to.lane) parts.push(`H${to.x + to.width}`);
  }
  return parts.join(" ");
}

/** The two stops between which a quantity stands: at the end of the edge where fewer edges meet, so that labels do not pile up. */
function labelEnds({ stops }) {
  return atEnd({ stops }) ? [stops.at(-2), stops.at(-1)] : [stops[0], stops[1]];
}
const atEnd = ({ stops }) => stops[0].right.length > stops.at(-1).left.length;

function drawAmount(wire) {
  const [a, b] = labelEnds(wire);
  const text = measured(wire.quantity, wire.unit);
  const [left, right] = [a.x + a.width, b.x];
  const reach = textWidth("450 12px", text) / 2 + 10;
  const x = level(a) === level(b) ? (left + right) / 2 : atEnd(wire) ? right - reach : left + reach;
  // On the curve itself: the same smooth step that the path takes.
  const share = (x - left) / (right - left);
  const y = level(a) + (level(b) - level(a)) * (share * share * (3 - 2 * share));
  return s("text", { class: "amount", x, y: y + 4, "text-anchor": "middle" }, text);
}

function drawNode(node, isRoot) {
  const { x, y, width, height } = node;
  const [number, name, rest] = lines(node);
  const says = [spaced(node.kind), node.number, node.name, rest].filter(Boolean).join(", ");
  const mark = node.status ? s("g", { transform: `translate(${x + 12} ${y + 44})` }, small(node.status)) : null;
  return s("a", { class: `${node.kind} ${node.status ?? ""}${isRoot ? " root" : ""}`, href: `#trace/${node.id}`, "aria-label": says, "aria-current": isRoot ? "true" : null },
    s("title", null, says),
    isRoot ? s("rect", { class: "ring", x: x - 4, y: y - 4, width: width + 8, height: height + 8, rx: 12 }) : null,
    s("rect", { class: "box", x, y, width, height, rx: 8 }),
    s("text", { class: "title", x: x + 12, y: y + 21 }, number),
    s("text", { class: "what", x: x + 12, y: y + 38 }, name),
    mark,
    s("text", { class: "what", x: x + (node.status ? 30 : 12), y: y + 55 }, rest));
}

/** A shape inside the drawing takes its colour from the text beside it. */
function small(status) {
  return s("g", { class: "mark", transform: "scale(.86)" }, (SHAPES[status] ?? SHAPES.released)());
}

const side = (column) => (column === 0 ? "traced" : `${Math.abs(column)} ${column < 0 ? "before" : "after"}`);

/** The same as the drawing, for who reads rather than looks. */
function twin(drawn) {
  const nodes = [...drawn.byId.values()].sort((a, b) => a.column - b.column || a.y - b.y);
  const heads = ["Kind", "Number", "Name", { label: "Quantity", number: true }, "Unit", "Status", "Steps"];
  const rows = nodes.map((it) => h("tr", null, h("td", null, spaced(it.kind)), h("td", null, traceLink(it.id, it.number)), h("td", null, it.name),
    h("td", { class: "number" }, it.quantity === null ? "" : amount(it.quantity)), h("td", null, it.unit ?? ""), h("td", null, it.status ? state(it.status) : ""), h("td", null, side(it.column))));
  return h("details", { open: true }, h("summary", null, `The same as a table, ${rows.length} rows`), h("div", { class: "wide", role: "region", "aria-label": "Table of the trace", tabindex: "0" }, table(heads, rows, "twin-table")));
}

// ----------------------------------------------------------------------------

$("log-in").addEventListener("submit", logIn);
$("log-out").addEventListener("click", logOut);
$("trace-form").addEventListener("submit", askTrace);
$("search-form").addEventListener("submit", find);
$("speed-rate").addEventListener("change", setSpeed);
addEventListener("hashchange", traceAddress);
// What was missed while the machine slept or the page was hidden.
document.addEventListener("visibilitychange", () => { if (!document.hidden && source) refresh(); });
start();
