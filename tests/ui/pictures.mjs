// The pages as pictures, on a desktop and a tablet, light and dark; and a few of them small, for the README: node pictures.mjs FOLDER README-FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { centerWhere, closeBrowser, openBrowser, settled, skip, visit } from "./browser.mjs";

const [folder, readme] = process.argv.slice(2);
const SIZES = { desktop: [1440, 900], tablet: [1024, 768] };
/** Charts and machines' words come a moment after the page. */
const SETTLE = 2000;

/** What is there only when the page is filled. */
const FILLED = { wall: ".head .word", station: ".count b", plan: "main canvas", trace: "main canvas", explorer: "main .uplot", machine: "main .uplot" };

/** What the README shows: the page, the look. As WebP these weigh a tenth of a PNG. */
const SHOWN = [["wall", "light"], ["station", "light"], ["plan", "dark"], ["trace", "light"]];
const SMALL = { width: 960, quality: 0.82 };

/** The browser itself makes the smaller picture. */
async function small(page, picture) {
  const packed = await page.evaluate(async ([png, { width, quality }]) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
    const canvas = new OffscreenCanvas(width, Math.round((image.height * width) / image.width));
    const brush = canvas.getContext("2d");
    brush.imageSmoothingQuality = "high";
    brush.drawImage(image, 0, 0, canvas.width, canvas.height);
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality })).arrayBuffer());
    return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
  }, [picture.toString("base64"), SMALL]);
  return Buffer.from(packed, "base64");
}

if (!skip) {
  mkdirSync(folder, { recursive: true });
  if (readme) mkdirSync(readme, { recursive: true });
  await openBrowser();
  const center = await centerWhere((it) => it.state === "running");
  const pages = { wall: "", board: "boards", orders: "orders", plan: "plan", lots: "lots", materials: "materials", material: "materials/SH-304-10", trace: "lots/LOT-000001?way=forward", losses: "losses?period=week", reports: "reports", machine: "machines/LAS-01", explorer: "explorer?series=LAS-01/power,LAS-01/temperature", station: `station/${center.work_center_code}`, connectors: "connectors", data: "data", imports: "imports?kind=operation-log", audit: "audit", people: "people?show=employees", settings: "settings" };
  for (const [device, size] of Object.entries(SIZES)) {
    for (const scheme of ["light", "dark"]) {
      for (const [name, path] of Object.entries(pages)) {
        const { page, context } = await visit("admin", path, { size, scheme });
        await settled(page);
        if (FILLED[name]) await page.locator(FILLED[name]).first().waitFor();
        await page.waitForTimeout(SETTLE);
        // Some parts begin to read only when others have come.
        await settled(page);
        const picture = await page.screenshot({ path: `${folder}/${name}-${device}-${scheme}.png` });
        const isShown = device === "desktop" && SHOWN.some(([shown, look]) => shown === name && look === scheme);
        if (readme && isShown) {
          // Its own policy lets a page of the plant fetch nothing, so an empty one makes the picture.
          const empty = await context.newPage();
          writeFileSync(`${readme}/${name}.webp`, await small(empty, picture));
        }
        await context.close();
      }
    }
  }
  await closeBrowser();
}
