//! Genealogy in memory: a flat base (offsets and targets, per kind) and a small delta over it, so
//! that a hub of 36,000 descendants is walked in about a millisecond. Until it is built after a
//! start, walks read the pages of redb instead.

use std::collections::HashMap;

use super::error::StoreError;
use crate::model::genealogy::Node;

/// Which way a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From source to product.
    Forward,
    /// From product to source.
    Backward,
}

impl Direction {
    /// The byte in keys.
    pub const fn code(self) -> u8 {
        match self {
            Self::Forward => 0,
            Self::Backward => 1,
        }
    }
}

/// A change of one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeChange {
    /// Source.
    pub from: Node,
    /// Product.
    pub to: Node,
    /// There now, or gone.
    pub there: bool,
}

const KINDS: usize = Node::KINDS.len();

/// Flat adjacency of one direction.
#[derive(Debug, Default)]
struct Flat {
    /// Per kind: offset of the first neighbour of each number, one more than numbers.
    offsets: [Vec<u32>; KINDS],
    targets: Vec<Node>,
    delta: HashMap<Node, Vec<Node>>,
    delta_edges: usize,
}

impl Flat {
    fn build(mut pairs: Vec<(Node, Node)>) -> Self {
        pairs.sort_unstable();
        let mut flat = Self { targets: Vec::with_capacity(pairs.len()), ..Self::default() };
        for (from, to) in pairs {
            let offsets = &mut flat.offsets[from.kind()];
            let start = u32::try_from(flat.targets.len()).unwrap_or(u32::MAX);
            while offsets.len() <= from.index() {
                offsets.push(start);
            }
            flat.targets.push(to);
        }
        let total = u32::try_from(flat.targets.len()).unwrap_or(u32::MAX);
        // Kinds follow each other in `targets`, so the end of one kind is where the next begins.
        let mut end = total;
        for offsets in flat.offsets.iter_mut().rev() {
            let begin = offsets.first().copied();
            offsets.push(end);
            end = begin.unwrap_or(end);
        }
        flat
    }

    fn base(&self, node: Node) -> &[Node] {
        let offsets = &self.offsets[node.kind()];
        match (offsets.get(node.index()), offsets.get(node.index() + 1)) {
            (Some(from), Some(to)) => &self.targets[*from as usize..*to as usize],
            _ => &[],
        }
    }

    fn each(&self, node: Node, mut visit: impl FnMut(Node)) {
        if self.delta.is_empty() {
            self.base(node).iter().for_each(|to| visit(*to));
        } else if let Some(own) = self.delta.get(&node) {
            own.iter().for_each(|to| visit(*to));
        } else {
            self.base(node).iter().for_each(|to| visit(*to));
        }
    }

    /// The delta of a node is its whole list, so that a removed edge needs no second structure.
    /// Answers whether anything changed: an edge met twice while the mirror is built is one edge.
    fn change(&mut self, from: Node, to: Node, there: bool) -> bool {
        let base = if self.delta.contains_key(&from) { Vec::new() } else { self.base(from).to_vec() };
        let list = self.delta.entry(from).or_insert(base);
        self.delta_edges += 1;
        match (list.iter().position(|known| *known == to), there) {
            (None, true) => list.push(to),
            (Some(at), false) => _ = list.remove(at),
            _ => return false,
        }
        true
    }

    fn pairs(&self) -> Vec<(Node, Node)> {
        let mut pairs = Vec::with_capacity(self.targets.len() + self.delta_edges);
        for (kind, offsets) in self.offsets.iter().enumerate() {
            for index in 0..offsets.len().saturating_sub(1) {
                let bits = (u32::try_from(kind).unwrap_or(0) << 29) | u32::try_from(index).unwrap_or(0);
                if let Some(node) = Node::from_bits(bits)
                    && !self.delta.contains_key(&node)
                {
                    pairs.extend(self.base(node).iter().map(|to| (node, *to)));
                }
            }
        }
        pairs.extend(self.delta.iter().flat_map(|(from, list)| list.iter().map(|to| (*from, *to))));
        pairs
    }

    fn fold_if_large(&mut self) {
        // Folding costs about 50 ms for two million edges, so it waits for a twentieth of them.
        if self.delta_edges > 65_536.max(self.targets.len() / 20) {
            *self = Self::build(self.pairs());
        }
    }
}

/// A set of nodes: bits by kind and number.
#[derive(Debug, Default)]
pub struct NodeSet {
    words: [Vec<u64>; KINDS],
}

impl NodeSet {
    /// Adds a node; true if it was not there.
    pub fn insert(&mut self, node: Node) -> bool {
        let words = &mut self.words[node.kind()];
        let (word, bit) = (node.index() / 64, 1_u64 << (node.index() % 64));
        if words.len() <= word {
            words.resize((word + 1).max(words.len() * 2), 0);
        }
        let fresh = words[word] & bit == 0;
        words[word] |= bit;
        fresh
    }
}

/// A node reached by a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// The node.
    pub node: Node,
    /// Edges from the root.
    pub depth: u32,
}

/// Walks breadth-first from a node, the root not included; `max` nodes at most. The answer says
/// whether it was cut short.
pub fn walk(root: Node, max: usize, mut neighbours: impl FnMut(Node, &mut Vec<Node>) -> Result<(), StoreError>) -> Result<(Vec<Reached>, bool), StoreError> {
    let mut seen = NodeSet::default();
    seen.insert(root);
    let mut reached: Vec<Reached> = Vec::new();
    let mut next = Vec::new();
    let mut at = 0;
    let (mut node, mut depth) = (root, 0);
    loop {
        next.clear();
        neighbours(node, &mut next)?;
        for to in &next {
            if seen.insert(*to) {
                if reached.len() == max {
                    return Ok((reached, true));
                }
                reached.push(Reached { node: *to, depth: depth + 1 });
            }
        }
        let Some(following) = reached.get(at) else { return Ok((reached, false)) };
        (node, depth) = (following.node, following.depth);
        at += 1;
    }
}

/// Genealogy in memory, both ways.
#[derive(Debug, Default)]
pub struct Mirror {
    forward: Flat,
    backward: Flat,
    edges: usize,
}

impl Mirror {
    /// From all edges.
    pub fn build(pairs: Vec<(Node, Node)>) -> Self {
        let edges = pairs.len();
        let backward = Flat::build(pairs.iter().map(|(from, to)| (*to, *from)).collect());
        Self { forward: Flat::build(pairs), backward, edges }
    }

    /// Follows the head.
    pub fn change(&mut self, changes: &[EdgeChange]) {
        for change in changes {
            self.backward.change(change.to, change.from, change.there);
            if self.forward.change(change.from, change.to, change.there) {
                self.edges = if change.there { self.edges + 1 } else { self.edges.saturating_sub(1) };
            }
        }
        self.forward.fold_if_large();
        self.backward.fold_if_large();
    }

    /// Walks breadth-first; see [`walk`].
    pub fn walk(&self, root: Node, direction: Direction, max: usize) -> (Vec<Reached>, bool) {
        let flat = self.flat(direction);
        let walked = walk(root, max, |node, next| {
            flat.each(node, |to| next.push(to));
            Ok(())
        });
        walked.unwrap_or_default()
    }

    /// Neighbours of a node.
    pub fn neighbours(&self, node: Node, direction: Direction) -> Vec<Node> {
        let mut list = Vec::new();
        self.flat(direction).each(node, |to| list.push(to));
        list
    }

    /// Edges it holds.
    pub const fn edges(&self) -> usize {
        self.edges
    }

    const fn flat(&self, direction: Direction) -> &Flat {
        match direction {
            Direction::Forward => &self.forward,
            Direction::Backward => &self.backward,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Noun, Subject};

    fn lot(number: u64) -> Node {
        Node::of(Subject { noun: Noun::Lot, number }).unwrap()
    }
    fn order(number: u64) -> Node {
        Node::of(Subject { noun: Noun::WorkOrder, number }).unwrap()
    }

    #[test]
    fn base_and_delta_answer_alike() {
        let pairs = vec![(lot(1), order(1)), (order(1), lot(2)), (lot(2), order(2)), (lot(9), order(1))];
        let built = Mirror::build(pairs.clone());
        let mut grown = Mirror::build(vec![]);
        grown.change(&pairs.iter().map(|(from, to)| EdgeChange { from: *from, to: *to, there: true }).collect::<Vec<_>>());
        for node in [lot(1), lot(2), lot(9), order(1), order(2), lot(500)] {
            for direction in [Direction::Forward, Direction::Backward] {
                let mut left = built.neighbours(node, direction);
                let mut right = grown.neighbours(node, direction);
                left.sort_unstable();
                right.sort_unstable();
                assert_eq!(left, right, "{node:?} {direction:?}");
            }
        }
        let mut pairs_again = grown.forward.pairs();
        pairs_again.sort_unstable();
        let mut wanted = pairs;
        wanted.sort_unstable();
        assert_eq!(pairs_again, wanted);
    }

    #[test]
    fn a_removed_edge_is_gone_and_a_walk_is_cut_where_asked() {
        let mut mirror = Mirror::build((1..=10).map(|n| (lot(1), order(n))).collect());
        mirror.change(&[EdgeChange { from: lot(1), to: order(3), there: false }, EdgeChange { from: lot(1), to: order(4), there: true }]);
        assert_eq!(mirror.edges(), 9);
        let (reached, cut) = mirror.walk(lot(1), Direction::Forward, 100);
        assert_eq!((reached.len(), cut), (9, false));
        let (reached, cut) = mirror.walk(lot(1), Direction::Forward, 4);
        assert_eq!((reached.len(), cut), (4, true));
    }
}
