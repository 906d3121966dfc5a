// What the wall reads: the floor and machines as they change, the slow figures at their own pace.
import type { Floor, Kpi, MachineState, OeeGroup } from "../../api/answers";
import { list, read, type Page } from "../../api/client";
import { lateOrders } from "../../state/late";
import { plant } from "../../state/plant.svelte";
import { reading } from "../../state/reading.svelte";
import { isoDay } from "../../words/format";
import { needs } from "./needs";

const FIGURES_EVERY = 60_000;
/** The machines' own words are not in the journal. */
const MACHINES_EVERY = 10_000;
const HELD_MAX = 50;

async function look() {
  const [floor, lots, orders, late, refused] = await Promise.all([
    read<Floor>("floor"),
    list<"Lot">("lots", { status: "on_hold", "quantity_on_hand.gt": 0, limit: HELD_MAX }),
    list<"WorkOrder">("work-orders", { status: "on_hold", limit: HELD_MAX }),
    lateOrders(),
    list<"RefusedAct">("refused-acts", { status: "open", limit: HELD_MAX }),
  ]);
  return { floor, late: late.length, held: lots.length + orders.length, isMoreHeld: [lots, orders].some((it) => it.length === HELD_MAX), needs: needs(floor, lots, orders, late.length, refused) };
}

async function figures() {
  const today = isoDay(plant.clock());
  const [oee, onTime] = await Promise.all([read<Kpi<OeeGroup>>("kpi/oee", { from: today }), read<Kpi>("kpi/schedule_accuracy")]);
  return { oee: oee.data[0], onTime: onTime.data[0] };
}

/** The readings of the wall; to be made while a component is made. */
export const wall = () => ({
  floor: reading(look, { events: [""] }),
  machines: reading(async () => (await read<Page<MachineState>>("machine-states")).data, { every: MACHINES_EVERY }),
  figures: reading(figures, { every: FIGURES_EVERY }),
});
