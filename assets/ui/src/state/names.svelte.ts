// Names behind ids: records carry ids, people know products and customers by name. Read once a tab, a thousand of each; what is
// not among them is shown by its id.
import { list } from "../api/client";

class Names {
  #known = $state.raw(new Map<string, string>());
  #asked = false;

  of(id: string | null | undefined): string {
    if (!id) return "";
    this.#learn();
    return this.#known.get(id) ?? id;
  }

  async #learn() {
    if (this.#asked) return;
    this.#asked = true;
    const limit = 1000;
    try {
      const [products, customers, centers] = await Promise.all([list<"Product">("products", { limit }), list<"Customer">("customers", { limit }), list<"WorkCenter">("work-centers", { limit })]);
      this.#known = new Map([
        ...products.map((it): [string, string] => [it.product_id, it.product_name]),
        ...customers.map((it): [string, string] => [it.customer_id, it.customer_name]),
        ...centers.map((it): [string, string] => [it.work_center_id, it.work_center_name]),
      ]);
    } catch {
      // Ids are shown meanwhile; the next page that asks tries again.
      this.#asked = false;
    }
  }
}

export const names = new Names();
