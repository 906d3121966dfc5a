//! Floor 5: the plant as a problem for the planner's engine, and the engine's plan as something a person may
//! judge and change by hand: what moves, why, which promises break. Drafts are solved on threads of their own and
//! live in memory; only what is published or pinned becomes commands. Deliberately no decision of its own about the floor.

mod adherence;
mod board;
mod compare;
mod desk;
mod family;
mod hand;
mod hold;
mod means;
mod pace;
mod proposals;
mod publish;
mod shop;
mod story;
mod supply;

pub use adherence::{Adherence, Tally, adherence};
pub use board::{Bucket, Every, Seen, capacity, dispatch, is_ready, schedule};
pub use compare::{Effect, Move, Promise, against, carried, compare};
pub use desk::{Act, Ask, Desk, Draft, Standing, Version};
pub use hand::{ByHand, Hindered, Moved, Target, by_hand};
pub use hold::{Hold, Holds, Kept, frozen_hours};
pub use pace::{Basis, Pace};
pub use proposals::{Outside, Overtime, Proposals, proposals, whole};
pub use publish::{Chosen, chosen, fitted};
pub use shop::{Extra, Order, Shop, Task, look};
pub use story::{Reason, Waits, story};
