//! Label printers: ZPL over plain TCP, as they all take it on port 9100. A label is sent, never called printed:
//! the printer does not answer. Deliberately one connection a label, since a printer takes one at a time.

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::base::{Code, Refusal, limits};

/// Where a printer is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// HOST:PORT; 9100 is usual.
    pub address: String,
}

/// Sends labels to a printer.
pub async fn send(settings: &Settings, bytes: &[u8]) -> Result<(), Refusal> {
    let address = &settings.address;
    let work = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(bytes).await?;
        stream.shutdown().await
    };
    match tokio::time::timeout(limits::PRINT_TIME, work).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Refusal::new(Code::Unavailable, format!("the printer at {address} does not take the label: {error}; see that it is on and has paper"))),
        Err(_) => Err(Refusal::new(
            Code::Unavailable,
            format!("the printer at {address} did not take the label within {} seconds; see that it is on and has paper", limits::PRINT_TIME.as_secs()),
        )),
    }
}
