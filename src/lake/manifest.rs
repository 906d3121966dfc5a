//! What an export holds, as JSON beside the tables: `manifest-NAME.json`, one a plant. It is written
//! last, so whoever finds a file as it says reads a whole export. Deliberately without the time it was
//! made: the same plant at the same entry has the same manifest.

use std::path::{Component, Path, PathBuf};

use serde::Deserialize;

use super::tables::Table;
use crate::base::{Code, Digest, Refusal, Value};

const FORMAT: i64 = 1;

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileLine {
    /// Its path below the export's folder.
    pub path: PathBuf,
    /// Rows in it.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// A table of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableLine {
    /// Its name.
    pub table: &'static str,
    /// Its files, in order of their paths.
    pub files: Vec<FileLine>,
    columns: Vec<(&'static str, String, bool)>,
    time: Option<&'static str>,
}

/// An export: the plant as of one entry of its journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The plant's name.
    pub plant: String,
    /// The newest entry in it.
    pub seq: u64,
    /// That entry's hash.
    pub hash: Digest,
    /// Its tables.
    pub tables: Vec<TableLine>,
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// In order of paths, and without the file that showed the columns of a table that had no rows yet.
fn without_placeholder(mut files: Vec<FileLine>) -> Vec<FileLine> {
    if files.iter().any(|file| file.rows > 0) {
        files.retain(|file| file.rows > 0);
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

fn count(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

impl FileLine {
    fn to_value(&self) -> Value {
        let path = text(&self.path.to_string_lossy());
        Value::Object(vec![("path", path), ("rows", count(self.rows)), ("bytes", count(self.bytes)), ("sha256", text(&self.digest.to_string()))])
    }
}

/// Files alone, written as a manifest has them: what may come to stand somewhere, before a manifest says that it does.
pub fn listed<'l>(files: impl Iterator<Item = &'l FileLine>) -> String {
    let table = Value::Object(vec![("files", Value::List(files.map(FileLine::to_value).collect()))]);
    Value::Object(vec![("format", Value::Int(FORMAT)), ("tables", Value::List(vec![table]))]).to_json()
}

impl TableLine {
    pub(super) fn new(table: &Table, files: Vec<FileLine>) -> Self {
        Self { table: table.name, files: without_placeholder(files), columns: table.described().collect(), time: table.time() }
    }

    pub(super) fn by_days(table: &'static str, time: &'static str, columns: Vec<(&'static str, String, bool)>, files: Vec<FileLine>) -> Self {
        Self { table, files: without_placeholder(files), columns, time: Some(time) }
    }

    /// Its rows.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    fn to_value(&self) -> Value {
        let column = |(name, kind, nullable): &(&'static str, String, bool)| Value::Object(vec![("name", text(name)), ("type", text(kind)), ("nullable", Value::Bool(*nullable))]);
        Value::Object(vec![
            ("table", text(self.table)),
            ("rows", count(self.rows())),
            ("month_of", self.time.map_or(Value::Null, text)),
            ("columns", Value::List(self.columns.iter().map(column).collect())),
            ("files", Value::List(self.files.iter().map(FileLine::to_value).collect())),
        ])
    }
}

impl Manifest {
    /// As JSON.
    pub fn to_json(&self) -> String {
        let head = Value::Object(vec![("seq", count(self.seq)), ("hash", text(&self.hash.to_string()))]);
        let tables = Value::List(self.tables.iter().map(TableLine::to_value).collect());
        Value::Object(vec![("format", Value::Int(FORMAT)), ("plant", text(&self.plant)), ("head", head), ("tables", tables)]).to_json()
    }
}

/// A manifest as it is read back. Only paths are needed to know which files are an export's own.
#[derive(Deserialize)]
struct Told {
    format: i64,
    #[serde(default)]
    head: ToldHead,
    tables: Vec<ToldTable>,
}

#[derive(Default, Deserialize)]
struct ToldHead {
    seq: u64,
    hash: String,
}

#[derive(Deserialize)]
struct ToldTable {
    #[serde(default)]
    table: String,
    #[serde(default)]
    columns: Vec<ToldColumn>,
    files: Vec<ToldFile>,
}

#[derive(Deserialize)]
struct ToldColumn {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    nullable: bool,
}

#[derive(Deserialize)]
struct ToldFile {
    path: PathBuf,
    #[serde(default)]
    rows: u64,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    sha256: String,
}

fn read(bytes: &[u8]) -> Result<Told, Refusal> {
    let told: Told = serde_json::from_slice(bytes).map_err(|error| Refusal::new(Code::Invalid, format!("it does not read as a manifest of an export: {error}")))?;
    if told.format > FORMAT {
        return Err(Refusal::new(Code::Invalid, format!("it has format {}, newer than the {FORMAT} this millwright knows", told.format)));
    }
    Ok(told)
}

/// An export that is there, for one that goes on from it.
pub(super) struct Earlier(Told);

impl Earlier {
    /// What a manifest tells, if it is one of ours.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        read(bytes).ok().filter(|told| told.format == FORMAT).map(Self)
    }

    /// The newest entry in it, and that entry's hash.
    pub(super) fn head(&self) -> Option<(u64, Digest)> {
        Digest::from_hex(&self.0.head.hash).map(|hash| (self.0.head.seq, hash))
    }

    /// The files of a table that has the columns of today.
    pub(super) fn files(&self, table: &str, columns: &[(&'static str, String, bool)]) -> Vec<FileLine> {
        let same = |it: &&ToldTable| {
            it.table == table
                && it
                    .columns
                    .iter()
                    .map(|told| (told.name.as_str(), told.kind.as_str(), told.nullable))
                    .eq(columns.iter().map(|(name, kind, nullable)| (*name, kind.as_str(), *nullable)))
        };
        self.0.tables.iter().find(same).map(|it| it.files.iter().filter_map(ToldFile::line).collect()).unwrap_or_default()
    }

    /// Whether every file of it is in its folder, as large as it says. What is in them is read by whoever reads them.
    pub(super) fn is_there(&self, out: &Path) -> bool {
        self.all().all(|file| std::fs::metadata(out.join(&file.path)).is_ok_and(|found| found.len() == file.bytes))
    }

    /// Whether a file is as it says.
    pub(super) fn has(&self, line: &FileLine) -> bool {
        self.all().any(|file| file.path == line.path && file.line().as_ref() == Some(line))
    }

    fn all(&self) -> impl Iterator<Item = &ToldFile> {
        self.0.tables.iter().flat_map(|table| &table.files)
    }
}

impl ToldFile {
    fn line(&self) -> Option<FileLine> {
        Some(FileLine { path: self.path.clone(), rows: self.rows, bytes: self.bytes, digest: Digest::from_hex(&self.sha256)? })
    }
}

/// The files that a manifest or a list names for a plant's folder, with their sizes and hashes.
pub(super) fn lines_of(bytes: &[u8], plant_folder: &str) -> Result<Vec<FileLine>, Refusal> {
    let files = read(bytes)?.tables.into_iter().flat_map(|table| table.files);
    Ok(files.filter(|file| is_within(&file.path, plant_folder)).filter_map(|file| file.line()).collect())
}

/// The files that a manifest names for a plant's folder; a path that leads elsewhere is nobody's to remove.
pub(super) fn files_of(bytes: &[u8], plant_folder: &str) -> Result<Vec<PathBuf>, Refusal> {
    let files = read(bytes)?.tables.into_iter().flat_map(|table| table.files).map(|file| file.path);
    Ok(files.filter(|path| is_within(path, plant_folder)).collect())
}

fn is_within(path: &Path, plant_folder: &str) -> bool {
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    let own = path.components().nth(1).is_some_and(|part| part.as_os_str() == plant_folder);
    plain && own && path.extension().is_some_and(|extension| extension == "parquet")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_plant_are_taken_from_a_manifest() {
        let own = "lots/plant=A/year=2026/month=03/part-0.parquet";
        let paths = [own, "/etc/plant=A/x.parquet", "../plant=A/x.parquet", "lots/plant=A/../../x.parquet", "lots/plant=B/part-0.parquet", "lots/plant=A/notes.txt"];
        let files: Vec<String> = paths.iter().map(|path| format!("{{\"path\":\"{path}\"}}")).collect();
        let json = |format: i64| format!("{{\"format\":{format},\"tables\":[{{\"files\":[{}]}}]}}", files.join(","));
        assert_eq!(files_of(json(1).as_bytes(), "plant=A"), Ok(vec![PathBuf::from(own)]));
        assert!(files_of(json(2).as_bytes(), "plant=A").unwrap_err().detail.contains("newer"));
        assert!(files_of(b"{}", "plant=A").is_err());
    }
}
