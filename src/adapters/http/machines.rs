//! What machines do and did, over HTTP, as they tell it themselves.

use std::sync::Arc;
use std::time::Duration;

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Code, Refusal, Time};
use crate::bodies::machine as shapes;
use crate::model::{Id, Machine, Noun};
use crate::views;
use crate::views::machine::{Timeline, timeline as look};
use crate::views::machine_signal as signals;

/// How far back a timeline goes that does not say it, and how far a state is looked back for.
const ASKED_BACK: Duration = Duration::from_secs(86_400);

pub(super) async fn states(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let json = aside(move || {
        let to = service.engine.plant_now();
        let machines = service.engine.read(views::machine::active)??;
        let all: Result<Vec<Timeline>, Refusal> = machines.iter().map(|machine| of(&service, machine, to.minus(ASKED_BACK), to)).collect();
        Ok(shapes::states(&all?))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn state(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let json = aside(move || {
        let (machine, to) = (machine(&service, &call)?, service.engine.plant_now());
        let timeline = of(&service, &machine, to.minus(ASKED_BACK), to)?;
        let look = |snapshot: &_| Ok::<_, Refusal>((signals::mapped(snapshot, machine.machine_id)?, signals::counted(snapshot, machine.machine_id)?));
        let (mapped, counted) = service.engine.read(look)??;
        let (heard, _) = signals::heard(service.lane()?, &timeline.machine, &mapped);
        Ok(shapes::one_state(&timeline, &heard, &mapped, counted.as_ref()))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn timeline(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&["from", "to"])?;
    let json = aside(move || {
        let zone = service.figures.read(|facts| Ok(facts.zone.clone()))?;
        let moment = |name: &'static str| call.asked(name).map(|text| views::kpi::moment(name, text, &zone)).transpose();
        let now = service.engine.plant_now();
        let to = moment("to")?.unwrap_or(now).min(now);
        let from = moment("from")?.unwrap_or_else(|| to.minus(ASKED_BACK));
        Ok(shapes::timeline(&of(&service, &machine(&service, &call)?, from, to)?))
    });
    Ok(Reply::json(200, json.await?))
}

fn of(service: &Service, machine: &Machine, from: Time, to: Time) -> Result<Timeline, Refusal> {
    let mapped = service.engine.read(|snapshot| signals::mapped(snapshot, machine.machine_id))??;
    service.figures.read(|facts| look(service.lane()?, facts, (machine, &mapped), from, to))
}

/// The machine of the path: by id or by code.
fn machine(service: &Service, call: &Call) -> Result<Machine, Refusal> {
    let named = call.param("id")?;
    let found = service.engine.read(|snapshot| {
        let number = views::resolve(snapshot, Noun::Machine, named)?;
        number.map_or(Ok(None), |number| views::machine::one(snapshot, Id::new(number)))
    })??;
    found.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no machine {named}; GET /api/v1/machines lists them")))
}
