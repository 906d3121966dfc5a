//! Edges of genealogy and their nodes. A node packs kind and number into 32 bits, so that a walk
//! needs no map: three bits of kind, 29 of number.

use super::ids::Subject;
use super::noun::Noun;
use crate::base::{Decimal, Unit};
use crate::record;

/// A node of genealogy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node(u32);

const NUMBER_BITS: u32 = 29;

impl Node {
    /// Nouns that can be nodes, in the order of their kind bits. Append only.
    pub const KINDS: &'static [Noun] = &[Noun::Lot, Noun::WorkOrder, Noun::Supplier, Noun::Shipment, Noun::Customer];

    /// The node of a record; `None` if its noun is no node or its number is beyond 29 bits.
    pub fn of(subject: Subject) -> Option<Self> {
        let kind = Self::KINDS.iter().position(|noun| *noun == subject.noun)?;
        let number = u32::try_from(subject.number).ok().filter(|number| *number < 1 << NUMBER_BITS)?;
        Some(Self((u32::try_from(kind).ok()? << NUMBER_BITS) | number))
    }

    /// From its 32 bits, if its kind exists.
    pub fn from_bits(bits: u32) -> Option<Self> {
        ((bits >> NUMBER_BITS) as usize).lt(&Self::KINDS.len()).then_some(Self(bits))
    }

    /// Its 32 bits.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The position of its noun in [`Node::KINDS`].
    pub const fn kind(self) -> usize {
        (self.0 >> NUMBER_BITS) as usize
    }

    /// Its number within its kind.
    pub const fn index(self) -> usize {
        (self.0 & ((1 << NUMBER_BITS) - 1)) as usize
    }

    /// The record it stands for.
    pub fn subject(self) -> Subject {
        Subject { noun: Self::KINDS.get(self.kind()).copied().unwrap_or(Noun::Lot), number: self.index() as u64 }
    }
}

record! {
    /// An edge from source to product; its number packs both nodes.
    LotEdge { edge_id,
        made plain quantity: Decimal,
        made plain unit_of_measure: Unit,
    }
}

impl LotEdge {
    /// The number of the edge between two nodes.
    pub fn number_of(from: Node, to: Node) -> u64 {
        (u64::from(from.bits()) << 32) | u64::from(to.bits())
    }

    /// The two nodes of an edge's number.
    pub fn nodes_of(number: u64) -> Option<(Node, Node)> {
        let from = u32::try_from(number >> 32).ok()?;
        let to = u32::try_from(number & u64::from(u32::MAX)).ok()?;
        Some((Node::from_bits(from)?, Node::from_bits(to)?))
    }
}
