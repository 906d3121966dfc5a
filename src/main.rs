//! `millwright`: parses its arguments and hands over to the app.

use std::process::ExitCode;

/// A fifth of the server's time over HTTP went into the system's allocator; measured with
/// `benches/http`, this one takes a quarter of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    millwright::app::main()
}
