// Drawings and other files: found where people look for them, opened, added, taken away; and at a station over the whole screen.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { ask, BASE, centerWhere, closeBrowser, loginOf, openBrowser, settled, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

const AXE = createRequire(import.meta.url).resolve("axe-core");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** Names that no earlier run on this plant has used. */
const OWN = `F${Date.now() % 1_000_000}`;
const panel = (page) => page.locator("section", { has: page.getByRole("heading", { name: "Drawings and files", exact: true }) });
const row = (page, name) => panel(page).locator("tbody tr", { hasText: name });
const drawn = async () => new Map((await ask("lead", "attachments?removed=false&limit=1000")).data.filter((it) => it.file_name.endsWith(".svg")).map((it) => [it.subject, it]));

/** An order whose product has a drawing. */
async function orderWithDrawing() {
  const drawings = await drawn();
  const order = (await ask("lead", "work-orders?limit=500")).data.find((it) => drawings.has(it.product_id));
  assert.ok(order, "no order's product has a drawing");
  return { order, drawing: drawings.get(order.product_id) };
}

async function add(page, file, note = "") {
  await panel(page).getByRole("button", { name: "Add a file" }).click();
  await page.getByRole("dialog").getByLabel("File", { exact: false }).setInputFiles(file);
  await page.getByRole("dialog").getByLabel("What it is").fill(note);
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
}

test("the product's drawing is on the order's page and opens beside it; a file is added with what it is, downloaded as it went in, and taken away by a lead", story, async () => {
  const { order, drawing } = await orderWithDrawing();
  const { page, context, leave } = await visit("lead", `orders/${order.work_order_id}`);
  const shown = row(page, drawing.file_name);
  await shown.getByText("of the product: outline drawing with parts list").waitFor();
  await shown.getByText("drawing", { exact: true }).waitFor();
  const [tab] = await Promise.all([context.waitForEvent("page"), shown.getByRole("link", { name: drawing.file_name, exact: true }).click()]);
  await tab.getByText("General tolerances").waitFor();
  await tab.close();

  const name = `Prüfplan ${OWN}.txt`;
  await add(page, { name, mimeType: "text/plain", buffer: Buffer.from("check the weld") }, "for the weld");
  const added = row(page, name);
  await added.getByText("for the weld").waitFor();
  assert.match(await added.innerText(), /text\s+14\sB\s+lead/);
  const [file] = await Promise.all([page.waitForEvent("download"), added.getByRole("link", { name: "Download" }).click()]);
  assert.equal(file.suggestedFilename(), name);
  assert.equal(readFileSync(await file.path(), "utf8"), "check the weld");

  await added.getByRole("button", { name: "Take away" }).click();
  await added.getByRole("button", { name: /Take away/ }).click();
  await added.waitFor({ state: "detached" });
  const kept = (await ask("lead", `attachments?subject=${order.work_order_id}`)).data.find((it) => it.file_name === name);
  assert.equal(kept.removed, true);
  await leave();
});

test("a file that is empty or too large is refused before it is sent, in words that say what to do", story, async () => {
  const { order } = await orderWithDrawing();
  const { page, leave } = await visit("lead", `orders/${order.work_order_id}`);
  await add(page, { name: "nothing.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) });
  await page.getByRole("alert").getByText("nothing.txt is empty.").waitFor();
  await page.getByRole("dialog").getByLabel("File", { exact: false }).setInputFiles({ name: "scan.png", mimeType: "image/png", buffer: Buffer.alloc((25 << 20) + 1) });
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("alert").getByText("scan.png has 25 MB; at most 25 MB are kept of one file. Make it smaller, or split it.").waitFor();
  await page.keyboard.press("Escape");
  assert.equal((await ask("lead", `attachments?subject=${order.work_order_id}&file_name=scan.png`)).data.length, 0);
  await leave();
});

test("who may only read sees the drawings and no way to change them; an operator adds and takes nothing away", story, async () => {
  const { order, drawing } = await orderWithDrawing();
  for (const [role, adds] of [["auditor", 0], ["operator", 1]]) {
    const { page, leave } = await visit(role, `orders/${order.work_order_id}`);
    await row(page, drawing.file_name).waitFor();
    assert.equal(await panel(page).getByRole("button", { name: "Add a file" }).count(), adds, role);
    assert.equal(await panel(page).getByRole("button", { name: "Take away" }).count(), 0, role);
    await leave();
  }
});

test("what somebody attached never runs as a page of the plant's: scripts of a drawing stay still, a page is only kept", story, async () => {
  const { order } = await orderWithDrawing();
  const put = (name, type, body) => fetch(`${BASE}/api/v1/attachments?${new URLSearchParams({ subject: order.work_order_id, file_name: name })}`, { method: "POST", body, headers: { Authorization: `Bearer ${loginOf("lead").token}`, "Content-Type": type } });
  await put(`${OWN}.svg`, "image/svg+xml", `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><text y="5">still</text><script>document.documentElement.setAttribute("class", "ran")</script></svg>`);
  await put(`${OWN}.html`, "text/html", "<script>alert(1)</script>");
  const { page, context, leave } = await visit("lead", `orders/${order.work_order_id}`, { expected: /sandbox|script/i });
  const [tab] = await Promise.all([context.waitForEvent("page"), row(page, `${OWN}.svg`).getByRole("link", { name: `${OWN}.svg`, exact: true }).click()]);
  await tab.getByText("still").waitFor();
  assert.equal(await tab.locator(".ran").count(), 0);
  await tab.close();
  const [file] = await Promise.all([page.waitForEvent("download"), row(page, `${OWN}.html`).getByRole("link", { name: `${OWN}.html`, exact: true }).click()]);
  assert.equal(file.suggestedFilename(), `${OWN}.html`);
  for (const { attachment_id } of (await ask("lead", `attachments?subject=${order.work_order_id}&file_name.contains=${OWN}&removed=false`)).data) await ask("lead", `attachments/${attachment_id}/remove`, {});
  await leave();
});

for (const [language, says] of [["en-GB", ["Instructions", "Larger", "Close"]], ["de-DE", ["Anweisung", "Größer", "Schließen"]], ["es-ES", ["Instrucciones", "Más grande", "Cerrar"]]]) {
  test(`at a station a tap opens the drawing over the whole screen, larger on demand, and keys lead back, ${language}`, story, async () => {
    const drawings = await drawn();
    const center = await centerWhere((it) => it.job && !it.stop && drawings.has(it.job.product_id));
    const { file_name, attachment_id } = drawings.get(center.job.product_id);
    const { page, leave } = await visit("operator", `station/${center.work_center_code}`, { size: [1024, 768], language });
    await page.context().addInitScript({ path: AXE });
    await page.reload();
    await settled(page);
    await page.getByRole("button", { name: says[0] }).click();
    await page.getByRole("dialog").getByRole("button", { name: file_name }).click();
    const view = page.getByRole("dialog", { name: file_name });
    const { width, height } = await view.boundingBox();
    assert.deepEqual([width, height], [1024, 768]);
    const picture = view.getByRole("img");
    assert.ok(await picture.evaluate((it) => it.decode().then(() => it.naturalWidth > 0)));
    assert.match(await picture.getAttribute("src"), new RegExp(attachment_id));
    const wide = (await picture.boundingBox()).width;
    await view.getByRole("button", { name: says[1] }).click();
    assert.equal(Math.round((await picture.boundingBox()).width / wide * 10), 15);
    const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags }), TAGS);
    assert.deepEqual(violations.map((it) => `${it.id} ${it.nodes[0].html.slice(0, 160)}`), []);
    await page.keyboard.press("Escape");
    await view.waitFor({ state: "detached" });
    assert.equal(await page.evaluate(() => document.activeElement.textContent.includes(".svg")), true, "whoever closes the drawing is back where they opened it");
    await page.getByRole("button", { name: says[2] }).click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await leave();
  });
}
