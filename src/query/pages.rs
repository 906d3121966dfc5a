//! A table whose rows come page by page: what all tables of the plant have in common. A table says
//! which pages answer a scan; each page is read when the one before was taken, from a snapshot that
//! lives no longer than the page.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream};
use futures_util::stream;

use super::counted::Counted;
use super::moment::{Moment, external};
use crate::base::{Refusal, limits};

/// What a scan asks for.
pub(super) struct Asked<'a> {
    /// Places of the wanted columns.
    pub(super) columns: Vec<usize>,
    /// The schema of these.
    pub(super) schema: SchemaRef,
    /// Filters, which are applied once more above.
    pub(super) filters: &'a [Expr],
    /// The moment.
    pub(super) moment: Moment,
    /// Rows of one page.
    pub(super) page: usize,
}

/// Pages of one scan, in turn; `None` at the end. A page may be empty.
pub(super) type Pages = Box<dyn FnMut() -> std::result::Result<Option<RecordBatch>, Refusal> + Send>;
/// Begins the pages of a scan; a plan may be run more than once.
pub(super) type Opening = Arc<dyn Fn() -> Pages + Send + Sync>;

/// A table that answers scans by pages.
pub(super) trait Paged: fmt::Debug + Send + Sync + 'static {
    /// Its columns.
    fn schema(&self) -> SchemaRef;
    /// Whether it can use a filter.
    fn uses(&self, filter: &Expr) -> bool;
    /// About how many rows are left by filters, where that can be told at once.
    fn rows(&self, _filters: &[Expr]) -> Result<Option<usize>> {
        Ok(None)
    }
    /// The pages of a scan.
    fn open(&self, asked: Asked<'_>) -> Result<Opening>;
}

/// A [`Paged`] table as DataFusion knows tables.
#[derive(Debug)]
pub(super) struct PagedTable<T>(pub(super) T);

#[async_trait]
impl<T: Paged> TableProvider for PagedTable<T> {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let used = |filter: &&Expr| if self.0.uses(filter) { TableProviderFilterPushDown::Inexact } else { TableProviderFilterPushDown::Unsupported };
        Ok(filters.iter().map(used).collect())
    }

    async fn scan(&self, state: &dyn Session, projection: Option<&Vec<usize>>, filters: &[Expr], limit: Option<usize>) -> Result<Arc<dyn ExecutionPlan>> {
        let full = self.0.schema();
        let columns = projection.cloned().unwrap_or_else(|| (0..full.fields().len()).collect());
        let schema: SchemaRef = Arc::new(Schema::new(columns.iter().map(|at| Arc::clone(&full.fields()[*at])).collect::<Vec<_>>()));
        let page = limit.map_or(limits::SQL_PAGE, |limit| limit.clamp(1, limits::SQL_PAGE));
        let opening = self.0.open(Asked { columns, schema: Arc::clone(&schema), filters, moment: Moment::of(state)?, page })?;
        let pages: Arc<dyn PartitionStream> = Arc::new(Partition { schema: Arc::clone(&schema), opening });
        let scan = StreamingTableExec::try_new(schema, vec![pages], None, None, false, limit)?;
        Ok(match self.0.rows(filters)? {
            Some(rows) => Arc::new(Counted::new(scan, rows)),
            None => Arc::new(scan),
        })
    }
}

struct Partition {
    schema: SchemaRef,
    opening: Opening,
}

impl fmt::Debug for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("pages")
    }
}

impl PartitionStream for Partition {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let pages = stream::try_unfold((self.opening)(), |mut pages| async move { Ok(pages().map_err(external)?.map(|page| (page, pages))) });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), pages))
    }
}
