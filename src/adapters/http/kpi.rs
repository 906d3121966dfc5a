//! Figures over HTTP: the question is read within its bounds; facts, sums and names come from below.

use std::sync::Arc;

use super::Service;
use super::call::Call;
use super::operations::Permit;
use super::reads::aside;
use super::reply::Reply;
use crate::base::Refusal;
use crate::bodies;
use crate::views;
use crate::views::kpi::{Ask, By, FILTERS, answer};

/// Figures of single people are seen by whoever may see people.
const PEOPLE: &str = "ReadPeople";

pub(super) async fn list(_service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    Ok(Reply::json(200, bodies::kpi::list()))
}

pub(super) async fn get(service: Arc<Service>, mut call: Call) -> Result<Reply, Refusal> {
    let known: Vec<&str> = ["by", "from", "to", "department"].into_iter().chain(FILTERS.iter().map(|(name, ..)| *name)).collect();
    call.only(&known)?;
    let by = views::kpi::by(call.asked("by"))?;
    if by == By::Employee || call.asked("employee_id").is_some() {
        call.admit(&service, &Permit::Act(PEOPLE.to_owned()))?;
    }
    // Whoever changed something a moment ago finds it in the figures.
    let head = *service.engine.head().borrow();
    service.figures.reach(head).await;
    let ask = ask(&service, &call, by)?;
    let json = aside(move || service.figures.read(|facts| service.engine.read(|snapshot| Ok(bodies::kpi::json(&answer(snapshot, facts, &ask)?)))?));
    Ok(Reply::json(200, json.await?))
}

fn ask(service: &Service, call: &Call, by: By) -> Result<Ask, Refusal> {
    let zone = service.figures.read(|facts| Ok(facts.zone.clone()))?;
    let moment = |name: &'static str| call.asked(name).map(|text| views::kpi::moment(name, text, &zone)).transpose();
    Ok(Ask {
        name: call.param("name")?.to_owned(),
        by,
        from: moment("from")?,
        to: moment("to")?,
        filters: FILTERS.iter().filter_map(|(name, ..)| Some((*name, call.asked(name)?.to_owned()))).collect(),
        department: call.asked("department").map(str::to_owned),
        now: service.engine.plant_now(),
    })
}
