// A plant's first minutes in a browser: founded in an empty folder, backed up, brought back elsewhere; and a server that goes away and comes back.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { closeBrowser, openPage, openBrowser, skip as noBrowser } from "./browser.mjs";

const BINARY = process.env.MILLWRIGHT;
const skip = noBrowser || (!BINARY && "set MILLWRIGHT to the binary");
const PASSWORD = "a good pass phrase";
const STOPS_WITHIN = 30_000;
const folders = [];
const servers = new Set();

before(openBrowser);
after(async () => {
  // A failed story must not leave a server behind, nor keep this process waiting for one.
  for (const server of servers) server.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  await closeBrowser();
});

function folder() {
  folders.push(mkdtempSync(join(tmpdir(), "millwright-ui-")));
  return folders.at(-1);
}

/** A server of a folder; `said(pattern)` is the next line of its console that fits. */
function serve(data, http = "127.0.0.1:0") {
  const child = spawn(BINARY, ["serve", "--data", data, "--http", http], { stdio: ["ignore", "pipe", "ignore"] });
  servers.add(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const said = async (pattern) => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(!done, `the server ended before it said ${pattern}`);
      const found = pattern.exec(value);
      if (found) return found[1];
    }
  };
  const ended = new Promise((done) => child.once("exit", done));
  const stop = async () => {
    child.kill("SIGTERM");
    const late = new Promise((done) => setTimeout(done, STOPS_WITHIN, "late"));
    assert.notEqual(await Promise.race([ended, late]), "late", "the server was told to stop and goes on");
    servers.delete(child);
  };
  return { said, stop };
}

async function logIn(page) {
  await page.getByLabel("User name").fill("ada");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** From the page of a new plant to its wall. */
async function found(page) {
  await page.getByLabel("Name of the plant").fill("Works");
  await page.getByLabel(/^Time zone/).selectOption("Europe/Berlin");
  await page.getByLabel("User name of the first admin").fill("ada");
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByLabel("The password again").fill(PASSWORD);
  await page.getByRole("button", { name: "Start the plant" }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor({ timeout: 60_000 });
  await logIn(page);
}

test("an empty folder becomes a plant in a browser; its backup brings it back in another", { skip, timeout: 180_000 }, async () => {
  const server = serve(folder());
  const { page, leave } = await openPage({ expected: /503|403|422|401|404|ERR_/ });
  await page.goto(await server.said(/start one at (\S+)/));
  await page.getByRole("heading", { name: "Start your plant" }).waitFor();
  await page.getByLabel("Name of the plant").fill("Ada's works");
  await page.getByLabel(/^Time zone/).selectOption("Europe/Madrid");
  await page.getByLabel("User name of the first admin").fill("ada");
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByLabel("The password again").fill("something else");
  await page.getByRole("button", { name: "Start the plant" }).click();
  await page.getByText("The two passwords differ.").waitFor();
  await page.getByLabel("The password again").fill(PASSWORD);
  const code = await page.getByLabel(/^Code/).inputValue();
  await page.getByLabel(/^Code/).fill("wrong");
  await page.getByRole("button", { name: "Start the plant" }).click();
  await page.getByRole("alert").getByText("not the code").waitFor();
  assert.equal(await page.getByLabel("Name of the plant").inputValue(), "Ada's works");
  await page.getByLabel(/^Code/).fill(code);
  await page.getByRole("button", { name: "Start the plant" }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor({ timeout: 60_000 });
  await logIn(page);
  await page.getByText("Ada's works").waitFor();
  const base = await server.said(/^listening on (\S+)/);
  await page.goto(`${base}/#/data`);
  await page.getByRole("button", { name: "Back up now" }).click();
  const [backup] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
  const file = await backup.path();
  await server.stop();

  const other = serve(folder());
  await page.goto(await other.said(/start one at (\S+)/));
  await page.getByRole("button", { name: "From a backup" }).click();
  await page.getByLabel(/^Backup/).setInputFiles(file);
  await page.getByRole("button", { name: "Restore it" }).click();
  await page.getByRole("button", { name: "Log in" }).waitFor({ timeout: 60_000 });
  await logIn(page);
  await page.getByText("Ada's works").waitFor();
  await other.stop();
  await leave();
});

test("a server that restarts is noticed, what was typed stays, and an upgrade waits to be asked", { skip, timeout: 180_000 }, async () => {
  const data = folder();
  let server = serve(data);
  const { page, leave } = await openPage({ expected: /503|401|404|ERR_|Failed to load/ });
  await page.goto(await server.said(/start one at (\S+)/));
  await found(page);
  const base = await server.said(/^listening on (\S+)/);
  await page.goto(`${base}/#/settings`);
  const days = page.locator("section", { has: page.getByRole("heading", { name: "Days that differ" }) });
  await days.getByLabel("What it is").fill("half typed");
  await server.stop();
  await page.getByText(/^No connection for/).waitFor({ timeout: 30_000 });
  await days.getByLabel("Day", { exact: true }).fill("2027-12-24");
  await days.getByRole("button", { name: "Add" }).click();
  await days.getByRole("alert").getByText("does not answer").waitFor();
  await page.route(`${base}/`, (route) => route.fulfill({ contentType: "text/html", body: '<script type="module" src="/assets/index-newer.js"></script>' }));
  server = serve(data, base.replace("http://", ""));
  await server.said(/^listening on (\S+)/);
  await page.getByText("The server was upgraded.").waitFor({ timeout: 60_000 });
  assert.equal(await days.getByLabel("What it is").inputValue(), "half typed");
  await days.getByRole("button", { name: "Add" }).click();
  await days.getByRole("row", { name: /half typed/ }).waitFor();
  await server.stop();
  await leave();
});

test("an empty plant leads to its files, and with the examples in their order it has work centers, people and orders", { skip, timeout: 240_000 }, async () => {
  const server = serve(folder());
  const { page, leave } = await openPage({ expected: /503|401|404|ERR_/ });
  await page.goto(await server.said(/start one at (\S+)/));
  await found(page);
  await page.getByText("No work centers yet.").waitFor();
  await page.getByRole("link", { name: "Bring in a file" }).click();
  const choice = page.getByLabel("What it holds", { exact: false });
  assert.equal(await choice.inputValue(), "work-centers");
  const kinds = await choice.locator("option").evaluateAll((all) => all.map((it) => it.value).filter((it) => it !== "operation-log"));
  for (const kind of kinds) {
    await choice.selectOption(kind);
    const [example] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Example file" }).click()]);
    await page.locator("input[type=file]").setInputFiles({ name: `${kind}.csv`, mimeType: "text/csv", buffer: readFileSync(await example.path()) });
    await page.getByRole("button", { name: "Bring in", exact: true }).click();
    await page.getByText(`${kind}.csv is in.`, { exact: true }).waitFor();
  }
  await page.getByRole("link", { name: "Plant", exact: true }).click();
  await page.getByRole("link", { name: "Laser 1", exact: true }).waitFor();
  await page.goto(page.url().replace(/#.*/, "#/orders?status=created"));
  await page.getByRole("link", { name: "J-26001" }).waitFor();
  await leave();
  await server.stop();
});
