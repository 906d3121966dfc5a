//! The first bytes of a client of PostgreSQL: whether it wants TLS, which it then gets or the connection
//! ends. What a client sends in clear behind its wish is never read as part of the secret conversation
//! (CVE-2021-23214), so these bytes are counted here and not by the library. Deliberately without GSSAPI.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use pgwire::api::{ClientInfo as _, DefaultClient, PgWireConnectionState};
use pgwire::messages::PgWireBackendMessage;
use pgwire::tokio::server::PgWireMessageServerCodec;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::codec::{Framed, FramedParts};

use super::talk::Prepared;
use crate::trust::{Door, HELLO, TlsStream};

/// The protocol that clients name who begin with TLS at once.
pub const ALPN: &str = "postgresql";
/// A length of 8, then the number that asks for TLS.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// The same for GSSAPI.
const GSS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 48];
/// Wishes of one client: each of the two once.
const WISHES_MAX: usize = 2;

pub(super) type Socket<S> = Framed<S, PgWireMessageServerCodec<Arc<Prepared>>>;

/// A client that has said how it wants to talk.
pub(super) enum Greeted {
    Clear(Box<Socket<TcpStream>>),
    Tls(Box<Socket<TlsStream<TcpStream>>>),
}

/// Hears a client's wish and does it; an error is the end of the connection.
pub(super) async fn greet(mut stream: TcpStream, peer: SocketAddr, door: Option<&Door>) -> io::Result<Greeted> {
    stream.set_nodelay(true)?;
    let mut first = [0; 8];
    if stream.peek(&mut first[..1]).await? == 1 && first[0] == HELLO {
        return at_once(stream, peer, door).await;
    }
    for _ in 0..WISHES_MAX {
        stream.read_exact(&mut first).await?;
        match (first, door) {
            (SSL_REQUEST, Some(door)) => {
                stream.write_all(b"S").await?;
                return Ok(Greeted::Tls(Box::new(socket(door.shake(stream).await?, (peer, true), &[]))));
            }
            (SSL_REQUEST | GSS_REQUEST, _) => stream.write_all(b"N").await?,
            _ => return Ok(Greeted::Clear(Box::new(socket(stream, (peer, false), &first)))),
        }
    }
    Ok(Greeted::Clear(Box::new(socket(stream, (peer, false), &[]))))
}

/// TLS from the first byte; the client must mean PostgreSQL, so that nobody can turn another protocol's words to this door.
async fn at_once(stream: TcpStream, peer: SocketAddr, door: Option<&Door>) -> io::Result<Greeted> {
    let door = door.ok_or_else(|| io::Error::new(io::ErrorKind::Unsupported, "there is no TLS here"))?;
    let stream = door.shake(stream).await?;
    if stream.get_ref().1.alpn_protocol() != Some(ALPN.as_bytes()) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the client begins with TLS and does not say that it speaks to PostgreSQL"));
    }
    Ok(Greeted::Tls(Box::new(socket(stream, (peer, true), &[]))))
}

/// A stream that awaits the first message, of which some bytes may have come.
fn socket<S: AsyncRead + AsyncWrite>(stream: S, (peer, is_secret): (SocketAddr, bool), came: &[u8]) -> Socket<S> {
    let mut parts = FramedParts::new::<PgWireBackendMessage>(stream, PgWireMessageServerCodec::new(DefaultClient::new(peer, is_secret)));
    parts.read_buf.extend_from_slice(came);
    let mut socket = Framed::from_parts(parts);
    socket.codec_mut().client_info.set_state(PgWireConnectionState::AwaitingStartup);
    socket
}
