//! Floor 2: the finite-capacity engine. A problem goes in, a plan comes out, better the longer it may search.
//! Pure: no clock, no disk, no plant; the deadline comes in as a stop closure, and the same seed and budget of steps
//! give the same plan on any machine.
//!
//! | file | what for |
//! | --- | --- |
//! | [`problem`] | what is handed in: centers, calendars, setups, people, jobs, in whole minutes |
//! | [`instance`] | the same checked, and refused with the record and the reason; flat arrays for the search |
//! | [`calendar`] | open time of a work center: place work, count open minutes |
//! | [`plan`], [`check()`] | slots and figures; the rules of a plan as an oracle that shares no code with the search |
//! | `board`, `people` | a plan under construction: gaps, setups on both sides, people held, cost |
//! | [`dispatch`], `insertion`, [`portfolio`] | first plans: priority rules, job by job, and the bandit that chooses among rules |
//! | `ruin`, `chain` | ruin and recreate, for shops with calendars, people and setups, at any size; after an event chains of displacements |
//! | `graph`, `tabu` | tabu search on sequences, for the makespan of plain (flexible) job shops |
//! | `anneal` | simulated annealing on sequences, for the weighted tardiness of plain job shops |
//! | `team`, [`solve()`] | searches side by side, exchanging at fixed steps; the way from first plan to best |
//! | [`event`], [`repair()`] | what happens on the floor; feasible again at once, then better with few moves |
//! | [`relocate()`], [`keepable`] | one operation put elsewhere by a person; places that are kept whatever is planned |
//! | [`explain()`], [`bounds`], [`Worth`] | why a job ends when it does; how good a plan can be at most; what one more hour is worth |
//! | [`shop_file`] | the public file shapes, and only there serde |
//!
//! Start reading at [`problem`], then [`solve()`]. Whatever search runs, three things hold: the first plan is there in
//! milliseconds, any stop leaves a plan that [`check()`] accepts, and what is fixed never moves.

mod anneal;
mod board;
pub mod bounds;
pub mod calendar;
mod chain;
pub mod check;
pub mod dispatch;
pub mod event;
pub mod explain;
mod graph;
mod hold;
mod insertion;
pub mod instance;
mod people;
pub mod plan;
pub mod portfolio;
pub mod problem;
mod random;
mod relocate;
pub mod repair;
mod ruin;
pub mod shop_file;
pub mod solve;
mod tabu;
mod team;
mod worth;

#[cfg(test)]
mod tests;

pub use bounds::bound;
pub use check::check;
pub use event::Event;
pub use explain::{Cause, Stretch, explain};
pub use hold::keepable;
pub use instance::Instance;
pub use plan::{Figures, Plan, Slot};
pub use problem::{Fault, Objective, PoolKind, Problem};
pub use relocate::{Obstacle, Refused, Wish, carry_on, relocate};
pub use repair::{mend, repair};
pub use solve::{Options, Progress, Solution, solve};
pub use worth::{Relief, Worth};
