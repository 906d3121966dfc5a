// What an order needs of each material, and what was issued to it, in the stock unit.
import type { Row } from "../../api/client";

interface Line {
  material_id: string;
  quantity_per_unit?: number;
  unit_of_measure?: string;
  scrap_percentage?: number;
}

type Moved = Pick<Row<"MaterialTransaction">, "material_id" | "transaction_type" | "stock_change" | "lot_number">;
type Known = Pick<Row<"Material">, "material_id" | "material_code" | "material_name" | "stock_unit" | "unit_factors">;

export interface Need {
  code: string;
  name: string;
  unit: string;
  /** Null where the bill's unit does not convert. */
  needed: number | null;
  issued: number;
  lots: string[];
}

export function needs(lines: Line[], materials: Known[], pieces: number, moved: Moved[]): Need[] {
  const known = new Map(materials.map((it) => [it.material_id, it]));
  return lines.map((line) => {
    const material = known.get(line.material_id);
    const issues = moved.filter((it) => it.material_id === line.material_id && ["issue", "return"].includes(it.transaction_type));
    return {
      code: material?.material_code ?? line.material_id,
      name: material?.material_name ?? "",
      unit: material?.stock_unit ?? line.unit_of_measure ?? "",
      needed: needed(line, material, pieces),
      issued: rounded(issues.reduce((sum, it) => sum - it.stock_change, 0)),
      lots: [...new Set(issues.flatMap((it) => it.lot_number ?? []))],
    };
  });
}

function needed(line: Line, material: Known | undefined, pieces: number): number | null {
  const unit = line.unit_of_measure ?? "EA";
  const factor = !material || unit === material.stock_unit ? 1 : material.unit_factors?.find((it) => it.unit === unit)?.factor;
  return factor === undefined ? null : rounded((line.quantity_per_unit ?? 0) * pieces * (1 + (line.scrap_percentage ?? 0) / 100) * factor);
}

const rounded = (quantity: number) => Math.round(quantity * 10_000) / 10_000;
