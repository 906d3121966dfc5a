//! Stock over HTTP: all materials, or one with the orders that need and bring it.

use std::sync::Arc;

use super::Service;
use super::call::Call;
use super::reads::aside;
use super::reply::Reply;
use crate::base::{Code, Refusal};
use crate::bodies;
use crate::model::{Id, Noun};
use crate::views;

pub(super) async fn list(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let json = aside(move || {
        let now = service.engine.plant_now();
        let look = service.engine.read(|snapshot| views::stock::stock(snapshot, now))??;
        Ok(bodies::stock::json(&look))
    });
    Ok(Reply::json(200, json.await?))
}

pub(super) async fn of_material(service: Arc<Service>, call: Call) -> Result<Reply, Refusal> {
    call.only(&[])?;
    let subject = service.find(Noun::Material, call.param("id")?)?;
    let json = aside(move || {
        let now = service.engine.plant_now();
        service.engine.read(|snapshot| {
            let found = views::stock::of_material(snapshot, Id::new(subject.number), now)?;
            let (stock, products) = found.ok_or_else(|| Refusal::new(Code::NotFound, format!("there is no {subject}")))?;
            Ok(bodies::stock::one(&stock, &products))
        })?
    });
    Ok(Reply::json(200, json.await?))
}
