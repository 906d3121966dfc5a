//! One connection's SQL: its settings, its statements, their rows. Everything that DataFusion does
//! happens on the threads of this room; whoever asks holds only the end of a short queue, and letting
//! it go ends the statement.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datafusion::arrow::array::StringArray;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::ParamValues;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream};
use datafusion::sql::parser::Statement as Parsed;
use futures_util::StreamExt as _;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::called::Called;
use super::fault::{BAD_VALUE, CANCELLED, Fault, NO_TABLE, NOT_ALLOWED, TOO_MANY, TOO_MUCH};
use super::moment::Moment;
use super::rewrite::{Around, heading, rewritten};
use super::settings::Settings;
use super::statement::{Act, Statement};
use super::{Sql, catalog};
use crate::base::{Code, Refusal, limits};
use crate::model::journal::Actor;
use crate::model::permission::{may, who_may};

/// Batches that wait to be taken.
const WAITING: usize = 2;

/// A connection's session.
pub struct Session {
    sql: Sql,
    actor: Actor,
    database: String,
    settings: Mutex<Settings>,
}

/// What a statement takes and gives, before it is run.
pub struct Described {
    /// The types of its parameters, where they can be told.
    pub parameters: Vec<Option<DataType>>,
    /// Its columns; none where it gives no rows.
    pub columns: Option<SchemaRef>,
}

/// The rows of an answer as they come. Dropped early, the statement ends.
pub struct Rows {
    /// Its columns.
    pub schema: SchemaRef,
    /// The entry of the journal that the answer shows.
    pub seq: u64,
    batches: mpsc::Receiver<Result<RecordBatch, Fault>>,
    task: JoinHandle<()>,
}

impl Rows {
    /// The next rows; `None` at the end. A fault is the last.
    pub async fn next(&mut self) -> Option<Result<RecordBatch, Fault>> {
        self.batches.recv().await
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Session {
    pub(super) fn new(sql: Sql, actor: Actor) -> Self {
        Self { sql, actor, database: catalog::DATABASE.to_owned(), settings: Mutex::default() }
    }

    /// With the name that the client calls the database: there is one, under every name.
    #[must_use]
    pub fn called(self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self }
    }

    /// Whose it is.
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a setting a content, or its default.
    pub fn set(&self, name: &str, content: Option<&str>) -> Result<(), Fault> {
        self.settings().set(name, content)
    }

    /// Gives all settings their defaults.
    pub fn reset(&self) {
        self.settings().reset();
    }

    /// The statements of a text; all of them may be run, or none is answered.
    pub async fn read(&self, text: &str) -> Result<Vec<Statement>, Fault> {
        let text = text.to_owned();
        self.sql.shared.handle.spawn(async move { Statement::parse(&text) }).await.map_err(|_| ended())?
    }

    /// What a statement takes and gives.
    pub async fn describe(&self, statement: &Statement) -> Result<Described, Fault> {
        match &statement.act {
            Act::Show(name) => Ok(Described { parameters: Vec::new(), columns: Some(show_schema(name)) }),
            Act::Read => {
                let work = self.work(statement, None)?;
                let planned = self.sql.shared.handle.spawn(async move {
                    let (state, plan) = work.plan().await?;
                    let settled = state.optimize(&plan);
                    let columns = headed(plan.schema().as_arrow(), settled.as_ref().unwrap_or(&plan).schema().as_arrow());
                    Ok::<_, Fault>(Described { parameters: parameters(&plan)?, columns: Some(columns) })
                });
                planned.await.map_err(|_| ended())?
            }
            _ => Ok(Described { parameters: Vec::new(), columns: None }),
        }
    }

    /// Runs a statement that gives rows; `most` rows at most.
    pub async fn run(&self, statement: &Statement, values: Option<ParamValues>, most: usize) -> Result<Rows, Fault> {
        if let Act::Show(name) = &statement.act {
            return self.show(name);
        }
        let work = self.work(statement, values)?;
        let (told, begun) = oneshot::channel();
        let (sender, batches) = mpsc::channel(WAITING);
        let seq = work.moment.seq;
        let task = self.sql.shared.handle.spawn(work.run(told, sender, most.min(limits::SQL_ROWS_MAX)));
        let mut rows = Rows { schema: Arc::new(Schema::empty()), seq, batches, task };
        rows.schema = begun.await.map_err(|_| ended())??;
        Ok(rows)
    }

    fn show(&self, name: &str) -> Result<Rows, Fault> {
        let schema = show_schema(name);
        let batch = if name == "all" {
            let (names, contents): (Vec<_>, Vec<_>) = self.settings().all().unzip();
            let about = StringArray::from(vec![""; names.len()]);
            RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(StringArray::from(names)), Arc::new(StringArray::from(contents)), Arc::new(about)])
        } else {
            RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(StringArray::from(vec![self.settings().get(name)?]))])
        };
        let (sender, batches) = mpsc::channel(1);
        _ = sender.try_send(batch.map_err(|error| Fault::new("XX000", error.to_string())));
        Ok(Rows { schema, seq: 0, batches, task: self.sql.shared.handle.spawn(async {}) })
    }

    fn work(&self, statement: &Statement, values: Option<ParamValues>) -> Result<Work, Fault> {
        let settings = self.settings();
        let moment = self.moment(&settings)?;
        Ok(Work {
            sql: self.sql.clone(),
            actor: self.actor.clone(),
            database: self.database.clone(),
            statement: statement.clone(),
            values,
            moment,
            time: settings.timeout(),
            settings: settings.clone(),
        })
    }

    fn moment(&self, settings: &Settings) -> Result<Moment, Fault> {
        let engine = &self.sql.shared.sources.engine;
        let (as_of, now) = (settings.as_of()?, engine.plant_now());
        let seq = engine.read(|snapshot| as_of.map_or_else(|| snapshot.head().map_err(Refusal::from), |as_of| as_of.entry(snapshot)))?;
        let seq = seq.map_err(|refusal| if refusal.code == Code::Invalid { Fault::new(BAD_VALUE, refusal.detail) } else { Fault::from(refusal) })?;
        Ok(Moment { seq, is_past: as_of.is_some(), now })
    }
}

fn show_schema(name: &str) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    Arc::new(Schema::new(if name == "all" { vec![text("name"), text("setting"), text("description")] } else { vec![text(name)] }))
}

fn ended() -> Fault {
    Fault::new("XX000", "the statement ended early; the fault is ours")
}

/// The columns of an answer under their headings, with the types as they come to be: of which type mixed numbers are
/// (`CASE`, `COALESCE`) is not settled before the plan is worked through.
fn headed(told: &Schema, typed: &Schema) -> SchemaRef {
    let fields = told.fields().iter().zip(typed.fields()).map(|(told, typed)| typed.as_ref().clone().with_name(heading(told.name())).with_nullable(true));
    Arc::new(Schema::new(fields.collect::<Vec<Field>>()))
}

/// The parameters of a plan in their order: `$1` first.
fn parameters(plan: &LogicalPlan) -> Result<Vec<Option<DataType>>, Fault> {
    let mut all: Vec<(usize, Option<DataType>)> = Vec::new();
    for (name, kind) in plan.get_parameter_types()? {
        let place = name.trim_start_matches('$').parse::<usize>().ok().filter(|place| *place > 0);
        let place = place.ok_or_else(|| Fault::new("42P02", format!("there is no parameter {name}")))?;
        all.push((place, kind));
    }
    let last = all.iter().map(|(place, _)| *place).max().unwrap_or(0);
    if last > limits::LIST_MAX * 10 {
        return Err(Fault::new(TOO_MUCH, format!("parameter ${last} is beyond what a statement may have")));
    }
    let mut types = vec![None; last];
    for (place, kind) in all {
        types[place - 1] = kind;
    }
    Ok(types)
}

/// A statement on its way.
struct Work {
    sql: Sql,
    actor: Actor,
    database: String,
    statement: Statement,
    values: Option<ParamValues>,
    moment: Moment,
    time: Duration,
    settings: Settings,
}

impl Work {
    async fn plan(&self) -> Result<(SessionState, LogicalPlan), Fault> {
        let shared = &self.sql.shared;
        let mut state = shared.state(self.actor.role).await?;
        state.config_mut().set_extension(Arc::new(self.moment));
        state.config_mut().options_mut().extensions.insert(Called(self.database.clone()));
        let around = Around { user: &self.actor.name, database: &self.database, now: self.moment.now, settings: &self.settings };
        let ast = rewritten(&self.statement, &around, &shared.parser)?;
        let plan = state.statement_to_plan(Parsed::Statement(Box::new(ast))).await.map_err(|error| self.located(&error))?;
        // The allow-list has seen to it; this stands behind it.
        let reading = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        reading.verify_plan(&plan)?;
        let plan = match &self.values {
            Some(values) => plan.with_param_values(values.clone()).map_err(|error| self.located(&error))?,
            None => plan,
        };
        Ok((state, plan))
    }

    /// The fault of an error, with its place in the text, and told apart from what the role may not see.
    fn located(&self, error: &datafusion::error::DataFusionError) -> Fault {
        let mut fault = Fault::from(error);
        if let Some(span) = error.diagnostic().and_then(|diagnostic| diagnostic.span) {
            let place = super::fault::place_in(&self.statement.text, usize::try_from(span.start.line).unwrap_or(0), usize::try_from(span.start.column).unwrap_or(0));
            fault.position = fault.position.or(place);
        }
        if fault.state == NO_TABLE {
            let table = fault.message.split('"').nth(1).unwrap_or_default();
            if let Some(act) = catalog::act_of(table).filter(|act| !may(self.actor.role, act)) {
                let hint = format!("the role {} may not do this ({act}); {}", self.actor.role, who_may(act));
                return Fault { position: fault.position, ..Fault::new(NOT_ALLOWED, format!("permission denied for table {table}")).hint(hint) };
            }
        }
        fault
    }

    async fn run(self, told: oneshot::Sender<Result<SchemaRef, Fault>>, sender: mpsc::Sender<Result<RecordBatch, Fault>>, most: usize) {
        let deadline = Instant::now() + self.time;
        let turn = tokio::time::timeout(limits::SQL_TURN, Arc::clone(&self.sql.shared.turns).acquire_owned()).await;
        let Ok(Ok(_turn)) = turn else {
            _ = told.send(Err(Fault::new(TOO_MANY, "too many statements are at work").hint("try again in a second")));
            return;
        };
        let late = || Fault::new(CANCELLED, "canceling statement due to statement timeout").hint("narrow it with WHERE, or read the Parquet export");
        let begun = tokio::time::timeout_at(deadline, self.begin()).await.unwrap_or_else(|_| Err(late()));
        let (schema, mut stream) = match begun {
            Ok(begun) => begun,
            Err(fault) => {
                _ = told.send(Err(fault));
                return;
            }
        };
        if told.send(Ok(Arc::clone(&schema))).is_err() {
            return;
        }
        let mut rows = 0;
        loop {
            let next = tokio::time::timeout_at(deadline, stream.next()).await;
            let batch = match next {
                Err(_) => Err(late()),
                Ok(None) => return,
                Ok(Some(batch)) => batch.map_err(|error| self.located(&error)).and_then(|batch| shaped(&batch, &schema)),
            };
            rows += batch.as_ref().map_or(0, RecordBatch::num_rows);
            let batch = if rows > most { Err(too_many_rows(most)) } else { batch };
            let is_last = batch.is_err();
            // Whoever does not take rows has no more time than whoever does.
            let taken = tokio::time::timeout_at(deadline, sender.send(batch)).await;
            if taken.is_err() || is_last {
                return;
            }
        }
    }

    async fn begin(&self) -> Result<(SchemaRef, SendableRecordBatchStream), Fault> {
        let (state, plan) = self.plan().await?;
        let physical = state.create_physical_plan(&plan).await.map_err(|error| self.located(&error))?;
        let schema = headed(plan.schema().as_arrow(), &physical.schema());
        let stream = execute_stream(yielding(physical)?, state.task_ctx())?;
        Ok((schema, stream))
    }
}

/// Operators that make many rows of few: whoever counts them would never let go, since only what reads
/// tables gives others a turn, and those are read no more.
const MULTIPLYING: &[&str] = &["CrossJoinExec", "NestedLoopJoinExec", "HashJoinExec", "SortMergeJoinExec", "PiecewiseMergeJoinExec", "UnnestExec"];

/// The plan with turns for others behind such operators, without which neither time nor a cancellation would end it.
fn yielding(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>, Fault> {
    let wrapped = plan.transform_up(|node| {
        if !MULTIPLYING.contains(&node.name()) {
            return Ok(Transformed::no(node));
        }
        Ok(Transformed::yes(Arc::new(CooperativeExec::new(node)) as Arc<dyn ExecutionPlan>))
    });
    Ok(wrapped?.data)
}

fn too_many_rows(most: usize) -> Fault {
    Fault::new(TOO_MUCH, format!("the answer has more than {most} rows")).hint("narrow it with WHERE or LIMIT, or read the Parquet export")
}

/// A batch under the headings that were told.
fn shaped(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Fault> {
    let counted = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), batch.columns().to_vec(), &counted).map_err(|error| Fault::new("XX000", error.to_string()))
}
