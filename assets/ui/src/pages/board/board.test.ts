import { expect, test } from "vitest";
import type { Center } from "../../api/answers";
import type { Row } from "../../api/client";
import { sorted } from "./board.svelte";

const operation = (id: string, status: string, center: string) => ({ operation_id: id, work_order_id: `O-${id}`, status, work_center_id: center }) as Row<"WorkOrderOperation">;
const ids = (cards: { operation: { operation_id: string } }[]) => cards.map((it) => it.operation.operation_id);

test("work is blocked where its center stands or its order is held, and says by what", () => {
  const orders = new Map([["O-held", { status: "on_hold", hold_reason: "first piece" } as Row<"WorkOrder">]]);
  const centers = new Map([["L1", { state: "down" } as Center], ["L2", { state: "running" } as Center]]);
  const cards = sorted([operation("waits", "ready", "L1"), operation("free", "ready", "L2")], [operation("runs", "in_progress", "L2"), operation("held", "in_progress", "L2")], [], [operation("past", "completed", "L1")], orders, centers);
  expect(ids(cards.ready)).toEqual(["free"]);
  expect(ids(cards.running)).toEqual(["runs"]);
  expect(ids(cards.blocked)).toEqual(["held", "waits"]);
  expect(cards.blocked[0]?.blocked?.hold).toBe("first piece");
  expect(ids(cards.done)).toEqual(["past"]);
});
