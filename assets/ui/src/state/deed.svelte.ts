// An act of a person: one at a time, with the refusal beside the button that was pressed.
import { Refused } from "../api/client";

export class Deed {
  busy = $state(false);
  fault = $state.raw<Refused>();

  /** Does it; answers whether it was done. A second press meanwhile does nothing. */
  async do(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.fault = undefined;
    try {
      await act();
      return true;
    } catch (fault) {
      this.fault = fault instanceof Refused ? fault : new Refused(0, "broken", String(fault));
      return false;
    } finally {
      this.busy = false;
    }
  }
}
