// What can be brought in, in the order in which the kinds refer to each other; for each an example file, and for a log its mapping.

/** As the API's addresses spell them; a story holds this list against the server's own. */
export const KINDS = [
  "factories", "production-lines", "machines", "shifts", "work-centers", "sensors", "employees", "calendar-exceptions", "customers", "suppliers", "materials", "products", "bills-of-material",
  "routings", "line-product-mapping", "customer-product-mapping", "connectors", "machine-signals", "tools", "expected-receipts", "planning-rules", "report-schedules", "work-orders", "operation-log",
] as const;
export type Kind = (typeof KINDS)[number];

export const LOG = "operation-log";

const FILES = import.meta.glob<string>("../../../../../fixtures/imports/*.csv", { query: "?raw", import: "default", eager: true });
const EXAMPLES = Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path.replace(/^.*\/|\.csv$/g, ""), text]));

export const exampleOf = (kind: Kind): string | undefined => EXAMPLES[kind];

/** Every column that a log may have, under the names of a shop that writes them in plain words. */
export const logMapping = (zone: string) => `zone = "${zone}"
# Only where times are not ISO 8601: time_format = "%d.%m.%Y %H:%M"

[columns]
work_order_number = "Order"
product_name = "Product"
planned_quantity = "Ordered"
operation_name = "Operation"
work_center_name = "Machine"
employee_code = "Worker"
activity_type = "Activity"
started_at = "Start"
ended_at = "End"
good_quantity = "Good"
rejected_quantity = "Rejected"
held_quantity = "Held"
rework = "Rework"

# What the log calls each activity.
[activity]
Work = "direct_labor"
Setup = "setup"
Break = "break"
`;
