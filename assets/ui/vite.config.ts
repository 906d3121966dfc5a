// Builds the interface into dist/, which the binary embeds; `npm run dev` serves it from source beside a running plant.
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The plant takes acts only from pages of its own address, so the browser's is passed on as it is.
const proxied = { target: process.env.MILLWRIGHT_URL ?? "http://127.0.0.1:8080", changeOrigin: false };

export default defineConfig({
  plugins: [svelte({ configFile: false })],
  build: {
    target: "es2022",
    // Newer than the scripts need, for light-dark(): what it would be rewritten to doubles every token.
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    // Inlined files would need a looser content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": proxied, "/healthz": proxied, "/readyz": proxied } },
});
