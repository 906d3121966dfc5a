//! Reports that are made by themselves: what has become due is laid into the outbox and, where the schedule says
//! so, sent. A missed one is made late, none is made twice: a file is written whole or not at all, and before a
//! letter goes out a mark is laid beside the file, so that a letter whose fate nobody knows is not sent again.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::figures::Figures;
use crate::base::{Code, Refusal, Time};
use crate::engine::{Engine, Envelope};
use crate::model::command::RecordReportDelivery;
use crate::model::field::Note;
use crate::model::journal::{Actor, Origin};
use crate::model::plant::Status;
use crate::model::report::DeliveryState;
use crate::model::{Command, Connector, Id, Record as _, ReportSchedule, Role, Subject};
use crate::reports::Report;
use crate::reports::due::{self, Due};
use crate::store::home::write_synced;
use crate::views;

/// How often it looks whether something is due.
const LOOK: Duration = Duration::from_secs(1);

/// A letter to send: who, what, and by which mail server.
pub struct Post {
    /// The mail server.
    pub server: Id<Connector>,
    /// To whom.
    pub recipients: Vec<String>,
    /// What it is about.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The attachment's name, type and bytes.
    pub file: (String, &'static str, Vec<u8>),
    /// The same for the same report.
    pub message_id: String,
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// The server has it. Those for whom it will never take one, with its words.
    Taken(Vec<String>),
    /// The server got it and did not say whether it took it; why not.
    Unknown(String),
}

/// How letters are sent; given by `app`, since a follower knows no adapter. A refusal says that nobody has the letter.
pub type Mailing = Arc<dyn Fn(Post) -> Pin<Box<dyn Future<Output = Result<Fate, Refusal>> + Send>> + Send + Sync>;

/// Looks for what is due until told to stop.
pub async fn run(engine: Engine, figures: Figures, outbox: PathBuf, mailing: Mailing, mut stopping: watch::Receiver<bool>) {
    let mut desk = Desk { engine, figures, outbox, mailing, failed: Vec::new() };
    loop {
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Err(refusal) = desk.look().await {
            tracing::warn!(%refusal, "scheduled reports wait");
        }
    }
}

struct Desk {
    engine: Engine,
    figures: Figures,
    outbox: PathBuf,
    mailing: Mailing,
    /// Schedules whose last try failed: not before then, and what the journal says of it.
    failed: Vec<(u64, Instant, Option<String>)>,
}

impl Desk {
    async fn look(&mut self) -> Result<(), Refusal> {
        let now = self.engine.plant_now();
        let schedules: Vec<ReportSchedule> = self.engine.read(views::floor::all)??;
        if schedules.is_empty() {
            return Ok(());
        }
        let (zone, shifts) = self.figures.read(|facts| Ok((facts.zone.clone(), facts.shifts.values().filter(|it| it.status == Status::Active).cloned().collect::<Vec<_>>())))?;
        for schedule in schedules.into_iter().filter(|it| it.status == Status::Active) {
            for due in due::due(&schedule, &shifts, &zone, now) {
                if !self.make(&schedule, &due, now).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Makes one report; answers whether the next of its schedule may be made.
    async fn make(&mut self, schedule: &ReportSchedule, due: &Due, now: Time) -> Result<bool, Refusal> {
        let number = schedule.number();
        if self.failed.iter().any(|(failed, until, _)| *failed == number && Instant::now() < *until) {
            return Ok(false);
        }
        let path = self.outbox.join(plain(&schedule.schedule_code)).join(file_name(schedule, due));
        let mark = path.with_extension("sending");
        let (state, why) = match self.deliver(schedule, due, &path, &mark, now).await {
            Ok(done) => done,
            Err(refusal) => (DeliveryState::Failed, Some(refusal.detail)),
        };
        let said = self.failed.iter().find(|(failed, ..)| *failed == number).and_then(|(.., said)| said.clone());
        self.failed.retain(|(failed, ..)| *failed != number);
        // The same failure again is no news for the journal.
        let is_news = state != DeliveryState::Failed || why != said;
        let recorded = if is_news { self.record(schedule, due, state, &path, why.clone()).await } else { Ok(()) };
        if state == DeliveryState::Failed || recorded.is_err() {
            let said = why.filter(|_| recorded.is_ok());
            self.failed.push((number, Instant::now() + crate::base::limits::DELIVERY_PAUSE, said));
        } else {
            // Only now: until the journal has it, the mark alone knows that the letter is not to go out again.
            clear(&mark);
        }
        recorded?;
        Ok(state != DeliveryState::Failed)
    }

    async fn deliver(&self, schedule: &ReportSchedule, due: &Due, path: &Path, mark: &Path, now: Time) -> Result<(DeliveryState, Option<String>), Refusal> {
        if mark.exists() {
            return Ok((DeliveryState::Unknown, Some("nothing is on record of a letter that may have gone out; it is not sent again".to_owned())));
        }
        let (report, bytes) = self.written(schedule, due, path, now).await?;
        let (Some(server), Some(recipients)) = (schedule.connector_id, &schedule.recipients) else { return Ok((DeliveryState::Delivered, None)) };
        let post = Post {
            server,
            recipients: recipients.split(',').map(|text| text.trim().to_owned()).collect(),
            subject: format!("{} · {}", report.origin.plant, report.title),
            text: format!("{}\n\nThe report is attached. SHA-256 of its data: {}\n", report.title, report.digest()),
            file: (last_of(path), schedule.form.content_type(), bytes),
            message_id: format!("<{}-{}@millwright>", Subject::of(schedule.report_schedule_id), due.at.micros()),
        };
        lay(mark, b"")?;
        match (self.mailing)(post).await {
            Ok(Fate::Taken(unwanted)) if unwanted.is_empty() => Ok((DeliveryState::Delivered, None)),
            Ok(Fate::Taken(unwanted)) => Ok((DeliveryState::Delivered, Some(format!("not to all: {}; take them out of the recipients", unwanted.join("; "))))),
            Ok(Fate::Unknown(why)) => Ok((DeliveryState::Unknown, Some(format!("the mail server got the letter and did not say that it took it: {why}; it is not sent again")))),
            Err(refusal) => {
                clear(mark);
                Err(refusal)
            }
        }
    }

    /// Makes the report and lays it into the outbox.
    async fn written(&self, schedule: &ReportSchedule, due: &Due, path: &Path, now: Time) -> Result<(Report, Vec<u8>), Refusal> {
        let head = *self.engine.head().borrow();
        self.figures.reach(head).await;
        let (engine, figures, schedule, due, path) = (self.engine.clone(), self.figures.clone(), schedule.clone(), due.clone(), path.to_owned());
        let work = tokio::task::spawn_blocking(move || {
            let report = figures.read(|facts| engine.read(|snapshot| due::report(snapshot, facts, &schedule, &due, now))?)?;
            let bytes = report.bytes(schedule.form)?;
            lay(&path, &bytes)?;
            Ok((report, bytes))
        });
        work.await.map_err(|_| Refusal::new(Code::Internal, "a scheduled report ended early"))?
    }

    async fn record(&self, schedule: &ReportSchedule, due: &Due, state: DeliveryState, path: &Path, why: Option<String>) -> Result<(), Refusal> {
        let delivery =
            RecordReportDelivery { report_schedule_id: schedule.report_schedule_id, due_at: due.at, delivery_state: state, file_name: Some(last_of(path)), why: why.map(Note) };
        let actor = Actor { user: 0, name: "engine".to_owned(), role: Role::Engine };
        let envelope = Envelope { origin: Origin::Engine, ..Envelope::of(actor, Command::RecordReportDelivery(delivery)) };
        self.engine.submit(envelope).await.map(drop)
    }
}

/// The same for the same report: made again it takes its own place. Shifts that end together have one each.
fn file_name(schedule: &ReportSchedule, due: &Due) -> String {
    let at = due.at.to_string();
    let at: String = at.chars().take(16).map(|c| if c == ':' { '-' } else { c }).collect();
    let shift = due.shift.as_ref().map(|(code, _)| format!("-{}", plain(code))).unwrap_or_default();
    format!("{}-{at}Z{shift}.{}", schedule.report, schedule.form)
}

/// A code as a part of a path.
fn plain(code: &str) -> String {
    code.replace(|c: char| !c.is_ascii_alphanumeric() && c != '-', "_")
}

fn last_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Writes a file whole or not at all, and durably: a mark that a power cut takes away would let a letter go out twice.
fn lay(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    let fault = |error: &dyn std::fmt::Display| Refusal::new(Code::Unavailable, format!("{} cannot be written: {error}", path.display()));
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(|error| fault(&error))?;
    let beside = path.with_extension("part");
    write_synced(&beside, bytes).map_err(|error| fault(&error))?;
    std::fs::rename(&beside, path).map_err(|error| fault(&error))?;
    // The schedule's folder, the outbox and what holds it: each may be new.
    path.ancestors().skip(1).take(3).try_for_each(|folder| File::open(folder)?.sync_all()).map_err(|error| fault(&error))
}

fn clear(mark: &Path) {
    match std::fs::remove_file(mark) {
        Err(error) if error.kind() != ErrorKind::NotFound => tracing::warn!(%error, "the mark of a letter could not be removed"),
        _ => {}
    }
}
