//! Where a lot came from and what it became: nodes, edges with quantities, and whether the
//! quantities add up. A hub's thousands are answered as counts by kind; the list is paged.

use std::collections::BTreeMap;

use crate::base::{Code, Decimal, Refusal, Unit, limits};
use crate::model::genealogy::Node;
use crate::model::{Customer, Id, Lot, LotEdge, Material, Noun, Product, Shipment, Subject, Supplier, WorkOrder};
use crate::store::mirror::Reached;
use crate::store::{Direction, Snapshot, View as _};

/// Which way to trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To products, shipments, customers.
    Forward,
    /// To sources, suppliers.
    Backward,
    /// Both.
    Both,
}

impl Way {
    /// Reads its word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "forward" => Some(Self::Forward),
            "backward" => Some(Self::Backward),
            "both" => Some(Self::Both),
            _ => None,
        }
    }

    const fn directions(self) -> &'static [Direction] {
        match self {
            Self::Forward => &[Direction::Forward],
            Self::Backward => &[Direction::Backward],
            Self::Both => &[Direction::Backward, Direction::Forward],
        }
    }
}

/// A node as people read it.
#[derive(Clone, Debug)]
pub struct TraceNode {
    /// The record.
    pub subject: Subject,
    /// What people call it.
    pub number: String,
    /// What it is.
    pub name: String,
    /// How much of it there was.
    pub quantity: Option<Decimal>,
    /// In which unit.
    pub unit: Option<Unit>,
    /// Edges from the root.
    pub depth: u32,
    /// Its state.
    pub status: Option<String>,
}

/// An edge between two nodes of the answer.
#[derive(Clone, Debug)]
pub struct TraceEdge {
    /// Source.
    pub from: Subject,
    /// Product.
    pub to: Subject,
    /// How much went.
    pub quantity: Decimal,
    /// In which unit.
    pub unit: Unit,
}

/// Whether a lot's quantities add up.
#[derive(Clone, Debug)]
pub struct Balance {
    /// The lot, whose totals these are.
    pub lot: Lot,
    /// What should be on hand less what is; zero when the books are right.
    pub gap: Decimal,
}

/// A trace.
pub struct Trace {
    /// What was asked for.
    pub root: Subject,
    /// The root first, then by distance.
    pub nodes: Vec<TraceNode>,
    /// Edges among the nodes.
    pub edges: Vec<TraceEdge>,
    /// For a lot.
    pub balance: Option<Balance>,
    /// All nodes reached, by kind, also those beyond the list.
    pub counts: BTreeMap<&'static str, usize>,
    /// The list, or the walk itself, was cut short.
    pub truncated: bool,
    /// The moment.
    pub seq: u64,
}

/// Traces a record; `max_nodes` bounds the list, not the counts.
pub fn trace(snapshot: &Snapshot, root: Subject, way: Way, max_nodes: usize) -> Result<Trace, Refusal> {
    let start = node_of(root)?;
    let (reached, cut) = walk(snapshot, start, way)?;
    let mut counts = BTreeMap::new();
    for it in &reached {
        *counts.entry(it.node.subject().noun.singular()).or_insert(0) += 1;
    }
    let shown: Vec<Reached> = std::iter::once(Reached { node: start, depth: 0 }).chain(reached.iter().copied()).take(max_nodes.max(1)).collect();
    let mut nodes = Vec::with_capacity(shown.len());
    for it in &shown {
        nodes.extend(describe(snapshot, *it)?);
    }
    let edges = edges(snapshot, &shown)?;
    Ok(Trace { root, nodes, edges, balance: balance(snapshot, root)?, counts, truncated: cut || shown.len() < reached.len() + 1, seq: snapshot.head()? })
}

/// A page of the nodes a trace reaches, of one kind if asked.
pub fn nodes(snapshot: &Snapshot, root: Subject, way: Way, kind: Option<Noun>, skip: usize, limit: usize) -> Result<(Vec<TraceNode>, bool), Refusal> {
    let (reached, _) = walk(snapshot, node_of(root)?, way)?;
    let mut wanted = reached.into_iter().filter(|it| kind.is_none_or(|kind| it.node.subject().noun == kind)).skip(skip);
    let mut page = Vec::new();
    for it in wanted.by_ref().take(limit) {
        page.extend(describe(snapshot, it)?);
    }
    Ok((page, wanted.next().is_some()))
}

fn node_of(subject: Subject) -> Result<Node, Refusal> {
    Node::of(subject).ok_or_else(|| Refusal::new(Code::Invalid, format!("{} have no genealogy; trace lots, work orders, suppliers, shipments or customers", subject.noun.plural())))
}

fn walk(snapshot: &Snapshot, start: Node, way: Way) -> Result<(Vec<Reached>, bool), Refusal> {
    let (mut all, mut cut) = (Vec::new(), false);
    for direction in way.directions() {
        let (reached, short) = snapshot.walk(start, *direction, limits::WALK_MAX)?;
        all.extend(reached);
        cut |= short;
    }
    if way == Way::Both {
        all.sort_by_key(|it| it.depth);
    }
    Ok((all, cut))
}

fn edges(snapshot: &Snapshot, shown: &[Reached]) -> Result<Vec<TraceEdge>, Refusal> {
    let mut inside: Vec<Node> = shown.iter().map(|it| it.node).collect();
    inside.sort_unstable();
    let mut edges = Vec::new();
    for it in shown {
        for to in snapshot.neighbours(it.node, Direction::Forward)? {
            if inside.binary_search(&to).is_err() {
                continue;
            }
            let edge: Option<LotEdge> = snapshot.get(Id::new(LotEdge::number_of(it.node, to)))?;
            edges.extend(edge.map(|edge| TraceEdge { from: it.node.subject(), to: to.subject(), quantity: edge.quantity, unit: edge.unit_of_measure }));
        }
    }
    Ok(edges)
}

fn balance(snapshot: &Snapshot, root: Subject) -> Result<Option<Balance>, Refusal> {
    if root.noun != Noun::Lot {
        return Ok(None);
    }
    let lot = snapshot.get(Id::<Lot>::new(root.number))?;
    Ok(lot.map(|lot| {
        let gap = lot.expected_on_hand().and_then(|expected| expected.minus(lot.quantity_on_hand)).unwrap_or_default();
        Balance { lot, gap }
    }))
}

fn describe(snapshot: &Snapshot, it: Reached) -> Result<Option<TraceNode>, Refusal> {
    let subject = it.node.subject();
    let plain = |number: String, name: String| TraceNode { subject, number, name, quantity: None, unit: None, depth: it.depth, status: None };
    let number = subject.number;
    Ok(match subject.noun {
        Noun::Lot => match snapshot.get(Id::<Lot>::new(number))? {
            Some(lot) => Some(describe_lot(snapshot, lot, &plain)?),
            None => None,
        },
        Noun::WorkOrder => match snapshot.get(Id::<WorkOrder>::new(number))? {
            Some(order) => {
                let product: Option<Product> = snapshot.get(order.product_id)?;
                let name = product.map_or_else(String::new, |product| product.product_name);
                let number = order.work_order_number.unwrap_or_default();
                Some(TraceNode { quantity: Decimal::whole(order.good_quantity), unit: Some(order.unit_of_measure), status: Some(order.status.to_string()), ..plain(number, name) })
            }
            None => None,
        },
        Noun::Shipment => snapshot.get(Id::<Shipment>::new(number))?.map(|shipment| {
            let sum = shipment.lines.iter().try_fold(Decimal::ZERO, |sum, line| sum.plus(line.quantity));
            let unit = shipment.lines.first().map(|line| line.unit_of_measure);
            let name = shipment.carrier.unwrap_or_default();
            TraceNode { quantity: sum, unit, status: Some(shipment.status.to_string()), ..plain(shipment.shipment_number, name) }
        }),
        Noun::Supplier => snapshot.get(Id::<Supplier>::new(number))?.map(|it| plain(it.supplier_code.unwrap_or_else(|| subject.to_string()), it.supplier_name)),
        Noun::Customer => snapshot.get(Id::<Customer>::new(number))?.map(|it| plain(it.customer_code.unwrap_or_else(|| subject.to_string()), it.customer_name)),
        _ => None,
    })
}

fn describe_lot(snapshot: &Snapshot, lot: Lot, plain: &dyn Fn(String, String) -> TraceNode) -> Result<TraceNode, Refusal> {
    let material: Option<Material> = snapshot.get(lot.material_id)?;
    let name = material.map_or_else(|| lot.material_code.clone(), |material| material.material_name);
    let quantity = lot.quantity_received.plus(lot.quantity_produced);
    Ok(TraceNode { quantity, unit: Some(lot.unit_of_measure), status: Some(lot.status.to_string()), ..plain(lot.lot_number, name) })
}
