// Writes the service worker with the list of what it keeps, and leaves each text of dist/ packed only: the binary serves it as it lies there and unpacks it for the rare client without gzip.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TEXT = /\.(html|js|css|svg|json)$/;

const kept = readdirSync(join(DIST, "assets")).filter((name) => !name.endsWith(".map")).map((name) => `/assets/${name}`).sort();
const page = readFileSync(join(DIST, "index.html"));
const worker = readFileSync(new URL("../src/worker.js", import.meta.url), "utf8");
const version = createHash("sha256").update(page).update(worker).update(kept.join()).digest("hex").slice(0, 16);
writeFileSync(join(DIST, "sw.js"), `const VERSION = "${version}";\nconst FILES = ${JSON.stringify(["/", ...kept])};\n${worker}`);

for (const name of readdirSync(DIST, { recursive: true })) {
  const file = join(DIST, name);
  if (!TEXT.test(name) || !statSync(file).isFile()) continue;
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  rmSync(file);
}
