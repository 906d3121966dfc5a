//! Backups that are kept in the plant's own data folder: made on the running plant, listed, proven.
//! They help against a slip, not against a lost disk: copying them elsewhere is for others.

use std::fs;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::Engine;
use crate::base::{Code, Refusal, Time, limits};
use crate::store::archive::{Summary, inspect};

/// Where they lie in the data folder.
const FOLDER: &str = "backups";
const SUFFIX: &str = ".mwb";

/// A kept backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its name: the moment it was made, UTC.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

impl Engine {
    /// Kept backups, the newest first.
    pub fn backups(&self) -> Result<Vec<Kept>, Refusal> {
        let entries = match fs::read_dir(self.backup_folder()?) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(&error)),
        };
        let mut kept = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_name(&name) {
                kept.push(Kept { name, bytes: entry.metadata().map_err(|error| unreadable(&error))?.len() });
            }
        }
        kept.sort_by(|one, other| other.name.cmp(&one.name));
        Ok(kept)
    }

    /// Makes a backup and keeps it; the oldest of too many makes room. Blocks.
    pub fn keep_backup(&self) -> Result<(Kept, Summary), Refusal> {
        self.room()?;
        let folder = self.backup_folder()?;
        fs::create_dir_all(&folder).map_err(|error| unreadable(&error))?;
        let _one_at_a_time = self.shared.backing_up.lock().unwrap_or_else(PoisonError::into_inner);
        let mut at = self.wall_now();
        while folder.join(name_of(at)).exists() {
            at = at.plus(Duration::from_secs(1));
        }
        let name = name_of(at);
        // Under another name until it is whole, so that a broken one is never listed.
        let making = folder.join(format!("{name}.making"));
        let made = self.back_up(&making).and_then(|summary| fs::rename(&making, folder.join(&name)).map(|()| summary).map_err(|error| unreadable(&error)));
        if made.is_err() {
            _ = fs::remove_file(&making);
        }
        let summary = made?;
        for old in self.backups()?.iter().skip(limits::BACKUPS_KEPT) {
            fs::remove_file(folder.join(&old.name)).map_err(|error| unreadable(&error))?;
        }
        Ok((Kept { name, bytes: summary.bytes }, summary))
    }

    /// Reads a kept backup through and proves its digest. Blocks.
    pub fn prove_backup(&self, name: &str) -> Result<Summary, Refusal> {
        Ok(inspect(&self.backup(name)?)?)
    }

    /// The file of a kept backup.
    pub fn backup(&self, name: &str) -> Result<PathBuf, Refusal> {
        // Only what is listed: no name leads elsewhere.
        match self.backups()?.into_iter().find(|kept| kept.name == name) {
            Some(kept) => Ok(self.backup_folder()?.join(kept.name)),
            None => Err(Refusal::new(Code::NotFound, "there is no such backup; GET /api/v1/backups lists them")),
        }
    }

    fn backup_folder(&self) -> Result<PathBuf, Refusal> {
        let root = self.root().ok_or_else(|| Refusal::new(Code::Unavailable, "a plant in memory has no folder for backups"))?;
        Ok(root.join(FOLDER))
    }
}

/// `2026-03-31T06-00-00Z.mwb`: sorted by name is sorted by time, also on disks that take no colons.
fn name_of(at: Time) -> String {
    format!("{}{SUFFIX}", at.civil(&TimeZone::UTC).strftime("%Y-%m-%dT%H-%M-%SZ"))
}

fn is_name(name: &str) -> bool {
    name.ends_with(SUFFIX) && name.bytes().next().is_some_and(|first| first.is_ascii_digit())
}

fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new(Code::Unavailable, format!("the folder of backups cannot be used: {error}"))
}
