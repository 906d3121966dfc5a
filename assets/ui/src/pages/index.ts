// The pages by the first word of their address. Each is loaded when somebody goes there.
import type { Component } from "svelte";
import { tongue, type Key } from "../words/index.svelte";

interface PageOf {
  load: () => Promise<{ default: Component }>;
  title: Key;
  /** Floor and television pages have no bar above them. */
  bare?: boolean;
  /** Who may not do this act does not see the way to the page. */
  act?: string;
}

/** A page whose texts are the office's. */
const office = (load: PageOf["load"]) => async () => (await tongue.enterOffice(), load());

export const PAGES: Record<string, PageOf> = {
  "": { load: () => import("./wall/Wall.svelte"), title: "nav.wall" },
  tv: { load: () => import("./wall/Television.svelte"), title: "nav.wall", bare: true },
  boards: { load: () => import("./board/Board.svelte"), title: "nav.boards" },
  orders: { load: office(() => import("./order/Orders.svelte")), title: "nav.orders" },
  plan: { load: office(() => import("./plan/Plan.svelte")), title: "nav.plan" },
  lots: { load: office(() => import("./lot/Lots.svelte")), title: "nav.lots" },
  materials: { load: office(() => import("./material/Materials.svelte")), title: "nav.materials" },
  losses: { load: () => import("./loss/Losses.svelte"), title: "nav.losses" },
  machines: { load: office(() => import("./machine/Machines.svelte")), title: "nav.machines" },
  explorer: { load: office(() => import("./machine/Explorer.svelte")), title: "nav.machines" },
  reports: { load: office(() => import("./report/Reports.svelte")), title: "nav.reports" },
  station: { load: () => import("./station/Station.svelte"), title: "nav.station", bare: true },
  connectors: { load: office(() => import("./connector/Connectors.svelte")), title: "nav.connectors" },
  data: { load: office(() => import("./data/Data.svelte")), title: "nav.data" },
  imports: { load: office(() => import("./import/Imports.svelte")), title: "nav.imports", act: "ImportMaster" },
  audit: { load: office(() => import("./audit/Audit.svelte")), title: "nav.audit", act: "ReadChanges" },
  people: { load: office(() => import("./people/People.svelte")), title: "nav.people", act: "ReadAccounts" },
  terminals: { load: office(() => import("./terminal/Terminals.svelte")), title: "nav.terminals", act: "RegisterTerminal" },
  settings: { load: office(() => import("./setting/Settings.svelte")), title: "nav.settings" },
  records: { load: office(() => import("./record/RecordPage.svelte")), title: "nav.record" },
};

/** The words of the bar, and those behind the person's name. */
export const BAR = ["", "boards", "orders", "plan", "lots", "materials", "losses", "machines"];
export const MENU = ["station", "reports", "connectors", "data", "imports", "audit", "people", "terminals", "settings", "tv"];

/** What stands in place of everything while there is no plant. */
export const start = office(() => import("./start/Start.svelte"));
