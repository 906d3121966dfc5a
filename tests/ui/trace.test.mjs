// The auditor: one box, any number, both directions, whether it adds up, who is affected, a file to take away.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { ask, closeBrowser, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

/** A lot that went into something. */
const usedLot = async () => (await ask("lead", "lots?quantity_consumed.gt=0&status=available&limit=1")).data[0];

test("a number typed into the box leads to its trace, whose table says what the drawing shows", story, async () => {
  const lot = await usedLot();
  const { page, leave } = await visit("auditor");
  await page.getByText("Needs someone").waitFor();
  await page.keyboard.press("/");
  // As a hand types: faster and as regular it would be a scanner.
  for (const [at, sign] of [...lot.lot_number].entries()) await page.keyboard.press(sign === " " ? "Space" : sign, { delay: 60 + (at % 3) * 40 });
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: lot.lot_number }).waitFor();
  await page.getByText("It adds up").waitFor();
  const trace = await ask("auditor", `lots/${lot.lot_id}/trace?direction=both&max_nodes=200`);
  const table = page.locator("section", { has: page.getByRole("heading", { name: "The same as a table" }) });
  assert.equal(await table.locator("tbody tr").count(), trace.nodes.length);
  await page.getByRole("button", { name: "Where used" }).click();
  await page.waitForURL(/way=forward/);
  await leave();
});

test("the drawing is used by keys alone: an arrow goes along an edge, Enter traces what stands there", story, async () => {
  const lot = await usedLot();
  const { page, leave } = await visit("auditor", `lots/${lot.lot_number}`);
  const drawing = page.locator("canvas[role=img]");
  await drawing.waitFor();
  await drawing.focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: lot.lot_number }).waitFor({ state: "detached" });
  assert.doesNotMatch(page.url(), new RegExp(`${lot.lot_number}$`));
  await leave();
});

test("the file of a trace has a line for every node", story, async () => {
  const lot = await usedLot();
  const { page, leave } = await visit("auditor", `lots/${lot.lot_number}`);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV" }).click()]);
  const lines = readFileSync(await file.path(), "utf8").trim().split("\r\n");
  const counts = (await ask("auditor", `lots/${lot.lot_id}/trace`)).counts;
  assert.equal(lines[0], "kind,id,number,name,quantity,unit,status,depth");
  const others = Object.values(counts).reduce((sum, count) => sum + count, 0);
  assert.ok([others, others + 1].includes(lines.length - 1), `${lines.length - 1} lines for ${others} nodes beside the lot`);
  await leave();
});

test("an inspector holds a lot with its reason, which history keeps, and lets it go", story, async () => {
  const lot = await usedLot();
  const { page, leave } = await visit("inspector", `lots/${lot.lot_number}`);
  await page.getByRole("button", { name: "Hold", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("scratches <b>on</b> the side");
  await dialog.getByRole("button", { name: "Hold", exact: true }).click();
  await page.getByText("On hold: scratches <b>on</b> the side").waitFor();
  await page.getByRole("button", { name: "Release" }).click();
  await dialog.getByLabel("Reason").fill("polished out");
  await dialog.getByRole("button", { name: "Release" }).click();
  await page.getByText("On hold:").waitFor({ state: "detached" });
  assert.equal((await ask("lead", `lots/${lot.lot_id}`)).status, "available");
  await leave();
});

test("an unknown number is answered with a sentence", story, async () => {
  const { page, leave } = await visit("auditor", "lots/NO-SUCH-LOT", { expected: /404/ });
  await page.getByRole("alert").getByText("NO-SUCH-LOT").waitFor();
  await leave();
});

test("the journal is proven from end to end, and a person's act is found in it", story, async () => {
  const { page, leave } = await visit("auditor", "audit");
  await page.getByRole("button", { name: "Prove that nothing was changed" }).click();
  await page.getByText(/Proven up to entry/).waitFor({ timeout: 30_000 });
  await page.getByLabel("Act", { exact: true }).fill("hold lot");
  await page.getByLabel("Act", { exact: true }).press("Enter");
  await page.getByRole("rowheader", { name: "Hold lot" }).first().waitFor();
  await leave();
});
