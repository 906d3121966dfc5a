//! `millwright`: parses its arguments and hands over to the app.

use std::process::ExitCode;

/// About a sixth of the server's time over HTTP went into the system's allocator (profiled under
/// `benches/http`); this one takes about a third of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    millwright::app::main()
}
