//! `replay shdr`: a machine's stored log into the plant, through the lane that its adapter would take, in the log's
//! own times. Deliberately while nobody serves the plant: what is played belongs to no connection.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::arguments::{Place, Replay, ReplayAction, alone};
use super::output::Output;
use super::{connections, wiring};
use crate::adapters::mtconnect::shdr;
use crate::base::{Code, Refusal, Value};
use crate::telemetry::{Lane, Source, Standing};

pub(super) fn run(place: &Place, it: &Replay, output: &Output) -> Result<u8, Refusal> {
    let ReplayAction::Shdr(it) = &it.action;
    let engine = wiring::open(&place.data_alone("replay")?, false).map_err(alone)?;
    let lane = Lane::start(&engine);
    let played = lane.as_ref().map_err(Clone::clone).and_then(|lane| it.files.iter().map(|file| play(lane, file, it.machine.as_deref(), output)).collect::<Result<Vec<_>, _>>());
    if let Ok(lane) = &lane {
        lane.stop();
    }
    engine.stop();
    let played = played?;
    let json = Value::Object(vec![("data", Value::List(played.iter().map(|(file, machine, how)| shown(file, machine, how)).collect()))]);
    output.answer(&json.to_json(), || {
        let line = |(file, machine, how): &(String, String, Standing)| {
            format!("{file}: {machine} told {} samples, {} new and {} known already; {} could not be taken", how.received, how.stored, how.repeated, how.quarantined)
        };
        played.iter().map(line).collect::<Vec<_>>().join("\n")
    });
    Ok(0)
}

fn play(lane: &Lane, file: &Path, machine: Option<&str>, output: &Output) -> Result<(String, String, Standing), Refusal> {
    let machine = machine.map_or_else(|| machine_of(file), str::to_owned);
    let words = shdr::words_of(&mut open(file)?).map_err(|refusal| Refusal { detail: format!("{}: {}", file.display(), refusal.detail), ..refusal })?;
    let source = Source::kept(&format!("replay:{machine}"), lane.intake());
    let bar = output.progress(&format!("playing {}", file.display()));
    let size = length(file)?;
    connections::alone(shdr::play(&source, &machine, words, &mut open(file)?, &mut |read| bar.at(read, size)))?;
    bar.finish();
    let standing = source.standing().borrow().clone();
    Ok((file.display().to_string(), machine, standing))
}

/// What stands before the first dash or dot of a file's name: `Mazak01-20171115.txt.gz`.
fn machine_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.split(['-', '.']).next().filter(|name| !name.is_empty()).unwrap_or("machine").to_owned()
}

/// A log, unpacked where it is gzipped.
fn open(file: &Path) -> Result<Box<dyn Read>, Refusal> {
    let opened = File::open(file).map_err(|error| Refusal::field(Code::NotFound, "file", format!("{} cannot be read: {error}", file.display())))?;
    let packed = file.extension().is_some_and(|extension| extension == "gz");
    Ok(if packed { Box::new(flate2::read::MultiGzDecoder::new(opened)) } else { Box::new(opened) })
}

/// Bytes of a log as it is read, for the progress alone.
fn length(file: &Path) -> Result<u64, Refusal> {
    std::io::copy(&mut open(file)?, &mut std::io::sink()).map_err(|error| Refusal::invalid("file", format!("{} cannot be read: {error}", file.display())))
}

fn shown(file: &str, machine: &str, how: &Standing) -> Value {
    let count = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
    Value::Object(vec![
        ("file", Value::Text(file.to_owned())),
        ("machine", Value::Text(machine.to_owned())),
        ("samples", count(how.received)),
        ("new", count(how.stored)),
        ("known", count(how.repeated)),
        ("quarantined", count(how.quarantined)),
    ])
}
