//! Between PostgreSQL's meaning and DataFusion's: a statement is changed so that both mean the same,
//! or refused where they never would. Column headings, the plant's clock, who asks. Catalogue
//! statements of clients (`\d`, reflection) go through the catalogue's own rules as well; people's
//! statements do not, since those rules guess.

use std::collections::HashSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, FunctionArguments, Ident, Query, Select, SelectItem, SetExpr, TableFactor, VisitMut as _, VisitorMut, visit_expressions_mut, visit_relations,
};
use datafusion::sql::sqlparser::dialect::{GenericDialect, PostgreSqlDialect};
use datafusion::sql::sqlparser::parser::Parser;
use datafusion_pg_catalog::sql::PostgresCompatibilityParser;
use datafusion_pg_catalog::sql::rules::{FixArrayLiteral, RewriteArrayAnyAllOperation, SqlStatementRewriteRule as _};

use super::catalog::{DATABASE, definition_of};
use super::fault::{Fault, NOT_DONE, OVERFLOW};
use super::functions::{EXTRACT, FIXED_LENGTH};
use super::literals;
use super::numbers::{NUMERIC, PLACES, WHOLE};
use super::settings::Settings;
use super::statement::Statement;
use super::texts::{SHOWN, TEXT};
use crate::base::Time;

/// Ends a heading that had to be told apart from another of the same name; cut off before anybody sees it.
const APART: char = '\u{1}';

const SERIES: &str = "generate_series";

/// PostgreSQL's list of views, which the catalogue leaves empty.
const VIEWS: &str =
    "SELECT 1 FROM (SELECT table_schema AS schemaname, table_name AS viewname, 'postgres' AS viewowner, view_definition AS definition FROM information_schema.views)";
/// Accounts at other servers, of which there are none.
const MAPPINGS: &str = "SELECT 1 FROM (SELECT CAST(NULL AS TEXT) AS srvname, CAST(NULL AS TEXT) AS usename WHERE false)";

/// What of the asker and the moment a statement may name.
pub(super) struct Around<'a> {
    pub(super) user: &'a str,
    /// What the client calls the database.
    pub(super) database: &'a str,
    pub(super) now: Time,
    pub(super) settings: &'a Settings,
}

/// The statement as DataFusion is to plan it.
pub(super) fn rewritten(statement: &Statement, around: &Around<'_>, parser: &PostgresCompatibilityParser) -> Result<ast::Statement, Fault> {
    let mut ast = statement.ast.clone();
    // Headings are those of the statement as it was written.
    _ = ast.visit(&mut Headings);
    let asks = Asks::of(&ast);
    if let ControlFlow::Break(fault) = ast.visit(&mut Meaning(around, asks)) {
        return Err(*fault);
    }
    if asks == Asks::People && !is_of_clients(&statement.text) {
        return Ok(RewriteArrayAnyAllOperation.rewrite(FixArrayLiteral.rewrite(ast)));
    }
    // Some statements of clients are known word by word, so the words go first.
    let parsed = parser.parse(&statement.text).map_err(|error| Fault::of_parser(&error, &statement.text))?;
    let mut ast = parsed.into_iter().nth(statement.place).unwrap_or(ast);
    _ = ast.visit(&mut Headings);
    _ = ast.visit(&mut Meaning(around, asks));
    if statement.text.contains("'search_path'") {
        _ = visit_expressions_mut(&mut ast, |expr| search_path(expr).map_or(ControlFlow::Continue(()), |list| take_place(expr, &list)));
    }
    Ok(ast)
}

/// Who asks: only a statement that reads nothing but the catalogue is a client's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    People,
    Client,
}

impl Asks {
    fn of(statement: &ast::Statement) -> Self {
        let (mut all, mut own) = (0, 0);
        _ = visit_relations(statement, |relation| {
            let names: Vec<String> = relation.0.iter().filter_map(ast::ObjectNamePart::as_ident).map(|name| name.value.to_lowercase()).collect();
            let is_own = names.iter().any(|name| name.starts_with("pg_") || name == "information_schema");
            // A series is no table of anybody's.
            if names != [SERIES] {
                (all, own) = (all + 1, own + usize::from(is_own));
            }
            ControlFlow::<()>::Continue(())
        });
        if all > 0 && all == own { Self::Client } else { Self::People }
    }
}

/// The heading of a column of an answer.
pub(super) fn heading(name: &str) -> &str {
    name.split(APART).next().unwrap_or(name).trim_start_matches("__alias_")
}

/// Whether words stand in a text that clients use and people seldom do; then the catalogue's rules help.
fn is_of_clients(text: &str) -> bool {
    let text = text.to_lowercase();
    ["pg_", "information_schema", "::reg", "current_schema", "quote_ident", "format_type", "has_table_privilege"].iter().any(|word| text.contains(word))
}

/// Gives every unnamed column the heading it has in PostgreSQL.
struct Headings;

impl VisitorMut for Headings {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let Query { body, order_by, .. } = query;
        if let Some(select) = first_select(body) {
            if select.distinct.is_some() {
                order_by_place(select, order_by.as_mut());
            }
            name_columns(select);
        }
        ControlFlow::Continue(())
    }
}

/// What DISTINCT is ordered by is one of its columns: DataFusion knows it by its place.
fn order_by_place(select: &Select, order_by: Option<&mut ast::OrderBy>) {
    let Some(ast::OrderBy { kind: ast::OrderByKind::Expressions(all), .. }) = order_by else { return };
    for ordered in all {
        let place = select.projection.iter().position(|item| matches!(item, SelectItem::UnnamedExpr(expr) if *expr == ordered.expr));
        if let Some(place) = place.filter(|_| !matches!(ordered.expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_))) {
            ordered.expr = Expr::Value(ast::Value::Number((place + 1).to_string(), false).into());
        }
    }
}

/// The select that gives an answer its headings.
fn first_select(body: &mut SetExpr) -> Option<&mut Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::SetOperation { left, .. } => first_select(left),
        // A query of its own is visited for itself.
        _ => None,
    }
}

fn name_columns(select: &mut Select) {
    let is_wild = select.projection.iter().any(|item| !matches!(item, SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAlias { .. }));
    let mut used: HashSet<String> =
        select.projection.iter().filter_map(|item| if let SelectItem::ExprWithAlias { alias, .. } = item { Some(alias.value.clone()) } else { None }).collect();
    for (at, item) in select.projection.iter_mut().enumerate() {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        let name = heading_of(expr).unwrap_or_else(|| "?column?".to_owned());
        let is_plain = matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
        let is_new = used.insert(name.clone());
        if is_plain && is_new && !is_wild && !is_left_out(expr) {
            continue;
        }
        let alias = if is_new && !is_wild { name } else { format!("{name}{APART}{at}") };
        *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias: Ident::with_quote('"', alias) };
    }
}

/// PostgreSQL's FigureColname.
fn heading_of(expr: &Expr) -> Option<String> {
    let fixed = |name: &str| Some(name.to_owned());
    match expr {
        Expr::Identifier(name) => Some(folded(name)),
        Expr::CompoundIdentifier(names) => names.last().map(folded),
        Expr::Function(function) => function.name.0.last().and_then(ast::ObjectNamePart::as_ident).map(folded),
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => heading_of(inner),
        Expr::Cast { expr, data_type, .. } => heading_within(expr).or_else(|| Some(type_name(data_type))),
        Expr::CompoundFieldAccess { root, access_chain } => match access_chain.last()? {
            ast::AccessExpr::Dot(field) => heading_of(field),
            ast::AccessExpr::Subscript(_) => heading_of(root),
        },
        Expr::TypedString(typed) => Some(type_name(&typed.data_type)),
        Expr::Interval(_) => fixed("interval"),
        Expr::Case { else_result, .. } => {
            else_result.as_deref().filter(|it| matches!(it, Expr::Identifier(_) | Expr::CompoundIdentifier(_))).and_then(heading_of).or_else(|| fixed("case"))
        }
        Expr::Extract { .. } => fixed("extract"),
        Expr::AtTimeZone { .. } => fixed("timezone"),
        Expr::Substring { .. } => fixed("substring"),
        Expr::Position { .. } => fixed("position"),
        Expr::Trim { trim_where, .. } => fixed(match trim_where {
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
            _ => "btrim",
        }),
        Expr::Overlay { .. } => fixed("overlay"),
        Expr::Ceil { .. } => fixed("ceil"),
        Expr::Floor { .. } => fixed("floor"),
        Expr::Exists { .. } => fixed("exists"),
        Expr::Array(_) => fixed("array"),
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.first()? {
                SelectItem::UnnamedExpr(expr) => heading_of(expr),
                SelectItem::ExprWithAlias { alias, .. } => Some(folded(alias)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The heading that a cast takes from what it casts: another type's name is none.
fn heading_within(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Nested(inner) => heading_within(inner),
        Expr::Cast { expr, .. } => heading_within(expr),
        Expr::TypedString(_) | Expr::Interval(_) => None,
        Expr::Case { .. } => heading_of(expr).filter(|name| name != "case"),
        other => heading_of(other),
    }
}

fn folded(name: &Ident) -> String {
    if name.quote_style.is_some() { name.value.clone() } else { name.value.to_lowercase() }
}

/// A type's name in PostgreSQL's catalogue.
fn type_name(data_type: &ast::DataType) -> String {
    let text = data_type.to_string().to_lowercase();
    let bare = text.split('(').next().unwrap_or_default().trim();
    match bare {
        "int" | "integer" => "int4",
        "bigint" => "int8",
        "smallint" => "int2",
        "decimal" | "dec" => "numeric",
        "double precision" | "double" | "float" => "float8",
        "real" => "float4",
        "boolean" => "bool",
        "character varying" => "varchar",
        "char" | "character" => "bpchar",
        "timestamp with time zone" => "timestamptz",
        "timestamp without time zone" => "timestamp",
        other => other,
    }
    .to_owned()
}

/// Puts the plant's clock and the asker's name in (and knows whether a client asks about the catalogue), and refuses what would be answered wrongly.
struct Meaning<'a>(&'a Around<'a>, Asks);

impl VisitorMut for Meaning<'_> {
    type Break = Box<Fault>;

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        let TableFactor::Table { name, alias, .. } = factor else { return ControlFlow::Continue(()) };
        let Some(name) = name.0.last().and_then(ast::ObjectNamePart::as_ident).map(|name| name.value.to_lowercase()) else { return ControlFlow::Continue(()) };
        let alias = alias.as_ref().map_or_else(|| name.clone(), |alias| alias.name.to_string());
        match name.as_str() {
            "pg_settings" if self.1 == Asks::Client => told_settings(self.0.settings, &alias, factor),
            "pg_views" if self.1 == Asks::Client => take_table(factor, &format!("{VIEWS} AS {alias}")),
            "pg_user_mappings" if self.1 == Asks::Client => take_table(factor, &format!("{MAPPINGS} AS {alias}")),
            _ => ControlFlow::Continue(()),
        }
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Self::Break> {
        if matches!(factor, TableFactor::Table { name, args: Some(_), .. } if name.to_string().eq_ignore_ascii_case(SERIES)) {
            return series(factor);
        }
        if self.1 == Asks::Client {
            told_roles(factor)?;
        }
        told_database(self.0.database, factor)
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        fetched(query);
        if self.1 == Asks::People {
            literals::typed_rows(&mut query.body);
        }
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<Self::Break> {
        if self.1 == Asks::People {
            literals::typed_columns(select);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &mut ast::ObjectName) -> ControlFlow<Self::Break> {
        let is_ours = relation.0.first().and_then(ast::ObjectNamePart::as_ident).is_some_and(|first| first.value == self.0.database);
        if relation.0.len() == 3 && is_ours {
            relation.0.remove(0);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        said(expr);
        if self.1 == Asks::People {
            return ControlFlow::Continue(());
        }
        if is_of_a_key(expr) {
            return take_place(expr, "CAST(NULL AS INT)");
        }
        // No table and no column has a comment, however it is named.
        if matches!(expr, Expr::Function(function) if ["col_description", "obj_description"].iter().any(|name| function.name.to_string().to_lowercase().ends_with(name))) {
            return take_place(expr, "CAST(NULL AS TEXT)");
        }
        one_row(expr);
        by_name(expr);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Collate { collation, .. } = expr {
            let name = collation.0.last().and_then(ast::ObjectNamePart::as_ident).map(|it| it.value.to_lowercase()).unwrap_or_default();
            if !["default", "c", "posix", "ucs_basic"].contains(&name.as_str()) {
                return refuse(format!("the collation \"{name}\" is not done here"), "texts are ordered by their code points, as with COLLATE \"C\"");
            }
        }
        if self.1 == Asks::Client {
            escaped_by_backslash(expr);
            if is_looked_up(expr) || is_left_out(expr) {
                return take_place(expr, "CAST(NULL AS TEXT)");
            }
            if matches!(expr, Expr::BinaryOp { left, right, .. } if is_column(left, &["amproc"]) || is_column(right, &["amproc"])) {
                return refuse("functions of index methods are not told here".to_owned(), "there are no indexes to be listed");
            }
            if is_column(expr, &["tableoid"]) {
                return take_place(expr, "CAST(NULL AS INT)");
            }
        }
        if self.1 == Asks::People {
            meant(expr)?;
            whole(expr);
            shortened(expr);
        }
        if let Some(of_two) = remainder(expr) {
            *expr = of_two;
        }
        if self.1 == Asks::People {
            exactly(expr);
            told_as_text(expr);
            literals::typed(expr);
        }
        if let Some((name, arguments)) = spelled(expr) {
            *expr = call(name, arguments);
        }
        let Expr::Function(function) = expr else { return ControlFlow::Continue(()) };
        let Some(name) = function.name.0.last().and_then(ast::ObjectNamePart::as_ident).map(|it| it.value.to_lowercase()) else { return ControlFlow::Continue(()) };
        let is_bare = match &function.args {
            FunctionArguments::None => true,
            FunctionArguments::List(list) => list.args.is_empty(),
            FunctionArguments::Subquery(_) if name == "array" => {
                // In the catalogue these are members of roles and the like, of which there are none.
                return if self.1 == Asks::Client {
                    take_place(expr, "'{}'")
                } else {
                    refuse("ARRAY(SELECT ...) is not done here".to_owned(), "write (SELECT array_agg(...) ...)")
                };
            }
            FunctionArguments::Subquery(_) => false,
        };
        let Around { user, database, now, settings } = self.0;
        let replacement = match name.as_str() {
            "now" | "current_timestamp" | "transaction_timestamp" | "statement_timestamp" | "clock_timestamp" if is_bare => {
                format!("arrow_cast('{now}', 'Timestamp(µs, \"UTC\")')")
            }
            "localtimestamp" if is_bare => format!("arrow_cast('{}', 'Timestamp(µs)')", now.to_string().trim_end_matches('Z')),
            "current_date" | "today" if is_bare => format!("CAST('{}' AS DATE)", now.to_string().split('T').next().unwrap_or_default()),
            "current_user" | "session_user" | "user" | "current_role" if is_bare => format!("'{}'", user.replace('\'', "''")),
            "current_database" | "current_catalog" if is_bare => format!("'{}'", database.replace('\'', "''")),
            "current_setting" if self.1 == Asks::Client && matches!(first(function), Some(Expr::CompoundIdentifier(_))) => first(function)
                .map(ToString::to_string)
                .and_then(|name| Some(format!("{}.setting", name.strip_suffix(".name")?)))
                .unwrap_or_else(|| "CAST(NULL AS TEXT)".to_owned()),
            "current_setting" => match first_text(function).map(|name| settings.get(&name.to_lowercase())) {
                Some(Ok(content)) => format!("'{}'", content.replace('\'', "''")),
                Some(Err(_)) if !has_one(function) => "CAST(NULL AS TEXT)".to_owned(),
                Some(Err(fault)) => return ControlFlow::Break(Box::new(fault)),
                None => return ControlFlow::Continue(()),
            },
            // Of keys and indexes, of which there are none.
            "unnest" | "generate_subscripts" if self.1 == Asks::Client => "unnest(make_array(CAST(NULL AS INT)))".to_owned(),
            // Of columns that count by themselves, of which there are none: only reflection asks.
            "_pg_expandarray" if self.1 == Asks::Client => "CAST(NULL AS INT)".to_owned(),
            "pg_get_serial_sequence" | "json_build_object" if self.1 == Asks::Client => "CAST(NULL AS TEXT)".to_owned(),
            // Texts of rights and options, of which no table has any, and sizes, which a table here has not alone.
            "array_to_string" if self.1 == Asks::Client && first(function).is_some_and(is_nothing) => "CAST(NULL AS TEXT)".to_owned(),
            "array_remove" if self.1 == Asks::Client && first(function).is_some_and(is_nothing) => "CAST(NULL AS TEXT)".to_owned(),
            "array_contains" | "array_has" if self.1 == Asks::Client && first(function).is_some_and(|array| is_nothing(array) || is_of_columns(array)) => "false".to_owned(),
            "pg_size_pretty" if self.1 == Asks::Client => "CAST(NULL AS TEXT)".to_owned(),
            "pg_char_to_encoding" if self.1 == Asks::Client => "6".to_owned(),
            "getdatabaseencoding" if is_bare => "'UTF8'".to_owned(),
            "pg_get_viewdef" => match first(function) {
                Some(number) => format!("(SELECT max({}) FROM pg_catalog.pg_class told WHERE told.oid = {number})", definition_of("told.relname")),
                None => return ControlFlow::Continue(()),
            },
            // Whoever sees a table may read it, and nobody may do more.
            "has_table_privilege" | "has_any_column_privilege" | "has_schema_privilege" | "has_database_privilege"
                if last_text(function).is_some_and(|asked| !is_reading(&asked)) =>
            {
                "false".to_owned()
            }
            "pg_get_functiondef" => {
                return refuse("the source of a function is not told here".to_owned(), "\\df lists functions by name; those that are done are PostgreSQL's own");
            }
            "every" => {
                function.name = ast::ObjectName::from(vec![Ident::new("bool_and")]);
                return ControlFlow::Continue(());
            }
            "generate_series" => return refuse("set-returning functions are done in FROM only".to_owned(), "write SELECT n FROM generate_series(...) AS n"),
            "to_timestamp" | "to_date" | "to_number" if !has_one(function) => {
                return refuse(format!("{name} with a pattern is not done here"), "write texts as ISO 8601 and cast them, such as '2026-03-31'::date");
            }
            "pg_sleep" | "pg_sleep_for" | "pg_sleep_until" => return refuse(format!("{name} is not done here"), "a statement that waits would hold a place that others need"),
            _ => return ControlFlow::Continue(()),
        };
        take_place(expr, &replacement)
    }
}

/// `LIKE pattern ESCAPE '/'`, as reflection asks: DataFusion knows the backslash only. Patterns of clients
/// escape wildcards and nothing else.
fn escaped_by_backslash(expr: &mut Expr) {
    let Expr::Like { pattern, escape_char, .. } = expr else { return };
    let Some(escape) = escape_char.take() else { return };
    let sql = format!("replace(NULL, {escape}, '\\')");
    let Ok(Expr::Function(mut function)) = Parser::new(&PostgreSqlDialect {}).try_with_sql(&sql).and_then(|mut parser| parser.parse_expr()) else { return };
    if let FunctionArguments::List(list) = &mut function.args
        && let Some(first) = list.args.first_mut()
    {
        *first = ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(pattern.as_ref().clone()));
    }
    **pattern = Expr::Function(function);
}

/// `CASE WHEN ... THEN (SELECT ...) END` over a column: its default, its sequence, its collation, as
/// reflection looks them up. No column here has one.
fn is_looked_up(expr: &Expr) -> bool {
    matches!(expr, Expr::Case { conditions, .. } if conditions.iter().any(|when| matches!(when.result, Expr::Subquery(_))))
}

/// Columns of PostgreSQL's catalogue that ours has not: rights and options, of which no table has any.
fn is_left_out(expr: &Expr) -> bool {
    is_column(expr, &["reloptions", "relacl", "nspacl", "typacl", "proacl", "lanacl", "defaclacl", "setconfig", "colliculocale"])
}

/// Whether an expression is a column of such a name, with or without its table.
fn is_column(expr: &Expr, names: &[&str]) -> bool {
    let name = match expr {
        Expr::Identifier(name) => Some(name),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    };
    name.is_some_and(|name| names.contains(&name.value.as_str()))
}

/// `format('%I.%I', schema, name)`, as clients join names: the pattern's pieces with its arguments between them.
fn said(expr: &mut Expr) {
    let Expr::Function(function) = expr else { return };
    let FunctionArguments::List(list) = &function.args else { return };
    if !function.name.to_string().eq_ignore_ascii_case("format") {
        return;
    }
    let Some(pattern) = first_text(function) else { return };
    let text = |piece: &str| format!("'{}'", piece.replace('\'', "''"));
    let (mut pieces, mut arguments) = (pattern.split('%'), list.args.iter().skip(1));
    let mut joined = vec![text(pieces.next().unwrap_or_default())];
    for piece in pieces {
        let (Some(kind @ ("s" | "I")), Some(argument)) = (piece.get(..1), arguments.next()) else { return };
        joined.extend([if kind == "I" { format!("quote_ident({argument})") } else { argument.to_string() }, text(&piece[1..])]);
    }
    if arguments.next().is_none() {
        _ = take_place(expr, &format!("concat({})", joined.join(", ")));
    }
}

/// The columns of a key or an index, of which no table has any.
fn is_of_columns(expr: &Expr) -> bool {
    matches!(expr, Expr::CompoundIdentifier(_)) && is_column(expr, &["conkey", "confkey", "indkey", "stxkind"])
}

/// A part of what a key or an index is made of, such as `(i.keys).x` or `con.conkey[1]`: no table has either.
fn is_of_a_key(expr: &Expr) -> bool {
    matches!(expr, Expr::CompoundFieldAccess { access_chain, .. } if access_chain.iter().any(|access| matches!(access, ast::AccessExpr::Dot(_))))
}

/// `... OR (SELECT condition FROM ... WHERE c.oid = t.typrelid)`: there is one row by that number, which
/// DataFusion wants to be told.
fn one_row(expr: &mut Expr) {
    let Expr::BinaryOp { op: ast::BinaryOperator::Or | ast::BinaryOperator::And, right, .. } = expr else { return };
    let Expr::Subquery(query) = right.as_mut() else { return };
    if let SetExpr::Select(select) = query.body.as_mut()
        && let [SelectItem::UnnamedExpr(told) | SelectItem::ExprWithAlias { expr: told, .. }] = select.projection.as_mut_slice()
    {
        wrap("first_value", told);
    }
}

/// `typinput = 'pg_catalog.array_in'::regproc`: the catalogue's parser puts a query for a number in place of the cast, whereas
/// the columns that tell functions have their names.
fn by_name(expr: &mut Expr) {
    let Expr::BinaryOp { op: ast::BinaryOperator::Eq | ast::BinaryOperator::NotEq, left, right } = expr else { return };
    let told = match (told_by_name(left), told_by_name(right)) {
        (true, _) => right,
        (_, true) => left,
        _ => return,
    };
    if let Some(name) = looked_up(told) {
        **told = Expr::Value(ast::Value::SingleQuotedString(name).into());
    }
}

/// Whether an expression is a column, and not one of numbers.
fn told_by_name(expr: &Expr) -> bool {
    matches!(expr, Expr::Identifier(_) | Expr::CompoundIdentifier(_)) && !is_column(expr, &["oid"])
}

/// The function whose number `(SELECT oid FROM pg_catalog.pg_proc WHERE proname = '...')` looks up.
fn looked_up(expr: &Expr) -> Option<String> {
    let Expr::Subquery(query) = expr else { return None };
    let SetExpr::Select(select) = query.body.as_ref() else { return None };
    let [ast::TableWithJoins { relation: TableFactor::Table { name, .. }, .. }] = select.from.as_slice() else { return None };
    let Some(Expr::BinaryOp { right, .. }) = &select.selection else { return None };
    let Expr::Value(told) = right.as_ref() else { return None };
    let told = told.value.clone().into_string().filter(|_| name.to_string() == "pg_catalog.pg_proc")?;
    Some(told.rsplit('.').next().unwrap_or_default().to_owned())
}

/// `quote_ident(schema) IN (...)`, as Grafana takes the path apart: there is one schema. The catalogue's parser has put an
/// empty text in place of the path, by which nothing would be found.
fn search_path(expr: &Expr) -> Option<String> {
    let Expr::InList { expr, list, negated } = expr else { return None };
    let is_emptied = matches!(list.as_slice(), [Expr::Value(only)] if matches!(&only.value, ast::Value::SingleQuotedString(text) if text.is_empty()));
    let not = if *negated { "NOT " } else { "" };
    (is_emptied && expr.to_string().starts_with("quote_ident(")).then(|| format!("{expr} {not}IN ('public')"))
}

/// `pg_settings` as this connection has them: the catalogue knows one only.
fn told_settings(settings: &Settings, alias: &str, factor: &mut TableFactor) -> ControlFlow<Box<Fault>> {
    let rows: Vec<String> = settings.all().map(|(name, content)| format!("('{name}', '{}')", content.replace('\'', "''"))).collect();
    let told = format!("SELECT name, setting, setting AS boot_val, setting AS reset_val, 'default' AS source FROM (VALUES {}) AS told(name, setting)", rows.join(", "));
    take_table(factor, &format!("SELECT 1 FROM ({told}) AS {alias}"))
}

/// `pg_roles` with a number for each: the catalogue gives all the same, by which every role would own every table.
fn told_roles(factor: &mut TableFactor) -> ControlFlow<Box<Fault>> {
    let TableFactor::Table { name, alias, .. } = factor else { return ControlFlow::Continue(()) };
    if name.0.last().and_then(ast::ObjectNamePart::as_ident).is_none_or(|name| name.value != "pg_roles") {
        return ControlFlow::Continue(());
    }
    let alias = alias.as_ref().map_or_else(|| "pg_roles".to_owned(), |alias| alias.name.to_string());
    let number = "CAST(100000 + row_number() OVER (ORDER BY rolname) AS INT)";
    take_table(factor, &format!("SELECT 1 FROM (SELECT * REPLACE ({number} AS oid) FROM pg_catalog.pg_roles) AS {alias}"))
}

/// `pg_database` under the name that the client calls the database.
fn told_database(database: &str, factor: &mut TableFactor) -> ControlFlow<Box<Fault>> {
    let TableFactor::Table { name, alias, .. } = factor else { return ControlFlow::Continue(()) };
    let is_list = name.0.last().and_then(ast::ObjectNamePart::as_ident).is_some_and(|name| name.value.eq_ignore_ascii_case("pg_database"));
    if !is_list || database == DATABASE {
        return ControlFlow::Continue(());
    }
    let alias = alias.as_ref().map_or_else(|| "pg_database".to_owned(), |alias| alias.name.to_string());
    let told = format!("CASE WHEN datname = '{DATABASE}' THEN '{}' ELSE datname END", database.replace('\'', "''"));
    let sql = format!("SELECT 1 FROM (SELECT * REPLACE ({told} AS datname) FROM pg_catalog.pg_database) AS {alias}");
    take_table(factor, &sql)
}

/// `FETCH FIRST 2 ROWS ONLY` as the LIMIT that it is.
fn fetched(query: &mut Query) {
    let Some(ast::Fetch { with_ties: false, percent: false, quantity }) = &query.fetch else { return };
    let limit = Some(quantity.clone().unwrap_or_else(|| Expr::Value(ast::Value::Number("1".to_owned(), false).into())));
    let offset = match query.limit_clause.take() {
        None => None,
        Some(ast::LimitClause::LimitOffset { limit: None, offset, .. }) => offset,
        other => {
            query.limit_clause = other;
            return;
        }
    };
    (query.limit_clause, query.fetch) = (Some(ast::LimitClause::LimitOffset { limit, offset, limit_by: Vec::new() }), None);
}

/// `generate_series`, whose one column has the name of the table, and of integers is of integers.
fn series(factor: &mut TableFactor) -> ControlFlow<Box<Fault>> {
    let TableFactor::Table { args: Some(args), alias, .. } = factor else { return ControlFlow::Continue(()) };
    args.args.iter_mut().take(2).for_each(moment);
    let is_of_integers = args.args.iter().all(|argument| matches!(argument, ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) if literals::is_integer(expr)));
    let mut named = alias.take().map(|named| ast::TableAlias { explicit: false, ..named }).unwrap_or_else(|| ast::TableAlias {
        explicit: false,
        name: Ident::new(SERIES),
        columns: Vec::new(),
        at: None,
    });
    if named.columns.is_empty() {
        named.columns.push(ast::TableAliasColumnDef { name: named.name.clone(), data_type: None });
    }
    if !is_of_integers {
        *alias = Some(named);
        return ControlFlow::Continue(());
    }
    let sql = format!("SELECT 1 FROM (SELECT CAST(value AS INT) FROM {factor}) AS {named}");
    take_table(factor, &sql)
}

/// A bound of a series that is reckoned from now, as DataFusion takes moments there.
fn moment(bound: &mut ast::FunctionArg) {
    let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) = bound else { return };
    if !matches!(expr, Expr::Cast { .. }) && expr.to_string().contains("Timestamp(µs, \"UTC\")") {
        let taken = std::mem::replace(expr, Expr::Value(ast::Value::Null.into()));
        let data_type = ast::DataType::Timestamp(None, ast::TimezoneInfo::WithTimeZone);
        *expr = Expr::Cast { kind: ast::CastKind::Cast, expr: Box::new(taken), data_type, array: false, format: None };
    }
}

/// Refuses spellings that DataFusion would take for something else, and writes numbers as it reads them.
fn meant(expr: &mut Expr) -> ControlFlow<Box<Fault>> {
    match expr {
        Expr::AnyOp { compare_op, right, .. } | Expr::AllOp { compare_op, right, .. } if matches!(right.as_ref(), Expr::Subquery(_)) => {
            let is_some = matches!(compare_op, ast::BinaryOperator::Eq | ast::BinaryOperator::NotEq);
            let hint = if is_some { "write IN (SELECT ...) or NOT IN (SELECT ...)" } else { "compare with (SELECT min(...) ...) or (SELECT max(...) ...)" };
            refuse("ANY and ALL over a query are not done here".to_owned(), hint)
        }
        Expr::Cast { data_type, .. } | Expr::TypedString(ast::TypedString { data_type, .. }) if matches!(data_type, ast::DataType::Float(_)) => {
            let is_short = matches!(data_type, ast::DataType::Float(ast::ExactNumberInfo::Precision(..=24)));
            *data_type = if is_short { ast::DataType::Real } else { ast::DataType::DoublePrecision };
            ControlFlow::Continue(())
        }
        Expr::TypedString(ast::TypedString { data_type: ast::DataType::Timestamp(..), value, .. }) => with_seconds(&mut value.value),
        Expr::Cast { data_type: ast::DataType::Timestamp(..), expr, .. } => match expr.as_mut() {
            Expr::Value(value) => with_seconds(&mut value.value),
            _ => ControlFlow::Continue(()),
        },
        Expr::SimilarTo { .. } => refuse("SIMILAR TO is not done here".to_owned(), "write LIKE, or ~ with a regular expression"),
        Expr::Value(value) => match &mut value.value {
            ast::Value::HexStringLiteral(_) | ast::Value::SingleQuotedByteStringLiteral(_) => refuse("strings of bits are not done here".to_owned(), "write the number itself"),
            ast::Value::Number(text, _) => match exact(text) {
                Some(Ok(plain)) => {
                    *text = plain;
                    ControlFlow::Continue(())
                }
                Some(Err(fault)) => ControlFlow::Break(Box::new(fault)),
                None => ControlFlow::Continue(()),
            },
            _ => ControlFlow::Continue(()),
        },
        _ => ControlFlow::Continue(()),
    }
}

fn with_seconds(value: &mut ast::Value) -> ControlFlow<Box<Fault>> {
    if let ast::Value::SingleQuotedString(text) = value {
        to_the_second(text);
    }
    ControlFlow::Continue(())
}

/// `2026-03-31 12:30` with the seconds that DataFusion wants.
pub(super) fn to_the_second(text: &mut String) {
    if let [.., b' ' | b'T', b'0'..=b'2', _, b':', _, minute] = text.as_bytes().get(..16).unwrap_or_default()
        && minute.is_ascii_digit()
        && text.as_bytes().get(16) != Some(&b':')
    {
        text.insert_str(16, ":00");
    }
}

/// Digits that an exact number has.
const DIGITS: usize = 38;

/// A number that is exact in PostgreSQL and would be read as something else, in plain digits: `1e3` and whole numbers beyond
/// bigint. The point at the end keeps them exact.
fn exact(text: &str) -> Option<Result<String, Fault>> {
    let lower = text.to_lowercase();
    let Some((base, exponent)) = lower.split_once('e') else {
        return (text.parse::<i64>().is_err() && text.parse::<u64>().is_ok()).then(|| Ok(format!("{text}.")));
    };
    let (whole, fraction) = base.split_once('.').unwrap_or((base, ""));
    let exponent = exponent.trim_start_matches('+').parse::<usize>().ok().filter(|exponent| *exponent > fraction.len() || fraction.is_empty())?;
    let digits = format!("{whole}{fraction}");
    let zeros = exponent - fraction.len().min(exponent);
    if digits.trim_start_matches('0').len() + zeros > DIGITS {
        return Some(Err(Fault::new(OVERFLOW, format!("the number {text} has more than {DIGITS} digits")).hint(format!("write it as a float: '{text}'::float8"))));
    }
    Some(Ok(format!("{digits}{}.", "0".repeat(zeros))))
}

/// A cast to a text of some length cuts it in PostgreSQL; DataFusion forgets the length.
fn shortened(expr: &mut Expr) {
    use ast::DataType as T;
    let Expr::Cast { data_type, expr: inner, .. } = expr else { return };
    let (name, length) = match data_type {
        T::Varchar(length) | T::CharacterVarying(length) | T::CharVarying(length) => match length {
            Some(ast::CharacterLength::IntegerLength { length, .. }) => ("left", *length),
            _ => return,
        },
        T::Char(length) | T::Character(length) => match length {
            Some(ast::CharacterLength::IntegerLength { length, .. }) => (FIXED_LENGTH, *length),
            _ => (FIXED_LENGTH, 1),
        },
        _ => return,
    };
    let taken = std::mem::replace(inner.as_mut(), Expr::Value(ast::Value::Null.into()));
    *expr = call(name, [call(TEXT, [taken]), Expr::Value(ast::Value::Number(length.to_string(), false).into())]);
}

/// Whether an expression is a text or a parameter, of which a cast tells the type.
fn is_told(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if !matches!(value.value, ast::Value::Number(..) | ast::Value::Boolean(_)))
}

/// A cast to text writes what it casts as PostgreSQL does, and so does whatever joins texts.
fn told_as_text(expr: &mut Expr) {
    use ast::DataType as T;
    match expr {
        Expr::Cast { data_type: T::Text | T::Varchar(None) | T::CharacterVarying(None) | T::CharVarying(None) | T::String(None), expr: inner, array: false, .. }
            if !is_told(inner) =>
        {
            let taken = std::mem::replace(inner.as_mut(), Expr::Value(ast::Value::Null.into()));
            *expr = call(TEXT, [taken]);
        }
        Expr::Function(function) if ["concat", "concat_ws"].iter().any(|name| function.name.to_string().eq_ignore_ascii_case(name)) => {
            let FunctionArguments::List(list) = &mut function.args else { return };
            for argument in &mut list.args {
                if let ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) = argument {
                    wrap(SHOWN, expr);
                }
            }
        }
        _ => {}
    }
}

/// A cast to a whole number rounds in PostgreSQL and cuts in DataFusion; what is written as a text or
/// comes as a parameter is none that could be cut.
fn whole(expr: &mut Expr) {
    use ast::DataType as T;
    let Expr::Cast { data_type: T::Int(_) | T::Integer(_) | T::BigInt(_) | T::SmallInt(_) | T::Int2(_) | T::Int4(_) | T::Int8(_), expr: inner, .. } = expr else { return };
    if !is_told(inner) {
        wrap(WHOLE, inner);
    }
}

/// A cast to an exact number keeps the places that there are, and a float has no more digits than it is sure of.
fn exactly(expr: &mut Expr) {
    use ast::DataType as T;
    let Expr::Cast { data_type: T::Numeric(places) | T::Decimal(places) | T::Dec(places), expr: inner, .. } = expr else { return };
    let has_places = *places != ast::ExactNumberInfo::None;
    if is_told(inner) {
        if !has_places {
            *places = ast::ExactNumberInfo::PrecisionAndScale(DIGITS as u64, written_places(inner).unwrap_or_else(|| i64::from(PLACES)));
        }
        return;
    }
    if !matches!(inner.as_ref(), Expr::Value(_)) || !has_places {
        wrap(NUMERIC, inner);
    }
    if !has_places {
        let taken = std::mem::replace(inner.as_mut(), Expr::Value(ast::Value::Null.into()));
        *expr = taken;
    }
}

/// The places of a number that is written as a text, where it is plain.
fn written_places(expr: &Expr) -> Option<i64> {
    let Expr::Value(value) = expr else { return None };
    let text = value.value.clone().into_string()?;
    let plain = text.trim();
    let fraction = plain.split_once('.').map_or("", |(_, fraction)| fraction);
    let is_plain = plain.len() < DIGITS && plain.trim_start_matches(['-', '+']).chars().all(|c| c.is_ascii_digit() || c == '.');
    is_plain.then(|| i64::try_from(fraction.len()).ok()).flatten()
}

/// Puts a function around an expression.
fn wrap(name: &str, expr: &mut Expr) {
    let taken = std::mem::replace(expr, Expr::Value(ast::Value::Null.into()));
    *expr = call(name, [taken]);
}

/// `mod(a, b)`.
fn remainder(expr: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expr else { return None };
    let FunctionArguments::List(list) = &function.args else { return None };
    let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(left)), ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(right))] = list.args.as_slice() else { return None };
    let nested = |side: &Expr| Box::new(Expr::Nested(Box::new(side.clone())));
    let is_mod = function.name.to_string().eq_ignore_ascii_case("mod");
    is_mod.then(|| Expr::Nested(Box::new(Expr::BinaryOp { left: nested(left), op: ast::BinaryOperator::Modulo, right: nested(right) })))
}

/// Puts the table of a query in the place of another.
fn take_table(factor: &mut TableFactor, sql: &str) -> ControlFlow<Box<Fault>> {
    // A dialect that knows `* REPLACE (...)`.
    match Parser::new(&GenericDialect {}).try_with_sql(sql).and_then(|mut parser| parser.parse_query()) {
        Ok(query) => {
            if let SetExpr::Select(mut select) = *query.body
                && let Some(from) = select.from.pop()
            {
                *factor = from.relation;
            }
            ControlFlow::Continue(())
        }
        Err(error) => ControlFlow::Break(Box::new(Fault::of_parser(&error, sql))),
    }
}

/// Puts an expression that is written as SQL in the place of another.
fn take_place(expr: &mut Expr, sql: &str) -> ControlFlow<Box<Fault>> {
    match Parser::new(&PostgreSqlDialect {}).try_with_sql(sql).and_then(|mut parser| parser.parse_expr()) {
        Ok(parsed) => {
            *expr = parsed;
            ControlFlow::Continue(())
        }
        Err(error) => ControlFlow::Break(Box::new(Fault::of_parser(&error, sql))),
    }
}

/// The function that a spelling of its own stands for, as PostgreSQL reads it, with its arguments.
fn spelled(expr: &Expr) -> Option<(&'static str, [Expr; 2])> {
    match expr {
        Expr::AtTimeZone { timestamp, time_zone } => Some(("timezone", [time_zone.as_ref().clone(), timestamp.as_ref().clone()])),
        Expr::Extract { field, expr, .. } => {
            let part = ast::Value::SingleQuotedString(field.to_string().to_lowercase());
            Some((EXTRACT, [Expr::Value(part.into()), expr.as_ref().clone()]))
        }
        Expr::BinaryOp { left, op: ast::BinaryOperator::PGExp, right } => Some(("power", [left.as_ref().clone(), right.as_ref().clone()])),
        _ => None,
    }
}

fn call<const N: usize>(name: &str, arguments: [Expr; N]) -> Expr {
    let args = arguments.map(|argument| ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(argument)));
    let list = ast::FunctionArgumentList { duplicate_treatment: None, args: args.into(), clauses: Vec::new() };
    Expr::Function(ast::Function {
        name: ast::ObjectName::from(vec![Ident::new(name)]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

fn refuse(message: String, hint: &str) -> ControlFlow<Box<Fault>> {
    ControlFlow::Break(Box::new(Fault::new(NOT_DONE, message).hint(hint)))
}

/// The first argument.
fn first(function: &ast::Function) -> Option<&Expr> {
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.first()? {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

/// The first argument, where it is a text.
fn first_text(function: &ast::Function) -> Option<String> {
    if let Expr::Value(value) = first(function)? { value.value.clone().into_string() } else { None }
}

/// The last argument, where it is a text.
fn last_text(function: &ast::Function) -> Option<String> {
    let FunctionArguments::List(list) = &function.args else { return None };
    match list.args.last()? {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(Expr::Value(value))) => value.value.clone().into_string(),
        _ => None,
    }
}

/// Whether one of the rights that a text tells is a reader's.
fn is_reading(rights: &str) -> bool {
    rights.split(',').any(|right| ["select", "usage", "connect"].contains(&right.trim().to_lowercase().as_str()))
}

/// Whether an expression is made of nothing but what was put in the place of rights and options.
fn is_nothing(expr: &Expr) -> bool {
    match expr {
        Expr::BinaryOp { left, right, .. } => is_nothing(left) && is_nothing(right),
        Expr::Cast { expr, .. } | Expr::Nested(expr) => is_nothing(expr),
        Expr::Value(value) => match &value.value {
            ast::Value::Null => true,
            ast::Value::SingleQuotedString(text) => text == "{}",
            _ => false,
        },
        _ => false,
    }
}

fn has_one(function: &ast::Function) -> bool {
    matches!(&function.args, FunctionArguments::List(list) if list.args.len() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headings(sql: &str) -> Vec<String> {
        let mut ast = Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0);
        _ = ast.visit(&mut Headings);
        let ast::Statement::Query(query) = ast else { panic!("no query") };
        let SetExpr::Select(select) = *query.body else { panic!("no select") };
        let name = |item: &SelectItem| match item {
            SelectItem::ExprWithAlias { alias, .. } => heading(&alias.value).to_owned(),
            other => other.to_string(),
        };
        select.projection.iter().map(name).collect()
    }

    #[test]
    fn unnamed_columns_are_headed_as_in_postgresql() {
        let sql = "SELECT count(*), max(a.priority), a.status, 1, 'x' || y, priority::text, NULL::int, CASE WHEN a THEN 1 END, now(), EXTRACT(day FROM t), \
                   coalesce(a, b), (SELECT min(b) FROM t), date '2026-01-01', 2 > 1, trim(x), t AT TIME ZONE 'UTC', lower(x) AS small";
        let wanted =
            ["count", "max", "a.status", "?column?", "?column?", "priority", "int4", "case", "now", "extract", "coalesce", "min", "date", "?column?", "btrim", "timezone", "small"];
        assert_eq!(headings(sql), wanted);
    }

    #[test]
    fn a_statement_is_a_clients_own_only_if_it_reads_nothing_but_the_catalogue() {
        let asks = |sql: &str| Asks::of(&Parser::parse_sql(&PostgreSqlDialect {}, sql).unwrap().remove(0));
        assert_eq!(asks("SELECT * FROM pg_catalog.pg_class c JOIN pg_namespace n ON true"), Asks::Client);
        assert_eq!(asks("SELECT * FROM lots WHERE lot_number LIKE '%pg_class%'"), Asks::People);
        assert_eq!(asks("SELECT * FROM lots, pg_class"), Asks::People);
        assert_eq!(asks("SELECT 1"), Asks::People);
        assert_eq!(asks("SELECT typname FROM pg_catalog.pg_type, generate_series(1, array_upper(current_schemas(false), 1)) AS s(r)"), Asks::Client);
        assert_eq!(asks("SELECT s FROM generate_series(1, 3) AS s"), Asks::People);
    }

    #[test]
    fn a_number_with_an_exponent_is_exact_as_long_as_it_has_digits() {
        let plain = |text: &str| exact(text).map(|told| told.map_err(|fault| fault.state));
        assert_eq!(plain("1e3"), Some(Ok("1000.".to_owned())));
        assert_eq!(plain("1.5E+3"), Some(Ok("1500.".to_owned())));
        assert_eq!(plain("1e40"), Some(Err(OVERFLOW)));
        assert_eq!(plain("9223372036854775808"), Some(Ok("9223372036854775808.".to_owned())));
        assert_eq!([plain("1.5e-3"), plain("1.25e1"), plain("12"), plain("1.5")], [None, None, None, None]);
    }

    #[test]
    fn a_moment_to_the_minute_gets_its_seconds_and_nothing_else_does() {
        let told = |text: &str| {
            let mut text = text.to_owned();
            to_the_second(&mut text);
            text
        };
        assert_eq!(told("2026-03-31 12:30+02"), "2026-03-31 12:30:00+02");
        for other in ["2026-03-31 12:30:01", "2026-03-31", "2026-03-31 12:3é", "no moment at all"] {
            assert_eq!(told(other), other);
        }
    }

    #[test]
    fn two_columns_may_have_one_heading() {
        assert_eq!(headings("SELECT status, status, count(*), count(id)"), ["status", "status", "count", "count"]);
        assert_eq!(headings("SELECT *, status FROM lots"), ["*", "status"]);
    }
}
