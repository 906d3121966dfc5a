//! Drafts: a plan is there at once, gets better on a thread of its own until its time is up or somebody
//! stops it, is moved by hand version by version, branched, and waits for its judgement. In memory only, a
//! few of them: a draft is soon made again, and the floor has moved on anyway; pins are what outlives it. Only numbers
//! are remembered over a restart, so that none of them ever means another draft than it did.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::hold::Kept;
use super::shop::Shop;
use crate::base::{Code, Refusal, Time, limits};
use crate::engine::Engine;
use crate::scheduling::{Options, Plan, Progress, Slot, carry_on, mend, repair, solve};

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

/// What made a version of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The engine planned it.
    Solved,
    /// It is a copy of this draft, or of the plan in force.
    Branched(Option<u64>),
    /// A person moved an operation.
    Moved {
        /// This one.
        operation: usize,
        /// To here.
        to: Slot,
        /// Others that moved on with it.
        others: usize,
    },
}

/// A version of a draft.
#[derive(Clone)]
pub struct Version {
    /// Its number, from 1.
    pub number: u64,
    /// The plan.
    pub plan: Arc<Plan>,
    /// What made it.
    pub act: Act,
    /// Who.
    pub by: String,
    /// When, by the plant's clock.
    pub at: Time,
}

struct Inner {
    progress: Option<Progress>,
    standing: Standing,
    /// At least one; what was undone stands behind the present one until something else is done.
    versions: Vec<Version>,
    /// The present one's place among them.
    present: usize,
    last: u64,
}

impl Inner {
    fn now(&self) -> &Version {
        &self.versions[self.present]
    }

    fn add(&mut self, plan: Plan, act: Act, by: &str, at: Time) {
        self.versions.truncate(self.present + 1);
        self.last += 1;
        self.versions.push(Version { number: self.last, plan: Arc::new(plan), act, by: by.to_owned(), at });
        if self.versions.len() > limits::PLAN_VERSIONS_KEPT {
            self.versions.remove(0);
        }
        self.present = self.versions.len() - 1;
    }
}

/// A draft.
pub struct Draft {
    /// Its number.
    pub id: u64,
    /// Who asked for it.
    pub by: String,
    /// What people call it.
    pub name: Option<String>,
    /// The draft it was branched from.
    pub parent: Option<u64>,
    /// How.
    pub ask: Ask,
    /// The plant as it was then.
    pub shop: Arc<Shop>,
    /// What stayed where it was when it was planned.
    pub kept: Arc<Kept>,
    stop: AtomicBool,
    inner: Mutex<Inner>,
    news: Arc<watch::Sender<u64>>,
}

impl Draft {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The plan as it is now.
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.inner().now().plan)
    }

    /// How far it is, and the last news of its search.
    pub fn standing(&self) -> (Standing, Option<Progress>) {
        let inner = self.inner();
        (inner.standing, inner.progress)
    }

    /// Its versions, the oldest first, and the number of the present one.
    pub fn versions(&self) -> (Vec<Version>, u64) {
        let inner = self.inner();
        (inner.versions.clone(), inner.now().number)
    }

    /// Good enough: it stays as it is in a moment.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// It is the plan in force now.
    pub fn published(&self) {
        self.stop();
        self.inner().standing = Standing::Published;
        self.tell();
    }

    /// Whether its plan may be changed by hand now.
    pub fn may_change(&self) -> Result<(), Refusal> {
        match self.inner().standing {
            Standing::Ready => Ok(()),
            Standing::Solving => Err(Refusal::new(Code::IllegalState, format!("plan {} is still being made; stop it first", self.id))),
            Standing::Published => Err(Refusal::new(Code::IllegalState, format!("plan {} is published; branch the plan in force and change that", self.id))),
        }
    }

    /// Puts a plan that was made of a version over it, as a new one. Refused where somebody else was quicker.
    pub fn change(&self, from: &Arc<Plan>, plan: Plan, act: Act, by: &str, at: Time) -> Result<u64, Refusal> {
        self.may_change()?;
        let mut inner = self.inner();
        if !Arc::ptr_eq(&inner.now().plan, from) {
            return Err(Refusal::new(Code::Stale, "somebody else changed this plan at the same moment; look at it and move again"));
        }
        inner.add(plan, act, by, at);
        let number = inner.now().number;
        drop(inner);
        self.tell();
        Ok(number)
    }

    /// Goes to a version, back or forth.
    pub fn go_to(&self, number: u64) -> Result<(), Refusal> {
        self.may_change()?;
        let mut inner = self.inner();
        let place = inner.versions.iter().position(|version| version.number == number);
        inner.present = place.ok_or_else(|| Refusal::new(Code::NotFound, format!("plan {} has no version {number} any more", self.id)))?;
        drop(inner);
        self.tell();
        Ok(())
    }

    /// Whether a person has changed it by hand.
    fn is_touched(&self) -> bool {
        self.name.is_some() || self.inner().versions.len() > 1
    }

    fn tell(&self) {
        self.news.send_modify(|count| *count += 1);
    }

    fn improve(&self) {
        let end = Instant::now() + self.ask.time;
        // Where nothing is planned, nothing gets better.
        let stop = || self.shop.tasks.is_empty() || self.stop.load(Ordering::Relaxed) || Instant::now() >= end;
        let options = Options { seed: self.ask.seed, ..Options::default() };
        let news = |progress: &Progress| {
            self.inner().progress = Some(*progress);
            self.tell();
        };
        let instance = self.kept.instance(&self.shop);
        let found = if self.ask.keep { repair(instance, &self.shop.in_force, &options, stop, news) } else { solve(instance, &options, stop, news) };
        let mut inner = self.inner();
        if inner.standing == Standing::Solving {
            inner.versions[0].plan = Arc::new(found.plan);
            inner.standing = Standing::Ready;
        }
        drop(inner);
        self.tell();
    }
}

/// Under which name the plant remembers how far drafts may be numbered, and how many numbers are taken at once.
const NUMBERS: &str = "drafts";
const NUMBERS_TAKEN: u64 = 100;

#[derive(Default)]
struct Shelf {
    /// The numbers before the last start.
    before: u64,
    last: u64,
    /// Numbers up to here are taken for this run of the program.
    taken: u64,
    drafts: BTreeMap<u64, Arc<Draft>>,
}

impl Shelf {
    /// The next number; durably taken where there is a plant to remember it.
    fn number(&mut self, engine: Option<&Engine>) -> Result<u64, Refusal> {
        if let Some(engine) = engine.filter(|_| self.last == self.taken) {
            let taken = self.taken + NUMBERS_TAKEN;
            engine.desk_wait(move |tables| tables.put_cursor(NUMBERS, taken))?;
            self.taken = taken;
        }
        self.last += 1;
        Ok(self.last)
    }

    /// Lets the oldest go; what a person worked on goes last.
    fn make_room(&mut self) {
        while self.drafts.len() > limits::PLANS_KEPT {
            let untouched = self.drafts.values().rev().skip(1).rfind(|draft| !draft.is_touched()).map(|draft| draft.id);
            let Some(id) = untouched.or_else(|| self.drafts.keys().next().copied()) else { return };
            if let Some(draft) = self.drafts.remove(&id) {
                draft.stop();
            }
        }
    }
}

/// Where drafts lie. Clones are the same desk. The default one belongs to no plant and numbers from 1.
#[derive(Clone, Default)]
pub struct Desk {
    engine: Option<Engine>,
    shelf: Arc<Mutex<Shelf>>,
    solving: Arc<AtomicUsize>,
    news: Arc<watch::Sender<u64>>,
}

/// A draft in the making.
struct Begun {
    shop: Arc<Shop>,
    kept: Arc<Kept>,
    ask: Ask,
    name: Option<String>,
    parent: Option<u64>,
    plan: Arc<Plan>,
    act: Act,
    standing: Standing,
    at: Time,
}

impl Desk {
    /// The desk of a plant; drafts are numbered on from those before the last start.
    pub fn of(engine: &Engine) -> Result<Self, Refusal> {
        let before = engine.read(|snapshot| snapshot.cursor(NUMBERS))??;
        let shelf = Shelf { before, last: before, taken: before, ..Shelf::default() };
        Ok(Self { engine: Some(engine.clone()), shelf: Arc::new(Mutex::new(shelf)), ..Self::default() })
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a draft: feasible when this answers, better by the second after it.
    pub fn begin(&self, shop: Shop, kept: Kept, ask: Ask, by: &str) -> Result<Arc<Draft>, Refusal> {
        if self.solving.fetch_add(1, Ordering::SeqCst) >= limits::PLANS_SOLVED {
            self.solving.fetch_sub(1, Ordering::SeqCst);
            return Err(Refusal::new(Code::Busy, "other plans are being made; stop one of them or try again in some seconds"));
        }
        let place = Place(Arc::clone(&self.solving));
        let instance = kept.instance(&shop);
        let first = if ask.keep { mend(instance, &shop.in_force) } else { solve(instance, &Options { seed: ask.seed, ..Options::default() }, || true, |_| {}).plan };
        let at = shop.epoch;
        let begun = Begun { shop: Arc::new(shop), kept: Arc::new(kept), ask, name: None, parent: None, plan: Arc::new(first), act: Act::Solved, standing: Standing::Solving, at };
        let draft = self.keep(begun, by)?;
        let solved = Arc::clone(&draft);
        let thread = std::thread::Builder::new().name("planner".to_owned()).spawn(move || {
            solved.improve();
            drop(place);
        });
        thread.map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
        Ok(draft)
    }

    /// The plan in force as a draft, carried on from where the floor is.
    pub fn of_force(&self, shop: Shop, kept: Kept, name: Option<String>, by: &str) -> Result<Arc<Draft>, Refusal> {
        let plan = Arc::new(carry_on(kept.instance(&shop), &shop.in_force));
        let ask = Ask { time: Duration::ZERO, keep: true, seed: 0, why: None };
        let at = shop.epoch;
        self.keep(Begun { shop: Arc::new(shop), kept: Arc::new(kept), ask, name, parent: None, plan, act: Act::Branched(None), standing: Standing::Ready, at }, by)
    }

    /// A copy of a draft as it is now, to try something else.
    pub fn branch(&self, of: &Draft, name: Option<String>, by: &str, at: Time) -> Result<Arc<Draft>, Refusal> {
        let (shop, kept, plan) = (Arc::clone(&of.shop), Arc::clone(&of.kept), of.plan());
        let act = Act::Branched(Some(of.id));
        self.keep(Begun { shop, kept, ask: of.ask.clone(), name, parent: Some(of.id), plan, act, standing: Standing::Ready, at }, by)
    }

    fn keep(&self, it: Begun, by: &str) -> Result<Arc<Draft>, Refusal> {
        let mut shelf = self.shelf();
        let id = shelf.number(self.engine.as_ref())?;
        let first = Version { number: 1, plan: it.plan, act: it.act, by: by.to_owned(), at: it.at };
        let inner = Inner { progress: None, standing: it.standing, versions: vec![first], present: 0, last: 1 };
        let draft = Arc::new(Draft {
            id,
            by: by.to_owned(),
            name: it.name,
            parent: it.parent,
            ask: it.ask,
            shop: it.shop,
            kept: it.kept,
            stop: AtomicBool::new(false),
            inner: Mutex::new(inner),
            news: Arc::clone(&self.news),
        });
        shelf.drafts.insert(draft.id, Arc::clone(&draft));
        shelf.make_room();
        drop(shelf);
        draft.tell();
        Ok(draft)
    }

    /// Counts on with everything that happens to a draft.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// The drafts that are kept, the newest last.
    pub fn all(&self) -> Vec<Arc<Draft>> {
        self.shelf().drafts.values().cloned().collect()
    }

    /// A draft.
    pub fn find(&self, id: u64) -> Result<Arc<Draft>, Refusal> {
        let shelf = self.shelf();
        shelf.drafts.get(&id).cloned().ok_or_else(|| {
            let why = if id == 0 || id > shelf.last {
                "no draft has had this number".to_owned()
            } else if id <= shelf.before {
                "drafts do not outlive a restart of the server; what of them was published is in force, make the plan again for the rest".to_owned()
            } else {
                format!("the newest {} drafts are kept, and it was an older one; make it again", limits::PLANS_KEPT)
            };
            Refusal::new(Code::NotFound, format!("there is no plan {id}: {why}"))
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
