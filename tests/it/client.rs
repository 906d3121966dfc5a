//! A small HTTP/1.1 client on a plain socket, so that a test can say exactly what goes over the
//! wire: one kept connection, whole answers, raw bytes where a proper client would refuse to send.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value as Json;

/// Longest wait for any answer: a test that hangs must end and say where.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
    stream: Option<BufReader<TcpStream>>,
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("status {} with a body that is no JSON ({error}): {}", self.status, self.text()))
    }

    /// The refusal's code; empty where the answer is no problem.
    pub(crate) fn code(&self) -> String {
        let json: Json = serde_json::from_slice(&self.body).unwrap_or_default();
        json["code"].as_str().unwrap_or_default().to_owned()
    }
}

impl Client {
    pub(crate) fn new(address: SocketAddr, token: Option<&str>) -> Self {
        Self { address, token: token.map(str::to_owned), stream: None }
    }

    /// Of `http://HOST:PORT`.
    #[allow(dead_code)]
    pub(crate) fn of_url(url: &str, token: Option<&str>) -> Self {
        Self::new(url.trim_start_matches("http://").parse().unwrap(), token)
    }

    fn connected(&mut self) -> io::Result<&mut BufReader<TcpStream>> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_nodelay(true)?;
            self.stream = Some(BufReader::new(stream));
        }
        Ok(self.stream.as_mut().unwrap())
    }

    fn head(&self, method: &str, path: &str, headers: &[(&str, &str)], length: Option<usize>) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head.push_str(&format!("Host: {}\r\n", self.address));
        }
        if let Some(token) = self.token.as_ref().filter(|_| !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("cookie"))) {
            head.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        if let Some(length) = length {
            head.push_str(&format!("Content-Length: {length}\r\n"));
        }
        head.push_str("\r\n");
        head
    }

    /// One request and its whole answer. After an error the connection is given up.
    pub(crate) fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        let head = self.head(method, path, headers, (!body.is_empty() || method != "GET").then_some(body.len()));
        let answer = self.exchange(head.as_bytes(), body);
        let last = match &answer {
            Ok(reply) => reply.header("connection") == Some("close"),
            Err(_) => true,
        };
        if last {
            self.stream = None;
        }
        answer
    }

    fn exchange(&mut self, head: &[u8], body: &[u8]) -> io::Result<Reply> {
        let stream = self.connected()?;
        stream.get_mut().write_all(head)?;
        // A server may refuse before it has read everything; its answer counts, not the broken pipe.
        _ = stream.get_mut().write_all(body);
        read_reply(stream)
    }

    /// Sends these bytes on a fresh connection and reads one answer.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<Reply> {
        self.stream = None;
        let answer = self.exchange(bytes, b"");
        self.stream = None;
        answer
    }

    /// Sends a request whose answer does not end, and reads only the head of it.
    pub(crate) fn open_stream(&mut self, path: &str, headers: &[(&str, &str)]) -> (u16, BufReader<TcpStream>) {
        let head = self.head("GET", path, headers, None);
        self.stream = None;
        let stream = self.connected().unwrap();
        stream.get_mut().write_all(head.as_bytes()).unwrap();
        let (status, _) = read_head(stream).unwrap();
        (status, self.stream.take().unwrap())
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &Json) -> Reply {
        let mut all = vec![("Content-Type", "application/json")];
        all.extend_from_slice(headers);
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        self.send(method, path, &all, &body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.send("GET", path, &[], b"").unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    pub(crate) fn post(&mut self, path: &str, body: &Json) -> Reply {
        self.ask("POST", path, &[], body)
    }

    /// What is at a path, which must be there.
    #[track_caller]
    pub(crate) fn read(&mut self, path: &str) -> Json {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "GET {path}: {}", reply.text());
        reply.json()
    }

    /// A command that must be accepted; answers the record.
    #[track_caller]
    pub(crate) fn make(&mut self, path: &str, body: &Json) -> Json {
        let reply = self.post(path, body);
        assert!(matches!(reply.status, 200 | 201), "POST {path} {body}: {} {}", reply.status, reply.text());
        reply.json()
    }

    /// A command that must be refused with this code.
    #[track_caller]
    pub(crate) fn refused(&mut self, path: &str, body: &Json, code: &str) -> Reply {
        let reply = self.post(path, body);
        assert_eq!(reply.code(), code, "POST {path} {body}: {} {}", reply.status, reply.text());
        reply
    }

    /// All rows of a list, page by page.
    #[track_caller]
    pub(crate) fn all_rows(&mut self, path: &str, limit: usize) -> Vec<Json> {
        let (mut rows, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let glue = if path.contains('?') { '&' } else { '?' };
            let page = self.read(&format!("{path}{glue}limit={limit}{}", cursor.map_or(String::new(), |cursor| format!("&cursor={cursor}"))));
            rows.extend(page["data"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return rows,
            }
        }
    }
}

fn read_head(stream: &mut BufReader<TcpStream>) -> io::Result<(u16, Vec<(String, String)>)> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed without an answer"));
    }
    let status = line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or_else(|| io::Error::other(format!("no status line: {line:?}")))?;
    let mut headers = Vec::new();
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "closed within the head"));
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) => headers.push((name.to_ascii_lowercase(), value.trim().to_owned())),
            None => return Ok((status, headers)),
        }
    }
}

fn read_reply(stream: &mut BufReader<TcpStream>) -> io::Result<Reply> {
    let (status, headers) = read_head(stream)?;
    let of = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut body = Vec::new();
    if let Some(length) = of("content-length") {
        body.resize(length.parse().map_err(io::Error::other)?, 0);
        stream.read_exact(&mut body)?;
    } else if of("transfer-encoding").as_deref() == Some("chunked") {
        while let Some(chunk) = read_chunk(stream)? {
            body.extend(chunk);
        }
    }
    Ok(Reply { status, headers, body })
}

/// The next chunk of a chunked body; `None` at its end.
pub(crate) fn read_chunk(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = String::new();
    stream.read_line(&mut line)?;
    let length = usize::from_str_radix(line.trim(), 16).map_err(io::Error::other)?;
    let mut chunk = vec![0; length + 2];
    stream.read_exact(&mut chunk)?;
    chunk.truncate(length);
    Ok((length > 0).then_some(chunk))
}
