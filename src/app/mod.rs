//! Floor 8: configuration, start and stop order, subcommands. Deliberately without decisions of
//! the business: it only puts the rooms together.

mod arguments;
mod connections;
mod demo;
mod export;
mod founding;
mod office;
mod offline;
mod online;
mod output;
mod plan;
mod replay;
mod report;
mod serve;
mod sql;
mod trust;
mod wires;
mod wiring;
mod wizard;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::Parser as _;

use crate::base::Refusal;
use crate::store::guard;
use arguments::{Action, Arguments};
use output::Output;

/// What is logged unless MILLWRIGHT_LOG says otherwise. A machine that is switched off at night is told of once
/// a try, by its connection, and not by every floor of a library as well.
const LOGGED: &str = "warn,opcua_client=off,opcua_core=off,opcua_crypto=off,opcua_types=off,opcua_server=off,opcua_nodes=off";

/// Runs the command line; the exit code tells scripts what happened.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let output = Output::new(arguments.json);
    let log = tracing_subscriber::EnvFilter::try_from_env("MILLWRIGHT_LOG").unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(LOGGED));
    // A second subscriber can only mean a test in this process; the first one stays.
    _ = tracing_subscriber::fmt().with_env_filter(log).with_ansi(std::io::stderr().is_terminal()).with_writer(std::io::stderr).try_init();
    let told = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !guard::within() {
            told(panic);
        }
    }));
    match run(arguments, &output) {
        Ok(code) => ExitCode::from(code),
        Err(refusal) => {
            output.refusal(&refusal);
            ExitCode::from(refusal.code.exit())
        }
    }
}

fn run(arguments: Arguments, output: &Output) -> Result<u8, Refusal> {
    let place = arguments.place()?;
    match arguments.action {
        Action::Demo(it) => demo::run(&place, &it, output),
        Action::Serve(_) => serve::run(&place, output),
        Action::Init(it) => offline::init(&place, &it, output),
        Action::Verify(it) => offline::verify(&place, &it, output),
        Action::Rebuild => offline::rebuild(&place, output),
        Action::Restore(it) => offline::restore(&place, &it, output),
        Action::Backup(it) => online::backup(&place, &it, output),
        Action::Import(it) => online::import(&place, &it, output),
        Action::Trace(it) => online::trace(&place, &it, output),
        Action::History(it) => online::history(&place, &it, output),
        Action::Search(it) => online::search(&place, &it, output),
        Action::Sql(it) => sql::run(&place, &it, output),
        Action::Trust => trust::run(&place, output),
        Action::Connect(it) => connections::command(&place, &it, output),
        Action::Replay(it) => replay::run(&place, &it, output),
        Action::Kpi(it) => online::kpi(&place, &it, output),
        Action::Report(it) => report::run(&place, &it, output),
        Action::Plan(it) => plan::run(&it, output),
        Action::User(it) => online::user(&place, &it, output),
        Action::Export(it) => export::run(&place, &it, output),
        Action::Openapi => {
            output.data(&crate::adapters::http::description());
            Ok(0)
        }
        Action::Completions { shell } => {
            arguments::completions(shell);
            Ok(0)
        }
    }
}
