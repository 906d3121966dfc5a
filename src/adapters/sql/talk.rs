//! What a client says after its log-in: texts of statements, and statements prepared, bound and run.
//! A transaction is only its words: reading needs none, but clients count on how a failed one behaves.

use std::collections::HashSet;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arrow_pg::datatypes::df::deserialize_parameters;
use arrow_pg::datatypes::into_pg_type;
use async_trait::async_trait;
use futures_util::Sink;
use pgwire::api::portal::{Format, Portal, PortalExecutionState};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler, send_partial_query_response};
use pgwire::api::results::{FieldInfo, Response, Tag};
use pgwire::api::stmt::{QueryParser, StoredStatement};
use pgwire::api::store::{Entry, PortalStore};
use pgwire::api::{ClientInfo, ClientPortalStore, DEFAULT_NAME, PgWireConnectionState, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::extendedquery::{Close, CloseComplete, Execute, Parse, ParseComplete, TARGET_TYPE_BYTE_STATEMENT};
use pgwire::messages::response::TransactionStatus;
use pgwire::messages::startup::SecretKey;

use super::cancel::Place;
use super::{Shared, error, rows};
use crate::accounts::LogIn;
use crate::base::{Refusal, limits};
use crate::query::{Act, Described, Fault, ParamValues, Session, Statement};

/// A prepared statement.
pub(super) struct Prepared {
    statement: Statement,
    described: Described,
}

/// One connection's conversation.
pub(super) struct Talk {
    shared: Arc<Shared>,
    session: OnceLock<(LogIn, Session)>,
    place: OnceLock<Place>,
    prepared: Mutex<HashSet<String>>,
}

impl Talk {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, session: OnceLock::new(), place: OnceLock::new(), prepared: Mutex::default() }
    }

    /// Lets a session in.
    pub(super) fn open(&self, login: LogIn, session: Session) {
        _ = self.session.set((login, session));
    }

    /// The number and secret with which statements of this connection can be cancelled.
    pub(super) fn key(&self) -> Result<(i32, SecretKey), Refusal> {
        let place = self.shared.running.enter()?;
        let key = (place.number, place.secret.clone());
        _ = self.place.set(place);
        Ok(key)
    }

    /// The session, while its user may still log in.
    fn session(&self) -> PgWireResult<&Session> {
        let open = self.session.get().filter(|(login, _)| self.shared.accounts.still(login));
        open.map(|(_, session)| session).ok_or_else(|| super::user_error(&fault("28000", "this log-in may no longer be used; connect again"), "FATAL"))
    }

    async fn run(&self, statement: &Statement, values: Option<ParamValues>, format: &Format, status: TransactionStatus) -> PgWireResult<Response> {
        let session = self.session()?;
        if status == TransactionStatus::Error && !matches!(statement.act, Act::Commit | Act::Rollback) {
            return Err(error(&fault("25P02", "current transaction is aborted, commands ignored until end of transaction block")));
        }
        let done = |tag: &str| Tag::new(tag);
        Ok(match &statement.act {
            Act::Read | Act::Show(_) => {
                let Some(place) = self.place.get() else { return Err(PgWireError::NotReadyForQuery) };
                place.cancelled.send_replace(false);
                let mut cancelled = place.cancelled.subscribe();
                let rows = tokio::select! {
                    rows = session.run(statement, values, limits::SQL_ROWS_MAX) => rows.map_err(|fault| error(&fault))?,
                    _ = cancelled.wait_for(|cancelled| *cancelled) => return Err(PgWireError::QueryCanceled),
                };
                Response::Query(rows::response(rows, format, statement.tag(), cancelled)?)
            }
            Act::Set(name, content) => {
                session.set(name, content.as_deref()).map_err(|fault| error(&fault))?;
                Response::Execution(done(statement.tag()))
            }
            Act::ResetAll | Act::DiscardAll => {
                session.reset();
                Response::Execution(done(statement.tag()))
            }
            Act::Begin => Response::TransactionStart(done("BEGIN")),
            Act::Commit if status == TransactionStatus::Error => Response::TransactionEnd(done("ROLLBACK")),
            Act::Commit | Act::Rollback => Response::TransactionEnd(done(statement.tag())),
            Act::Deallocate(_) | Act::Nothing(_) => Response::Execution(done(statement.tag())),
        })
    }

    fn count(&self, name: &str) -> PgWireResult<()> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if prepared.len() >= limits::SQL_PREPARED_MAX && !prepared.contains(name) {
            let full = fault("54000", "this connection has too many prepared statements").hint("close or DEALLOCATE those that are not needed");
            return Err(error(&full));
        }
        prepared.insert(name.to_owned());
        Ok(())
    }

    fn forget(&self, name: &str) {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Names that a statement makes the connection forget.
    fn forgotten(&self, act: &Act) -> Vec<String> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        match act {
            Act::Deallocate(Some(name)) => prepared.take(name).into_iter().collect(),
            Act::Deallocate(None) | Act::DiscardAll => prepared.drain().collect(),
            _ => Vec::new(),
        }
    }
}

fn fault(state: &'static str, message: &str) -> Fault {
    Fault { state, message: message.to_owned(), hint: None, position: None }
}

#[async_trait]
impl SimpleQueryHandler for Talk {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let statements = self.session()?.read(query).await.map_err(|fault| error(&fault))?;
        if statements.is_empty() {
            return Ok(vec![Response::EmptyQuery]);
        }
        let mut status = client.transaction_status();
        let mut responses = Vec::with_capacity(statements.len());
        for statement in &statements {
            for name in self.forgotten(&statement.act) {
                client.portal_store().rm_statement(&name);
            }
            let response = match self.run(statement, None, &Format::UnifiedText, status).await {
                Ok(response) => response,
                // What was answered before stands, and nothing after it is done.
                Err(PgWireError::UserError(info)) if !responses.is_empty() => {
                    responses.push(Response::Error(info));
                    return Ok(responses);
                }
                Err(error) => return Err(error),
            };
            status = match &response {
                Response::TransactionStart(_) => status.to_in_transaction_state(),
                Response::TransactionEnd(_) => status.to_idle_state(),
                _ => status,
            };
            responses.push(response);
        }
        Ok(responses)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Talk {
    type Statement = Arc<Prepared>;
    type QueryParser = Reader;

    fn query_parser(&self) -> Arc<Reader> {
        Arc::new(Reader)
    }

    async fn on_parse<C>(&self, client: &mut C, message: Parse) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.clone().unwrap_or_else(|| DEFAULT_NAME.to_owned());
        self.count(&name)?;
        let mut all = self.session()?.read(&message.query).await.map_err(|fault| error(&fault))?;
        if all.len() > 1 {
            return Err(error(&fault("42601", "cannot insert multiple commands into a prepared statement")));
        }
        match all.pop() {
            None => client.portal_store().put_empty_statement(&name),
            Some(statement) => {
                let described = self.session()?.describe(&statement).await.map_err(|fault| error(&fault))?;
                let types = message.type_oids.iter().map(|oid| Type::from_oid(*oid)).collect();
                client.portal_store().put_statement(Arc::new(StoredStatement::new(name, Arc::new(Prepared { statement, described }), types)));
            }
        }
        futures_util::SinkExt::send(client, PgWireBackendMessage::ParseComplete(ParseComplete::new())).await?;
        Ok(())
    }

    /// Rows go out as they come; where only some are wanted, the rest waits in the portal.
    async fn on_execute<C>(&self, client: &mut C, message: Execute) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let most = usize::try_from(message.max_rows).unwrap_or(0);
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        let Some(Entry::Value(portal)) = client.portal_store().get_portal(name) else { return self._on_execute(client, message).await };
        let state = portal.state();
        let mut state = state.lock().await;
        let response = match &mut *state {
            PortalExecutionState::Initial => match ExtendedQueryHandler::do_query(self, client, portal.as_ref(), most).await? {
                Response::Query(response) => response,
                other => return self.tell(client, other).await,
            },
            PortalExecutionState::Suspended(_) => match std::mem::replace(&mut *state, PortalExecutionState::Finished) {
                PortalExecutionState::Suspended(response) => response,
                _ => return Err(PgWireError::PortalNotStarted),
            },
            PortalExecutionState::Finished => {
                drop(state);
                return self._on_execute(client, message).await;
            }
        };
        let mut response = response;
        client.set_state(PgWireConnectionState::QueryInProgress);
        let is_more = send_partial_query_response(client, &mut response, most).await?;
        *state = if is_more { PortalExecutionState::Suspended(response) } else { PortalExecutionState::Finished };
        client.set_state(PgWireConnectionState::ReadyForQuery);
        Ok(())
    }

    async fn on_close<C>(&self, client: &mut C, message: Close) -> PgWireResult<()>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let name = message.name.as_deref().unwrap_or(DEFAULT_NAME);
        if message.target_type == TARGET_TYPE_BYTE_STATEMENT {
            self.forget(name);
            client.portal_store().rm_statement(name);
        } else {
            client.portal_store().rm_portal(name);
        }
        futures_util::SinkExt::send(client, PgWireBackendMessage::CloseComplete(CloseComplete::new())).await?;
        Ok(())
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Self::Statement>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let prepared = &portal.statement.statement;
        for name in self.forgotten(&prepared.statement.act) {
            client.portal_store().rm_statement(&name);
        }
        if portal.parameter_len() < prepared.described.parameters.len() {
            return Err(error(&fault("08P01", &format!("the statement takes {} parameters and {} are bound", prepared.described.parameters.len(), portal.parameter_len()))));
        }
        let types: Vec<_> = prepared.described.parameters.iter().map(Option::as_ref).collect();
        let values = if portal.parameter_len() == 0 { None } else { Some(deserialize_parameters(portal, &types)?) };
        self.run(&prepared.statement, values, &portal.result_column_format, client.transaction_status()).await
    }
}

impl Talk {
    /// Tells what gives no rows.
    async fn tell<C>(&self, client: &mut C, response: Response) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let status = client.transaction_status();
        let (tag, status) = match response {
            Response::TransactionStart(tag) => (tag, status.to_in_transaction_state()),
            Response::TransactionEnd(tag) => (tag, status.to_idle_state()),
            Response::Execution(tag) => (tag, status),
            _ => return Err(PgWireError::NotReadyForQuery),
        };
        futures_util::SinkExt::feed(client, PgWireBackendMessage::CommandComplete(tag.into())).await?;
        client.set_transaction_status(status);
        Ok(())
    }
}

/// Tells the types of prepared statements.
pub(super) struct Reader;

#[async_trait]
impl QueryParser for Reader {
    type Statement = Arc<Prepared>;

    /// Statements are prepared by the conversation, which has the session.
    async fn parse_sql<C>(&self, _: &C, _: &str, _: &[Option<Type>]) -> PgWireResult<Option<Self::Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        Ok(None)
    }

    fn get_parameter_types(&self, prepared: &Self::Statement) -> PgWireResult<Vec<Type>> {
        let types = prepared.described.parameters.iter().map(|kind| kind.as_ref().map_or(Ok(Type::TEXT), into_pg_type));
        types.collect()
    }

    fn get_result_schema(&self, prepared: &Self::Statement, format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        match &prepared.described.columns {
            Some(columns) => rows::fields(columns, format.unwrap_or(&Format::UnifiedText)),
            None => Ok(Vec::new()),
        }
    }
}
