//! psql: the three statements of the seed as they are written there, and its own `\d` family.

use super::*;

/// `PYTHON_SEED` has them under these headings; copied letter by letter, since whoever has them will.
const PROGRESS: &str = "SELECT \n    work_order_number,\n    status,\n    produced_quantity || '/' || planned_quantity as progress,\n    ROUND((produced_quantity::DECIMAL / planned_quantity) * 100, 1) as pct_complete,\n    yield_percentage\nFROM work_orders\nWHERE status IN ('in_progress', 'scheduled')\nORDER BY priority;";
const HOURLY: &str = "SELECT \n    DATE_TRUNC('hour', actual_start_time) as hour,\n    COUNT(*) as orders_started,\n    SUM(produced_quantity) as units\nFROM work_orders\nWHERE actual_start_time > NOW() - INTERVAL '24 hours'\nGROUP BY hour\nORDER BY hour DESC;";
const GENEALOGY: &str = "SELECT \n    mt.lot_number,\n    mt.material_code,\n    mt.consumed_by_lot_number,\n    wo.batch_number as finished_goods_batch\nFROM material_transactions mt\nLEFT JOIN work_orders wo ON mt.consumed_by_lot_number = wo.lot_number\nWHERE mt.lot_number = 'SHEET-1';";

#[test]
fn the_three_statements_of_the_seed_run_as_they_are_written() {
    let site = site();
    let Some(progress) = told(&site, Role::Analyst, &[PROGRESS]) else { return };
    assert!(progress.contains("|in_progress|") && progress.contains("/8|"), "{progress}");
    let hourly = told(&site, Role::Analyst, &[HOURLY]).unwrap();
    assert_eq!(hourly.lines().count(), 1, "{hourly}");
    assert!(hourly.contains(":00:00+00|"), "{hourly}");
    let genealogy = told(&site, Role::Analyst, &[GENEALOGY]).unwrap();
    assert_eq!(genealogy.lines().count(), 2, "{genealogy}");
    assert!(genealogy.lines().all(|line| line.starts_with("SHEET-1|")), "{genealogy}");
    assert!(genealogy.lines().any(|line| line.contains("|BATCH-")), "no finished batch is named: {genealogy}");
}

#[test]
fn the_backslash_commands_describe_the_plant() {
    let site = site();
    let Some(tables) = told(&site, Role::Manager, &[r"\dt"]) else { return };
    for table in ["work_orders", "material_transactions", "lots", "journal", "machine_metrics", "labor_transactions"] {
        assert!(tables.contains(&format!("public|{table}|table|")), "{table} is not in {tables}");
    }
    let columns = told(&site, Role::Manager, &[r"\d work_orders"]).unwrap();
    for column in ["work_order_number|text|", "planned_quantity|bigint|", "yield_percentage|numeric", "created_at|timestamp with time zone|"] {
        assert!(columns.contains(column), "{column} is not in {columns}");
    }
    for command in [r"\d", r"\dn", r"\l", r"\du", r"\df", r"\dv", r"\d lots", r"\conninfo", r"\dt work*", r"\d+ work_orders", r"\d+ open_orders", r"\dt+", r"\dp", r"\z"] {
        let answer = told(&site, Role::Manager, &[command]).unwrap();
        assert!(!answer.is_empty() || command == r"\df", "{command}");
    }
    // None there are: psql says so, or shows nothing.
    for command in [r"\dT", r"\do", r"\dO", r"\dX", r"\dy", r"\df+", r"\deu", r"\ddp", r"\dd", r"\dconfig", r"\da", r"\det", r"\dD"] {
        assert_eq!(told(&site, Role::Manager, &[command]).unwrap(), "", "{command}");
    }
    for (command, what) in [(r"\di", "relations"), (r"\di+", "relations"), (r"\dm", "relations"), (r"\ds", "relations"), (r"\drds", "settings")] {
        let output = psql(site.sql, "manager", PASSWORD, &[command]).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim(), format!("Did not find any {what}."), "{command}");
    }
    for (command, part) in [
        (r"\dn+", "public|"),
        (r"\du analyst", "analyst|"),
        (r"\l+", "genims_db|"),
        (r"\x", "on"),
        (r"\dTS text", "pg_catalog|text|"),
        (r"\doS ~~", "pg_catalog|~~|text|text|boolean|"),
        (r"\dfS lower", "pg_catalog|lower|"),
        (r"\daS xmlagg", "pg_catalog|xmlagg|xml|"),
        (r"\dL", "plpgsql|"),
        (r"\dAc btree", "btree|bigint|"),
        (r"\dAf btree", "btree|"),
        (r"\dFp", "default"),
        (r"\dFt", "simple"),
        (r"\dconfig *time*", "statement_timeout|60s"),
        (r"\sv open_orders", "CREATE OR REPLACE VIEW public.open_orders AS\n SELECT o.work_order_id,"),
        ("SELECT view_definition FROM information_schema.views WHERE table_name = 'downtime_pareto';", "FROM downtime_events WHERE"),
        ("SELECT definition FROM pg_views WHERE viewname = 'job_routings';", "FROM work_order_operations"),
        ("SELECT 1 AS one, 2 AS two \\gdesc", "two|integer"),
        ("SELECT status, priority, count(*) FROM work_orders GROUP BY 1, 2 \\crosstabview", "in_progress|"),
    ] {
        let answer = told(&site, Role::Manager, &[command]).unwrap();
        assert!(answer.contains(part), "{command}: {answer}");
    }
    for (command, complaint) in [
        (r"\sv oee_hourly", "is not a view"),
        (r"\sf now", "the source of a function is not told here"),
        ("SELECT pg_get_functiondef(870);", "0A000"),
        (r"\dAp", "0A000"),
        ("SELECT 'nothing'::regclass;", "42P01"),
    ] {
        assert!(complained(&site, Role::Manager, command).unwrap().contains(complaint), "{command}");
    }
    let rights = "SELECT has_table_privilege('lots', 'SELECT'), has_table_privilege('lots', 'INSERT, UPDATE'), has_schema_privilege('public', 'CREATE');";
    assert_eq!(told(&site, Role::Manager, &[rights]).unwrap(), "t|f|f");
    assert!(told(&site, Role::Manager, &[r"\dv"]).unwrap().contains("open_orders"));
    assert!(told(&site, Role::Manager, &[r"\dp"]).unwrap().contains("public|work_orders|table|"));
    assert!(told(&site, Role::Manager, &[r"\l"]).unwrap().contains("genims_db|"), "the name that was connected to");
}

#[test]
fn answers_have_the_headings_and_the_values_of_postgresql() {
    let site = Site::new();
    let heads = ["\\pset tuples_only off", "\\pset footer off", "SELECT count(*), max(priority), 1, status::text, status FROM work_orders GROUP BY status, status::text LIMIT 0;"];
    let Some(heads) = told(&site, Role::Analyst, &heads) else { return };
    assert_eq!(heads.lines().last(), Some("count|max|?column?|status|status"));
    let cases = [
        ("SELECT 7 / 2, -7 / 2, 7 % 3, 7 / 2.0 > 3.4", "3|-3|1|t"),
        ("SELECT 0.1 + 0.2 = 0.3, 'a' || 1, NULL || 'a' IS NULL", "t|a1|t"),
        ("SELECT to_char(timestamp '2026-03-05 14:07:09', 'YYYY-MM-DD HH24:MI:SS')", "2026-03-05 14:07:09"),
        ("SELECT x FROM (VALUES (2), (NULL), (1)) t(x) ORDER BY x DESC", "\n2\n1"),
        ("SELECT extract(dow FROM date '2026-03-01'), extract(isodow FROM date '2026-03-01'), extract(week FROM date '2026-03-01')", "0|7|9"),
        ("SELECT date_trunc('week', timestamp '2026-03-01 10:00:00'), date '2026-03-31' - interval '1 month'", "2026-02-23 00:00:00|2026-02-28 00:00:00"),
        ("SELECT timestamptz '2026-03-01 10:00:00.5+02', true, false, NULL::interval IS NULL", "2026-03-01 08:00:00.5+00|t|f|t"),
        ("SELECT date '2026-03-31' + interval '36 hours', 1.0 / 3 > 0.333333333333, 10::numeric / 4 = 2.5", "2026-04-01 12:00:00|t|t"),
        ("SELECT extract(second FROM timestamp '2026-01-01 00:00:01.5'), timestamptz '2026-07-01 10:00:00+00' AT TIME ZONE 'Europe/Berlin'", "1.500000|2026-07-01 12:00:00"),
        ("SELECT timestamp '2026-07-01 12:00:00' AT TIME ZONE 'Europe/Berlin', '2026-03-01'::date - '2026-02-27'::date", "2026-07-01 10:00:00+00|2"),
        ("SELECT DISTINCT lower(x) FROM (VALUES ('B'), ('a'), ('b')) t(x) ORDER BY lower(x)", "a\nb"),
        ("SELECT generate_series FROM generate_series(1, 3)", "1\n2\n3"),
        ("SELECT count(*) FILTER (WHERE x > 1), string_agg(x::text, ',' ORDER BY x) FROM (VALUES (1), (2), (3)) t(x)", "2|1,2,3"),
        ("SELECT substring('workorder' from 5), position('o' in 'work'), left('abc', 2), split_part('a-b-c', '-', 2)", "order|2|ab|b"),
        ("SELECT 'x' ~ '^[a-z]$', 'ABC' ILIKE 'abc', round(2.345, 2), ceil(1.2) = 2, greatest(1, 3, 2)", "t|t|2.35|t|3"),
        ("SELECT current_user, current_database(), current_setting('server_version_num')", "analyst|genims_db|150000"),
        ("SELECT count(*) > 9, min(table_catalog) FROM information_schema.tables WHERE table_catalog = current_database()", "t|genims_db"),
        ("SELECT count(*) FROM genims_db.public.work_orders", "0"),
        ("SELECT x FROM generate_series(1, 3) x", "1\n2\n3"),
        ("SELECT count(*), max(t) = now() FROM generate_series(now() - interval '2h', now(), interval '1h') t", "3|t"),
        ("TABLE work_orders LIMIT 1", ""),
        ("SELECT 1e3, interval '90 minutes' * 2 = interval '3 hours'", "1000|t"),
        ("SHOW transaction_read_only", "on"),
        ("BEGIN; SELECT 1; COMMIT", "BEGIN\n1\nCOMMIT"),
    ];
    for (statement, wanted) in cases {
        let answer = told(&site, Role::Analyst, &[&format!("{statement};")]).unwrap();
        assert_eq!(answer.trim_start_matches('\n'), wanted.trim_start_matches('\n'), "{statement}");
    }
    assert!(told(&site, Role::Analyst, &["SELECT version();"]).unwrap().starts_with("PostgreSQL 15.0 (Millwright"));
}

#[test]
fn views_and_the_trace_answer_what_people_ask_for() {
    let site = site();
    let Some(open) = told(&site, Role::Planner, &["SELECT count(*), sum(open_quantity) > 0 FROM open_orders;"]) else { return };
    assert_eq!(open, "5|t");
    let inventory = told(&site, Role::Planner, &["SELECT material_code, quantity FROM material_inventory WHERE lot_number = 'SHEET-1';"]).unwrap();
    assert!(inventory.starts_with("STEEL-2|35") || inventory.contains("|35"), "{inventory}");
    let trace = told(&site, Role::Planner, &["SELECT kind, depth FROM trace('SHEET-1', 'forward') ORDER BY depth;"]).unwrap();
    assert!(trace.contains("lot|0") && trace.contains("work_order|1"), "{trace}");
    for view in ["downtime_pareto", "lot_genealogy", "job_routings", "schedule_slots", "oee_hourly", "machine_metrics", "machine_metrics_hourly", "journal", "lot_edges"] {
        let count = told(&site, Role::Planner, &[&format!("SELECT count(*) FROM {view};")]).unwrap();
        assert!(count.parse::<u64>().is_ok(), "{view}: {count}");
    }
    let events = told(&site, Role::Auditor, &["SELECT command FROM journal WHERE seq = 1;", "SELECT count(*) = max(seq) FROM journal;"]).unwrap();
    assert_eq!(events, "FoundPlant\nt");
}

#[test]
fn what_does_not_fit_is_an_error_and_never_another_number() {
    let site = site();
    let cases = [
        ("SELECT 2147483647::int + 1::int".to_owned(), "integer out of range"),
        ("SELECT 2147483647 + 1".to_owned(), "integer out of range"),
        ("SELECT 32767::smallint + 1::smallint".to_owned(), "smallint out of range"),
        ("SELECT planned_quantity * 9000000000000000000 FROM work_orders".to_owned(), "bigint out of range"),
        ("SELECT planned_quantity FROM work_orders WHERE planned_quantity + 9223372036854775807 > 0".to_owned(), "bigint out of range"),
    ];
    for (statement, wanted) in cases {
        let Some(complaint) = complained(&site, Role::Analyst, &format!("{statement};")) else { return };
        assert!(complaint.contains("22003") && complaint.contains(wanted), "{statement}: {complaint}");
    }
    let sums = "SELECT sum(planned_quantity), sum(planned_quantity) FILTER (WHERE planned_quantity > 10), sum(DISTINCT planned_quantity + 0), sum(good_quantity * 0.5) IS NULL FROM work_orders;";
    assert_eq!(told(&site, Role::Analyst, &[sums]).unwrap(), "72|50|72|f");
    // Of bigint the sum is exact, however large, as is what is made of it; of integer it is a bigint.
    let sum = "sum(planned_quantity * 300000000000000000)";
    let sums = format!("SELECT {sum}, {sum} FILTER (WHERE planned_quantity > 8) / 2, sum(planned_quantity) / 7, avg(planned_quantity), sum(3) FROM work_orders;");
    assert_eq!(told(&site, Role::Analyst, &[&sums]).unwrap(), "21600000000000000000|9000000000000000000.0000000000000000|10.2857142857142857|14.4000000000000000|15");
    let windows = format!("SELECT DISTINCT {sum} OVER () FROM work_orders;");
    assert_eq!(told(&site, Role::Analyst, &[&windows]).unwrap(), "21600000000000000000");
}

#[test]
fn of_the_journal_a_role_sees_what_the_change_feed_shows_it() {
    let site = site();
    for role in [Role::Analyst, Role::Manager, Role::Auditor] {
        let Some(by_sql) = told(&site, role, &["SELECT seq FROM journal ORDER BY seq;"]) else { return };
        let feed = site.client(role).send("GET", "/api/v1/changes?limit=1000", &[], b"").unwrap().json();
        let feed: Vec<String> = feed["data"].as_array().unwrap().iter().map(|entry| entry["seq"].to_string()).collect();
        assert_eq!(by_sql.lines().collect::<Vec<_>>(), feed, "{role:?}");
    }
    let users = "SELECT count(*) > 0 FROM journal WHERE subject LIKE 'USER-%' OR subject LIKE 'EMP-%';";
    assert_eq!(told(&site, Role::Analyst, &[users]).unwrap(), "f");
    assert_eq!(told(&site, Role::Auditor, &[users]).unwrap(), "t");
}

#[test]
fn a_role_sees_the_tables_that_it_may_read_and_no_others() {
    let site = site();
    let Some(complaint) = complained(&site, Role::Analyst, "SELECT * FROM labor_transactions;") else { return };
    assert!(complaint.contains("42501") && complaint.contains("permission denied for table labor_transactions"), "{complaint}");
    assert!(complained(&site, Role::Manager, "SELECT * FROM users;").unwrap().contains("42501"));
    let users = told(&site, Role::Auditor, &["SELECT user_name FROM users WHERE role = 'analyst';"]).unwrap();
    assert_eq!(users, "analyst");
    assert!(!told(&site, Role::Analyst, &[r"\dt"]).unwrap().contains("labor_transactions"));
    assert!(complained(&site, Role::Operator, "SELECT 1;").unwrap().contains("the role operator may not ask by SQL"));
}
