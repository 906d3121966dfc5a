//! Python's drivers, as scripts of analysts use them. Skipped, and it says so, where they are missing.
#![allow(clippy::print_stdout)]

use super::*;

/// Runs a script with the place in `sys.argv`; what it prints, or `None` where a module is missing.
fn python(site: &Site, module: &str, script: &str) -> Option<String> {
    let python = std::env::var_os("MILLWRIGHT_PYTHON").unwrap_or_else(|| "python3".into());
    let found = Process::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        println!("skipped: MILLWRIGHT_PYTHON (or python3) has no {module}");
        return None;
    }
    let output = Process::new(&python).args(["-c", script, &site.sql.port().to_string(), PASSWORD]).output().unwrap();
    assert!(output.status.success(), "{module}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

const PSYCOPG: &str = r#"
import sys, decimal, datetime, psycopg
with psycopg.connect(host="127.0.0.1", port=int(sys.argv[1]), user="manager", password=sys.argv[2], dbname="anything") as db:
    for binary in (False, True):
        cur = db.cursor(binary=binary)
        cur.execute("SELECT work_order_number, planned_quantity, created_at, quality_hold, total_material_cost FROM work_orders WHERE status = %s AND planned_quantity >= %s ORDER BY planned_quantity", ("created", 20))
        rows = cur.fetchall()
        assert [row[1] for row in rows] == [20, 30], rows
        assert isinstance(rows[0][2], datetime.datetime) and rows[0][2].tzinfo is not None, rows
        assert rows[0][3] is False and isinstance(rows[0][4], decimal.Decimal), rows
        cur.execute("SELECT count(*) FROM work_orders WHERE created_at > %s AND work_order_number = ANY(%s)", (datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc), [rows[0][0], "none"]))
        assert cur.fetchone() == (1,)
        cur.execute("SELECT NULL::int, NULL::text, 1.5::numeric, 2.5::float8, DATE '2026-03-01', ARRAY[1, 2]")
        assert cur.fetchone() == (None, None, decimal.Decimal("1.5"), 2.5, datetime.date(2026, 3, 1), [1, 2])
        for _ in range(8):
            cur.execute("SELECT %s::text", ("again",), prepare=True)
            assert cur.fetchone() == ("again",)
    try:
        db.execute("SELECT nothing FROM lots")
    except psycopg.errors.UndefinedColumn as error:
        print("refused", error.sqlstate)
    try:
        db.execute("SELECT 1")
    except psycopg.errors.InFailedSqlTransaction as error:
        print("aborted", error.sqlstate)
    db.rollback()
    try:
        db.execute("DELETE FROM lots")
    except psycopg.errors.ReadOnlySqlTransaction as error:
        print("read-only", error.sqlstate)
    db.rollback()
    print([d.name for d in db.execute("SELECT * FROM lots LIMIT 0").description][:3])
    import threading
    timer = threading.Timer(0.5, db.cancel)
    timer.start()
    try:
        db.execute("SELECT count(*) FROM generate_series(1, 100000000000)")
    except psycopg.errors.QueryCanceled as error:
        print("cancelled", error.sqlstate)
"#;

const ASYNCPG: &str = r#"
import asyncio, sys, decimal, datetime, asyncpg
async def main():
    db = await asyncpg.connect(host="127.0.0.1", port=int(sys.argv[1]), user="manager", password=sys.argv[2], database="anything")
    rows = await db.fetch("SELECT work_order_number, planned_quantity, created_at, good_quantity, total_labor_cost FROM work_orders WHERE status = $1 AND planned_quantity > $2 ORDER BY 2", "created", 10)
    assert [row["planned_quantity"] for row in rows] == [20, 30], rows
    assert isinstance(rows[0]["total_labor_cost"], decimal.Decimal) and rows[0]["created_at"].tzinfo is not None
    statement = await db.prepare("SELECT status, count(*) FROM work_orders WHERE created_at >= $1 GROUP BY status ORDER BY 1")
    for _ in range(3):
        found = await statement.fetch(datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc))
    async with db.transaction(readonly=True):
        seen = [row["seq"] async for row in db.cursor("SELECT seq FROM journal ORDER BY seq", prefetch=2)]
    assert seen == sorted(set(seen)) and len(seen) > 5
    try:
        await db.fetch("SELECT * FROM nowhere")
    except asyncpg.UndefinedTableError as error:
        print("refused", error.sqlstate)
    await db.close()
    pool = await asyncpg.create_pool(host="127.0.0.1", port=int(sys.argv[1]), user="manager", password=sys.argv[2], database="anything", min_size=2, max_size=4)
    answers = await asyncio.gather(*[pool.fetchval("SELECT count(*) FROM lots") for _ in range(12)])
    assert len(set(answers)) == 1
    await pool.close()
    print([tuple(row) for row in found])
asyncio.run(main())
"#;

const SQLALCHEMY: &str = r#"
import sys, sqlalchemy
from sqlalchemy import create_engine, inspect, text
engine = create_engine(f"postgresql+psycopg://manager:{sys.argv[2].replace(' ', '%20')}@127.0.0.1:{sys.argv[1]}/anything")
found = inspect(engine)
assert "public" in found.get_schema_names()
tables = found.get_table_names()
assert {"work_orders", "lots", "journal", "material_transactions"} <= set(tables), tables
assert "open_orders" in found.get_view_names()
columns = {column["name"]: column for column in found.get_columns("work_orders")}
print(columns["planned_quantity"]["type"], columns["created_at"]["type"], columns["yield_percentage"]["type"], columns["work_order_number"]["nullable"])
assert found.has_table("lots") and not found.has_table("nowhere")
assert found.get_pk_constraint("lots")["constrained_columns"] == [] and found.get_foreign_keys("lots") == []
assert found.get_indexes("lots") == [] and found.get_unique_constraints("lots") == [] and found.get_check_constraints("lots") == []
assert found.get_table_comment("lots") == {"text": None}
assert found.get_materialized_view_names() == found.get_sequence_names() == found.get_enums() == found.get_domains() == found.get_temp_table_names() == []
assert len(found.get_multi_columns()) == len(tables) == len(found.get_multi_pk_constraint()) == len(found.get_multi_indexes()) == len(found.get_multi_table_comment())
assert found.get_columns("open_orders")[0]["name"] == "work_order_id" and found.default_schema_name == "public"
whole = sqlalchemy.MetaData()
whole.reflect(engine)
assert {"work_orders", "lots"} <= set(whole.tables) and "lot_number" in whole.tables["lots"].columns
with engine.connect() as db:
    table = sqlalchemy.table("work_orders", *[sqlalchemy.column(name, column["type"]) for name, column in columns.items()])
    rows = db.execute(sqlalchemy.select(table.c.status, sqlalchemy.func.count()).where(table.c.planned_quantity > 5).group_by(table.c.status).order_by(table.c.status)).all()
    print(rows)
"#;

#[test]
fn psycopg_reads_in_text_and_binary_with_parameters_and_is_told_what_is_wrong() {
    let site = site();
    let Some(told) = python(&site, "psycopg", PSYCOPG) else { return };
    assert_eq!(told, "refused 42703\naborted 25P02\nread-only 25006\n['lot_id', 'lot_number', 'material_id']\ncancelled 57014");
}

#[test]
fn asyncpg_prepares_fetches_piece_by_piece_and_pools() {
    let site = site();
    let Some(told) = python(&site, "asyncpg", ASYNCPG) else { return };
    assert_eq!(told.lines().next(), Some("refused 42P01"));
    assert!(told.contains("('created', 3)"), "{told}");
}

#[test]
fn sqlalchemy_finds_tables_and_columns_by_reflection() {
    let site = site();
    let Some(told) = python(&site, "sqlalchemy, psycopg", SQLALCHEMY) else { return };
    assert_eq!(told.lines().next(), Some("BIGINT TIMESTAMP NUMERIC True"), "{told}");
    assert!(told.contains("('created', 3)"), "{told}");
}
