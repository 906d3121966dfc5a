//! The data directory: its format number, its lock, its space. A directory that is foreign, newer
//! or in use is refused before a byte of it is touched.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
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

    /// Whether a directory is there and no plant was ever in it: it is empty, or one was begun in it and never got ready.
    pub fn is_vacant(root: &Path) -> Result<bool, StoreError> {
        let entries = match fs::read_dir(root) {
            Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>, std::io::Error>>()?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        Ok(entries.is_empty() || entries.iter().any(|name| name == FOUNDING_FILE))
    }

    /// Says of a directory that a plant is begun in it: without the mark it would be one that was lost. What a try
    /// before has left is cleared away.
    pub fn begin(root: &Path) -> Result<(), StoreError> {
        drop(Self::existing_or_new(root)?);
        write_synced(&root.join(FOUNDING_FILE), b"")?;
        Self::clear(root)
    }

    /// Takes away what a try that failed has left of a plant that is only begun.
    pub fn clear(root: &Path) -> Result<(), StoreError> {
        if !root.join(FOUNDING_FILE).exists() {
            return Err(StoreError::Unusable(format!("{} holds a plant: nothing of it is cleared away", root.display())));
        }
        for entry in fs::read_dir(root)? {
            let entry = entry?;
            match entry.file_name() {
                name if [FORMAT_FILE, LOCK_FILE, RESERVE_FILE, FOUNDING_FILE].iter().any(|mark| name == *mark) => {}
                _ if entry.file_type()?.is_dir() => fs::remove_dir_all(entry.path())?,
                _ => fs::remove_file(entry.path())?,
            }
        }
        Ok(())
    }

    /// The plant is there, and nothing of it is ever cleared away from now on.
    pub fn begun(root: &Path) -> Result<(), StoreError> {
        fs::remove_file(root.join(FOUNDING_FILE))?;
        Ok(File::open(root)?.sync_all()?)
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

/// An empty file that only its owner may read, in place of what was there.
pub fn create_private(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    Ok(file)
}

/// Writes a whole file durably that only its owner may read; what was there stays until the new one is whole.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace(path, bytes, create_private)
}

/// Writes a whole file durably; what was there stays until the new one is whole.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    replace(path, bytes, |path| File::create(path))
}

fn replace(path: &Path, bytes: &[u8], create: impl Fn(&Path) -> std::io::Result<File>) -> Result<(), StoreError> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let written = create(&unfinished).and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all())).and_then(|()| fs::rename(&unfinished, path));
    if let Err(error) = written {
        _ = fs::remove_file(&unfinished);
        return Err(StoreError::of_file(path, &error));
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => Ok(File::open(folder)?.sync_all()?),
        _ => Ok(()),
    }
}
