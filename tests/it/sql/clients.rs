//! What tools ask before they show anything: Grafana's statements, Metabase's driver (pgjdbc) as it is,
//! the ODBC driver as it is. Skipped, and it says so, where Java or ODBC is missing.
#![allow(clippy::print_stdout)]

use super::*;

/// How Grafana asks whether a schema stands in the search path.
const IN_PATH: &str = "quote_ident(table_schema) IN (SELECT CASE WHEN trim(s[i]) = '\"$user\"' THEN user ELSE trim(s[i]) END FROM generate_series(\
    array_lower(string_to_array(current_setting('search_path'),','),1), array_upper(string_to_array(current_setting('search_path'),','),1)) as i, \
    string_to_array(current_setting('search_path'),',') s)";

#[test]
fn grafana_finds_version_tables_and_columns_and_its_macros_are_understood() {
    let site = site();
    let ask = |sql: &str| told(&site, Role::Analyst, &[&format!("{};", sql.replace("$IN_PATH", IN_PATH))]);
    let Some(version) = ask("SELECT current_setting('server_version_num')::int/100 as version") else { return };
    assert_eq!(version, "1500");
    assert_eq!(ask("SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'").unwrap(), "");
    let tables = ask("select quote_ident(table_name) as \"table\" from information_schema.tables where quote_ident(table_schema) not in ('information_schema', 'pg_catalog', '_timescaledb_cache') and $IN_PATH").unwrap();
    assert!(tables.lines().any(|line| line == "work_orders"), "{tables}");
    let tables = ask("SELECT CASE WHEN $IN_PATH THEN quote_ident(table_name) ELSE quote_ident(table_schema) || '.' || quote_ident(table_name) END AS \"table\" \
                      FROM information_schema.tables WHERE quote_ident(table_schema) NOT IN ('information_schema', 'pg_catalog') ORDER BY CASE WHEN $IN_PATH THEN 0 ELSE 1 END, 1")
    .unwrap();
    assert!(tables.lines().any(|line| line == "work_orders"), "{tables}");
    for columns in [
        "select quote_ident(column_name) as \"column\", data_type as \"type\" from information_schema.columns where quote_ident(table_name) = 'work_orders'",
        "select quote_ident(column_name) as \"column\", data_type as \"type\" from information_schema.columns where $IN_PATH and quote_ident(table_name) = 'work_orders'",
        "select quote_ident(\"column_name\") as \"column\", \"data_type\" as \"type\" from information_schema.columns where case when array_length(parse_ident('work_orders'),1) = 2 \
         then quote_ident(table_schema) = (parse_ident('work_orders'))[1] and quote_ident(table_name) = (parse_ident('work_orders'))[2] \
         else quote_ident(table_name) = (parse_ident('work_orders'))[1] and $IN_PATH end",
    ] {
        let told = ask(columns).unwrap();
        assert!(told.contains("planned_quantity|bigint") && told.contains("created_at|timestamp with time zone"), "{columns}: {told}");
    }
    // $__timeFilter, $__timeGroup, $__timeEpoch and $__unixEpochFilter as Grafana writes them out.
    let buckets = ask("SELECT floor(extract(epoch from created_at)/300)*300 AS \"time\", count(*) FROM work_orders WHERE created_at BETWEEN '2020-01-01T00:00:00Z' AND '2099-01-01T00:00:00.123Z' GROUP BY 1 ORDER BY 1").unwrap();
    let (time, _) = buckets.lines().next().unwrap().split_once('|').unwrap();
    assert_eq!(time.parse::<i64>().unwrap() % 300, 0, "{buckets}");
    let unix = ask("SELECT extract(epoch from created_at) AS \"time\", planned_quantity::float AS value FROM work_orders WHERE extract(epoch from created_at) >= 1 AND extract(epoch from created_at) <= 9999999999 LIMIT 1").unwrap();
    assert!(unix.contains('|'), "{unix}");
}

#[test]
fn the_driver_of_metabase_finds_schemas_tables_columns_and_types() {
    let site = site();
    let (jar, source) = ("/usr/share/java/postgresql.jar", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sql/Introspect.java"));
    let port = site.sql.port().to_string();
    let ran = Process::new("java").args(["-cp", jar, source, "127.0.0.1", &port, "analyst", PASSWORD]).output();
    let Some(output) = ran.ok().filter(|_| std::path::Path::new(jar).exists()) else {
        println!("skipped: there is no Java with pgjdbc here (Debian: apt-get install default-jdk-headless libpostgresql-jdbc-java)");
        return;
    };
    let (told, talk) = (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success() && !told.contains("FAILED"), "{told}\n{talk}");
    let of = |what: &str| told.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(": ")).unwrap_or_else(|| panic!("{what} is not in {told}")).to_owned();
    assert_eq!(of("product"), "PostgreSQL 15");
    assert!(of("schemas").contains("public"));
    assert!(of("tables").starts_with("true true "), "{told}");
    assert!(of("columns").contains("lot_number|text|12|NO|2") && of("columns").contains("created_at|timestamptz|93|"), "{told}");
    for nothing in ["keys", "imported", "exported", "indexes", "table privileges"] {
        assert!(of(nothing).starts_with('['), "{nothing}: {told}");
    }
    // As PostgreSQL 15 tells them: code of JDBC, precision, mark before literals, whether case counts, money, serial.
    for known in ["bool|-7|0|'|false|false|false", "int8|-5|0|null|false|false|false", "numeric|2|1000|null|false|false|false", "int4|4|0|null|false|false|false"] {
        assert!(of("types").contains(known), "{known}: {told}");
    }
    for known in ["float8|8|0|null|false|false|false", "text|12|0|'|true|false|false", "date|91|0|'|false|false|false", "timestamptz|93|6|'|false|false|false", "_text|2003|"] {
        assert!(of("types").contains(known), "{known}: {told}");
    }
    assert_eq!((of("versions"), of("table privileges")), ("[ctid|tid]".into(), "[]".into()));
    assert_eq!(["table types", "keywords", "client", "all tables", "all columns"].map(of), ["true"; 5].map(String::from), "{told}");
    assert_eq!((of("some schemas"), of("best row"), of("crossing")), ("[public]".into(), "[]".into(), "[]".into()));
    assert_eq!((of("keys"), of("imported"), of("select"), of("cursor")), ("[]".into(), "[]".into(), "true".into(), "5".into()));
    assert_eq!(of("metadata"), "text int8 numeric timestamptz");
}

#[test]
fn the_odbc_driver_lists_tables_and_columns_and_reads_with_parameters() {
    let site = site();
    let folder = tempfile::tempdir().unwrap();
    let source = format!("[plant]\nDriver = PostgreSQL Unicode\nServername = 127.0.0.1\nPort = {}\nDatabase = plant\nReadOnly = Yes\n", site.sql.port());
    std::fs::write(folder.path().join("odbc.ini"), source).unwrap();
    let ask = |commands: &str| {
        let mut process = Process::new("isql");
        process
            .args(["plant", "analyst", PASSWORD, "-b", "-d|"])
            .env("ODBCINI", folder.path().join("odbc.ini"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = process.spawn().ok()?;
        child.stdin.take().unwrap().write_all(commands.as_bytes()).unwrap();
        let told = child.wait_with_output().unwrap();
        Some(format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr)))
    };
    let drivers = Process::new("odbcinst").args(["-q", "-d"]).output().map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let Some(tables) = ask("help\n").filter(|_| drivers.contains("PostgreSQL Unicode")) else {
        println!("skipped: there is no isql with PostgreSQL's driver here (Debian: apt-get install unixodbc odbc-postgresql)");
        return;
    };
    assert!(tables.contains("|public|work_orders|TABLE|") && tables.contains("|public|open_orders|VIEW|"), "{tables}");
    let columns = ask("help work_orders\n").unwrap();
    assert!(columns.contains("|planned_quantity|") && columns.contains("|int8|"), "{columns}");
    let rows = ask("SELECT status, count(*) FROM work_orders GROUP BY status ORDER BY status\n").unwrap();
    assert!(rows.contains("created|3"), "{rows}");
    let refused = ask("DELETE FROM work_orders\n").unwrap();
    assert!(!refused.contains("SQLRowCount returns 4"), "{refused}");
}

#[test]
fn every_table_that_the_shop_names_is_there() {
    let site = site();
    for table in ["work_centers", "job_routings", "schedule_slots", "material_inventory", "sigmanest_sync_log"] {
        let Some(count) = told(&site, Role::Analyst, &[&format!("SELECT count(*) >= 0 FROM {table};")]) else { return };
        assert_eq!(count, "t", "{table}");
    }
    let empty = told(
        &site,
        Role::Analyst,
        &["SELECT id, sync_type, direction, record_count, status, error_message, started_at, completed_at FROM sigmanest_sync_log WHERE started_at > now();"],
    );
    assert_eq!(empty.unwrap(), "");
}
