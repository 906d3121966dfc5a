//! Files by their SHA-256: drawings, photos, certificates. File first, row second: a file without a
//! row is harmless, a row without its file never happens. Nothing is ever overwritten.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::base::Digest;

/// Where a blob lies under the data directory.
pub fn path(root: &Path, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    root.join("blobs").join(&name[..2]).join(name)
}

/// Keeps bytes durably; answers their digest. Keeping the same bytes again does nothing.
pub fn keep(root: &Path, bytes: &[u8]) -> Result<Digest, StoreError> {
    let digest = Digest::of(bytes);
    let target = path(root, &digest);
    if target.exists() {
        return Ok(digest);
    }
    let folder = target.parent().map_or_else(|| root.to_path_buf(), Path::to_path_buf);
    fs::create_dir_all(&folder)?;
    let unfinished = folder.join(format!("{digest}.part"));
    let mut file = File::create(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, &target)?;
    File::open(&folder)?.sync_all()?;
    Ok(digest)
}

/// The bytes of a blob, proved by their digest.
pub fn read(root: &Path, digest: &Digest) -> Result<Vec<u8>, StoreError> {
    let bytes = fs::read(path(root, digest))?;
    if Digest::of(&bytes) == *digest { Ok(bytes) } else { Err(StoreError::Undecodable(format!("the file {digest}"), "its bytes have another digest".to_owned())) }
}
