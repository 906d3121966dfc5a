// Shapes of answers that are not records: what the views of the server make. Quantities are JSON numbers, times are texts in UTC.

export interface Session {
  user_id: string;
  user_name: string;
  role: string;
  may: string[];
  /** The terminal's name, where somebody is signed on by badge. */
  terminal: string | null;
}

/** Somebody signed on at a terminal. */
export interface Standing {
  user_id: string;
  user_name: string;
  role: string;
  employee_id: string;
  name: string;
  expires_at: string;
  may: string[];
}

export interface Terminal {
  terminal_id: string;
  terminal_name: string;
  asks_pin: boolean;
  idle_minutes: number;
  work_center_codes: string[];
  people: { badge_id: string; employee_id: string; name: string }[];
  signed_on: Standing[];
}

export interface Door {
  demo: { user_id: string; user_name: string; role: string }[];
  terminal: Terminal | null;
}

/** What a scanned code stands for. */
export interface Scanned {
  kind: string;
  id?: string;
  number?: string;
  work_order_id?: string;
  operation_sequence?: number;
  work_center_id?: string | null;
}

export interface Overview {
  plant: { plant_name: string; timezone: string; simulated: boolean; clock_rate: number; silent_stop_minutes: number | null } | null;
  plant_time: string;
  head: number;
  records: Record<string, number>;
  work_orders_by_status: Record<string, number>;
  lots_on_hold: number;
  sql_port: number | null;
}

export interface Job {
  work_order_id: string;
  work_order_number: string | null;
  /** Empty where it is begun here and the server does not know of it yet. */
  product_id: string;
  product_name: string;
  operation_id: string;
  operation_sequence: number;
  operation_name: string;
  good_quantity: number;
  bad_quantity: number;
  planned_quantity: number;
  planned_end_time: string | null;
}

export interface Stop {
  downtime_id: string;
  downtime_category: string;
  downtime_reason_code: string | null;
  downtime_reason_description: string | null;
  downtime_start: string;
  status: string;
  responded_by: string | null;
}

export interface Center {
  work_center_id: string;
  work_center_code: string;
  work_center_name: string;
  machine_id: string | null;
  state: "down" | "planned_stop" | "setup" | "running" | "waiting" | "idle" | "closed";
  since: string | null;
  people: number;
  labor_transaction_ids: string[];
  job: Job | null;
  stop: Stop | null;
}

export interface Department {
  line_id: string | null;
  line_name: string | null;
  work_centers: Center[];
}

export interface Floor {
  plant_time: string;
  day_began: string;
  departments: Department[];
  today: { orders_created: number; orders_started: number; orders_completed: number; good_pieces: number; bad_pieces: number; shipments: number };
}

export type MachineWord = "producing" | "setup" | "idle" | "interrupted" | "maintenance" | "down" | "not_planned" | "no_data";

export interface MachineState {
  machine_id: string;
  machine: string;
  state: MachineWord;
  since: string | null;
  execution: string | null;
  mode: string | null;
  alarm: string | null;
  job_id: string | null;
  last_told_at: string | null;
}

export interface Interval {
  state: MachineWord;
  from: string;
  to: string;
  seconds: number;
  alarm: string | null;
  job_id: string | null;
}

export interface MachineTimeline {
  machine: string;
  last_told_at: string | null;
  cut: boolean;
  sums: { state: MachineWord; seconds: number }[];
  data: Interval[];
}

export type Reading = number | string | null;

export interface LastValue {
  machine: string;
  metric: string;
  measure: "number" | "text";
  unit: string | null;
  time: string;
  value: Reading;
}

export interface Samples {
  from: string;
  to: string;
  data: { metric: string; unit: string | null; buckets: { time: string; avg: number | null; min: number | null; max: number | null }[] }[];
}

/** How a connection stands; counters are absent while it is off. */
export interface Standing {
  state: "connecting" | "live" | "silent" | "failed" | "off";
  since?: string | null;
  why?: string | null;
  last_message_at?: string | null;
  received?: number;
  stored?: number;
  repeated?: number;
  quarantined?: number;
  gaps?: number;
}

export interface ConnectorState extends Standing {
  connector_id: string;
  connector_code: string;
  connector_name: string | null;
  protocol: string;
}

export interface Tried extends Standing {
  data: LastValue[];
}

export interface Gap {
  source: string;
  from: string | null;
  to: string;
  lost: number | null;
  why: string;
}

export interface Quarantined {
  source: string;
  received_at: string;
  why: string;
  original: string;
}

export interface Hit {
  kind: string;
  id: string;
  title: string;
  snippet: string;
}

export interface TraceNode {
  id: string;
  kind: string;
  number: string;
  name: string;
  quantity: number | null;
  unit: string | null;
  depth: number;
  status: string | null;
}

export interface TraceEdge {
  from: string;
  to: string;
  quantity: number;
  unit: string;
}

export interface Balance {
  unit: string;
  received: number;
  produced: number;
  consumed: number;
  shipped: number;
  scrapped: number;
  adjusted: number;
  on_hand: number;
  gap: number;
}

export interface Trace {
  root: string;
  nodes: TraceNode[];
  edges: TraceEdge[];
  balance: Balance | null;
  counts: Record<string, number>;
  truncated: boolean;
}

export interface KpiGroup {
  group: Record<string, string | null>;
  value: number | null;
  class: "ok" | "no_data";
  elements: Record<string, number>;
}

export interface Kpi<Group = KpiGroup> {
  kpi: string;
  title: string;
  unit: string;
  formula: string;
  target: { at_least: number | null; at_most: number | null };
  from: string;
  to: string;
  data: Group[];
}

export interface OeeGroup extends KpiGroup {
  availability: number | null;
  effectiveness: number | null;
  quality_ratio: number | null;
  minutes: Record<"open" | "no_order" | "planned_stop" | "planned_busy" | "down" | "setup" | "delay" | "production" | "planned_run", number>;
  parts: Record<"produced" | "good" | "rejected" | "scrapped" | "rework" | "held", number>;
  losses_minutes: Record<"down" | "setup" | "delay" | "speed" | "quality" | "fully_productive", number>;
}

export interface Entry {
  seq: number;
  recorded_at: string;
  occurred_at: string;
  actor: string;
  role: string;
  origin: string;
  command: string;
  subject: string;
  reason: string | null;
  events: { name: string; id: string }[];
  previous_hash?: string;
  payload?: Record<string, unknown>;
}

export interface Changes {
  data: Entry[];
  read_up_to: number;
  head: number;
}

export interface HistoryStep extends Omit<Entry, "payload"> {
  changes: { field: string; before: unknown; after: unknown }[];
}

/** A slot of the plan in force. */
export interface ScheduleSlot {
  schedule_id: string;
  work_center_id: string | null;
  work_order_id: string;
  work_order_number: string | null;
  product: string;
  operation_sequence: number | null;
  operation_name: string | null;
  planned_start_time: string;
  planned_end_time: string;
  actual_start_time: string | null;
  actual_end_time: string | null;
  schedule_status: "planned" | "confirmed" | "in_progress" | "completed" | "delayed" | "cancelled";
  customer_due_date: string | null;
}

export interface Placed {
  work_center_id: string;
  work_center_code: string;
  planned_start_time: string;
  planned_end_time: string;
}

/** A slot of a draft. */
export interface DraftSlot extends Placed {
  work_order_id: string;
  operation_sequence: number;
  operation_name: string;
  product: string;
  due: string | null;
  is_late: boolean;
  is_running: boolean;
}

export interface PlanFigures {
  orders: number;
  operations: number;
  due_orders: number;
  late_orders: number;
  late_minutes: number;
  setups: number;
  setup_minutes: number;
  promises_saved: number;
  promises_broken: number;
  moved_operations: number;
  learned_durations_percentage: number | null;
}

export interface PlanDraft {
  plan_id: number;
  state: "solving" | "ready" | "published";
  name: string | null;
  branched_from: number | null;
  version: number;
  made_by: string;
  as_of: string;
  keeps_the_plan_in_force: boolean;
  seconds: number;
  figures: PlanFigures;
  left_out: { work_order_id: string; why: string }[];
}

/** What a move by hand does, or what hinders it. */
export interface MoveAnswer {
  plan_id: number;
  version: number;
  does: boolean;
  promises_broken?: number;
  promises_saved?: number;
  /** The moved one first. */
  moves?: { work_order_id: string; operation_sequence: number; operation_name: string; is_late: boolean; from: Placed; to: Placed }[];
  obstacle?: string;
  why?: string;
  nearest?: Placed | null;
}

export interface PlanVersions {
  plan_id: number;
  version: number;
  data: { version: number; is_present: boolean; by: string; at: string }[];
}

/** A pin that holds. */
export interface PlanPin {
  work_order_id: string;
  operation_sequence: number;
}

/** Whether plans came true. */
export interface PlanTally {
  slots_due: number;
  slots_on_time: number;
  slots_finished: number;
  slots_replaced: number;
  orders_due: number;
  orders_on_time: number;
  schedule_adherence_percentage: number | null;
  schedule_accuracy_percentage: number | null;
  duration_accuracy_percentage: number | null;
}

export interface PlanAdherence {
  total: PlanTally;
  data: (PlanTally & { day: string })[];
  plans: (PlanTally & { in_force_from: string; in_force_until: string | null; published_by: string | null; notes: string | null; slots: number })[];
}

export type PromiseWord = "kept" | "saved" | "broken" | "late" | "none";

/** What a draft does to one order. */
export interface OrderEffect {
  work_order_id: string;
  product: string;
  due: string | null;
  ends_before: string | null;
  ends: string;
  late_minutes: number;
  promise: PromiseWord;
  moves: { operation_sequence: number; operation_name: string; from: Placed | null; to: Placed }[];
}

export interface PlanPublished {
  slots: number;
  slots_in_force_before: number;
  work_orders: number;
  left_out: { work_order_id: string; operation_sequence: number; why: string }[];
}

export interface Stretch {
  operation_sequence: number;
  operation_name: string;
  work_center_code: string;
  from: string;
  to: string;
  minutes: number;
  reason: "work" | "paused" | "transfer" | "release" | "behind" | "setup" | "closed" | "people" | "batch" | "material" | "tool" | "free";
  behind_work_order_id?: string;
  skill?: string;
  at_once?: number;
  material?: string;
  tool?: string;
  behind_operation?: string;
}

export interface OrderStory {
  work_order_id: string;
  ends: string;
  late_minutes: number;
  late_already_minutes: number;
  promise: PromiseWord;
  stretches: Stretch[];
}

export interface WhatIf {
  ends: string;
  due: string | null;
  in_time: boolean | null;
  late_minutes: number;
  promises_broken: number;
  moved: OrderEffect[];
}

export interface CenterLoad {
  work_center_id: string;
  buckets: { from: string; to: string; open_minutes: number; planned_minutes: number; load_percentage: number | null }[];
}

/** What of a material is there, needed and coming. */
export interface Stock {
  material_id: string;
  material_code: string;
  material_name: string;
  material_type: string;
  stock_unit: string;
  safety_stock: number | null;
  on_hand: number;
  available: number;
  held: number;
  expired: number;
  lots: number;
  remnants: number;
  next_expiry: string | null;
  needed: number;
  incoming: number;
  lacking: number;
  first_short: { work_order_id: string; work_order_number: string | null; at: string | null } | null;
  below_minimum: boolean;
}

/** What an open order takes from a material's stock (below nothing) or brings. */
export interface StockUse {
  work_order_id: string;
  work_order_number: string | null;
  status: string;
  product_name: string;
  at: string | null;
  quantity: number;
  balance: number;
}

export interface MaterialStock extends Stock {
  material: Record<string, unknown>;
  uses: StockUse[];
  products: { product_id: string; product_name: string; quantity_per_unit: number; unit_of_measure: string }[];
}

/** A row of a file that was refused, or taken and wants a look. */
export interface ImportRow {
  row: number;
  column: string | null;
  value: string;
  problem: string;
}

interface Hours {
  activity?: string;
  work_center?: string;
  worker?: string;
  hours: number;
}

/** What an import did, or would do. */
/** An import that runs; of how many rows is 0 until the file is read. */
export interface RunningImport {
  kind: string;
  file_name: string;
  dry_run: boolean;
  actor: string;
  /** How long it has run. */
  seconds: number;
  done: number;
  total: number;
}

export interface ImportReport {
  kind: string;
  file_name: string;
  dry_run: boolean;
  rows: number;
  created: number;
  updated: number;
  unchanged: number;
  refused: number;
  flagged: number;
  ignored_columns: string[];
  problems: ImportRow[];
  more_problems: number;
  flagged_rows: ImportRow[];
  more_flagged_rows: number;
  /** What an operation log adds up to. */
  figures: ({ hours_by_activity: Hours[]; hours_by_work_center: Hours[]; hours_by_worker: Hours[] } & Record<string, number | Hours[]>) | null;
}
