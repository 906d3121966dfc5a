// The plant this tab looks at: its name, its zone and its clock, which may run at another rate than the wall's.
import type { Overview } from "../api/answers";
import { read } from "../api/client";
import { unreachable } from "./crew.svelte";
import { kept } from "./shelf";

class Plant {
  name = $state("");
  zone = $state("UTC");
  simulated = $state(false);
  rate = $state(1);
  overview = $state.raw<Overview>();
  /** Plant time, moved on every second. */
  now = $state(new Date());
  #time = Date.now();
  #at = performance.now();

  async learn() {
    const overview = await kept("plant", async () => ({ ...(await read<Overview>("plant")), read_at: Date.now() }), unreachable);
    // What was kept is as old as it is: the plant's clock has gone on at its rate.
    const age = Math.max(0, Date.now() - overview.read_at);
    this.overview = overview;
    this.name = overview.plant?.plant_name ?? "";
    this.zone = overview.plant?.timezone ?? "UTC";
    this.simulated = overview.plant?.simulated ?? false;
    this.rate = overview.plant?.clock_rate ?? 1;
    this.#time = Date.parse(overview.plant_time) + age * this.rate;
    this.#at = performance.now();
    this.tick();
  }

  /** Plant time at this moment, for what asks once and does not move on with the clock. */
  clock(): Date {
    return new Date(this.#time + (performance.now() - this.#at) * this.rate);
  }

  tick() {
    this.now = this.clock();
  }
}

export const plant = new Plant();
setInterval(() => plant.tick(), 1000);
