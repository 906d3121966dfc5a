//! Searching a million lots: ours, from the typed text to the rows, against PostgreSQL with a
//! tsvector and pg_trgm under GIN, and against SQLite for the beginning of a lot's number. The
//! peers are asked for twenty rows, newest first, as we are; where the question has one right
//! answer, theirs and ours must be the same or the bench fails.
#![allow(clippy::print_stdout)]

mod kit;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use kit::postgres::Cluster;
use kit::{Dice, Point, Round, three};
use millwright::base::Digest;
use millwright::model::field::Note;
use millwright::model::{Fields as _, Id, Lot, Noun, Role, Subject};
use millwright::search::{Index, Mark, Opened, Query, Writer};
use millwright::store::tables::Replacement;
use millwright::store::{Home, Store};
use millwright::views::search::search;

/// As the product runs.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Lots in one transaction of the load.
const BATCH: usize = 20_000;
const LIMIT: usize = 20;
/// Lots of one heat.
const HEAT: u64 = 150;
/// Different words in all notes, and words of one note.
const VOCABULARY: u64 = 20_000;
const NOTE: u64 = 8;

struct Plant {
    lots: Vec<Lot>,
    words: Vec<String>,
}

fn main() -> anyhow::Result<()> {
    let plant = generate(kit::setting("MILLWRIGHT_BENCH_LOTS", 1_000_000));
    println!("{} lots; load {}\n", plant.lots.len(), kit::load());
    let folder = kit::scratch("search")?;
    let (store, index) = load_ours(&plant, &folder)?;
    let ours = Ours { store, index };
    let lite = load_lite(&plant, &folder)?;
    let cluster = Cluster::start();
    let client = cluster.as_ref().ok().map(|cluster| load_postgres(&plant, cluster)).transpose()?;
    let peer = cluster.as_ref().ok().zip(client.as_ref());
    println!("\n{}", kit::HEAD);
    let mut goals = String::new();
    for kind in KINDS {
        measure(kind, &plant, &ours, peer, &mut goals)?;
    }
    measure_beginnings(&plant, &ours, &lite, &mut goals)?;
    println!("\n{goals}- load at the end {}", kit::load());
    if let Err(why) = cluster {
        println!("- {why}: no such rows above");
    }
    Ok(())
}

/// A word that could be one: syllables, so that many are alike.
fn invented(dice: &mut Dice) -> String {
    const SYLLABLES: [&str; 24] =
        ["ka", "lo", "mi", "ster", "an", "ru", "ven", "tos", "pel", "dri", "gan", "esh", "bor", "qui", "fal", "nem", "ti", "ol", "sar", "wex", "jun", "py", "hud", "zor"];
    (0..dice.within(2, 4)).filter_map(|_| usize::try_from(dice.roll() % 24).ok()).map(|at| SYLLABLES[at]).collect()
}

fn generate(count: u64) -> Plant {
    let mut dice = Dice(5);
    let mut words = BTreeSet::new();
    while (words.len() as u64) < VOCABULARY {
        words.insert(invented(&mut dice));
    }
    let words: Vec<String> = words.into_iter().collect();
    let lots = (1..=count).map(|number| lot(number, &words, &mut dice)).collect();
    Plant { lots, words }
}

/// Common words are common: the square of a share falls toward the first ones.
fn some_word<'w>(words: &'w [String], dice: &mut Dice) -> &'w str {
    let share = (dice.roll() % 1_000_000) as f64 / 1e6;
    &words[((share * share * words.len() as f64) as usize * 7_919) % words.len()]
}

fn lot(number: u64, words: &[String], dice: &mut Dice) -> Lot {
    let note: Vec<&str> = (0..NOTE).map(|_| some_word(words, dice)).collect();
    Lot {
        lot_id: Id::new(number),
        lot_number: format!("COIL-{number:08}"),
        material_code: format!("SHEET-{}", dice.roll() % 40),
        heat_number: Some(heat(number / HEAT)),
        supplier_lot_number: Some(format!("TK{:07}", dice.roll() % 10_000_000)),
        certificate_number: Some(format!("C{:06}", dice.roll() % 1_000_000)),
        location: Some(format!("RAW-{:02}", dice.roll() % 30)),
        hold_reason: Some(Note(note.join(" "))),
        ..Lot::default()
    }
}

/// Numbers that do not run in order, as a mill gives them.
fn heat(at: u64) -> String {
    format!("H{:06}", at * 7_919 % 1_000_000)
}

fn note(lot: &Lot) -> &str {
    lot.hold_reason.as_ref().map_or("", |note| note.0.as_str())
}

fn load_ours(plant: &Plant, folder: &tempfile::TempDir) -> anyhow::Result<(Store, Arc<Index>)> {
    let started = Instant::now();
    let data = folder.path().join("data");
    let store = Store::open(Home::existing_or_new(&data)?)?;
    for batch in plant.lots.chunks(BATCH) {
        store.write(|tables| {
            for lot in batch {
                let number = lot.lot_id.number();
                tables.lay(&Replacement { subject: Subject { noun: Noun::Lot, number }, old: None, new: Some(Box::new(lot.clone())) }, number)?;
            }
            Ok(())
        })?;
    }
    println!("- Millwright: store loaded in {} s", secs(started));
    let (started, cpu) = (Instant::now(), kit::own_cpu());
    let index = Arc::new(Index::default());
    let Opened::Empty(mut writer, _) = Writer::open(&folder.path().join("search"), &index, |_| false)? else { bail!("a new index was not empty") };
    for lot in &plant.lots {
        writer.add(lot, lot.lot_id.number())?;
    }
    writer.commit(Mark { seq: plant.lots.len() as u64, hash: Digest::NONE })?;
    writer.pack()?;
    let bytes: u64 = std::fs::read_dir(folder.path().join("search"))?.flatten().filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum();
    let cpu = (kit::own_cpu() - cpu).as_secs_f64();
    println!("- Millwright: indexed in {} s, {} s CPU, {} B a lot", secs(started), three(cpu), bytes / plant.lots.len() as u64);
    Ok((store, index))
}

fn secs(since: Instant) -> String {
    three(since.elapsed().as_secs_f64())
}

/// Every column of a lot as text, since the peers keep and answer the same record as we do.
fn cells(lot: &Lot) -> impl Iterator<Item = Option<String>> + '_ {
    (0..Lot::FIELDS.len()).map(|at| Some(lot.value(at)).filter(|value| !value.is_null()).map(|value| value.to_string()))
}

fn names(after: &str) -> String {
    Lot::FIELDS.iter().map(|spec| format!("{}{after}", spec.name)).collect::<Vec<_>>().join(", ")
}

fn load_lite(plant: &Plant, folder: &tempfile::TempDir) -> anyhow::Result<rusqlite::Connection> {
    let started = Instant::now();
    let mut connection = rusqlite::Connection::open(folder.path().join("peer.sqlite"))?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA cache_size = -262144;")?;
    connection.execute_batch(&format!("CREATE TABLE lot (id INTEGER PRIMARY KEY, {})", names(" TEXT")))?;
    let insert = format!("INSERT INTO lot VALUES ({})", vec!["?"; Lot::FIELDS.len() + 1].join(", "));
    let txn = connection.transaction()?;
    for lot in &plant.lots {
        let cells = std::iter::once(Some(lot.lot_id.number().to_string())).chain(cells(lot));
        txn.prepare_cached(&insert)?.execute(rusqlite::params_from_iter(cells))?;
    }
    txn.commit()?;
    connection.execute_batch("CREATE UNIQUE INDEX by_number ON lot (lot_number); ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")?;
    println!("- SQLite: loaded in {} s", secs(started));
    Ok(connection)
}

struct Client {
    runtime: tokio::runtime::Runtime,
    client: tokio_postgres::Client,
}

fn load_postgres(plant: &Plant, cluster: &Cluster) -> anyhow::Result<Client> {
    let started = Instant::now();
    cluster.psql("CREATE EXTENSION pg_trgm")?;
    cluster.psql(&format!("CREATE TABLE lot (id int PRIMARY KEY, {}, words tsvector)", names(" text")))?;
    let mut rows = String::new();
    for lot in &plant.lots {
        let own = [&lot.heat_number, &lot.supplier_lot_number, &lot.certificate_number].map(|text| text.clone().unwrap_or_default());
        // A field's lexemes carry its name, so that one index answers fields and words.
        let named = [("lot_number", &lot.lot_number), ("heat_number", &own[0]), ("supplier_lot_number", &own[1]), ("certificate_number", &own[2])];
        let mut words: Vec<String> = named.iter().flat_map(|(name, text)| [format!("'{name}:{}'", text.to_lowercase()), format!("'{}'", text.to_lowercase())]).collect();
        words.extend(note(lot).split(' ').map(|word| format!("'{word}'")));
        let cells: Vec<String> = cells(lot).map(|cell| cell.unwrap_or_else(|| "\\N".to_owned())).collect();
        _ = writeln!(rows, "{}\t{}\t{}", lot.lot_id.number(), cells.join("\t"), words.join(" "));
    }
    cluster.copy_in("lot", rows.as_bytes())?;
    cluster.psql("CREATE INDEX ON lot USING gin (words)")?;
    cluster.psql("CREATE INDEX ON lot USING gin (hold_reason gin_trgm_ops)")?;
    // As the manual of pg_trgm advises for misspelled words: a table of all words, compared with what was typed.
    cluster.psql("CREATE TABLE word (word text)")?;
    cluster.copy_in("word", plant.words.join("\n").as_bytes())?;
    cluster.psql("CREATE INDEX ON word USING gin (word gin_trgm_ops)")?;
    cluster.psql("VACUUM ANALYZE")?;
    println!("- PostgreSQL: loaded in {} s", secs(started));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (client, connection) = runtime.block_on(tokio_postgres::connect(&cluster.dsn(), tokio_postgres::NoTls))?;
    runtime.spawn(connection);
    Ok(Client { runtime, client })
}

/// Our side: the store and its index.
struct Ours {
    store: Store,
    index: Arc<Index>,
}

impl Ours {
    /// As the door asks: typed text in, rows out.
    fn ask(&self, typed: &str) -> anyhow::Result<Vec<u64>> {
        let query = Query::parse(typed)?.of_kind("lot")?;
        let hits = self.store.read(|snapshot| search(snapshot, &self.index, Role::Auditor, &query, LIMIT))??;
        Ok(hits.hits.iter().map(|hit| hit.subject.number).collect())
    }
}

/// A kind of question.
#[derive(Clone, Copy)]
struct Kind {
    what: &'static str,
    /// What is typed, and the parameter of the peer's statement.
    ask: fn(&Plant, &mut Dice) -> (String, String),
    statements: &'static [(&'static str, &'static str)],
    /// How many are asked: a peer's clock has ticks of 10 ms.
    questions: u64,
    /// Both must answer the same rows.
    same: bool,
}

const BY_WORDS: (&str, &str) = ("PostgreSQL, tsvector", "SELECT {ROWS} FROM lot WHERE words @@ $1::text::tsquery ORDER BY id DESC LIMIT 20");
const BY_WORD_TABLE: (&str, &str) = (
    "PostgreSQL, pg_trgm on a table of words, then tsvector",
    "SELECT {ROWS} FROM lot WHERE words @@ (SELECT string_agg(quote_literal(word), ' | ')::tsquery FROM (SELECT word FROM word WHERE word % $1::text ORDER BY similarity(word, $1::text) DESC LIMIT 8) near) ORDER BY id DESC LIMIT 20",
);
const BY_TRIGRAMS: (&str, &str) =
    ("PostgreSQL, pg_trgm on the notes", "SELECT {ROWS} FROM lot WHERE $1::text <% hold_reason ORDER BY word_similarity($1::text, hold_reason) DESC, id DESC LIMIT 20");

const KINDS: &[Kind] = &[
    Kind { what: "a heat, named", ask: by_heat, statements: &[BY_WORDS], questions: 2_000, same: true },
    Kind { what: "a certificate's number", ask: by_certificate, statements: &[BY_WORDS], questions: 2_000, same: false },
    Kind { what: "two words of a note", ask: two_words, statements: &[BY_WORDS], questions: 2_000, same: false },
    Kind { what: "a misspelled word", ask: misspelled, statements: &[BY_WORD_TABLE, BY_TRIGRAMS], questions: 100, same: false },
];

fn any<'p>(plant: &'p Plant, dice: &mut Dice) -> &'p Lot {
    &plant.lots[usize::try_from(dice.roll() % plant.lots.len() as u64).unwrap_or(0)]
}

fn by_heat(plant: &Plant, dice: &mut Dice) -> (String, String) {
    let heat = any(plant, dice).heat_number.clone().unwrap_or_default();
    (format!("heat_number:{heat}"), format!("'heat_number:{}'", heat.to_lowercase()))
}

fn by_certificate(plant: &Plant, dice: &mut Dice) -> (String, String) {
    let number = any(plant, dice).certificate_number.clone().unwrap_or_default();
    (number.clone(), format!("'{}'", number.to_lowercase()))
}

fn two_words(plant: &Plant, dice: &mut Dice) -> (String, String) {
    let words: Vec<&str> = note(any(plant, dice)).split(' ').collect();
    (format!("{} {}", words[1], words[4]), format!("'{}' & '{}'", words[1], words[4]))
}

/// Two neighbours exchanged in a word that is long enough to have a slip forgiven.
fn misspelled(plant: &Plant, dice: &mut Dice) -> (String, String) {
    loop {
        let word = some_word(&plant.words, dice);
        let mut letters: Vec<char> = word.chars().collect();
        letters.swap(2, 3);
        let wrong: String = letters.iter().collect();
        if word.len() > 6 && wrong != word && !plant.words.contains(&wrong) {
            return (wrong.clone(), wrong);
        }
    }
}

fn run(asked: &[String], mut clock: impl FnMut() -> std::time::Duration, mut ask: impl FnMut(&str) -> anyhow::Result<Vec<u64>>) -> anyhow::Result<(Round, Vec<Vec<u64>>)> {
    let (started, cpu) = (Instant::now(), clock());
    let (mut latencies, mut answers) = (Vec::new(), Vec::new());
    for question in asked {
        let at = Instant::now();
        answers.push(ask(question)?);
        latencies.push(at.elapsed());
    }
    Ok((Round { wall: started.elapsed(), cpu: clock().saturating_sub(cpu), latencies }, answers))
}

fn measure(kind: &Kind, plant: &Plant, ours: &Ours, peer: Option<(&Cluster, &Client)>, goals: &mut String) -> anyhow::Result<()> {
    let mut dice = Dice(17);
    let (typed, given): (Vec<String>, Vec<String>) = (0..kind.questions).map(|_| (kind.ask)(plant, &mut dice)).unzip();
    let mut own = Point::default();
    let mut theirs: Vec<Point> = kind.statements.iter().map(|_| Point::default()).collect();
    for _ in 0..kit::rounds() {
        let (round, answers) = run(&typed, kit::thread_cpu, |typed| ours.ask(typed))?;
        own.add(round);
        let empty = answers.iter().filter(|rows| rows.is_empty()).count();
        anyhow::ensure!(empty == 0, "{}: {empty} of {} questions found nothing", kind.what, answers.len());
        let Some((cluster, client)) = peer else { continue };
        for (point, (_, sql)) in theirs.iter_mut().zip(kind.statements) {
            let (round, rows) = ask_postgres(sql, &given, cluster, client)?;
            point.add(round);
            anyhow::ensure!(!kind.same || rows == answers, "{}: PostgreSQL found other rows", kind.what);
        }
    }
    println!("{}", own.row(kind.what, "Millwright, typed text to rows"));
    for (point, (who, _)) in theirs.iter().zip(kind.statements).filter(|_| peer.is_some()) {
        println!("{}", point.row(kind.what, who));
        let ahead = point.cpu_us() / own.cpu_us();
        _ = writeln!(goals, "{}", kit::goal(&format!("{}: CPU less than {who} (at least 5)", kind.what), ahead, ahead >= 5.0));
    }
    Ok(())
}

fn ask_postgres(sql: &str, given: &[String], cluster: &Cluster, to: &Client) -> anyhow::Result<(Round, Vec<Vec<u64>>)> {
    let statement = to.runtime.block_on(to.client.prepare(&sql.replace("{ROWS}", &format!("id, {}", names("")))))?;
    let ask = |parameter: &str| {
        let rows = to.runtime.block_on(to.client.query(&statement, &[&parameter]))?;
        rows.iter().map(|row| u64::try_from(row.get::<_, i32>(0)).context("an id")).collect()
    };
    run(given, || cluster.cpu(), ask)
}

/// The beginning of a lot's number, as a field of a form asks while somebody types.
fn measure_beginnings(plant: &Plant, ours: &Ours, lite: &rusqlite::Connection, goals: &mut String) -> anyhow::Result<()> {
    let mut dice = Dice(23);
    let cut = |dice: &mut Dice| any(plant, dice).lot_number[..usize::try_from(dice.within(8, 12)).unwrap_or(8)].to_owned();
    let beginnings: Vec<String> = (0..2_000).map(|_| cut(&mut dice)).collect();
    let typed: Vec<String> = beginnings.iter().map(|beginning| format!("lot_number:{beginning}")).collect();
    let mut statement = lite.prepare("SELECT * FROM lot WHERE lot_number >= ?1 AND lot_number < ?1 || '~' ORDER BY lot_number DESC LIMIT 20")?;
    let (mut own, mut theirs) = (Point::default(), Point::default());
    for _ in 0..kit::rounds() {
        let (round, answers) = run(&typed, kit::thread_cpu, |typed| ours.ask(typed))?;
        own.add(round);
        let ask = |beginning: &str| {
            let mut rows = statement.query([beginning])?;
            let mut ids = Vec::new();
            while let Some(row) = rows.next()? {
                // A row is there when its columns are.
                for column in 1..=Lot::FIELDS.len() {
                    std::hint::black_box(row.get::<_, Option<String>>(column)?);
                }
                ids.push(u64::try_from(row.get::<_, i64>(0)?)?);
            }
            Ok(ids)
        };
        let (round, rows) = run(&beginnings, kit::thread_cpu, ask)?;
        theirs.add(round);
        anyhow::ensure!(rows == answers, "SQLite found other lots");
    }
    let what = "beginning of a lot's number";
    println!("{}", own.row(what, "Millwright, typed text to rows"));
    println!("{}", theirs.row(what, "SQLite, in process"));
    let ahead = theirs.cpu_us() / own.cpu_us();
    _ = writeln!(goals, "{}", kit::goal(&format!("{what}: CPU less than SQLite's (at least 1)"), ahead, ahead >= 1.0));
    Ok(())
}
