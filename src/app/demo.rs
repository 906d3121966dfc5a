//! placeholder
use super::arguments::{Demo, Place};
use super::output::Output;
use crate::base::Refusal;
pub(super) fn run(_: &Place, _: &Demo, _: &Output) -> Result<u8, Refusal> {
    Ok(0)
}
