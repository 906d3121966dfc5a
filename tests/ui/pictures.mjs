// The pages as pictures, on a desktop and a tablet, light and dark: node pictures.mjs FOLDER
import { mkdirSync } from "node:fs";
import { centerWhere, closeBrowser, openBrowser, skip, visit } from "./browser.mjs";

const [folder] = process.argv.slice(2);
const SIZES = { desktop: [1440, 900], tablet: [1024, 768] };
/** Charts and machines' words come a moment after the page. */
const SETTLE = 2000;

if (!skip) {
  mkdirSync(folder, { recursive: true });
  await openBrowser();
  const center = await centerWhere((it) => it.state === "running");
  const pages = { wall: "", board: "boards", orders: "orders", plan: "plan", lots: "lots", trace: "lots/LOT-000001", losses: "losses?period=week", reports: "reports", machine: "machines/LAS-01", station: `station/${center.work_center_code}`, connectors: "connectors", data: "data", audit: "audit", people: "people" };
  for (const [device, size] of Object.entries(SIZES)) {
    for (const scheme of ["light", "dark"]) {
      for (const [name, path] of Object.entries(pages)) {
        const { page, context } = await visit("admin", path, { size, scheme });
        await page.waitForTimeout(SETTLE);
        await page.screenshot({ path: `${folder}/${name}-${device}-${scheme}.png` });
        await context.close();
      }
    }
  }
  await closeBrowser();
}
