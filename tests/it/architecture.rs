//! The house keeps its floors: this test reads `src/` and names every import that climbs.
//! It works on text, not on syntax, so it is quick and needs nothing that the product does not have;
//! what stands under `#[cfg(test)]` is exempt.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Rooms by floor, in the order in which floor 5 may look back.
const ROOMS: &[(&str, u8)] = &[
    ("base", 0),
    ("model", 1),
    ("store", 2),
    ("lake", 2),
    ("search", 2),
    ("kpi", 2),
    ("scheduling", 2),
    ("rules", 3),
    ("engine", 4),
    ("telemetry", 5),
    ("views", 5),
    ("planning", 5),
    ("bodies", 5),
    ("reports", 5),
    ("accounts", 5),
    ("trust", 5),
    ("agents", 5),
    ("followers", 5),
    ("query", 6),
    ("adapters", 7),
    ("simulator", 7),
    ("app", 8),
    ("main", 8),
];

/// A library and the only places that may name it.
const OWNERS: &[(&str, &[&str])] = &[
    ("redb", &["src/store/"]),
    ("bincode", &["src/store/codec.rs"]),
    ("arrow_array", &["src/lake/"]),
    ("arrow_buffer", &["src/lake/"]),
    ("arrow_ipc", &["src/lake/"]),
    ("arrow_schema", &["src/lake/"]),
    ("parquet", &["src/lake/"]),
    ("datafusion", &["src/query/"]),
    ("datafusion_pg_catalog", &["src/query/"]),
    ("pgwire", &["src/adapters/sql"]),
    ("arrow_pg", &["src/adapters/sql"]),
    ("tantivy", &["src/search/"]),
    ("pco", &["src/telemetry/"]),
    ("async_opcua", &["src/adapters/opcua"]),
    ("async_opcua_server", &["src/adapters/opcua"]),
    ("axum", &["src/adapters/http"]),
    ("flate2", &["src/adapters/http", "src/app/plan.rs", "src/app/replay.rs"]),
    ("hyper", &["src/adapters/http", "src/adapters/mtconnect", "src/adapters/s3"]),
    ("hyper_util", &["src/adapters/http", "src/adapters/mtconnect", "src/adapters/s3"]),
    ("quick_xml", &["src/adapters/mtconnect"]),
    ("tower", &["src/adapters/http"]),
    ("tower_http", &["src/adapters/http"]),
    ("utoipa", &["src/adapters/http"]),
    ("utoipa_swagger_ui", &["src/adapters/http"]),
    ("qrcode", &["src/bodies/qr.rs"]),
    ("rumqttc", &["src/adapters/mqtt"]),
    ("krilla", &["src/reports/pdf"]),
    ("skrifa", &["src/reports/pdf"]),
    ("dejavu", &["src/reports/pdf"]),
    ("rust_xlsxwriter", &["src/reports/workbook.rs"]),
    ("barcoders", &["src/reports/barcode.rs"]),
    ("lettre", &["src/adapters/mail"]),
    ("bytes", &["src/adapters/mqtt"]),
    ("tokio_rustls", &["src/trust/", "src/adapters/mqtt", "src/adapters/s3"]),
    ("tokio_util", &["src/adapters/sql"]),
    ("rcgen", &["src/trust/"]),
    ("x509_cert", &["src/trust/"]),
    ("calamine", &["src/adapters/exchange"]),
    ("csv", &["src/adapters/exchange", "src/reports/separated.rs"]),
];

/// These live at the door, which every adapter that lets people in shares.
const HASHERS: &[&str] = &["argon2", "pbkdf2", "hmac"];
const HASHER_ROOMS: &[&str] = &["accounts"];

/// What no rule and nothing below it may ask: the machine's clock, its disk, its dice.
const OUTSIDE_WORLD: &[&str] = &["tokio", "SystemTime", "Instant", "getrandom", "rand", "std::fs", "Timestamp::now", "Zoned::now"];

const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "service", "services", "misc"];

struct Source {
    path: String,
    text: String,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), text: text.to_owned() }
    }

    /// `src/adapters/http/lot.rs` is `[adapters, http, lot]`; a `mod.rs` is its folder.
    fn modules(&self) -> Vec<&str> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/').filter(|part| *part != "mod").collect()
    }

    fn room(&self) -> &str {
        self.modules().first().copied().unwrap_or("lib")
    }

    /// Adapters are rooms of their own: `adapters/http`.
    fn chamber(&self) -> String {
        let modules = self.modules();
        if modules[0] == "adapters" && modules.len() > 1 { format!("adapters/{}", modules[1]) } else { modules[0].to_owned() }
    }
}

fn floor(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn place(room: &str) -> usize {
    ROOMS.iter().position(|(name, _)| *name == room).unwrap_or(usize::MAX)
}

fn may_use(from: &str, to: &str) -> bool {
    let (Some(own), Some(other)) = (floor(from), floor(to)) else { return false };
    match (from, own) {
        _ if from == to => true,
        (_, 2) => other < 2,
        ("rules", _) => matches!(to, "base" | "model" | "store" | "kpi" | "scheduling"),
        (_, 5) => other < 5 || (other == 5 && place(to) < place(from)),
        (_, 7) => matches!(to, "base" | "model" | "engine" | "lake") || matches!(other, 5 | 6),
        (_, 8) => true,
        _ => other < own,
    }
}

/// The text without comments and without what stands under `#[cfg(test)]`; lines keep their numbers.
fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let (mut depth, mut in_test, mut opened) = (0_i32, false, false);
    for line in text.lines() {
        let bare = line.split("//").next().unwrap_or_default();
        if !in_test && bare.trim_start().starts_with("#[cfg(test)]") {
            (in_test, opened, depth) = (true, false, 0);
        }
        if in_test {
            depth += bare.matches('{').count() as i32 - bare.matches('}').count() as i32;
            opened |= bare.contains('{');
            let ends = if opened { depth <= 0 } else { bare.trim_end().ends_with(';') };
            in_test = !ends;
        } else {
            code.push_str(bare);
        }
        code.push('\n');
    }
    code
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where a name stands as a path's first part.
fn places_of<'c>(code: &'c str, name: &'c str) -> impl Iterator<Item = usize> + 'c {
    code.match_indices(name).map(|(at, _)| at).filter(move |at| {
        let before = code[..*at].chars().next_back();
        let after = code[at + name.len()..].chars().next();
        !before.is_some_and(|c| is_word(c) || c == ':') && !after.is_some_and(is_word)
    })
}

fn line_at(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// First names after a path's beginning: one, or all of a group in braces.
fn heads(rest: &str) -> Vec<(usize, String)> {
    let word = |text: &str| text.chars().take_while(|c| is_word(*c)).collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![(0, word(rest))] };
    let (mut depth, mut fresh, mut found) = (0, true, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && depth == 0 && is_word(c) => {
                found.push((at + 1, word(&group[at..])));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

/// Every path that leaves the file's own module at the root of the crate: line, then its parts.
fn climbs(source: &Source, code: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    let mut note = |start: usize| {
        for (offset, head) in heads(&code[start..]) {
            let tail = &code[start + offset + head.len()..];
            let second = tail.strip_prefix("::").and_then(|rest| heads(rest).into_iter().next()).map(|(_, head)| head).unwrap_or_default();
            found.push((line_at(code, start + offset), head, second));
        }
    };
    places_of(code, "crate").filter(|at| code[at + 5..].starts_with("::")).for_each(|at| note(at + 7));
    let depth = source.modules().len();
    for at in places_of(code, "super") {
        let (mut end, mut climbed) = (at, 0);
        while code[end..].starts_with("super::") {
            (end, climbed) = (end + 7, climbed + 1);
        }
        if climbed >= depth {
            note(end);
        }
    }
    found
}

fn check(sources: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut hasher_rooms = BTreeSet::new();
    for source in sources.iter().filter(|source| source.path != "src/lib.rs") {
        let code = code_of(&source.text);
        check_manners(source, &mut faults);
        if floor(source.room()).is_none() {
            faults.push(format!("{} stands on no floor: give its room one in tests/it/architecture.rs and in src/lib.rs", source.path));
            continue;
        }
        check_floors(source, &code, &mut faults);
        check_libraries(source, &code, &mut faults, &mut hasher_rooms);
    }
    if hasher_rooms.len() > 1 {
        faults.push(format!("password hashing lives in more than one room: {hasher_rooms:?}"));
    }
    faults
}

fn check_floors(source: &Source, code: &str, faults: &mut Vec<String>) {
    let room = source.room();
    for (line, to, second) in climbs(source, code) {
        let Some(target) = floor(&to) else { continue };
        if !may_use(room, &to) {
            let how = if target > floor(room).unwrap_or(0) { "climbs to" } else { "reaches over to" };
            faults.push(format!("{}:{line} {how} {to}", source.path));
        }
        let other = format!("adapters/{second}");
        if room == "adapters" && to == "adapters" && !second.is_empty() && source.chamber() != "adapters" && source.chamber() != other {
            faults.push(format!("{}:{line} reaches over to {other}", source.path));
        }
    }
    if floor(room).is_some_and(|floor| floor == 1 || floor == 3) {
        for word in OUTSIDE_WORLD {
            // A path may end in such a word, so here what stands before it does not matter.
            let hits = code.match_indices(word).map(|(at, _)| at).filter(|at| {
                let (before, after) = (code[..*at].chars().next_back(), code[at + word.len()..].chars().next());
                !before.is_some_and(is_word) && !after.is_some_and(is_word)
            });
            faults.extend(hits.map(|at| format!("{}:{} asks {word}", source.path, line_at(code, at))));
        }
    }
}

fn check_libraries(source: &Source, code: &str, faults: &mut Vec<String>, hasher_rooms: &mut BTreeSet<String>) {
    let named = |library: &str| {
        let hit = places_of(code, library).find(|at| {
            let after = &code[at + library.len()..];
            after.starts_with("::") || (code[..*at].trim_end().ends_with("use") && after.trim_start().starts_with([';', ' ']))
        });
        hit.map(|at| line_at(code, at))
    };
    for (library, owners) in OWNERS {
        if let Some(line) = named(library)
            && !owners.iter().any(|owner| source.path.starts_with(owner))
        {
            faults.push(format!("{}:{line} uses {library}, which belongs to {}", source.path, owners.join(" and ")));
        }
    }
    for library in HASHERS {
        if let Some(line) = named(library) {
            let chamber = source.chamber();
            if !HASHER_ROOMS.contains(&chamber.as_str()) {
                faults.push(format!("{}:{line} uses {library}, which belongs to {}", source.path, HASHER_ROOMS.join(" or ")));
            }
            hasher_rooms.insert(chamber);
        }
    }
}

fn check_manners(source: &Source, faults: &mut Vec<String>) {
    // A stub of a line or two has nothing to explain yet.
    if source.text.lines().count() > 2 && !source.text.starts_with("//!") {
        faults.push(format!("{}:1 does not say what it is for: open it with `//!`", source.path));
    }
    if source.modules().iter().any(|name| EMPTY_NAMES.contains(name)) {
        faults.push(format!("{} has a name that says nothing", source.path));
    }
    for (at, line) in source.text.lines().enumerate() {
        if line.contains("TODO") || line.contains("FIXME") || line.contains("todo!(") || line.contains("unimplemented!(") {
            faults.push(format!("{}:{} leaves something to do", source.path, at + 1));
        }
    }
}

fn read_all(folder: &Path, root: &Path, into: &mut Vec<Source>) {
    let mut entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_all(&path, root, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            // A file called tests.rs is declared under `#[cfg(test)]`, so it is exempt as such modules are.
            if !name.ends_with("/tests.rs") {
                into.push(Source::new(&name, &fs::read_to_string(&path).unwrap()));
            }
        }
    }
}

#[test]
fn imports_only_go_down() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    read_all(&root.join("src"), root, &mut sources);
    assert!(sources.len() > 40, "only {} files were read", sources.len());
    let faults = check(&sources);
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// A checker that cannot fail proves nothing.
#[test]
fn the_checker_finds_what_it_looks_for() {
    let bad: &[(&str, &str, &str)] = &[
        ("src/model/lot.rs", "//! x\nuse crate::rules::apply;\n", "src/model/lot.rs:2 climbs to rules"),
        ("src/model/lot.rs", "//! x\nuse crate::{base::Time, engine::Engine};\n", "src/model/lot.rs:2 climbs to engine"),
        ("src/model/lot.rs", "//! x\nuse crate::{\n    base::Time,\n    engine::{Engine, Options},\n};\n", "src/model/lot.rs:4 climbs to engine"),
        ("src/model/lot.rs", "//! x\nfn f() { super::super::store::open() }\n", "src/model/lot.rs:2 climbs to store"),
        ("src/model/mod.rs", "//! x\nuse super::views::Board;\n", "src/model/mod.rs:2 climbs to views"),
        ("src/base/time.rs", "//! x\nfn f() -> crate::model::Noun { x() }\n", "src/base/time.rs:2 climbs to model"),
        ("src/kpi/oee.rs", "//! x\nuse crate::store::Snapshot;\n", "src/kpi/oee.rs:2 reaches over to store"),
        ("src/rules/lot.rs", "//! x\nuse crate::search::Index;\n", "src/rules/lot.rs:2 reaches over to search"),
        ("src/rules/lot.rs", "//! x\nuse std::time::SystemTime;\n", "src/rules/lot.rs:2 asks SystemTime"),
        ("src/rules/lot.rs", "//! x\nlet bytes = std::fs::read(path);\n", "src/rules/lot.rs:2 asks std::fs"),
        ("src/rules/lot.rs", "//! x\nuse tokio::sync::mpsc;\n", "src/rules/lot.rs:2 asks tokio"),
        ("src/views/board.rs", "//! x\nuse crate::bodies::Body;\n", "src/views/board.rs:2 reaches over to bodies"),
        ("src/engine/mod.rs", "//! x\nuse crate::views::board;\n", "src/engine/mod.rs:2 climbs to views"),
        ("src/adapters/http/lot.rs", "//! x\nuse crate::store::Snapshot;\n", "src/adapters/http/lot.rs:2 reaches over to store"),
        ("src/adapters/http/lot.rs", "//! x\nuse crate::rules::shift::shift_at;\n", "src/adapters/http/lot.rs:2 reaches over to rules"),
        ("src/adapters/http/lot.rs", "//! x\nuse crate::adapters::exchange::read;\n", "src/adapters/http/lot.rs:2 reaches over to adapters/exchange"),
        ("src/adapters/http/lot.rs", "//! x\nuse crate::app::run;\n", "src/adapters/http/lot.rs:2 climbs to app"),
        ("src/simulator/mod.rs", "//! x\nuse crate::store::Store;\n", "src/simulator/mod.rs:2 reaches over to store"),
        ("src/views/board.rs", "//! x\nuse redb::Database;\n", "src/views/board.rs:2 uses redb, which belongs to src/store/"),
        ("src/store/tables.rs", "//! x\nlet b = bincode::serde::encode();\n", "src/store/tables.rs:2 uses bincode, which belongs to src/store/codec.rs"),
        ("src/views/search.rs", "//! x\nuse tantivy::Term;\n", "src/views/search.rs:2 uses tantivy, which belongs to src/search/"),
        ("src/app/serve.rs", "//! x\nuse axum::Router;\n", "src/app/serve.rs:2 uses axum, which belongs to src/adapters/http"),
        ("src/app/import.rs", "//! x\nuse calamine::Reader;\n", "src/app/import.rs:2 uses calamine, which belongs to src/adapters/exchange"),
        ("src/engine/login.rs", "//! x\nuse argon2::Argon2;\n", "src/engine/login.rs:2 uses argon2, which belongs to accounts"),
        ("src/model/util.rs", "//! x\n", "src/model/util.rs has a name that says nothing"),
        ("src/attic/box.rs", "//! x\n", "src/attic/box.rs stands on no floor"),
        ("src/model/lot.rs", "use crate::base::Time;\n\nfn f() {}\n", "src/model/lot.rs:1 does not say what it is for"),
        ("src/model/lot.rs", "//! x\nfn f() { todo!() }\n", "src/model/lot.rs:2 leaves something to do"),
    ];
    for (path, text, wanted) in bad {
        let faults = check(&[Source::new(path, text)]);
        assert!(faults.iter().any(|fault| fault.starts_with(wanted)), "{wanted:?} was not found in {faults:?}");
    }
    let two = [Source::new("src/app/login.rs", "//! x\nuse argon2::Argon2;\n"), Source::new("src/adapters/http/login.rs", "//! x\nuse hmac::Hmac;\n")];
    assert!(check(&two).iter().any(|fault| fault.contains("more than one room")));
}

#[test]
fn the_checker_leaves_good_code_alone() {
    let good: &[(&str, &str)] = &[
        ("src/rules/lot.rs", "//! x\nuse crate::store::Draft;\nuse super::Moment;\n// crate::engine decides\n"),
        ("src/model/lot.rs", "//! x\nuse super::super::base::Time;\n#[cfg(test)]\nmod tests {\n    use crate::rules::apply;\n    fn f() { redb::x(); }\n}\n"),
        ("src/views/lot.rs", "//! x\nuse crate::store::Snapshot;\nuse crate::telemetry::Block;\n"),
        ("src/adapters/http/mod.rs", "//! x\nuse crate::views::board;\nuse crate::adapters::http::lot;\nuse axum::Router;\nuse tower::Service;\n"),
        ("src/app/mod.rs", "//! x\nuse crate::store::Store;\nuse crate::adapters::{exchange, http};\n"),
        ("src/adapters/exchange/csv.rs", "//! x\nuse csv::Reader;\n"),
        ("src/store/archive.rs", "//! x\nuse super::super::base::Digest;\nuse redb::Database;\n"),
    ];
    for (path, text) in good {
        assert_eq!(check(&[Source::new(path, text)]), Vec::<String>::new(), "{path}");
    }
}
