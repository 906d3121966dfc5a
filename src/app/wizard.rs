//! The first start of an empty data folder: instead of a plant, the page that founds or restores
//! one is served, until there is a plant. A folder that does not exist is refused as ever: it is more
//! likely misspelled than new.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::output::Output;
use super::serve::{Ends, runtime};
use super::{founding, wiring};
use crate::accounts::random_token;
use crate::adapters::http::{Begin, Beginning, Founding, Progress, Wizard};
use crate::base::Refusal;
use crate::model::permission::Role;
use crate::store::{Home, archive, home};

/// Where a backup is received; inside the folder, since elsewhere there may be no room for it.
const UPLOAD: &str = "restore.mwb";
/// Characters of the code: 60 bits, which nobody guesses at one a second.
const CODE_LENGTH: usize = 10;

/// Founds a plant in an empty folder with the help of a browser. Answers where to serve it; `None` where it was stopped before.
pub(super) fn run(data: &Path, http: SocketAddr, output: &Output) -> Result<Option<SocketAddr>, Refusal> {
    // Marks the folder as ours, so that a backup may be received into it.
    Home::begin(data)?;
    let code: String = random_token()?.chars().filter(char::is_ascii_alphanumeric).skip("mw".len()).take(CODE_LENGTH).collect();
    let folder = data.to_path_buf();
    let begin: Begin = Arc::new(move |beginning, progress| begin(&folder, beginning, progress));
    let wizard = Wizard { code: code.clone(), upload: data.join(UPLOAD), create: home::create_private, begin };
    runtime()?.block_on(async move {
        let mut ends = Ends::listen()?;
        tokio::select! {
            begun = wizard.serve(http, |address| tell(address, &code, output)) => {
                Ok(Some(begun?))
            }
            () = ends.any() => Ok(None),
        }
    })
}

fn tell(address: SocketAddr, code: &str, output: &Output) {
    if output.json() {
        return output.data(&format!("{{\"founding\":\"http://{address}\",\"code\":\"{code}\"}}"));
    }
    output.data(&format!("there is no plant here yet: start one at http://{address}/#/start?code={code}"));
}

/// A try that fails leaves nothing; one that succeeds is marked as the plant before anybody is told.
fn begin(data: &Path, beginning: Beginning, progress: Progress<'_>) -> Result<(), Refusal> {
    let begun = match beginning {
        Beginning::Found(it) => found(data, &it),
        Beginning::Restore => archive::restore(&data.join(UPLOAD), data, progress).map(|_| ()).map_err(Refusal::from),
    };
    match begun {
        Ok(()) => Ok(Home::begun(data)?),
        Err(refusal) => {
            Home::clear(data)?;
            Err(refusal)
        }
    }
}

fn found(data: &Path, it: &Founding) -> Result<(), Refusal> {
    if crate::base::time::zone(&it.timezone).is_none() {
        return Err(Refusal::invalid("timezone", format!("{} is no IANA zone such as Europe/Berlin", it.timezone)));
    }
    crate::accounts::verifier::check_strength(&it.password)?;
    let engine = wiring::open_or_make(data, false)?;
    let founded = founding::found(&engine, founding::Moment::NOW, &it.plant_name, &it.timezone, false);
    let founded = founded.and_then(|()| founding::add_user(&engine, founding::Moment::NOW, &it.admin, Role::Admin, &it.password));
    engine.stop();
    founded.map(|_| ())
}
