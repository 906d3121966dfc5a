//! Why an order ends when it does: its decisive chain as stretches of time with a reason a planner knows.

use super::shop::Shop;
use crate::base::Time;
use crate::scheduling::problem::Pool;
use crate::scheduling::{Cause, Plan, PoolKind, explain};

/// What a stretch goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Work.
    Work,
    /// Its work center is closed in between.
    Paused,
    /// It is carried to the next department.
    Transfer,
    /// It may not begin yet.
    Release,
    /// The work center is busy with another order.
    Behind {
        /// That order.
        order: String,
        /// What is done for it.
        operation: String,
    },
    /// The work center is set up.
    Setup,
    /// The work center is closed.
    Closed,
    /// What is passed on in batches is made until there is enough.
    Batch,
    /// Its material is not there yet.
    Material {
        /// Which one.
        material: String,
    },
    /// Every copy of a tool is in use or away.
    Tool {
        /// That tool.
        tool: String,
        /// How many there are.
        at_once: u32,
    },
    /// Everybody certified is busy.
    People {
        /// The skill.
        skill: String,
        /// How many are there at once.
        at_once: u32,
    },
    /// Nothing holds it.
    Free,
}

/// A stretch of an order's chain.
#[derive(Clone, Debug)]
pub struct Waits {
    /// The operation's sequence and name.
    pub operation: (i64, String),
    /// Its work center.
    pub center: String,
    /// From.
    pub from: Time,
    /// To.
    pub to: Time,
    /// Why.
    pub reason: Reason,
}

impl Reason {
    /// Its word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Paused => "paused",
            Self::Transfer => "transfer",
            Self::Release => "release",
            Self::Behind { .. } => "behind",
            Self::Setup => "setup",
            Self::Closed => "closed",
            Self::Batch => "batch",
            Self::Material { .. } => "material",
            Self::Tool { .. } => "tool",
            Self::People { .. } => "people",
            Self::Free => "free",
        }
    }
}

impl Waits {
    /// As a sentence.
    pub fn sentence(&self) -> String {
        let (sequence, name) = &self.operation;
        let minutes = self.to.minutes_since(self.from);
        let length = if minutes < 120 { format!("{minutes} min") } else { format!("{} h {:02} min", minutes / 60, minutes % 60) };
        let what = match &self.reason {
            Reason::Work => format!("runs on {}", self.center),
            Reason::Paused => format!("pauses while {} is closed", self.center),
            Reason::Transfer => format!("is carried to {}", self.center),
            Reason::Release => "may not begin yet".to_owned(),
            Reason::Behind { order, operation } => format!("waits for {} behind {order} ({operation})", self.center),
            Reason::Setup => format!("waits while {} is set up for it", self.center),
            Reason::Closed => format!("waits while {} is closed", self.center),
            Reason::Batch => format!("runs on {} until the first batch can go on", self.center),
            Reason::Material { material } => format!("waits for its material {material}"),
            Reason::Tool { tool, at_once } => format!("waits for the tool {tool} ({at_once} at once)"),
            Reason::People { skill, at_once } => format!("waits for somebody certified for {skill} ({at_once} at once)"),
            Reason::Free => "could begin earlier".to_owned(),
        };
        format!("Operation {sequence} ({name}) {what}: {length}.")
    }
}

/// The story of an order by its place among the jobs. What goes on for the same reason is told once.
pub fn story(shop: &Shop, plan: &Plan, job: usize) -> Vec<Waits> {
    let told = explain(&shop.instance, plan, job).into_iter().map(|stretch| {
        let task = &shop.tasks[stretch.operation];
        let reason = match stretch.cause {
            Cause::Work => Reason::Work,
            Cause::Paused => Reason::Paused,
            Cause::Transfer => Reason::Transfer,
            Cause::Batch => Reason::Batch,
            Cause::Release => task.material.clone().map_or(Reason::Release, |material| Reason::Material { material }),
            Cause::Behind { operation } => {
                let (job, _) = shop.instance.place_of(operation);
                Reason::Behind { order: shop.instance.problem().jobs[job].id.clone(), operation: shop.tasks[operation].name.clone() }
            }
            Cause::Setup => Reason::Setup,
            Cause::Closed => Reason::Closed,
            Cause::Pool { pool } => {
                let Pool { id, kind, capacity: at_once, .. } = shop.instance.problem().pools[pool].clone();
                if kind == PoolKind::Tools { Reason::Tool { tool: id, at_once } } else { Reason::People { skill: id, at_once } }
            }
            Cause::Free => Reason::Free,
        };
        let center = shop.centers[plan.slots[stretch.operation].center as usize].work_center_code.clone();
        Waits { operation: (task.sequence, task.name.clone()), center, from: shop.moment(stretch.from), to: shop.moment(stretch.until), reason }
    });
    told.fold(Vec::new(), |mut story: Vec<Waits>, next| {
        match story.last_mut().filter(|last| last.operation == next.operation && last.reason == next.reason) {
            Some(last) => last.to = next.to,
            None => story.push(next),
        }
        story
    })
}
