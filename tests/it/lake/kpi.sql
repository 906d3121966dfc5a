-- The figures of `assets/api.md`, section KPIs, from the exported tables alone: written from those
-- definitions, so that it cannot repeat a mistake of the code that answers them.
-- `asked` holds the periods, the variable `now` the plant's clock; both in milliseconds.
SET VARIABLE zone = (SELECT timezone FROM plants);

CREATE MACRO minute_of(clock) AS split_part(clock, ':', 1)::INT * 60 + split_part(clock, ':', 2)::INT;
CREATE MACRO moment(day, minute) AS epoch_ms((day::TIMESTAMP + to_minutes(minute)) AT TIME ZONE getvariable('zone'));
CREATE MACRO ends_at(day, start_time, end_time) AS moment(day, minute_of(end_time) + CASE WHEN minute_of(end_time) <= minute_of(start_time) THEN 1440 ELSE 0 END);
CREATE MACRO day_of(instant) AS ((epoch_ms(instant) AT TIME ZONE 'UTC') AT TIME ZONE getvariable('zone'))::DATE;
-- Half to even at four places, in whole numbers, since a floating half may fall on either side.
CREATE MACRO rounded(part, whole) AS part // whole + CASE WHEN 2 * (part % whole) > whole OR (2 * (part % whole) = whole AND (part // whole) % 2 = 1) THEN 1 ELSE 0 END;
CREATE MACRO ratio(part, whole, factor) AS CASE WHEN whole > 0 THEN sign(part) * rounded(abs(part)::HUGEINT * factor * 10000, whole::HUGEINT) / 10000 END;

-- The calendar -------------------------------------------------------------------------------------

CREATE TABLE day AS
SELECT unnest(generate_series((SELECT min(day_of(from_ms)) FROM asked) - 2, day_of(getvariable('now')) + 1, INTERVAL 1 DAY))::DATE AS day;

-- Where time passes: every work center, and the plant for what happens at none.
CREATE TABLE place AS
SELECT work_center_id AS place, machine_id, line_id, factory_id, shift_ids, it.status = 'active' AS is_active, epoch_ms(it.created_at) AS known_from
FROM work_centers AS it LEFT JOIN production_lines USING (line_id)
UNION ALL BY NAME SELECT 'plant' AS place, []::VARCHAR[] AS shift_ids, true AS is_active;

-- What a calendar exception says about a place, with its hours; `whole` where it has none.
CREATE TABLE exception AS
SELECT place, kind, exception_date AS day, start_time IS NULL AS whole, moment(day, minute_of(start_time)) AS begins, ends_at(day, start_time, coalesce(end_time, '24:00')) AS ends
FROM calendar_exceptions AS it JOIN place
    ON (work_center_id IS NULL OR work_center_id = place) AND (it.factory_id IS NULL OR place.factory_id IS NULL OR it.factory_id = place.factory_id);

-- When a shift is open at a place, and on which day it opened; hours of overtime have no shift, and nothing closes them.
CREATE TABLE opening AS
WITH pattern AS (
    SELECT place, day.day, shift_id AS shift, shift_type = 'regular' AS is_regular, break_minutes * 60000 AS break_ms, known_from,
        moment(day.day, minute_of(start_time)) AS begins, ends_at(day.day, start_time, end_time) AS ends, list_contains(days_of_week, isodow(day.day)) AS is_planned,
        (SELECT coalesce(list(kind), []) FROM exception WHERE exception.place = place.place AND exception.day = day.day AND whole) AS told
    FROM place, shifts, day
    WHERE is_active AND shifts.status = 'active' AND (len(shift_ids) = 0 OR list_contains(shift_ids, shift_id))
), opened AS (
    SELECT * EXCLUDE (is_planned), false AS is_overtime FROM pattern
    WHERE list_contains(told, 'overtime') OR is_planned AND NOT list_has_any(told, ['holiday', 'shutdown'])
    UNION ALL BY NAME
    SELECT place, day, false AS is_regular, 0 AS break_ms, known_from, begins, ends, []::VARCHAR[] AS told, true AS is_overtime
    FROM exception JOIN place USING (place) WHERE is_active AND kind = 'overtime' AND NOT whole
)
SELECT * EXCLUDE (known_from) REPLACE (greatest(begins, known_from) AS begins) FROM opened;

-- The time of a work center ------------------------------------------------------------------------

CREATE TABLE stop AS
SELECT it.*, place, epoch_ms(downtime_start) AS begins, coalesce(epoch_ms(downtime_end), getvariable('now')) AS ends,
    downtime_category IN ('maintenance', 'no_orders') AS is_planned
FROM downtime_events AS it LEFT JOIN place ON CASE
    WHEN it.work_center_id IS NOT NULL THEN it.work_center_id = place
    WHEN it.machine_id IS NOT NULL THEN it.machine_id = place.machine_id
    ELSE it.line_id = place.line_id END;

-- Rows of labor, with the break in the middle.
CREATE TABLE labor AS
SELECT it.*, coalesce(work_center_id, 'plant') AS place, epoch_ms(clock_in_time) AS begins,
    coalesce(epoch_ms(clock_out_time), least(getvariable('now'), begins + 12 * 3600000)) AS ends,
    least(break_time_minutes * 60000, ends - begins) AS break_ms, begins + (ends - begins - break_ms) // 2 AS break_begins, break_begins + break_ms AS break_ends
FROM labor_transactions AS it;
-- What is left of a row when its break is taken out.
CREATE TABLE work AS
SELECT * REPLACE (break_begins AS ends) FROM labor UNION ALL SELECT * REPLACE (break_ends AS begins) FROM labor;

CREATE TABLE operation AS
SELECT it.*, it.work_center_id AS place, order_type <> 'rework' AS is_first_pass, epoch_ms(it.actual_start_time) AS begins,
    least(coalesce(it.actual_end_time, CASE it.status WHEN 'skipped' THEN it.updated_at END),
        CASE work_orders.status WHEN 'cancelled' THEN work_orders.updated_at ELSE work_orders.actual_end_time END) AS ended_at,
    coalesce(epoch_ms(ended_at), getvariable('now')) AS ends
FROM work_order_operations AS it JOIN work_orders USING (work_order_id);

CREATE TABLE span AS
SELECT place, CASE WHEN is_planned THEN 'planned stop' WHEN downtime_category = 'changeover' THEN 'setup' ELSE 'down' END AS class, begins, ends FROM stop WHERE place IS NOT NULL
UNION ALL SELECT place, 'planned stop', begins, ends FROM exception WHERE kind = 'maintenance' AND NOT whole
UNION ALL SELECT place, 'planned stop', begins, ends FROM opening WHERE list_contains(told, 'maintenance')
UNION ALL SELECT work_center_id, 'setup', epoch_ms(changeover_start), coalesce(epoch_ms(changeover_end), getvariable('now')) FROM changeover_events
UNION ALL SELECT place, CASE activity_type WHEN 'setup' THEN 'setup' ELSE 'production' END, begins, ends FROM work WHERE activity_type IN ('setup', 'direct_labor')
UNION ALL SELECT place, 'manned', begins, ends FROM work WHERE activity_type IN ('setup', 'direct_labor')
UNION ALL SELECT place, 'break', break_begins, break_ends FROM labor WHERE activity_type IN ('setup', 'direct_labor')
UNION ALL SELECT place, 'delay', begins, ends FROM operation
UNION ALL SELECT place, 'open', begins, ends FROM opening
UNION ALL SELECT place, 'closed', begins, ends FROM exception WHERE kind IN ('holiday', 'shutdown') AND NOT whole;

-- Moments at which every sum is cut: the periods' ends, the plant's midnights and its shifts.
CREATE TABLE cut AS
SELECT from_ms AS instant FROM asked UNION SELECT to_ms FROM asked UNION SELECT getvariable('now') UNION SELECT moment(day, 0) FROM day
UNION SELECT begins FROM opening WHERE place = 'plant' UNION SELECT ends FROM opening WHERE place = 'plant';

-- A place's time between one edge and the next, with how many spans of each class cover it.
CREATE TABLE slice AS
WITH edge AS (
    SELECT place, class, begins AS instant, 1 AS step FROM span WHERE begins < ends
    UNION ALL SELECT place, class, ends, -1 FROM span WHERE begins < ends
    UNION ALL SELECT place, 'cut', instant, 0 FROM place, cut
), swept AS (
    SELECT place, instant AS begins, lead(instant) OVER time AS ends,
        sum(coalesce(sum(step) FILTER (class = 'down'), 0)) OVER time AS down, sum(coalesce(sum(step) FILTER (class = 'planned stop'), 0)) OVER time AS planned_stop,
        sum(coalesce(sum(step) FILTER (class = 'setup'), 0)) OVER time AS setup, sum(coalesce(sum(step) FILTER (class = 'production'), 0)) OVER time AS production,
        sum(coalesce(sum(step) FILTER (class = 'break'), 0)) OVER time AS break, sum(coalesce(sum(step) FILTER (class = 'delay'), 0)) OVER time AS delay,
        sum(coalesce(sum(step) FILTER (class = 'manned'), 0)) OVER time AS manned, sum(coalesce(sum(step) FILTER (class = 'closed'), 0)) OVER time AS closed
    FROM edge GROUP BY place, instant WINDOW time AS (PARTITION BY place ORDER BY instant)
)
SELECT place, begins, ends, manned > 0 AS is_manned, closed > 0 AS is_closed, CASE
    WHEN down > 0 THEN 'down' WHEN planned_stop > 0 THEN 'planned stop' WHEN setup > 0 THEN 'setup' WHEN production > 0 THEN 'production'
    WHEN break > 0 THEN 'break' WHEN delay > 0 THEN 'delay' ELSE 'no order' END AS class
FROM swept WHERE ends <= getvariable('now');

-- With the one shift it counts for, of several that are open at once; where the place is closed, the plant's.
CREATE TABLE shifted AS
WITH own AS (
    SELECT slice.*, opening.place IS NOT NULL AS is_open, shift, opening.day AS opened, break_ms
    FROM slice LEFT JOIN opening ON opening.place = slice.place AND opening.begins <= slice.begins AND slice.ends <= opening.ends AND (NOT is_closed OR is_overtime)
    QUALIFY row_number() OVER (PARTITION BY slice.place, slice.begins ORDER BY is_regular DESC, opening.begins DESC) = 1
)
SELECT own.* REPLACE (CASE WHEN own.is_open THEN own.shift ELSE plant.shift END AS shift)
FROM own LEFT JOIN own AS plant ON plant.place = 'plant' AND plant.begins <= own.begins AND own.ends <= plant.ends;

-- What no row told of a shift's breaks is taken from its first time without an order, then from its first delay.
CREATE TABLE timed AS
WITH rest AS (
    SELECT *, ends - begins AS length_ms, is_open AND class IN ('no order', 'delay') AS may_be_break,
        greatest(break_ms - sum(CASE class WHEN 'break' THEN length_ms ELSE 0 END) OVER (PARTITION BY place, shift, opened), 0) AS owed_ms,
        sum(CASE WHEN may_be_break THEN length_ms ELSE 0 END) OVER (PARTITION BY place, shift, opened ORDER BY class = 'delay', begins) - length_ms AS before_ms
    FROM shifted WHERE place <> 'plant' AND (is_open OR is_manned)
)
SELECT place, shift, begins, class,
    CASE WHEN may_be_break THEN greatest(least(length_ms, owed_ms - before_ms), 0) ELSE 0 END AS taken_ms, length_ms - taken_ms AS left_ms FROM rest;

-- What is summed ------------------------------------------------------------------------------------

-- Every stop once: at its center, or at its machine's; that of a line is at none.
CREATE TABLE stopped AS
SELECT * REPLACE (CASE WHEN coalesce(work_center_id, machine_id) IS NULL THEN 'plant' ELSE coalesce(place, 'plant') END AS place) FROM stop
QUALIFY row_number() OVER (PARTITION BY downtime_id ORDER BY stop.place) = 1;

-- A person's time, each moment once: on a job before beside one, and on the job that began last.
CREATE TABLE attended AS
WITH edge AS (
    SELECT employee_id, begins AS instant FROM work UNION SELECT employee_id, ends FROM work UNION SELECT DISTINCT employee_id, instant FROM work, cut
    UNION SELECT employee_id, shifted.begins FROM work JOIN shifted USING (place)
), piece AS (
    SELECT employee_id, instant AS begins, lead(instant) OVER (PARTITION BY employee_id ORDER BY instant) AS ends FROM edge
)
SELECT piece.*, activity_type IN ('direct_labor', 'setup') AS is_work, place
FROM piece JOIN work
    ON work.employee_id = piece.employee_id AND work.begins <= piece.begins AND piece.ends <= work.ends AND activity_type <> 'break' AND piece.ends <= getvariable('now')
QUALIFY row_number() OVER (PARTITION BY piece.employee_id, piece.begins ORDER BY is_work DESC, clock_in_time DESC, labor_transaction_id DESC) = 1;

CREATE TABLE fact AS
SELECT 'center' AS family, place, begins AS instant, taken_ms + left_ms AS open_time_ms,
    taken_ms + CASE WHEN class IN ('planned stop', 'break') THEN left_ms ELSE 0 END AS planned_stop_time_ms,
    CASE class WHEN 'no order' THEN left_ms END AS no_order_time_ms, CASE class WHEN 'down' THEN left_ms END AS actual_unit_down_time_ms,
    CASE class WHEN 'setup' THEN left_ms END AS actual_unit_setup_time_ms, CASE class WHEN 'production' THEN left_ms END AS actual_production_time_ms,
    CASE class WHEN 'delay' THEN left_ms END AS actual_unit_delay_time_ms, CASE WHEN class IN ('setup', 'production') THEN left_ms END AS actual_unit_processing_time_ms,
    CASE WHEN class IN ('setup', 'production', 'delay') THEN left_ms END AS actual_unit_busy_time_ms,
    CASE WHEN class IN ('setup', 'production', 'delay', 'down') THEN left_ms END AS planned_busy_time_ms
FROM timed
UNION ALL BY NAME SELECT 'center' AS family, place, shifted.begins AS instant, shifted.ends - shifted.begins AS actual_order_execution_time_ms
FROM operation JOIN shifted USING (place) WHERE operation.begins <= shifted.begins AND shifted.ends <= operation.ends
UNION ALL BY NAME
SELECT 'center' AS family, place, epoch_ms(reported_at) AS instant,
    it.good_quantity, it.rejected_quantity, it.scrapped_quantity AS scrap_quantity, it.rework_quantity, it.held_quantity,
    it.good_quantity + it.rejected_quantity + it.scrapped_quantity + it.rework_quantity + it.held_quantity AS produced_quantity,
    produced_quantity * (standard_time_per_unit_seconds * 1000)::BIGINT AS planned_run_time_ms,
    CASE WHEN standard_time_per_unit_seconds > 0 THEN produced_quantity END AS rated_quantity,
    CASE WHEN is_first_pass THEN produced_quantity END AS first_pass_produced_quantity, CASE WHEN is_first_pass THEN it.good_quantity END AS first_pass_good_quantity
FROM operation_reports AS it JOIN operation USING (operation_id) WHERE reverses IS NULL AND reversed_by IS NULL
UNION ALL BY NAME SELECT 'center' AS family, place, begins AS instant, 1 AS failure_event_count FROM stopped WHERE downtime_category = 'breakdown'
UNION ALL BY NAME SELECT 'center' AS family, place, ends AS instant, 1 AS repaired_event_count, ends - coalesce(epoch_ms(responded_at), begins) AS time_to_repair_ms
FROM stopped WHERE downtime_category = 'breakdown' AND downtime_end IS NOT NULL
UNION ALL BY NAME SELECT 'center' AS family, place, epoch_ms(responded_at) AS instant, 1 AS response_count, epoch_ms(responded_at) - begins AS time_to_response_ms
FROM stopped WHERE NOT is_planned AND responded_at IS NOT NULL
UNION ALL BY NAME SELECT 'center' AS family, place, ends AS instant, ends - begins AS preventive_maintenance_time_ms
FROM stopped WHERE downtime_category = 'maintenance' AND downtime_end IS NOT NULL
UNION ALL BY NAME
SELECT 'center' AS family, work_center_id AS place, epoch_ms(changeover_end) AS instant, 1 AS changeover_count, instant - epoch_ms(changeover_start) AS changeover_time_ms
FROM changeover_events WHERE changeover_end IS NOT NULL
UNION ALL BY NAME
SELECT 'center' AS family, work_center_id AS place, epoch_ms(planned_end_time) AS instant, 1 AS slots_due_count, coalesce(on_time_completion, false)::INT AS slots_on_time_count
FROM production_schedule WHERE schedule_status <> 'cancelled'
UNION ALL BY NAME
SELECT 'center' AS family, work_center_id AS place, epoch_ms(planned_start_time) AS instant, 1 AS starts_due_count, coalesce(on_time_start, false)::INT AS starts_on_time_count
FROM production_schedule WHERE schedule_status <> 'cancelled'
UNION ALL BY NAME
SELECT 'order' AS family, 'plant' AS place, moment(planned_end_date + 1, 0) - 1 AS instant, 1 AS orders_due_count,
    (status IN ('completed', 'closed') AND epoch_ms(actual_end_time) <= instant)::INT AS orders_on_time_count
FROM work_orders WHERE status <> 'cancelled'
UNION ALL BY NAME
SELECT 'order' AS family, 'plant' AS place, epoch_ms(actual_end_time) AS instant, 1 AS orders_finished_count,
    (work_order_id IN (SELECT work_order_id FROM defects WHERE work_order_id IS NOT NULL))::INT AS defective_orders_count
FROM work_orders WHERE status IN ('completed', 'closed')
UNION ALL BY NAME SELECT 'order' AS family, 'plant' AS place, epoch_ms(inspection_date) AS instant, 1 AS inspection_count, (inspection_result = 'pass')::INT AS inspection_pass_count
FROM quality_inspections
UNION ALL BY NAME
SELECT 'order' AS family, 'plant' AS place, epoch_ms(transaction_date) AS instant,
    rounded((abs(stock_change) * 10000)::HUGEINT * (coalesce(it.unit_cost, materials.unit_cost) * 10000)::HUGEINT, 10000) AS worth,
    CASE WHEN transaction_type = 'issue' THEN worth
        WHEN transaction_type = 'return' OR transaction_type = 'production' AND parent_lot_number IS NOT NULL THEN -worth END AS material_used_value,
    CASE transaction_type WHEN 'scrap' THEN worth END AS material_scrapped_value
FROM material_transactions AS it JOIN materials USING (material_id) WHERE work_order_id IS NOT NULL AND reverses IS NULL AND reversed_by IS NULL AND it.material_type NOT IN ('sub_assembly', 'finished_good')
UNION ALL BY NAME
SELECT 'plant' AS family, 'plant' AS place, epoch_ms(detected_date) AS instant, quantity_affected AS complaint_quantity
FROM defects WHERE detection_method = 'customer_complaint'
UNION ALL BY NAME SELECT 'plant' AS family, 'plant' AS place, epoch_ms(shipped_at) AS instant, line.quantity AS shipped_quantity
FROM (SELECT shipped_at, unnest(lines) AS line FROM shipments WHERE status = 'shipped') WHERE line.unit_of_measure = 'EA'
UNION ALL BY NAME SELECT 'people' AS family, place, begins AS instant, ends - begins AS actual_personnel_attendance_time_ms,
    CASE WHEN is_work THEN ends - begins END AS actual_personnel_work_time_ms FROM attended
UNION ALL BY NAME
SELECT 'people' AS family, labor.place, labor.begins AS instant,
    (quantity_produced + quantity_rejected) * (standard_time_per_unit_seconds * 1000)::BIGINT AS standard_labor_time_ms,
    labor.ends - labor.begins - break_ms AS rated_labor_time_ms
FROM labor JOIN operation USING (operation_id) WHERE activity_type = 'direct_labor' AND clock_out_time IS NOT NULL AND standard_time_per_unit_seconds > 0;

-- What is answered ----------------------------------------------------------------------------------

CREATE TABLE element AS
WITH grouped AS (
    SELECT period, family, nullif(fact.place, 'plant') AS work_center, day_of(fact.instant)::VARCHAR AS day, shift, fact.* EXCLUDE (family, place, instant, worth)
    FROM fact JOIN asked ON from_ms <= instant AND instant < least(to_ms, getvariable('now'))
    LEFT JOIN shifted ON shifted.place = fact.place AND begins <= instant AND instant < ends
), summed AS (
    SELECT period, family, grouping(work_center, day, shift) AS grouping, work_center, day, shift, sum(COLUMNS(* EXCLUDE (period, family, work_center, day, shift)))::HUGEINT
    FROM grouped GROUP BY GROUPING SETS ((period, family), (period, family, work_center), (period, family, day), (period, family, shift))
), known AS (
    -- Groups that are told although nothing happened in them.
    SELECT period, told_by, told FROM asked, (
        SELECT 'total' AS told_by, 'all' AS told UNION ALL SELECT 'work_center', place FROM place WHERE is_active AND place <> 'plant'
        UNION ALL SELECT 'shift', shift_id FROM shifts WHERE status = 'active')
    UNION ALL SELECT period, 'day', day::VARCHAR FROM asked JOIN day ON moment(day, 0) < least(to_ms, getvariable('now')) AND from_ms < moment(day + 1, 0)
), told AS (
    SELECT CASE grouping WHEN 7 THEN 'total' WHEN 3 THEN 'work_center' WHEN 5 THEN 'day' ELSE 'shift' END AS told_by,
        CASE grouping WHEN 7 THEN 'all' WHEN 3 THEN work_center WHEN 5 THEN day ELSE shift END AS told, * EXCLUDE (grouping, work_center, day, shift) FROM summed
)
SELECT period, family, told_by, told, coalesce(COLUMNS(told.* EXCLUDE (period, family, told_by, told)), 0)
FROM (FROM known, (VALUES ('center'), ('order'), ('plant'), ('people')) AS families (family)) FULL JOIN told USING (period, family, told_by, told)
WHERE told_by <> 'work_center' OR family IN ('center', 'people');

CREATE TABLE figure AS
SELECT period, told_by, told, unnest(map_entries(MAP {
    'oee': CASE WHEN produced_quantity = 0 THEN ratio(0, planned_busy_time_ms, 100)
        WHEN rated_quantity <> 0 THEN ratio(planned_run_time_ms * good_quantity, planned_busy_time_ms * produced_quantity, 100) END,
    'availability': ratio(actual_production_time_ms, planned_busy_time_ms, 100),
    'effectiveness': CASE WHEN produced_quantity = 0 OR rated_quantity <> 0 THEN ratio(planned_run_time_ms, actual_production_time_ms, 100) END,
    'quality_ratio': ratio(good_quantity, produced_quantity, 100),
    'nee': CASE WHEN rated_quantity <> 0 THEN
        ratio(actual_unit_processing_time_ms * planned_run_time_ms * good_quantity, planned_busy_time_ms * actual_production_time_ms * produced_quantity, 100) END,
    'utilization': ratio(actual_unit_busy_time_ms, open_time_ms, 100),
    'utilization_efficiency': ratio(actual_production_time_ms, actual_unit_busy_time_ms, 100),
    'allocation_efficiency': ratio(actual_unit_busy_time_ms, planned_busy_time_ms, 100),
    'setup_ratio': ratio(actual_unit_setup_time_ms, actual_unit_processing_time_ms, 100),
    'technical_efficiency': ratio(actual_production_time_ms, actual_production_time_ms + actual_unit_delay_time_ms, 100),
    'first_pass_yield': ratio(first_pass_good_quantity, first_pass_produced_quantity, 100),
    'scrap_ratio': ratio(scrap_quantity, produced_quantity, 100),
    'rework_ratio': ratio(rework_quantity, produced_quantity, 100),
    'throughput_rate': ratio(produced_quantity, actual_order_execution_time_ms, 3600000),
    'cycle_time_variance': ratio(actual_production_time_ms - planned_run_time_ms, planned_run_time_ms, 100),
    'mttr': ratio(time_to_repair_ms, repaired_event_count * 60000, 1),
    'mtbf': ratio(actual_production_time_ms, failure_event_count * 3600000, 1),
    'mtta': ratio(time_to_response_ms, response_count * 60000, 1),
    'corrective_maintenance_ratio': ratio(time_to_repair_ms, time_to_repair_ms + preventive_maintenance_time_ms, 100),
    'mean_changeover_minutes': ratio(changeover_time_ms, changeover_count * 60000, 1),
    'schedule_adherence': ratio(slots_on_time_count, slots_due_count, 100),
    'on_time_start': ratio(starts_on_time_count, starts_due_count, 100)})) AS figure FROM element WHERE family = 'center'
UNION ALL
SELECT period, told_by, told, unnest(map_entries(MAP {
    'schedule_accuracy': ratio(orders_on_time_count, orders_due_count, 100),
    'defect_rate': ratio(defective_orders_count, orders_finished_count, 100),
    'inspection_pass_rate': ratio(inspection_pass_count, inspection_count, 100),
    'material_yield': ratio(material_used_value, material_used_value + material_scrapped_value, 100)})) FROM element WHERE family = 'order'
UNION ALL
SELECT period, told_by, told, unnest(map_entries(MAP {'ppm': ratio(complaint_quantity, shipped_quantity, 1000000)})) FROM element WHERE family = 'plant'
UNION ALL
SELECT period, told_by, told, unnest(map_entries(MAP {
    'labor_efficiency': ratio(standard_labor_time_ms, rated_labor_time_ms, 100),
    'worker_efficiency': ratio(actual_personnel_work_time_ms, actual_personnel_attendance_time_ms, 100)})) FROM element WHERE family = 'people';

-- Every sum that is not 0, and every figure; money is summed in its ten-thousandths.
SELECT period, told_by, told, name, CASE WHEN name LIKE 'material_%_value' THEN amount / 10000 ELSE amount END
FROM (UNPIVOT element ON COLUMNS(* EXCLUDE (period, family, told_by, told)) INTO NAME name VALUE amount) WHERE amount <> 0
UNION ALL SELECT period, told_by, told, figure.key, figure.value FROM figure;
