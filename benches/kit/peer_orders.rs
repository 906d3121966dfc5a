//! The peers' side of a durable work-order update: the same rows as a journaled command leaves
//! (order, its past value, an audit row with a hash, the idempotency key), in tables that are
//! narrower than ours and in one statement, so that the comparison favours the peer.

use std::path::Path;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};

use super::Dice;
use super::postgres::Cluster;

const TABLES: &str = "
CREATE TABLE work_orders (id bigint PRIMARY KEY, number text UNIQUE, product_id bigint, status text, priority int, planned_quantity int,
  good_quantity int, rejected_quantity int, unit text, created_by text, version bigint, created_at timestamptz, updated_at timestamptz);
CREATE INDEX ON work_orders (product_id);
CREATE INDEX ON work_orders (status);
CREATE TABLE history (seq bigserial PRIMARY KEY, LIKE work_orders);
CREATE TABLE audit (seq bigserial PRIMARY KEY, order_id bigint, actor text, role text, command text, payload text, key text, at timestamptz, hash bytea);
CREATE TABLE receipts (key text PRIMARY KEY, order_id bigint, at timestamptz);
";

/// One update in one statement; `$id`, `$priority` and `$key` stand for its parameters.
const UPDATE: &str = "
WITH changed AS (
  UPDATE work_orders SET priority = $priority, version = version + 1, updated_at = now() WHERE id = $id RETURNING *),
past AS (
  INSERT INTO history (id, number, product_id, status, priority, planned_quantity, good_quantity, rejected_quantity, unit, created_by, version, created_at, updated_at)
  SELECT * FROM changed),
audited AS (
  INSERT INTO audit (order_id, actor, role, command, payload, key, at, hash)
  SELECT id, 'bench', 'planner', 'UpdateWorkOrder', '{\"priority\":' || priority || '}', $key, updated_at,
    sha256(convert_to(id || 'bench planner UpdateWorkOrder' || priority || version || $key || updated_at, 'UTF8')) FROM changed)
INSERT INTO receipts (key, order_id, at) SELECT $key, id, updated_at FROM changed";

/// Makes and fills the tables in PostgreSQL.
pub(crate) fn populate(cluster: &Cluster, orders: u64) -> anyhow::Result<()> {
    cluster.psql(TABLES)?;
    cluster.psql(&format!("INSERT INTO work_orders SELECT i, 'WO-' || i, 1, 'created', 5, 250, 0, 0, 'piece', 'bench', 1, now(), now() FROM generate_series(1, {orders}) i"))?;
    cluster.psql("VACUUM ANALYZE work_orders")?;
    cluster.psql("CHECKPOINT")?;
    Ok(())
}

/// The update as a script of pgbench; its key is a random number written as text.
pub(crate) fn pgbench_script(orders: u64) -> String {
    let statement = UPDATE.replace("$priority", ":priority").replace("$id", ":id").replace("$key", ":key::text").replace('\n', " ");
    format!("\\set id random(1, {orders})\n\\set priority random(1, 10)\n\\set key random(1, 9000000000000000000)\n{statement};\n")
}

/// The update with numbered parameters: priority, id, key.
pub(crate) fn statement() -> String {
    UPDATE.replace("$priority", "$1::int").replace("$id", "$2::bigint").replace("$key", "$3::text")
}

/// The same work in SQLite, in this process, with every commit synced.
pub(crate) struct Lite {
    connection: rusqlite::Connection,
    orders: u64,
    dice: Dice,
}

impl Lite {
    pub(crate) fn populated(folder: &Path, orders: u64) -> anyhow::Result<Self> {
        let connection = rusqlite::Connection::open(folder.join("peer.sqlite"))?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;
             CREATE TABLE work_orders (id INTEGER PRIMARY KEY, number TEXT UNIQUE, product_id INT, status TEXT, priority INT, planned_quantity INT,
               good_quantity INT, rejected_quantity INT, unit TEXT, created_by TEXT, version INT, created_at INT, updated_at INT);
             CREATE INDEX by_product ON work_orders (product_id);
             CREATE INDEX by_status ON work_orders (status);
             CREATE TABLE history AS SELECT 0 AS seq, * FROM work_orders;
             CREATE TABLE audit (seq INTEGER PRIMARY KEY, order_id INT, actor TEXT, role TEXT, command TEXT, payload TEXT, key TEXT, at INT, hash BLOB);
             CREATE TABLE receipts (key TEXT PRIMARY KEY, order_id INT, at INT);",
        )?;
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
             INSERT INTO work_orders SELECT i, 'WO-' || i, 1, 'created', 5, 250, 0, 0, 'piece', 'bench', 1, 0, 0 FROM n",
            [i64::try_from(orders)?],
        )?;
        Ok(Self { connection, orders, dice: Dice(7) })
    }

    /// One durable update.
    pub(crate) fn update(&mut self) -> anyhow::Result<()> {
        let id = i64::try_from(self.dice.within(1, self.orders))?;
        let priority = i64::try_from(self.dice.within(1, 10))?;
        let key = format!("{:016x}{:016x}", self.dice.roll(), self.dice.roll());
        let at = i64::try_from(super::own_cpu().as_nanos())?;
        let txn = self.connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let sets = txn.prepare_cached("UPDATE work_orders SET priority = ?2, version = version + 1, updated_at = ?3 WHERE id = ?1")?.execute((id, priority, at))?;
        anyhow::ensure!(sets == 1, "no such order");
        txn.prepare_cached("INSERT INTO history SELECT version, * FROM work_orders WHERE id = ?1")?.execute([id])?;
        let payload = format!("{{\"priority\":{priority}}}");
        let hash = Sha256::digest(format!("{id}bench planner UpdateWorkOrder{payload}{key}{at}")).to_vec();
        txn.prepare_cached("INSERT INTO audit (order_id, actor, role, command, payload, key, at, hash) VALUES (?1, 'bench', 'planner', 'UpdateWorkOrder', ?2, ?3, ?4, ?5)")?
            .execute((id, &payload, &key, at, hash))?;
        txn.prepare_cached("INSERT INTO receipts VALUES (?1, ?2, ?3)")?.execute((&key, id, at))?;
        txn.commit().context("SQLite commit")
    }
}
