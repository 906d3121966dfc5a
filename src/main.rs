//! `millwright`: parses its arguments and hands over to the app.

use std::process::ExitCode;

fn main() -> ExitCode {
    millwright::app::main()
}
