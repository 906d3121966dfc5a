//! placeholder
use super::error::StoreError;
use super::plant_file::Store;
/// What a backup holds.
pub struct Summary { /// x
 pub bytes: u64, /// x
 pub seq: u64 }
/// Backs up.
pub fn back_up(_s: &Store, _t: &std::path::Path) -> Result<Summary, StoreError> {
    Ok(Summary {bytes:0,seq:0})
}
