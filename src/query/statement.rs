//! A text as statements: what may be asked at all is an allow-list, and everything else is refused
//! before any of the text is run. Reading, looking at and setting a connection's own settings, and the
//! words of transactions, which clients say though there is nothing to take back.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{self, CloseCursor, Expr, Query, Reset, Select, Set, SetExpr, Visit as _, Visitor};
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::Parser;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::fault::{Fault, NOT_DONE, READ_ONLY, SYNTAX, TOO_MUCH};
use crate::base::limits;

/// What a statement does.
#[derive(Clone, Debug)]
pub enum Act {
    /// Rows come.
    Read,
    /// A setting of the connection gets a content, or its default.
    Set(String, Option<String>),
    /// All settings get their defaults.
    ResetAll,
    /// A setting is shown.
    Show(String),
    /// A transaction begins: reading only, and nothing to take back.
    Begin,
    /// It ends.
    Commit,
    /// It ends.
    Rollback,
    /// A prepared statement is forgotten; all where no name is told.
    Deallocate(Option<String>),
    /// Everything of the connection is forgotten.
    DiscardAll,
    /// Said by clients, without a meaning here: its word for the answer.
    Nothing(&'static str),
}

/// A statement that may be run.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it does.
    pub act: Act,
    pub(super) ast: ast::Statement,
    /// The text it came with, and which of the statements of that text it is.
    pub(super) text: std::sync::Arc<str>,
    pub(super) place: usize,
}

impl Statement {
    /// The statements of a text; all of them may be run, or none is answered. Needs the deep stack of
    /// this room's threads.
    pub(super) fn parse(text: &str) -> Result<Vec<Self>, Fault> {
        if text.len() > limits::SQL_TEXT_MAX {
            return Err(Fault::new(TOO_MUCH, format!("the statement is {} bytes long and may be {}", text.len(), limits::SQL_TEXT_MAX))
                .hint("ask for less at once, or pass long lists as an array parameter"));
        }
        if text.contains('\0') {
            return Err(Fault::new(SYNTAX, "the statement holds a zero byte"));
        }
        let tokens = Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location().map_err(|error| Fault::of_parser(&error.into(), text))?;
        // A chain of operators is a tree as deep as it is long, and so is whatever walks it.
        if tokens.iter().filter(|token| is_operator(&token.token)).count() > limits::SQL_OPERATORS_MAX {
            return Err(Fault::new("54001", format!("the statement has more than {} operators", limits::SQL_OPERATORS_MAX)).hint("write IN (...) or = ANY ($1) for long lists"));
        }
        let parsed = Parser::new(&PostgreSqlDialect {}).with_recursion_limit(limits::SQL_DEPTH_MAX).with_tokens_with_locations(whole_tables(tokens)).parse_statements();
        let parsed = parsed.map_err(|error| Fault::of_parser(&error, text))?;
        if parsed.len() > limits::SQL_STATEMENTS_MAX {
            return Err(Fault::new(TOO_MUCH, format!("{} statements at once, and there may be {}", parsed.len(), limits::SQL_STATEMENTS_MAX)));
        }
        let text: std::sync::Arc<str> = text.into();
        parsed.into_iter().enumerate().map(|(place, ast)| Ok(Self { act: act(&ast)?, ast, text: text.clone(), place })).collect()
    }

    /// The word that ends its answer.
    pub fn tag(&self) -> &'static str {
        match &self.act {
            Act::Read if matches!(self.ast, ast::Statement::Explain { .. }) => "EXPLAIN",
            Act::Read => "SELECT",
            Act::Set(_, Some(_)) => "SET",
            Act::Set(_, None) | Act::ResetAll => "RESET",
            Act::Show(_) => "SHOW",
            Act::Begin => "BEGIN",
            Act::Commit => "COMMIT",
            Act::Rollback => "ROLLBACK",
            Act::Deallocate(None) => "DEALLOCATE ALL",
            Act::Deallocate(Some(_)) => "DEALLOCATE",
            Act::DiscardAll => "DISCARD ALL",
            Act::Nothing(word) => word,
        }
    }
}

/// `TABLE lots` as what it stands for, `SELECT * FROM lots`, where it begins a statement.
fn whole_tables(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let (mut all, mut is_first) = (Vec::with_capacity(tokens.len()), true);
    for token in tokens {
        let is_table = is_first && matches!(&token.token, Token::Word(word) if word.keyword == Keyword::TABLE);
        is_first = token.token == Token::SemiColon || is_first && matches!(token.token, Token::Whitespace(_));
        if is_table {
            let words = [Token::make_keyword("SELECT"), Token::Mul, Token::make_keyword("FROM")];
            all.extend(words.map(|word| TokenWithSpan::new(word, token.span)));
        } else {
            all.push(token);
        }
    }
    all
}

/// Whether a token may make a tree one deeper without a bracket.
fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => {
            use Keyword as K;
            matches!(
                word.keyword,
                K::AND | K::OR | K::NOT | K::UNION | K::INTERSECT | K::EXCEPT | K::IS | K::AT | K::COLLATE | K::LIKE | K::ILIKE | K::SIMILAR | K::BETWEEN | K::IN | K::OVERLAPS
            )
        }
        Token::Number(..) | Token::Comma | Token::Period | Token::LParen | Token::RParen | Token::SemiColon | Token::Whitespace(_) | Token::Placeholder(_) | Token::EOF => false,
        Token::SingleQuotedString(_) | Token::DollarQuotedString(_) | Token::EscapedStringLiteral(_) | Token::NationalStringLiteral(_) | Token::HexStringLiteral(_) => false,
        _ => true,
    }
}

fn act(statement: &ast::Statement) -> Result<Act, Fault> {
    use ast::Statement as S;
    Ok(match statement {
        S::Query(_) => {
            only_reads(statement)?;
            Act::Read
        }
        S::Explain { statement: inner, .. } if matches!(inner.as_ref(), S::Query(_)) => {
            only_reads(inner)?;
            Act::Read
        }
        S::Set(set) => setting(set)?,
        S::Reset(reset) => match &reset.reset {
            Reset::ALL => Act::ResetAll,
            Reset::ConfigurationParameter(name) => Act::Set(name.to_string().to_lowercase(), None),
        },
        S::ShowVariable { variable } => Act::Show(shown(&variable.iter().map(|word| word.value.to_lowercase()).collect::<Vec<_>>())),
        S::StartTransaction { .. } => Act::Begin,
        S::Commit { .. } => Act::Commit,
        S::Rollback { savepoint: None, .. } => Act::Rollback,
        S::Rollback { .. } => Act::Nothing("ROLLBACK"),
        S::Savepoint { .. } => Act::Nothing("SAVEPOINT"),
        S::ReleaseSavepoint { .. } => Act::Nothing("RELEASE"),
        S::Discard { object_type: ast::DiscardObject::ALL } => Act::DiscardAll,
        S::Discard { .. } => Act::Nothing("DISCARD"),
        S::Deallocate { name, .. } if name.value.eq_ignore_ascii_case("all") => Act::Deallocate(None),
        S::Deallocate { name, .. } => Act::Deallocate(Some(name.value.clone())),
        S::Close { cursor: CloseCursor::All } => Act::Nothing("CLOSE CURSOR ALL"),
        S::UNLISTEN { .. } => Act::Nothing("UNLISTEN"),
        S::Prepare { .. } | S::Execute { .. } => return Err(not_done(statement).hint("prepare statements through the driver, with parameters $1, $2 and so on")),
        S::Declare { .. } | S::Fetch { .. } => return Err(not_done(statement).hint("fetch rows through the driver, which need not hold them all")),
        S::ExplainTable { .. } | S::Explain { .. } | S::LISTEN { .. } | S::NOTIFY { .. } | S::Call(_) => return Err(not_done(statement)),
        _ => return Err(writes(&words(statement))),
    })
}

/// The first words of a statement.
fn words(statement: &ast::Statement) -> String {
    let text = statement.to_string();
    let all = text.split_whitespace().map(str::to_uppercase);
    let two = ["CREATE", "DROP", "ALTER", "REFRESH", "COMMENT", "LOCK"];
    let words: Vec<String> = all.take(2).collect();
    let take = if words.first().is_some_and(|first| two.contains(&first.as_str())) { 2 } else { 1 };
    words.into_iter().take(take).collect::<Vec<_>>().join(" ")
}

fn not_done(statement: &ast::Statement) -> Fault {
    Fault::new(NOT_DONE, format!("{} is not done here", words(statement)))
}

fn writes(words: &str) -> Fault {
    Fault::new(READ_ONLY, format!("cannot execute {words} in a read-only transaction")).hint("SQL only reads; the plant is changed by commands, which /api/docs describes")
}

fn setting(set: &Set) -> Result<Act, Fault> {
    let content = |values: &[Expr]| {
        let all: Vec<String> = values.iter().map(|value| value.to_string().trim_matches('\'').to_owned()).collect();
        Some(all.join(", ")).filter(|text| !text.eq_ignore_ascii_case("default"))
    };
    Ok(match set {
        Set::SingleAssignment { variable, values, .. } => Act::Set(variable.to_string().replace('"', "").to_lowercase(), content(values)),
        Set::SetTimeZone { value, .. } => Act::Set("timezone".to_owned(), content(std::slice::from_ref(value))),
        Set::SetNames { charset_name, .. } => Act::Set("client_encoding".to_owned(), Some(charset_name.value.clone())),
        Set::SetNamesDefault {} => Act::Set("client_encoding".to_owned(), None),
        Set::SetTransaction { modes, .. } if modes.contains(&ast::TransactionMode::AccessMode(ast::TransactionAccessMode::ReadWrite)) => {
            return Err(Fault::new(READ_ONLY, "cannot set transaction read-write mode: SQL only reads"));
        }
        Set::SetTransaction { .. } => Act::Nothing("SET"),
        _ => return Err(Fault::new(NOT_DONE, format!("{set} is not done here"))),
    })
}

/// The setting that words after SHOW mean.
fn shown(words: &[String]) -> String {
    match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["time", "zone"] => "timezone".to_owned(),
        ["transaction", "isolation", "level"] => "transaction_isolation".to_owned(),
        ["session", "authorization"] => "session_authorization".to_owned(),
        _ => words.join("."),
    }
}

/// Writing can hide in a WITH, and locks and new tables in a SELECT.
fn only_reads(statement: &ast::Statement) -> Result<(), Fault> {
    match statement.visit(&mut Reading) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(words) => Err(writes(words)),
    }
}

struct Reading;

impl Visitor for Reading {
    type Break = &'static str;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if !query.locks.is_empty() {
            return ControlFlow::Break("SELECT FOR UPDATE");
        }
        match query.body.as_ref() {
            SetExpr::Insert(_) => ControlFlow::Break("INSERT"),
            SetExpr::Update(_) => ControlFlow::Break("UPDATE"),
            SetExpr::Delete(_) => ControlFlow::Break("DELETE"),
            SetExpr::Merge(_) => ControlFlow::Break("MERGE"),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        if select.into.is_some() { ControlFlow::Break("SELECT INTO") } else { ControlFlow::Continue(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> Vec<&'static str> {
        Statement::parse(text).unwrap().iter().map(Statement::tag).collect()
    }

    #[test]
    fn reading_and_the_small_talk_of_clients_are_taken() {
        assert_eq!(tags("SELECT 1; WITH a AS (SELECT 1) SELECT * FROM a;;"), ["SELECT", "SELECT"]);
        assert_eq!(tags("BEGIN; SET TRANSACTION READ ONLY; SHOW server_version; COMMIT"), ["BEGIN", "SET", "SHOW", "COMMIT"]);
        assert_eq!(tags("CLOSE ALL; UNLISTEN *; RESET ALL; DISCARD ALL; DEALLOCATE ALL"), ["CLOSE CURSOR ALL", "UNLISTEN", "RESET", "DISCARD ALL", "DEALLOCATE ALL"]);
        assert_eq!(tags(" ; "), Vec::<&str>::new());
        assert_eq!(tags("TABLE lots; SELECT 1; TABLE lots ORDER BY 1 LIMIT 2"), ["SELECT", "SELECT", "SELECT"]);
    }

    #[test]
    fn writing_is_refused_wherever_it_hides_and_the_rest_of_the_text_with_it() {
        for text in [
            "INSERT INTO lots VALUES (1)",
            "UPDATE lots SET status = 'x'",
            "DELETE FROM lots",
            "TRUNCATE lots",
            "CREATE TABLE t (a int)",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "DROP TABLE lots",
            "ALTER TABLE lots ADD COLUMN a int",
            "GRANT SELECT ON lots TO public",
            "COPY lots TO '/tmp/lots.csv'",
            "COPY lots FROM STDIN",
            "SELECT * INTO copy FROM lots",
            "SELECT * FROM lots FOR UPDATE",
            "WITH gone AS (DELETE FROM lots RETURNING *) SELECT * FROM gone",
            "SELECT 1; DROP TABLE lots",
            "SET TRANSACTION READ WRITE",
        ] {
            let fault = Statement::parse(text).unwrap_err();
            assert!([READ_ONLY, SYNTAX].contains(&fault.state), "{text}: {fault:?}");
        }
        assert_eq!(Statement::parse("DROP TABLE lots").unwrap_err().message, "cannot execute DROP TABLE in a read-only transaction");
    }

    #[test]
    fn a_broken_text_says_where() {
        let fault = Statement::parse("SELECT *\nFRM lots").unwrap_err();
        assert_eq!((fault.state, fault.position), (SYNTAX, Some(14)), "{fault:?}");
        assert_eq!(Statement::parse("SELECT 'open").unwrap_err().state, SYNTAX);
        assert_eq!(Statement::parse(&format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000))).unwrap_err().state, "54001");
        assert_eq!(Statement::parse(&format!("SELECT {}", vec!["1"; 5_000].join("+"))).unwrap_err().state, "54001");
        assert_eq!(Statement::parse(&format!("SELECT '{}'", "x".repeat(10 << 20))).unwrap_err().state, TOO_MUCH);
    }

    #[test]
    fn settings_are_read_in_all_their_spellings() {
        let one = |text: &str| format!("{:?}", Statement::parse(text).unwrap().remove(0).act);
        assert_eq!(one("SET extra_float_digits = 3"), r#"Set("extra_float_digits", Some("3"))"#);
        assert_eq!(one("SET TIME ZONE 'UTC'"), r#"Set("timezone", Some("UTC"))"#);
        assert_eq!(one("SET SESSION search_path TO public, pg_catalog"), r#"Set("search_path", Some("public, pg_catalog"))"#);
        assert_eq!(one("SET millwright.as_of = '2026-11-01T00:00:00Z'"), r#"Set("millwright.as_of", Some("2026-11-01T00:00:00Z"))"#);
        assert_eq!(one("RESET millwright.as_of"), r#"Set("millwright.as_of", None)"#);
        assert_eq!(one("SHOW TRANSACTION ISOLATION LEVEL"), r#"Show("transaction_isolation")"#);
    }
}
