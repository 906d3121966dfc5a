//! Which tables, views and functions a role sees. Made once a role: published tables over the plant,
//! what machines told, views under the names that people ask for, PostgreSQL's catalogue, and
//! `information_schema` over that. Who may read a table follows the table of permissions.

use std::sync::Arc;

use datafusion::catalog::{MemorySchemaProvider, TableProvider};
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::session_state::{SessionState, SessionStateBuilder};
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_pg_catalog::pg_catalog::context::{PgCatalogContextProvider, Role as CatalogRole};
use datafusion_pg_catalog::pg_catalog::setup_pg_catalog;

use super::checked::Checked;
use super::functions;
use super::kept::Kept;
use super::metrics::Metrics;
use super::moment::external;
use super::oee::{self, OeeHourly};
use super::operators::Operators;
use super::pages::PagedTable;
use super::percentile::percentile_cont;
use super::records::Records;
use super::sides::Sides;
use super::sums;
use super::trace::TraceFunction;
use super::types::format_type;
use crate::engine::Engine;
use crate::followers::figures::Figures;
use crate::lake::published;
use crate::model::permission::{Role, may};
use crate::telemetry::Lane;

/// The one database; clients may call it what they like.
pub(super) const DATABASE: &str = "millwright";
const SCHEMA: &str = "public";
const FLOOR: &str = "ReadFloor";

/// What tables are over.
pub(super) struct Sources {
    pub(super) engine: Engine,
    pub(super) lane: Option<Lane>,
    pub(super) figures: Figures,
    pub(super) kept: Kept,
}

/// A view: its name, what it reads, and its statement.
type View = (&'static str, &'static [&'static str], &'static str);

const VIEWS: &[View] = &[
    (
        "open_orders",
        &["work_orders", "products"],
        "SELECT o.work_order_id, o.work_order_number, o.status, o.priority, p.product_code, p.product_name, o.customer_id, o.planned_quantity, o.good_quantity, \
         o.planned_quantity - o.good_quantity AS open_quantity, o.planned_end_date, o.scheduled_start_time, o.scheduled_end_time, o.actual_start_time, o.quality_hold, o.lot_number \
         FROM work_orders o LEFT JOIN products p ON p.product_id = o.product_id WHERE o.status IN ('created', 'released', 'scheduled', 'in_progress', 'on_hold')",
    ),
    (
        "downtime_pareto",
        &["downtime_events"],
        "SELECT downtime_category, count(*) AS stops, sum(duration_minutes) AS minutes, \
         100.0 * sum(duration_minutes) / sum(sum(duration_minutes)) OVER () AS share_percentage, \
         100.0 * sum(sum(duration_minutes)) OVER (ORDER BY sum(duration_minutes) DESC, downtime_category) / sum(sum(duration_minutes)) OVER () AS cumulative_percentage \
         FROM downtime_events WHERE duration_minutes IS NOT NULL GROUP BY downtime_category",
    ),
    (
        "lot_genealogy",
        &["lot_edges", "lots", "work_orders"],
        "SELECT e.from_kind, e.from_id, coalesce(fl.lot_number, fo.work_order_number) AS from_number, fl.material_code AS from_material_code, \
         e.to_kind, e.to_id, coalesce(tl.lot_number, tw.work_order_number) AS to_number, tl.material_code AS to_material_code, e.quantity, e.unit_of_measure \
         FROM lot_edges e LEFT JOIN lots fl ON fl.lot_id = e.from_id LEFT JOIN work_orders fo ON fo.work_order_id = e.from_id \
         LEFT JOIN lots tl ON tl.lot_id = e.to_id LEFT JOIN work_orders tw ON tw.work_order_id = e.to_id",
    ),
    (
        "material_inventory",
        &["lots", "materials"],
        "SELECT l.lot_id AS id, l.material_code, m.thickness_mm AS thickness, m.width_mm AS sheet_width, m.length_mm AS sheet_length, l.quantity_on_hand AS quantity, l.unit_of_measure, \
         l.location, l.heat_number AS heat_lot, l.unit_cost AS cost_per_unit, l.lot_number, l.status, l.updated_at \
         FROM lots l LEFT JOIN materials m ON m.material_id = l.material_id WHERE l.quantity_on_hand > 0",
    ),
    (
        "job_routings",
        &["work_order_operations"],
        "SELECT operation_id AS id, work_order_id AS job_id, operation_sequence AS sequence, operation_code, work_center_code AS work_center_type, planned_setup_time_minutes AS setup_minutes, \
         standard_time_per_unit_seconds / 60 AS run_minutes_per_unit, work_instructions AS notes, created_at FROM work_order_operations",
    ),
    (
        "schedule_slots",
        &["production_schedule"],
        "SELECT schedule_id AS id, operation_id AS routing_id, work_order_id, work_center_id, planned_start_time AS planned_start, planned_end_time AS planned_end, \
         actual_start_time AS actual_start, actual_end_time AS actual_end, schedule_status AS status, created_at, updated_at FROM production_schedule",
    ),
    (
        // Nothing is exchanged with SigmaNEST yet; whoever asks finds the columns and no row.
        "sigmanest_sync_log",
        &[],
        "SELECT CAST(NULL AS TEXT) AS id, CAST(NULL AS TEXT) AS sync_type, CAST(NULL AS TEXT) AS direction, CAST(NULL AS INT) AS record_count, CAST(NULL AS TEXT) AS status, \
         CAST(NULL AS TEXT) AS error_message, arrow_cast(NULL, 'Timestamp(µs, \"UTC\")') AS started_at, arrow_cast(NULL, 'Timestamp(µs, \"UTC\")') AS completed_at WHERE false",
    ),
];

/// Stands where the statement of a view is told.
const DEFINITION: &str = "DEFINITION";

/// `information_schema`, as far as clients ask for it.
const INFORMATION: &[(&str, &str)] = &[
    (
        "tables",
        "SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, CASE WHEN c.relkind = 'v' THEN 'VIEW' ELSE 'BASE TABLE' END AS table_type, \
         'NO' AS is_insertable_into, 'NO' AS is_typed FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v')",
    ),
    (
        "columns",
        "SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, a.attname AS column_name, CAST(a.attnum AS INT) AS ordinal_position, \
         CAST(NULL AS TEXT) AS column_default, CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END AS is_nullable, \
         CASE WHEN left(t.typname, 1) = '_' THEN 'ARRAY' ELSE format_type(a.atttypid, NULL) END AS data_type, CAST(NULL AS INT) AS character_maximum_length, \
         CASE t.typname WHEN 'numeric' THEN 15 WHEN 'int8' THEN 64 WHEN 'int4' THEN 32 WHEN 'float8' THEN 53 END AS numeric_precision, \
         CASE t.typname WHEN 'numeric' THEN 4 WHEN 'int8' THEN 0 WHEN 'int4' THEN 0 END AS numeric_scale, CASE WHEN t.typname LIKE 'timestamp%' THEN 6 END AS datetime_precision, \
         CAST(NULL AS TEXT) AS collation_name, CAST(NULL AS TEXT) AS domain_name, current_database() AS udt_catalog, 'pg_catalog' AS udt_schema, t.typname AS udt_name, \
         'NO' AS is_identity, 'NEVER' AS is_generated, 'NO' AS is_updatable \
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_type t ON t.oid = a.atttypid",
    ),
    ("schemata", "SELECT current_database() AS catalog_name, nspname AS schema_name, current_database() AS schema_owner FROM pg_catalog.pg_namespace"),
    (
        "views",
        "SELECT current_database() AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, DEFINITION AS view_definition \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'v'",
    ),
    (
        "table_constraints",
        "SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS table_schema, '' AS table_name, '' AS constraint_type WHERE false",
    ),
    (
        "key_column_usage",
        "SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS table_schema, '' AS table_name, '' AS column_name, 0 AS ordinal_position WHERE false",
    ),
    ("routines", "SELECT '' AS routine_catalog, '' AS routine_schema, '' AS routine_name, '' AS routine_type, '' AS data_type WHERE false"),
    (
        "referential_constraints",
        "SELECT '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name, '' AS unique_constraint_catalog, '' AS unique_constraint_schema, \
         '' AS unique_constraint_name, '' AS match_option, '' AS update_rule, '' AS delete_rule WHERE false",
    ),
    (
        "constraint_column_usage",
        "SELECT '' AS table_catalog, '' AS table_schema, '' AS table_name, '' AS column_name, '' AS constraint_catalog, '' AS constraint_schema, '' AS constraint_name WHERE false",
    ),
    ("parameters", "SELECT '' AS specific_catalog, '' AS specific_schema, '' AS specific_name, 0 AS ordinal_position, '' AS parameter_name, '' AS data_type WHERE false"),
    ("triggers", "SELECT '' AS trigger_catalog, '' AS trigger_schema, '' AS trigger_name, '' AS event_object_schema, '' AS event_object_table WHERE false"),
    ("domains", "SELECT '' AS domain_catalog, '' AS domain_schema, '' AS domain_name, '' AS data_type WHERE false"),
    ("sequences", "SELECT '' AS sequence_catalog, '' AS sequence_schema, '' AS sequence_name WHERE false"),
];

/// The statement of the view that a column names, as an expression; NULL for what is none.
pub(super) fn definition_of(column: &str) -> String {
    let each: Vec<String> = VIEWS.iter().map(|(name, _, sql)| format!("WHEN '{name}' THEN ' {};'", sql.replace('\'', "''"))).collect();
    format!("CASE {column} {} END", each.join(" "))
}

/// The roles of the plant, as PostgreSQL's catalogue lists roles.
#[derive(Clone, Debug)]
struct Roles;

#[async_trait::async_trait]
impl PgCatalogContextProvider for Roles {
    async fn roles(&self) -> Vec<String> {
        Role::PEOPLE.iter().map(|role| role.word().to_owned()).collect()
    }

    async fn role(&self, name: &str) -> Option<CatalogRole> {
        let known = Role::PEOPLE.iter().any(|role| role.word() == name);
        known.then(|| CatalogRole {
            name: name.to_owned(),
            is_superuser: false,
            can_login: true,
            can_create_db: false,
            can_create_role: false,
            can_create_user: false,
            can_replication: false,
            grants: Vec::new(),
            inherited_roles: Vec::new(),
        })
    }
}

/// What reading a table is, in the table of permissions; `None` for what is no table here.
pub fn act_of(table: &str) -> Option<&'static str> {
    let own = published().into_iter().find(|known| known.name == table).map(|known| known.act());
    let floor = Metrics::names().any(|name| name == table) || table == oee::NAME || VIEWS.iter().any(|(name, ..)| *name == table);
    own.or(floor.then_some(FLOOR))
}

fn config(partitions: usize) -> SessionConfig {
    let mut config = SessionConfig::new().with_default_catalog_and_schema(DATABASE, SCHEMA).with_information_schema(false).with_target_partitions(partitions);
    let options = config.options_mut();
    // 0.1 + 0.2 is 0.3, as in PostgreSQL.
    options.sql_parser.parse_float_as_decimal = true;
    options.sql_parser.map_string_types_to_utf8view = false;
    options.sql_parser.collect_spans = true;
    options.execution.time_zone = Some("UTC".to_owned());
    config
}

/// Everything that a role sees.
pub(super) async fn of_role(sources: &Sources, role: Role, runtime: &Arc<RuntimeEnv>, partitions: usize) -> Result<SessionState> {
    // What makes sides alike comes before the rules that settle types.
    let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![Arc::new(Sides)];
    rules.extend(Analyzer::new().rules);
    let state = SessionStateBuilder::new().with_config(config(partitions)).with_runtime_env(Arc::clone(runtime)).with_default_features().with_analyzer_rules(rules);
    let mut context = SessionContext::new_with_state(state.build());
    for name in functions::REMOVED {
        context.deregister_udf(name);
    }
    for function in sums::all() {
        context.register_udaf(function);
    }
    context.register_udaf(percentile_cont());
    tables(&context, sources, role)?;
    for (name, reads, sql) in VIEWS {
        if reads.iter().all(|table| context.table_exist(*table).unwrap_or(false)) {
            context.sql(&format!("CREATE VIEW {name} AS {sql}")).await?;
        }
    }
    if may(role, "ReadTrace") {
        context.register_udtf("trace", Arc::new(TraceFunction(sources.engine.clone())));
    }
    setup_pg_catalog(&context, DATABASE, Roles).map_err(|error| *error)?;
    for function in functions::all() {
        context.register_udf(function);
    }
    context.register_udf(format_type(&context).await?);
    context.add_analyzer_rule(Arc::new(Checked));
    context.register_expr_planner(Arc::new(Operators))?;
    information(&context).await?;
    Ok(context.state())
}

fn tables(context: &SessionContext, sources: &Sources, role: Role) -> Result<()> {
    let mut all: Vec<(&'static str, Arc<dyn TableProvider>)> = Vec::new();
    all.extend(published().into_iter().map(|table| (table.name, Arc::new(PagedTable(Records::new(&sources.engine, &sources.kept, table, role))) as _)));
    if let Some(lane) = &sources.lane {
        let metrics = Metrics::all(lane).map_err(external)?;
        all.extend(metrics.into_iter().map(|(name, table)| (name, Arc::new(PagedTable(table)) as _)));
    }
    all.push((oee::NAME, Arc::new(PagedTable(OeeHourly::new(&sources.engine, &sources.figures)))));
    for (name, table) in all {
        if act_of(name).is_some_and(|act| may(role, act)) {
            context.register_table(name, table)?;
        }
    }
    Ok(())
}

async fn information(context: &SessionContext) -> Result<()> {
    if let Some(catalog) = context.catalog(DATABASE) {
        catalog.register_schema("information_schema", Arc::new(MemorySchemaProvider::new()))?;
    }
    for (name, sql) in INFORMATION {
        let sql = sql.replace(DEFINITION, &definition_of("c.relname"));
        context.sql(&format!("CREATE VIEW information_schema.{name} AS {sql}")).await?;
    }
    Ok(())
}
