//! Which products are set up alike, and what a changeover takes: the same product again needs none, the same sheet or
//! kind of goods its setup, anything else the changeover of the line. Looked up once for each product.

use std::collections::BTreeMap;

use crate::model::field::Field as _;
use crate::model::plant::Status;
use crate::model::{BillOfMaterial, Id, LineProductMapping, Material, Product};
use crate::scheduling::problem::Minutes;
use crate::store::{Snapshot, StoreError, View as _};

/// Bills of material and mappings of one product.
const LOOKED_AT_MAX: usize = 1_000;

/// What a product is set up as.
#[derive(Clone, Debug, Default)]
pub(super) struct Family {
    /// The same for products that are set up alike.
    pub(super) name: String,
    /// By line: minutes of a changeover to the product.
    changeovers: BTreeMap<u64, Minutes>,
}

impl Family {
    /// Minutes of a changeover on a line, where somebody has told them.
    pub(super) fn changeover(&self, line: u64) -> Option<Minutes> {
        self.changeovers.get(&line).copied()
    }
}

/// Families by product.
pub(super) struct Families<'s> {
    snapshot: &'s Snapshot,
    known: BTreeMap<u64, Family>,
}

impl<'s> Families<'s> {
    pub(super) const fn new(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, known: BTreeMap::new() }
    }

    /// What a product is set up as.
    pub(super) fn of(&mut self, product: Id<Product>) -> Result<&Family, StoreError> {
        if !self.known.contains_key(&product.number()) {
            let found = self.look(product)?;
            self.known.insert(product.number(), found);
        }
        Ok(&self.known[&product.number()])
    }

    fn look(&self, product: Id<Product>) -> Result<Family, StoreError> {
        let boms: Vec<BillOfMaterial> = self.snapshot.related("product_id", &product.to_value(), LOOKED_AT_MAX)?;
        let mut sheet = None;
        for line in boms.into_iter().rev().find(|bom| bom.status == Status::Active).map(|bom| bom.lines).unwrap_or_default() {
            let material: Option<Material> = self.snapshot.get(line.material_id)?;
            sheet = sheet.or_else(|| {
                let it = material?;
                Some(format!("{} {}", it.grade?, it.thickness_mm.unwrap_or_default()))
            });
        }
        let name = match sheet {
            Some(sheet) => sheet,
            None => self.snapshot.get(product)?.and_then(|it: Product| it.product_category.or(it.product_code)).unwrap_or_else(|| product.to_string()),
        };
        let mappings: Vec<LineProductMapping> = self.snapshot.related("product_id", &product.to_value(), LOOKED_AT_MAX)?;
        let minutes = |it: &LineProductMapping| it.changeover_minutes.and_then(|minutes| minutes.rounded(0).as_whole()).and_then(|minutes| Minutes::try_from(minutes).ok());
        Ok(Family { name, changeovers: mappings.iter().filter_map(|it| Some((it.line_id.number(), minutes(it)?))).collect() })
    }
}
