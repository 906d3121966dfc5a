//! redb takes some damage of its file for a fault of its own and panics. Where a file may be
//! damaged, that is a finding like any other: it is caught here and told in our words.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::error::StoreError;

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is within a guard: a panic will be told as damage, so nobody else need tell it.
pub fn within() -> bool {
    WITHIN.get()
}

/// Runs work on a file that may be damaged.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    let outer = WITHIN.replace(true);
    // What the work leaves half done is the damaged file's, which nobody goes on using.
    let answer = catch_unwind(AssertUnwindSafe(work));
    WITHIN.set(outer);
    answer.unwrap_or_else(|panic| {
        let what = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no more is known");
        Err(StoreError::Unusable(format!("the plant file is damaged ({what}); restore a backup into a new directory with `millwright restore`")))
    })
}
