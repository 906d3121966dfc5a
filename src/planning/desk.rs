//! Drafts: a plan is there at once, gets better on a thread of its own until its time is up or somebody
//! stops it, and waits for its judgement. In memory only, a few of them: a draft is soon made again, and
//! the floor has moved on anyway.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::shop::Shop;
use crate::base::{Code, Refusal, limits};
use crate::scheduling::{Options, Plan, Progress, mend, repair, solve};

/// How a draft is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// How long it may get better.
    pub time: Duration,
    /// Disturb the plan in force as little as may be, instead of planning everything anew.
    pub keep: bool,
    /// The same seed and steps give the same plan.
    pub seed: u64,
    /// What happened on the floor, where that is why.
    pub why: Option<String>,
}

/// How far a draft is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is getting better.
    Solving,
    /// It is as it will stay.
    Ready,
    /// It was made the plan in force, whole or in part.
    Published,
}

impl Standing {
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Solving => "solving",
            Self::Ready => "ready",
            Self::Published => "published",
        }
    }
}

struct Inner {
    plan: Arc<Plan>,
    progress: Option<Progress>,
    standing: Standing,
}

/// A draft.
pub struct Draft {
    /// Its number.
    pub id: u64,
    /// Who asked for it.
    pub by: String,
    /// How.
    pub ask: Ask,
    /// The plant as it was then.
    pub shop: Shop,
    stop: AtomicBool,
    inner: Mutex<Inner>,
}

impl Draft {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan as it is now.
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.inner().plan)
    }

    /// How far it is, and the last news of its search.
    pub fn standing(&self) -> (Standing, Option<Progress>) {
        let inner = self.inner();
        (inner.standing, inner.progress)
    }

    /// Good enough: it stays as it is in a moment.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// It is the plan in force now.
    pub fn published(&self) {
        self.stop();
        self.inner().standing = Standing::Published;
    }

    fn improve(&self) {
        let end = Instant::now() + self.ask.time;
        let stop = || self.stop.load(Ordering::Relaxed) || Instant::now() >= end;
        let options = Options { seed: self.ask.seed, ..Options::default() };
        let news = |progress: &Progress| self.inner().progress = Some(*progress);
        let found = if self.ask.keep { repair(&self.shop.instance, &self.shop.in_force, &options, stop, news) } else { solve(&self.shop.instance, &options, stop, news) };
        let mut inner = self.inner();
        if inner.standing == Standing::Solving {
            (inner.plan, inner.standing) = (Arc::new(found.plan), Standing::Ready);
        }
    }
}

#[derive(Default)]
struct Shelf {
    last: u64,
    drafts: BTreeMap<u64, Arc<Draft>>,
}

/// Where drafts lie. Clones are the same desk.
#[derive(Clone, Default)]
pub struct Desk {
    shelf: Arc<Mutex<Shelf>>,
    solving: Arc<AtomicUsize>,
}

impl Desk {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a draft: feasible when this answers, better by the second after it.
    pub fn begin(&self, shop: Shop, ask: Ask, by: &str) -> Result<Arc<Draft>, Refusal> {
        if self.solving.fetch_add(1, Ordering::SeqCst) >= limits::PLANS_SOLVED {
            self.solving.fetch_sub(1, Ordering::SeqCst);
            return Err(Refusal::new(Code::Busy, "other plans are being made; stop one of them or try again in some seconds"));
        }
        let place = Place(Arc::clone(&self.solving));
        let first = if ask.keep { mend(&shop.instance, &shop.in_force) } else { solve(&shop.instance, &Options { seed: ask.seed, ..Options::default() }, || true, |_| {}).plan };
        let draft = {
            let mut shelf = self.shelf();
            shelf.last += 1;
            let inner = Inner { plan: Arc::new(first), progress: None, standing: Standing::Solving };
            let draft = Arc::new(Draft { id: shelf.last, by: by.to_owned(), ask, shop, stop: AtomicBool::new(false), inner: Mutex::new(inner) });
            shelf.drafts.insert(draft.id, Arc::clone(&draft));
            while shelf.drafts.len() > limits::PLANS_KEPT {
                if let Some((_, oldest)) = shelf.drafts.pop_first() {
                    oldest.stop();
                }
            }
            draft
        };
        let solved = Arc::clone(&draft);
        let thread = std::thread::Builder::new().name("planner".to_owned()).spawn(move || {
            solved.improve();
            drop(place);
        });
        thread.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        Ok(draft)
    }

    /// The drafts that are kept, the newest last.
    pub fn all(&self) -> Vec<Arc<Draft>> {
        self.shelf().drafts.values().cloned().collect()
    }

    /// A draft.
    pub fn find(&self, id: u64) -> Result<Arc<Draft>, Refusal> {
        let draft = self.shelf().drafts.get(&id).cloned();
        draft.ok_or_else(|| {
            Refusal::new(Code::NotFound, format!("there is no plan {id} any more: the newest {} are kept until the program ends; make it again", limits::PLANS_KEPT))
        })
    }
}

/// A place among those that are solved at once.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
