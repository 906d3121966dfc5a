// The pages by the first word of their address. Each is loaded when somebody goes there.
import type { Component } from "svelte";
import type { Key } from "../words/index.svelte";

interface PageOf {
  load: () => Promise<{ default: Component }>;
  title: Key;
  /** Floor and television pages have no bar above them. */
  bare?: boolean;
  /** Who may not do this act does not see the way to the page. */
  act?: string;
}

export const PAGES: Record<string, PageOf> = {
  "": { load: () => import("./wall/Wall.svelte"), title: "nav.wall" },
  tv: { load: () => import("./wall/Television.svelte"), title: "nav.wall", bare: true },
  machines: { load: () => import("./machine/Machines.svelte"), title: "nav.machines" },
  connectors: { load: () => import("./connector/Connectors.svelte"), title: "nav.connectors" },
  lots: { load: () => import("./lot/Lots.svelte"), title: "nav.lots" },
  losses: { load: () => import("./loss/Losses.svelte"), title: "nav.losses" },
};

/** The words of the bar, and those behind the person's name. */
export const BAR = ["", "lots", "losses", "machines"];
export const MENU = ["connectors", "tv"];
