// Starts the interface: fonts, look, language, then whoever is logged in.
import "@fontsource-variable/atkinson-hyperlegible-next/wght.css";
import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import { outbox } from "./pages/station/outbox.svelte";
import { look } from "./state/look.svelte";
import { session } from "./state/session.svelte";
import { tongue } from "./words/index.svelte";

look.apply();
await tongue.begin();
mount(App, { target: document.body });
void outbox.begin();
await session.resume();
// Only where the browser trusts the connection; elsewhere the open page goes on by itself.
if (import.meta.env.PROD && isSecureContext) navigator.serviceWorker?.register("/sw.js", { updateViaCache: "none" }).catch(() => {});
