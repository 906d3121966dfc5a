//! Log-ins and tokens. Verifiers arrive already hashed and go to the secret table; the record and
//! so the journal hold their digest alone.

use super::{Moment, master, need, secret_digest};
use crate::base::{Code, Refusal};
use crate::model::command::{ChangeUser, CreateApiToken, CreateUser};
use crate::model::permission::Role;
use crate::model::plant::Status;
use crate::model::{ApiToken, Id, Noun, Subject, User};
use crate::store::{Draft, Halt, View};

pub(super) fn create(draft: &mut Draft<'_, '_>, moment: &Moment, it: &CreateUser) -> Result<Subject, Halt> {
    if it.role == Role::Engine {
        return Err(Refusal::invalid("role", "engine is the plant's own role; nobody logs in with it").into());
    }
    if it.user_name.chars().any(char::is_whitespace) || it.user_name.chars().count() > 50 {
        return Err(Refusal::invalid("user_name", "must be at most 50 characters without blanks").into());
    }
    master::check_number(draft, Noun::User, "user_name", &it.user_name, 0)?;
    if let Some(employee) = it.employee_id {
        need(draft, employee)?;
    }
    let (secret, digest) = secret_digest(moment)?;
    let id = draft.add(User {
        user_name: it.user_name.clone(),
        role: it.role,
        employee_id: it.employee_id,
        secret_digest: Some(digest),
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..User::default()
    })?;
    draft.put_secret(Subject::of(id), secret);
    draft.event("user.created", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn change(draft: &mut Draft<'_, '_>, moment: &Moment, it: &ChangeUser) -> Result<Subject, Halt> {
    let mut user: User = need(draft, it.user_id)?;
    let was_admin = user.role == Role::Admin && user.status == Status::Active;
    if it.role == Some(Role::Engine) {
        return Err(Refusal::invalid("role", "engine is the plant's own role").into());
    }
    user.role = it.role.unwrap_or(user.role);
    user.status = it.status.unwrap_or(user.status);
    user.employee_id = it.employee_id.or(user.employee_id);
    user.updated_at = moment.recorded_at;
    if was_admin && (user.role != Role::Admin || user.status != Status::Active) && other_admins(draft, it.user_id)? == 0 {
        return Err(Refusal::new(Code::StillOpen, "this is the last active admin; make another one first").into());
    }
    let subject = Subject::of(user.user_id);
    draft.put(user)?;
    draft.event("user.changed", subject);
    Ok(subject)
}

fn other_admins(draft: &Draft<'_, '_>, but: Id<User>) -> Result<usize, Halt> {
    let admins: Vec<User> = draft.related("role", &crate::model::Field::to_value(&Role::Admin), 1_000)?;
    Ok(admins.iter().filter(|user| user.user_id != but && user.status == Status::Active).count())
}

pub(super) fn set_password(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<User>) -> Result<Subject, Halt> {
    let mut user: User = need(draft, id)?;
    let (secret, digest) = secret_digest(moment)?;
    user.secret_digest = Some(digest);
    user.updated_at = moment.recorded_at;
    draft.put(user)?;
    draft.put_secret(Subject::of(id), secret);
    draft.event("user.password_set", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn create_token(draft: &mut Draft<'_, '_>, moment: &Moment, it: &CreateApiToken) -> Result<Subject, Halt> {
    let user: User = need(draft, it.user_id)?;
    if user.status != Status::Active {
        return Err(Refusal::new(Code::IllegalState, format!("{} is not active", user.user_name)).into());
    }
    if it.expires_at.is_some_and(|expires| expires <= moment.recorded_at) {
        return Err(Refusal::invalid("expires_at", "must lie ahead").into());
    }
    let (secret, digest) = secret_digest(moment)?;
    let id = draft.add(ApiToken {
        user_id: it.user_id,
        token_name: it.token_name.clone(),
        expires_at: it.expires_at,
        secret_digest: Some(digest),
        created_at: moment.recorded_at,
        ..ApiToken::default()
    })?;
    draft.put_secret(Subject::of(id), secret);
    draft.event("api_token.created", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn revoke_token(draft: &mut Draft<'_, '_>, id: Id<ApiToken>) -> Result<Subject, Halt> {
    let mut token: ApiToken = need(draft, id)?;
    token.revoked = true;
    draft.put(token)?;
    draft.event("api_token.revoked", Subject::of(id));
    Ok(Subject::of(id))
}
