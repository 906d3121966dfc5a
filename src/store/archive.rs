//! placeholder
use super::error::StoreError;
use super::plant_file::Store;
/// What a backup holds.
pub struct Summary {}
/// Backs up.
pub fn back_up(_s: &Store, _t: &std::path::Path) -> Result<Summary, StoreError> {
    Ok(Summary {})
}
