// A lead moves one job of the plan in force, and it is the plan at once; what it did is told afterwards.
import type { MoveAnswer } from "../../api/answers";
import { send } from "../../api/client";
import { Deed } from "../../state/deed.svelte";
import type { Card } from "./board.svelte";

export class JobMove {
  deed = new Deed();
  done = $state.raw<MoveAnswer & { card: Card }>();

  constructor(private again: () => Promise<unknown>) {}

  /** Answers whether it was moved. */
  to(card: Card, center: string): Promise<boolean> {
    const { work_order_id, operation_sequence } = card.operation;
    return this.deed.do(async () => {
      const answer = (await send("post", "/api/v1/plans/{id}/moves", { work_order_id, operation_sequence, work_center_id: center, publish: true }, { id: "in-force" })) as MoveAnswer;
      this.done = { ...answer, card };
      await this.again();
    });
  }
}
