//! `millwright`: parses its arguments and hands over to the app.

use std::process::ExitCode;
use std::thread::Builder;
use std::time::Duration;

/// About a sixth of the server's time over HTTP went into the system's allocator (profiled under
/// `benches/http`); this one takes about a third of that.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// It gives back what has been free for a second when some thread ends or frees much, and in a plant at rest none does.
fn keep_giving_back() {
    loop {
        std::thread::sleep(Duration::from_secs(5));
        if let Ok(thread) = Builder::new().spawn(|| drop(std::hint::black_box(Box::new(0)))) {
            _ = thread.join();
        }
    }
}

fn main() -> ExitCode {
    // Without it the program works as well, only larger.
    _ = Builder::new().name("giving-back".to_owned()).spawn(keep_giving_back);
    millwright::app::main()
}
