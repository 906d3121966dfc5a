//! Many commands on their way at once, so that they share commits. Deliberately bounded: an import
//! must not fill the queue that people at terminals wait in.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::base::{Code, Refusal};
use crate::engine::{Engine, Envelope, Outcome};

/// Commands of one import that wait for the writer at once.
pub(super) const OUTSTANDING_MAX: usize = 500;
/// How often a full queue is tried again, and after which pause: ten seconds in all.
const BUSY_TRIES: u32 = 500;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// What the rule said to one command.
pub(super) type Answer = Result<Outcome, Refusal>;

/// Submits all and waits for all; answers stand in the order of the commands. `Err` says that the
/// plant cannot write now, whatever is asked.
pub(super) fn submit_all(engine: &Engine, envelopes: impl IntoIterator<Item = Envelope>) -> Result<Vec<Answer>, Refusal> {
    let mut waiting: VecDeque<oneshot::Receiver<Answer>> = VecDeque::new();
    let mut answers = Vec::new();
    for envelope in envelopes {
        if waiting.len() >= OUTSTANDING_MAX {
            collect(&mut waiting, &mut answers);
        }
        let mut tries = 0;
        let receiver = loop {
            match engine.enqueue(envelope.clone()) {
                Ok(receiver) => break receiver,
                Err(refusal) if refusal.code == Code::Busy && tries < BUSY_TRIES => {
                    collect(&mut waiting, &mut answers);
                    std::thread::sleep(BUSY_PAUSE);
                    tries += 1;
                }
                Err(refusal) => return Err(refusal),
            }
        };
        waiting.push_back(receiver);
    }
    collect(&mut waiting, &mut answers);
    match answers.iter().find_map(|answer| answer.as_ref().err().filter(|refusal| stops(refusal.code))) {
        Some(refusal) => Err(refusal.clone()),
        None => Ok(answers),
    }
}

fn collect(waiting: &mut VecDeque<oneshot::Receiver<Answer>>, answers: &mut Vec<Answer>) {
    let stopping = || Refusal::new(Code::Unavailable, "the plant is stopping; run the import again when it is back");
    answers.extend(waiting.drain(..).map(|receiver| receiver.blocking_recv().unwrap_or_else(|_| Err(stopping()))));
}

/// Refusals that are about the plant and not about the row.
const fn stops(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::OutcomeUnknown | Code::NoSpace | Code::Forbidden | Code::Internal | Code::BadData | Code::Locked)
}
