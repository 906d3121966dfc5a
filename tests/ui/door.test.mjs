import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BASE, closeBrowser, loginOf, openBrowser, story, visit } from "./browser.mjs";

before(openBrowser);
after(closeBrowser);

test("a wrong password is refused with a sentence and what was typed stays; the right one opens the plant, and one leaves again", story, async () => {
  const { page, leave } = await visit(null, "", { expected: /401|429/ });
  const { user, password } = loginOf("operator");
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(`${password} not`);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("User name").inputValue(), user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("Needs someone").waitFor();
  await page.reload();
  await page.getByText("Needs someone").waitFor();
  await page.getByRole("button", { name: user, exact: true }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Password").waitFor();
  await leave();
});

test("a session that ends in the middle goes to the door and says so, and comes back to the same page", story, async () => {
  const { page, leave } = await visit("lead", "orders", { expected: /401/ });
  await page.getByRole("heading", { name: "Orders" }).waitFor();
  await page.request.delete(`${BASE}/api/v1/session`);
  // The page may have found out by itself, and the door stands before the button: the press is the page's then.
  await page.getByRole("button", { name: "released" }).dispatchEvent("click");
  await page.getByText("The log-in has ended").waitFor();
  const { user, password } = loginOf("lead");
  await page.getByLabel("User name").fill(user);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Orders" }).waitFor();
  await leave();
});

test("an address that is no page says so", story, async () => {
  const { page, leave } = await visit("lead", "nonsense");
  await page.getByText("There is no such page").waitFor();
  await leave();
});

test("the interface speaks German and Spanish, and remembers it", story, async () => {
  const { page, leave } = await visit("lead", "", { language: "de-DE" });
  await page.getByText("Braucht jemanden").waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "de");
  await page.getByRole("button", { name: "lead", exact: true }).click();
  await page.getByLabel("Sprache").selectOption("es");
  await page.getByText("Necesita a alguien").waitFor();
  await page.reload();
  await page.getByText("Necesita a alguien").waitFor();
  await leave();
});

test("the API documentation renders and lists its operations", story, async () => {
  const { page, leave } = await visit(null, "");
  await page.goto(`${BASE}/api/docs`);
  await page.locator(".opblock").first().waitFor({ timeout: 30_000 });
  assert.ok((await page.locator(".opblock").count()) > 100);
  await page.goto(`${BASE}/api/docs/problems`);
  assert.ok((await page.locator("tbody tr").count()) > 20);
  await leave();
});
