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
  boards: { load: () => import("./board/Board.svelte"), title: "nav.boards" },
  orders: { load: () => import("./order/Orders.svelte"), title: "nav.orders" },
  plan: { load: () => import("./plan/Plan.svelte"), title: "nav.plan" },
  lots: { load: () => import("./lot/Lots.svelte"), title: "nav.lots" },
  losses: { load: () => import("./loss/Losses.svelte"), title: "nav.losses" },
  reports: { load: () => import("./report/Reports.svelte"), title: "nav.reports" },
  machines: { load: () => import("./machine/Machines.svelte"), title: "nav.machines" },
  station: { load: () => import("./station/Station.svelte"), title: "nav.station", bare: true },
  connectors: { load: () => import("./connector/Connectors.svelte"), title: "nav.connectors" },
  data: { load: () => import("./data/Data.svelte"), title: "nav.data" },
  audit: { load: () => import("./audit/Audit.svelte"), title: "nav.audit", act: "ReadChanges" },
  people: { load: () => import("./people/People.svelte"), title: "nav.people", act: "ReadAccounts" },
  records: { load: () => import("./record/RecordPage.svelte"), title: "nav.record" },
};

/** The words of the bar, and those behind the person's name. */
export const BAR = ["", "boards", "orders", "plan", "lots", "losses", "machines"];
export const MENU = ["station", "reports", "connectors", "data", "audit", "people", "tv"];
