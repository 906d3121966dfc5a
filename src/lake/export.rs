//! An export into a folder, whole or not at all: everything is written and made durable in a folder
//! beside its place, `.unfinished-NAME`, then moved into place file by file, then the manifest is
//! written, and only then goes what an older export left. So a disk that fills up or a plug that is
//! pulled leaves the older export as it was; the next one clears what was begun.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::file::disk;
use super::manifest::{Earlier, FileLine, Manifest, TableLine, files_of, lines_of};
use super::partition::plant_folder;
use super::table_files::TableFiles;
use super::tables::Table;
use crate::base::{Code, Digest, Refusal, limits};
use crate::model::Fields;

const UNFINISHED: &str = ".unfinished-";
const MANIFEST: &str = "manifest-";

/// An export in the making; dropped before it is finished, it leaves nothing.
pub struct Export {
    out: PathBuf,
    /// The folder did not exist before.
    made: bool,
    /// Files are being moved. If that fails, what is staged stays: it tells the next export that the tables there are its own.
    moving: bool,
    folder: String,
    manifest: Manifest,
    /// What the manifest there names.
    old: Vec<PathBuf>,
    /// The export there, where this one goes on from it.
    earlier: Option<Earlier>,
}

impl Export {
    /// Begins an export of a plant as of an entry into a folder that is new, empty, or holds exports.
    pub fn begin(out: &Path, plant: &str, (seq, hash): (u64, Digest)) -> Result<Self, Refusal> {
        let folder = plant_folder(plant);
        let made = !out.exists();
        let mut old = Vec::new();
        if !made {
            refuse_foreign(out)?;
            old = old_files(&out.join(manifest_of(&folder)), &folder)?;
        }
        let manifest = Manifest { plant: plant.to_owned(), seq, hash, tables: Vec::new() };
        let export = Self { out: out.to_path_buf(), made, moving: false, folder, manifest, old, earlier: None };
        export.clear_stage().map_err(|error| disk(&export.stage(), &error))?;
        fs::create_dir_all(export.stage()).map_err(|error| disk(&export.stage(), &error))?;
        Ok(export)
    }

    /// Begins an export that goes on from the one there, if that is whole; what did not change since is not written again.
    pub fn going_on(out: &Path, plant: &str, head: (u64, Digest)) -> Result<Self, Refusal> {
        // What was begun and left may have put files in place that the manifest does not know.
        let left = out.join(format!("{UNFINISHED}{}", plant_folder(plant))).exists();
        let mut export = Self::begin(out, plant, head)?;
        if !left && let Some(bytes) = manifest_in(out, plant)? {
            export.earlier = Earlier::read(&bytes).filter(|earlier| earlier.is_there(out));
        }
        Ok(export)
    }

    /// The newest entry in the export that this one goes on from, and that entry's hash.
    pub fn earlier(&self) -> Option<(u64, Digest)> {
        self.earlier.as_ref().and_then(Earlier::head)
    }

    /// Goes on from nothing: the export there is of another past.
    pub fn start_over(&mut self) {
        self.earlier = None;
    }

    pub(super) fn earlier_files(&self, table: &str, columns: &[(&'static str, String, bool)]) -> Vec<FileLine> {
        self.earlier.as_ref().map(|earlier| earlier.files(table, columns)).unwrap_or_default()
    }

    /// The files of a table, to be given its rows.
    pub fn files<'t>(&self, table: &'t Table) -> TableFiles<'t> {
        TableFiles::new(table, self.stage(), self.folder.clone())
    }

    /// The files of a table of which these rows are new or changed since the export there: only their months are written again.
    pub fn files_since<'t>(&self, table: &'t Table, changed: &[&dyn Fields]) -> TableFiles<'t> {
        let earlier = self.earlier_files(table.name, &table.described().collect::<Vec<_>>());
        let files = self.files(table);
        if earlier.is_empty() { files } else { files.going_on(earlier, changed) }
    }

    /// A table that is finished.
    pub fn add(&mut self, table: TableLine) {
        self.manifest.tables.push(table);
    }

    /// Moves everything into place; answers the manifest and where it stands.
    pub fn finish(mut self) -> Result<(Manifest, PathBuf), Refusal> {
        let manifest = std::mem::replace(&mut self.manifest, Manifest { plant: String::new(), seq: 0, hash: Digest::NONE, tables: Vec::new() });
        let lines = || manifest.tables.iter().flat_map(|table| &table.files);
        let paths: BTreeSet<&Path> = lines().map(|file| file.path.as_path()).collect();
        let stays = |line: &&FileLine| self.earlier.as_ref().is_some_and(|earlier| earlier.has(line));
        let new: BTreeSet<&Path> = lines().filter(|line| !stays(line)).map(|file| file.path.as_path()).collect();
        let staged = self.stage().join(manifest_of(&self.folder));
        write_synced(&staged, manifest.to_json().as_bytes()).map_err(|error| disk(&staged, &error))?;
        // All folders before the first move: a disk that has no room for one still leaves the older export whole.
        let folders: BTreeSet<PathBuf> = new.iter().flat_map(|path| path.ancestors().skip(1)).map(|folder| self.out.join(folder)).collect();
        make_all(&folders)?;
        let place = self.out.join(manifest_of(&self.folder));
        self.put_in_place(&new, &folders, &staged, &place)
            .map_err(|error| Refusal::new(Code::Unavailable, format!("the export could not be put in place in {}: {error}; export again before it is read", self.out.display())))?;
        // Only now does nothing name them any more.
        for path in self.old.iter().filter(|path| !paths.contains(path.as_path())) {
            remove_with_empty_folders(&self.out, path).map_err(|error| disk(path, &error))?;
        }
        Ok((manifest, place))
    }

    fn put_in_place(&mut self, new: &BTreeSet<&Path>, folders: &BTreeSet<PathBuf>, staged: &Path, place: &Path) -> std::io::Result<()> {
        self.moving = true;
        for path in new {
            fs::rename(self.stage().join(path), self.out.join(path))?;
        }
        folders.iter().try_for_each(|folder| sync_folder(folder))?;
        fs::rename(staged, place)?;
        sync_folder(&self.out)?;
        (self.moving, self.made) = (false, false);
        Ok(())
    }

    pub(super) fn folder(&self) -> &str {
        &self.folder
    }

    pub(super) fn stage(&self) -> PathBuf {
        self.out.join(format!("{UNFINISHED}{}", self.folder))
    }

    fn clear_stage(&self) -> std::io::Result<()> {
        match fs::remove_dir_all(self.stage()) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        if !self.moving {
            // What cannot be removed now is cleared by the next export.
            _ = self.clear_stage();
        }
        if self.made {
            _ = fs::remove_dir(&self.out);
        }
    }
}

/// The manifest of a plant's export in a folder, if there is a whole one.
pub fn manifest_in(out: &Path, plant: &str) -> Result<Option<Vec<u8>>, Refusal> {
    let path = out.join(manifest_name(plant));
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk(&path, &error)),
    }
}

/// The files that a plant's manifest names, below its folder.
pub fn files_named(manifest: &[u8], plant: &str) -> Result<Vec<PathBuf>, Refusal> {
    files_of(manifest, &plant_folder(plant))
}

/// The same with their sizes and hashes, also from a list alone.
pub fn lines_named(manifest: &[u8], plant: &str) -> Result<Vec<FileLine>, Refusal> {
    lines_of(manifest, &plant_folder(plant))
}

/// The name of a plant's manifest, `manifest-NAME.json`.
pub fn manifest_name(plant: &str) -> String {
    manifest_of(&plant_folder(plant))
}

/// `plant=NAME` is `manifest-NAME.json`.
fn manifest_of(plant_folder: &str) -> String {
    format!("{MANIFEST}{}.json", plant_folder.trim_start_matches("plant="))
}

/// Refuses a folder that holds anything but exports: they replace and remove files.
fn refuse_foreign(out: &Path) -> Result<(), Refusal> {
    let unreadable = |error: std::io::Error| Refusal::invalid("out", format!("{} cannot be read: {error}", out.display()));
    let (mut exports, mut others) = (false, false);
    for entry in fs::read_dir(out).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if (name.starts_with(MANIFEST) && name.ends_with(".json")) || name.starts_with(UNFINISHED) {
            exports = true;
        } else if is_table(&entry.path()) {
            others = true;
        } else {
            return Err(Refusal::invalid("out", format!("{} holds {name}, which is no part of an export; name a new or empty folder", out.display())));
        }
    }
    if others && !exports {
        return Err(Refusal::invalid("out", format!("{} holds tables without the manifest of an export; name a new or empty folder", out.display())));
    }
    Ok(())
}

/// A folder of nothing but plants.
fn is_table(path: &Path) -> bool {
    fs::read_dir(path).is_ok_and(|mut plants| plants.all(|plant| plant.is_ok_and(|plant| plant.file_name().to_string_lossy().starts_with("plant="))))
}

fn old_files(path: &Path, plant_folder: &str) -> Result<Vec<PathBuf>, Refusal> {
    let about = |why: &str| Refusal::invalid("out", format!("{} cannot be used: {why}; name a new or empty folder", path.display()));
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(about(&error.to_string())),
        Ok(data) if data.len() > limits::MANIFEST_MAX => return Err(about("it is larger than any manifest")),
        Ok(_) => {}
    }
    let bytes = fs::read(path).map_err(|error| about(&error.to_string()))?;
    files_of(&bytes, plant_folder).map_err(|refusal| about(&refusal.detail))
}

fn make_all(folders: &BTreeSet<PathBuf>) -> Result<(), Refusal> {
    for folder in folders {
        if let Err(error) = fs::create_dir_all(folder) {
            // Those that hold nothing, the deepest first; the others refuse.
            folders.iter().rev().for_each(|folder| _ = fs::remove_dir(folder));
            return Err(disk(folder, &error));
        }
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> std::io::Result<()> {
    File::open(folder)?.sync_all()
}

fn remove_with_empty_folders(out: &Path, path: &Path) -> std::io::Result<()> {
    match fs::remove_file(out.join(path)) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    for folder in path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
        // A folder that still holds something stays, and so do those above it.
        if fs::remove_dir(out.join(folder)).is_err() {
            break;
        }
    }
    Ok(())
}
