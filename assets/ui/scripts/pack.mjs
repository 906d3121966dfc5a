// Leaves each text of dist/ packed only: the binary serves it as it lies there and unpacks it for the rare client without gzip.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const TEXT = /\.(html|js|css|svg|json)$/;

for (const name of readdirSync(DIST, { recursive: true })) {
  const file = join(DIST, name);
  if (!TEXT.test(name) || !statSync(file).isFile()) continue;
  writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
  rmSync(file);
}
