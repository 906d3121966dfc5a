// What is expected of material that was ordered, the next first, and from whom.
import { list } from "../../api/client";
import { plant } from "../../state/plant.svelte";
import { reading } from "../../state/reading.svelte";
import { onItsWay } from "./stock";

/** Receipts and suppliers that are looked at. */
export const MOST = 1000;

/** Of one material, or of all. */
export class ExpectedList {
  readonly reading;
  readonly #suppliers = reading(() => list<"Supplier">("suppliers", { limit: MOST }), { events: ["supplier."] });
  readonly byMaterial = $derived.by(() => onItsWay(this.reading.data ?? [], plant.now));

  constructor(material: () => string | undefined, asks: () => boolean = () => true) {
    this.reading = reading(() => (asks() ? list<"ExpectedReceipt">("expected-receipts", { material_id: material(), status: "expected", sort: "expected_at", limit: MOST }) : undefined), { events: ["expected_receipt."] });
  }

  /** A supplier's name; its id where it is not known here. */
  from(supplier_id: string | null): string {
    return this.#suppliers.data?.find((it) => it.supplier_id === supplier_id)?.supplier_name ?? supplier_id ?? "";
  }
}
