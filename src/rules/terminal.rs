//! Terminals, badges and the acts that a terminal could not get rid of. A PIN arrives already hashed.
//! Who is signed on where is no rule's business: it ends by itself and leaves nothing behind.

use super::{Moment, master, need, secret_digest};
use crate::base::{Code, Refusal, limits};
use crate::model::command::{IssueBadge, KeepRefusedAct, RegisterTerminal, SettleRefusedAct};
use crate::model::field::Field as _;
use crate::model::permission::Role;
use crate::model::plant::Status;
use crate::model::terminal::RefusedActStatus;
use crate::model::{Badge, Employee, Id, Noun, RefusedAct, Subject, Terminal, User};
use crate::store::{Draft, Halt, View};

pub(super) fn register(draft: &mut Draft<'_, '_>, moment: &Moment, it: &RegisterTerminal) -> Result<Subject, Halt> {
    master::check_number(draft, Noun::Terminal, "terminal_name", &it.terminal_name, 0)?;
    for center in &it.work_center_ids {
        need(draft, *center)?;
    }
    let idle_minutes = it.idle_minutes.unwrap_or(limits::TERMINAL_IDLE_MINUTES);
    if !(1..=limits::TERMINAL_IDLE_MINUTES_MAX).contains(&idle_minutes) {
        return Err(Refusal::invalid("idle_minutes", format!("must be 1 to {}", limits::TERMINAL_IDLE_MINUTES_MAX)).into());
    }
    let (secret, digest) = secret_digest(moment)?;
    let id = draft.add(Terminal {
        terminal_name: it.terminal_name.clone(),
        work_center_ids: it.work_center_ids.clone(),
        idle_minutes,
        asks_pin: it.asks_pin.unwrap_or(true),
        secret_digest: Some(digest),
        created_at: moment.recorded_at,
        ..Terminal::default()
    })?;
    draft.put_secret(Subject::of(id), secret);
    draft.event("terminal.registered", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn revoke(draft: &mut Draft<'_, '_>, id: Id<Terminal>) -> Result<Subject, Halt> {
    let mut terminal: Terminal = need(draft, id)?;
    terminal.revoked = true;
    draft.put(terminal)?;
    draft.event("terminal.revoked", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn issue_badge(draft: &mut Draft<'_, '_>, moment: &Moment, it: &IssueBadge) -> Result<Subject, Halt> {
    let employee: Employee = need(draft, it.employee_id)?;
    if employee.status != Status::Active {
        return Err(Refusal::new(Code::IllegalState, format!("{} is not active", it.employee_id)).into());
    }
    if it.badge_number.chars().any(char::is_whitespace) {
        return Err(Refusal::invalid("badge_number", "must have no blanks").into());
    }
    master::check_number(draft, Noun::Badge, "badge_number", &it.badge_number, 0)?;
    let user = acts_as(draft, moment, &employee)?;
    may_hand_out(moment, &user)?;
    let digest = moment.secret.as_ref().map(|_| secret_digest(moment)).transpose()?;
    let (secret, digest) = digest.unzip();
    let id = draft.add(Badge {
        badge_number: it.badge_number.clone(),
        employee_id: it.employee_id,
        user_id: user.user_id,
        secret_digest: digest,
        created_at: moment.recorded_at,
        updated_at: moment.recorded_at,
        ..Badge::default()
    })?;
    if let Some(secret) = secret {
        draft.put_secret(Subject::of(id), secret);
    }
    draft.event("badge.issued", Subject::of(id));
    Ok(Subject::of(id))
}

/// The log-in of an employee that a badge may open; made without a password where there is none.
fn acts_as(draft: &mut Draft<'_, '_>, moment: &Moment, employee: &Employee) -> Result<User, Halt> {
    for role in Role::BY_BADGE {
        let users: Vec<User> = draft.related("role", &role.to_value(), limits::SCAN_MAX)?;
        if let Some(user) = users.into_iter().find(|user| user.employee_id == Some(employee.employee_id) && user.status == Status::Active) {
            return Ok(user);
        }
    }
    let id = employee.employee_id.to_string();
    let code = employee.employee_code.clone().filter(|code| !code.chars().any(char::is_whitespace) && code.chars().count() <= 50);
    let name = code.filter(|code| draft.unique(Noun::User, "user_name", code).is_ok_and(|taken| taken.is_none())).unwrap_or(id);
    master::check_number(draft, Noun::User, "user_name", &name, 0)?;
    let mut user =
        User { user_name: name, role: Role::Operator, employee_id: Some(employee.employee_id), created_at: moment.recorded_at, updated_at: moment.recorded_at, ..User::default() };
    user.user_id = draft.add(user.clone())?;
    draft.event("user.created", Subject::of(user.user_id));
    Ok(user)
}

/// A lead who could set the PIN of another lead could act as that lead.
fn may_hand_out(moment: &Moment, user: &User) -> Result<(), Refusal> {
    if moment.actor.role == Role::Lead && user.role != Role::Operator && user.user_id.number() != moment.actor.user {
        return Err(Refusal::new(Code::Forbidden, format!("{} is more than an operator: their badge is a manager's or an admin's business", user.user_name)));
    }
    Ok(())
}

pub(super) fn set_pin(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Badge>) -> Result<Subject, Halt> {
    let mut badge: Badge = need(draft, id)?;
    if badge.revoked {
        return Err(Refusal::new(Code::IllegalState, format!("{} is revoked; issue another one", badge.badge_number)).into());
    }
    may_hand_out(moment, &need(draft, badge.user_id)?)?;
    let (secret, digest) = secret_digest(moment)?;
    badge.secret_digest = Some(digest);
    badge.updated_at = moment.recorded_at;
    draft.put(badge)?;
    draft.put_secret(Subject::of(id), secret);
    draft.event("badge.pin_set", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn revoke_badge(draft: &mut Draft<'_, '_>, moment: &Moment, id: Id<Badge>) -> Result<Subject, Halt> {
    let mut badge: Badge = need(draft, id)?;
    badge.revoked = true;
    badge.updated_at = moment.recorded_at;
    draft.put(badge)?;
    draft.event("badge.revoked", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn keep_refused(draft: &mut Draft<'_, '_>, moment: &Moment, it: &KeepRefusedAct) -> Result<Subject, Halt> {
    let id = draft.add(RefusedAct {
        act: it.act.clone(),
        content: it.content.clone(),
        refusal: it.refusal.clone(),
        work_center_id: it.work_center_id,
        employee_id: it.employee_id,
        done_at: moment.occurred_at,
        created_at: moment.recorded_at,
        ..RefusedAct::default()
    })?;
    draft.event("refused_act.kept", Subject::of(id));
    Ok(Subject::of(id))
}

pub(super) fn settle_refused(draft: &mut Draft<'_, '_>, moment: &Moment, it: &SettleRefusedAct) -> Result<Subject, Halt> {
    let mut refused: RefusedAct = need(draft, it.refused_act_id)?;
    if refused.status == RefusedActStatus::Settled {
        let who = refused.settled_by.unwrap_or_default();
        return Err(Refusal::new(Code::IllegalState, format!("{who} has seen to {} already", it.refused_act_id)).into());
    }
    refused.status = RefusedActStatus::Settled;
    refused.settled_by = Some(moment.actor.name.clone());
    refused.settled_at = Some(moment.occurred_at);
    refused.settlement = Some(it.settlement.clone());
    draft.put(refused)?;
    draft.event("refused_act.settled", Subject::of(it.refused_act_id));
    Ok(Subject::of(it.refused_act_id))
}
