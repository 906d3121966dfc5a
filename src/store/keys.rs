//! Certificates and keys that lie as files beside the plant: what it shows of itself over TLS and to
//! machines. A backup carries them, so that nobody has to believe a restored plant anew. Deliberately
//! only these two folders, and only files that are small.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Component, Path, PathBuf};

use super::error::StoreError;
use super::home::write_private;

const FOLDERS: [&str; 2] = ["tls", "pki"];
/// Certificates and keys have some kilobytes.
const FILE_MAX: u64 = 1 << 20;
/// Files of both folders.
const FILES_MAX: usize = 1_000;
/// What stands before the bytes of a file. Older backups have 0 before files that others might read.
const SECRET: u8 = 1;

/// A path under the data directory, and the bytes of its file behind that.
type Row = (Vec<u8>, Vec<u8>);

/// Every file: its path under the data directory, and its bytes.
pub(super) fn all(root: &Path) -> Result<Vec<Row>, StoreError> {
    let (mut found, mut waiting) = (Vec::new(), FOLDERS.map(PathBuf::from).to_vec());
    while let Some(path) = waiting.pop() {
        let full = root.join(&path);
        let Ok(kind) = fs::symlink_metadata(&full) else { continue };
        if kind.is_dir() {
            for entry in fs::read_dir(&full)? {
                waiting.push(path.join(entry?.file_name()));
            }
        } else if kind.is_file() && kind.len() <= FILE_MAX {
            if found.len() == FILES_MAX {
                return Err(StoreError::Exhausted("files of certificates in tls and pki"));
            }
            let mut bytes = vec![SECRET];
            File::open(&full)?.take(FILE_MAX).read_to_end(&mut bytes)?;
            found.push((path.to_string_lossy().into_owned().into_bytes(), bytes));
        }
    }
    Ok(found)
}

/// Puts a file back; false where its path or its bytes are none of ours.
pub(super) fn put(root: &Path, path: &[u8], bytes: &[u8]) -> Result<bool, StoreError> {
    let Ok(path) = std::str::from_utf8(path).map(Path::new) else { return Ok(false) };
    let is_ours = FOLDERS.iter().any(|folder| path.starts_with(folder)) && path.components().all(|part| matches!(part, Component::Normal(_)));
    let Some((_, bytes)) = bytes.split_first().filter(|_| is_ours && path.components().count() > 1) else { return Ok(false) };
    let full = root.join(path);
    if let Some(folder) = full.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    // Whatever it was: who makes a key does not always say that it is one.
    write_private(&full, bytes)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn files_come_back_as_they_were_and_nothing_lands_elsewhere() {
        let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir_all(from.path().join("pki/private")).unwrap();
        fs::create_dir_all(from.path().join("tls")).unwrap();
        // As the OPC UA library writes its key: for everybody to read, were it not for the folder.
        fs::write(from.path().join("pki/private/private.pem"), b"secret").unwrap();
        fs::write(from.path().join("tls/ca.pem"), b"for everybody").unwrap();
        fs::write(from.path().join("plant.redb"), b"not this").unwrap();
        let mut rows = all(from.path()).unwrap();
        rows.sort();
        assert_eq!(rows.iter().map(|(path, _)| path.as_slice()).collect::<Vec<_>>(), [b"pki/private/private.pem".as_slice(), b"tls/ca.pem"]);
        for (path, bytes) in &rows {
            assert!(put(to.path(), path, bytes).unwrap());
        }
        let mode = |path: &str| fs::metadata(to.path().join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(["pki/private/private.pem", "tls/ca.pem", "pki/private", "tls"].map(mode), [0o600, 0o600, 0o700, 0o700]);
        assert_eq!(fs::read(to.path().join("tls/ca.pem")).unwrap(), b"for everybody");
        for bad in ["tls", "/etc/passwd", "tls/../../x", "plant.redb", "", "tlsx/a"] {
            assert!(!put(to.path(), bad.as_bytes(), b"\x01x").unwrap(), "{bad} was written");
        }
        assert!(!put(to.path(), b"tls/empty", b"").unwrap());
    }
}
