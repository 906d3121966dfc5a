//! The data directory: its format number, its lock, its space. A directory that is foreign, newer
//! or in use is refused before a byte of it is touched.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use super::schema;
use crate::base::limits;

const FORMAT_FILE: &str = "FORMAT";
const LOCK_FILE: &str = "LOCK";
const RESERVE_FILE: &str = "reserve";
/// While a plant is being founded or restored by its first page.
const FOUNDING_FILE: &str = "FOUNDING";
const PLANT_FILE: &str = "plant.redb";

/// A data directory that this process holds.
#[derive(Debug)]
pub struct Home {
    root: PathBuf,
    _lock: File,
}

impl Home {
    /// Takes an existing data directory.
    pub fn existing(root: &Path) -> Result<Self, StoreError> {
        match read_format(root)? {
            Some(_) if root.join(PLANT_FILE).exists() => Self::hold(root),
            Some(_) => {
                Err(StoreError::Unusable(format!("{} has lost its {PLANT_FILE}: put it back, or restore a backup into a new directory with `millwright restore`", root.display())))
            }
            None if !root.exists() => {
                Err(StoreError::Missing(format!("there is no {}; name the plant's data directory, or make one with `millwright init --data DIR`", root.display())))
            }
            None => Err(StoreError::Unusable(format!(
                "{} is not a Millwright data directory (it has no {FORMAT_FILE} file); make one with `millwright init --data DIR`",
                root.display()
            ))),
        }
    }

    /// Whether a directory is there and no plant was ever in it: it is empty, or a plant was begun in it and nothing more.
    pub fn is_vacant(root: &Path) -> Result<bool, StoreError> {
        let entries = match fs::read_dir(root) {
            Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>, std::io::Error>>()?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let is_mark = |name: &std::ffi::OsString| [FORMAT_FILE, LOCK_FILE, RESERVE_FILE, FOUNDING_FILE].iter().any(|known| name == known);
        Ok(entries.is_empty() || entries.iter().all(is_mark) && entries.iter().any(|name| name == FOUNDING_FILE))
    }

    /// Says of a directory that a plant is begun in it: without the mark it would be one that was lost.
    pub fn begin(root: &Path) -> Result<(), StoreError> {
        drop(Self::existing_or_new(root)?);
        write_synced(&root.join(FOUNDING_FILE), b"")
    }

    /// The plant is there.
    pub fn begun(root: &Path) -> Result<(), StoreError> {
        Ok(fs::remove_file(root.join(FOUNDING_FILE))?)
    }

    /// Makes a data directory where there is nothing yet, or takes the one that is there.
    pub fn existing_or_new(root: &Path) -> Result<Self, StoreError> {
        if read_format(root)?.is_some() {
            return Self::hold(root);
        }
        fs::create_dir_all(root)?;
        if fs::read_dir(root)?.next().is_some() {
            return Err(StoreError::Unusable(format!("{} is not empty and not a Millwright data directory; name an empty or new one", root.display())));
        }
        let home = Self::hold(root)?;
        write_synced(&root.join(FORMAT_FILE), format!("millwright {}\n", schema::FORMAT).as_bytes())?;
        File::open(root)?.sync_all()?;
        Ok(home)
    }

    fn hold(root: &Path) -> Result<Self, StoreError> {
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(root.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { root: root.to_path_buf(), _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::Locked(format!("{} is in use by a running millwright; ask that one with --url http://HOST:PORT, or stop it first", root.display())))
            }
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The plant file.
    pub fn plant(&self) -> PathBuf {
        self.root.join(PLANT_FILE)
    }

    /// Free bytes on its disk.
    pub fn free_space(&self) -> Result<u64, StoreError> {
        let stat = rustix::fs::statvfs(&self.root).map_err(|error| StoreError::Storage(error.to_string()))?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    /// Makes the reserve file if there is room for it.
    pub fn hold_reserve(&self) -> Result<(), StoreError> {
        let path = self.root.join(RESERVE_FILE);
        if fs::metadata(&path).is_ok_and(|data| data.len() == limits::SPACE_RESERVE) || self.free_space()? < limits::SPACE_FLOOR + 2 * limits::SPACE_RESERVE {
            return Ok(());
        }
        let file = File::create(&path)?;
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, limits::SPACE_RESERVE).map_err(|error| StoreError::Storage(error.to_string()))?;
        Ok(())
    }

    /// Gives the reserve back to the disk.
    pub fn release_reserve(&self) {
        if let Err(error) = fs::remove_file(self.root.join(RESERVE_FILE))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "the space reserve could not be released");
        }
    }
}

fn read_format(root: &Path) -> Result<Option<u32>, StoreError> {
    let text = match fs::read_to_string(root.join(FORMAT_FILE)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::Unusable(format!("{} cannot be read: {error}", root.join(FORMAT_FILE).display()))),
    };
    let number = text.strip_prefix("millwright ").and_then(|rest| rest.trim().parse::<u32>().ok());
    match number {
        Some(number) if number <= schema::FORMAT => Ok(Some(number)),
        Some(number) => {
            Err(StoreError::Unusable(format!("{} has format {number}, newer than the {} this millwright knows; use a newer millwright", root.display(), schema::FORMAT)))
        }
        None => Err(StoreError::Unusable(format!("{} is not a Millwright data directory: its {FORMAT_FILE} file says something else", root.display()))),
    }
}

/// Writes a whole file durably that only its owner may read.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}

/// Writes a whole file durably.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = File::create(path).map_err(|error| StoreError::of_file(path, &error))?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(())
}
