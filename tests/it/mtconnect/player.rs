//! A machine's day, played: an agent with a ring buffer, an instance and a stream, and an adapter
//! that says its lines. Both can have their wire cut, in the middle of what they say too. They are
//! written from the standard and share nothing with the client.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// An attribute of an element as it is written.
pub(super) fn attribute<'t>(element: &'t str, name: &str) -> Option<&'t str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let begin = element.find(&format!(" {name}={quote}"))? + name.len() + 3;
        Some(&element[begin..begin + element[begin..].find(quote)?])
    })
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) category: String,
    pub(super) kind: String,
    pub(super) units: String,
}

/// The data items of a device, found without a reader of XML.
pub(super) fn items_of(devices: &str, device: &str) -> Vec<Item> {
    let of_device = devices.split("<Device ").skip(1).find(|part| attribute(&format!(" {}", part.split('>').next().unwrap()), "name") == Some(device)).unwrap();
    let of_device = of_device.split("</Device>").next().unwrap();
    let elements = of_device.split("<DataItem").skip(1).filter(|part| part.starts_with(' '));
    let text = |element: &str, name: &str| attribute(element.split('>').next().unwrap(), name).map(str::to_owned);
    elements
        .map(|it| Item {
            id: text(it, "id").unwrap(),
            name: text(it, "name"),
            category: text(it, "category").unwrap(),
            kind: text(it, "type").unwrap(),
            units: text(it, "units").unwrap_or_default(),
        })
        .collect()
}

#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) instance: u64,
    pub(super) sequence: u64,
    pub(super) item: usize,
    pub(super) at: String,
    /// A value; or level, native code and text of a condition.
    pub(super) fields: Vec<String>,
}

impl Observed {
    fn unavailable(&self) -> bool {
        self.fields[0].eq_ignore_ascii_case("UNAVAILABLE")
    }
}

pub(super) struct Book {
    pub(super) devices: String,
    pub(super) device: String,
    /// When its description changed last, as its headers say it.
    pub(super) changed: Option<String>,
    pub(super) items: Vec<Item>,
    pub(super) instance: u64,
    pub(super) first: u64,
    pub(super) next: u64,
    pub(super) buffer_size: u64,
    /// All that was ever observed, in all instances.
    pub(super) everything: Vec<Observed>,
    /// What went over a wire as a whole, by instance and sequence.
    pub(super) sent: BTreeSet<(u64, u64)>,
    wires: Vec<TcpStream>,
    cut: bool,
    /// The next part of a stream that tells something breaks off in its middle.
    breaks_off: bool,
    /// No heartbeats: the agent hangs.
    pub(super) hangs: bool,
    pub(super) asked: Vec<String>,
}

impl Book {
    fn held(&self) -> impl DoubleEndedIterator<Item = &Observed> {
        let (instance, first) = (self.instance, self.first);
        self.everything.iter().rev().take_while(move |it| it.instance == instance && it.sequence >= first).collect::<Vec<_>>().into_iter().rev()
    }

    fn observe(&mut self, item: usize, at: &str, fields: &[&str]) {
        let it = Observed { instance: self.instance, sequence: self.next, item, at: at.to_owned(), fields: fields.iter().map(|field| (*field).to_owned()).collect() };
        self.everything.push(it);
        self.next += 1;
        self.first = self.first.max(self.next.saturating_sub(self.buffer_size));
    }

    fn header(&self, next: u64) -> String {
        let changed = self.changed.as_deref().map(|at| format!(" deviceModelChangeTime=\"{at}\"")).unwrap_or_default();
        format!(
            "<Header{changed} creationTime=\"2026-03-02T06:00:00Z\" sender=\"player\" instanceId=\"{}\" version=\"1.7\" bufferSize=\"{}\" nextSequence=\"{next}\" firstSequence=\"{}\" lastSequence=\"{}\"/>",
            self.instance,
            self.buffer_size,
            self.first,
            self.next - 1
        )
    }

    fn element(&self, it: &Observed) -> String {
        let item = &self.items[it.item];
        let name = item.name.as_deref().map(|name| format!(" name=\"{name}\"")).unwrap_or_default();
        let head = format!("dataItemId=\"{}\"{name} sequence=\"{}\" timestamp=\"{}\"", item.id, it.sequence, it.at);
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        if item.category == "CONDITION" {
            let mut level = it.fields[0].to_lowercase();
            level[..1].make_ascii_uppercase();
            let (code, text) = (it.fields.get(1).map_or("", String::as_str), it.fields.last().map_or("", String::as_str));
            return format!("<{level} {head} nativeCode=\"{}\" type=\"{}\">{}</{level}>", escaped(code), item.kind, escaped(text));
        }
        let kind: String = item.kind.rsplit(':').next().unwrap().split('_').map(|word| word[..1].to_owned() + &word[1..].to_lowercase()).collect();
        format!("<{kind} {head}>{}</{kind}>", escaped(&it.fields[0]))
    }

    /// Observations by category, as agents write them: not by sequence.
    fn streams(&self, observations: &[&Observed], next: u64) -> String {
        let mut groups = String::new();
        for (group, category) in [("Samples", "SAMPLE"), ("Events", "EVENT"), ("Condition", "CONDITION")] {
            let elements: String = observations.iter().filter(|it| self.items[it.item].category == category).map(|it| self.element(it)).collect();
            if !elements.is_empty() {
                groups.push_str(&format!("<{group}>{elements}</{group}>"));
            }
        }
        let streams = if groups.is_empty() {
            "<Streams/>".to_owned()
        } else {
            format!(
                "<Streams><DeviceStream name=\"{}\" uuid=\"u\"><ComponentStream component=\"Device\" componentId=\"c\">{groups}</ComponentStream></DeviceStream></Streams>",
                self.device
            )
        };
        format!("<?xml version=\"1.0\"?><MTConnectStreams xmlns=\"urn:mtconnect.org:MTConnectStreams:1.7\">{}{streams}</MTConnectStreams>", self.header(next))
    }

    fn current(&self, at: u64) -> String {
        let mut state: BTreeMap<usize, Vec<&Observed>> = BTreeMap::new();
        for it in self.everything.iter().filter(|it| it.instance == self.instance && it.sequence <= at) {
            let told = state.entry(it.item).or_default();
            let condition = self.items[it.item].category == "CONDITION";
            let (normal, code) = (it.fields[0].eq_ignore_ascii_case("NORMAL"), it.fields.get(1).cloned().unwrap_or_default());
            if condition && !it.unavailable() && !(normal && code.is_empty()) {
                told.retain(|other| !other.unavailable() && !other.fields[0].eq_ignore_ascii_case("NORMAL") && other.fields.get(1) != Some(&code));
                if normal && !told.is_empty() {
                    continue;
                }
            } else {
                told.clear();
            }
            told.push(it);
        }
        let all: Vec<&Observed> = state.into_values().flatten().collect();
        self.streams(&all, self.next)
    }

    fn out_of_range(&self, text: &str) -> String {
        format!(
            "<?xml version=\"1.0\"?><MTConnectError xmlns=\"urn:mtconnect.org:MTConnectError:1.7\"><Header instanceId=\"{}\" bufferSize=\"{}\"/><Errors><Error errorCode=\"OUT_OF_RANGE\">{text}</Error></Errors></MTConnectError>",
            self.instance, self.buffer_size
        )
    }

    /// A chunk and the sequences in it, or why there is none.
    fn chunk(&mut self, from: u64, count: u64) -> Result<(String, u64), String> {
        if from < self.first {
            return Err(self.out_of_range(&format!("'from' must be greater than {}", self.first - 1)));
        }
        if from > self.next {
            return Err(self.out_of_range(&format!("'from' must be less than {}", self.next + 1)));
        }
        if count > self.buffer_size {
            return Err(self.out_of_range("'count' must be less than the buffer"));
        }
        let next = (from + count).min(self.next);
        let some: Vec<&Observed> = self.held().filter(|it| (from..next).contains(&it.sequence)).collect();
        Ok((self.streams(&some, next), next))
    }
}

/// An agent of one device.
#[derive(Clone)]
pub(super) struct Agent {
    pub(super) address: String,
    book: Arc<Mutex<Book>>,
}

impl Agent {
    pub(super) fn start(devices: &str, device: &str, buffer_size: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let items = items_of(devices, device);
        let book = Book {
            devices: devices.to_owned(),
            device: device.to_owned(),
            changed: None,
            items,
            instance: 100,
            first: 1,
            next: 1,
            buffer_size,
            everything: Vec::new(),
            sent: BTreeSet::new(),
            wires: Vec::new(),
            cut: false,
            breaks_off: false,
            hangs: false,
            asked: Vec::new(),
        };
        let agent = Self { address: listener.local_addr().unwrap().to_string(), book: Arc::new(Mutex::new(book)) };
        agent.describe_nothing("2016-01-01T00:00:00Z");
        let serving = agent.clone();
        std::thread::spawn(move || {
            for wire in listener.incoming().flatten() {
                let agent = serving.clone();
                std::thread::spawn(move || agent.serve(wire));
            }
        });
        agent
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap()
    }

    /// At its start an agent has no value of anything.
    fn describe_nothing(&self, at: &str) {
        let mut book = self.book();
        (0..book.items.len()).for_each(|item| book.observe(item, at, &["UNAVAILABLE"]));
    }

    /// Takes an adapter's line in; keys that the device does not have are left out.
    pub(super) fn hears(&self, line: &str) {
        let mut fields = line.split('|');
        let at = fields.next().unwrap();
        let fields: Vec<&str> = fields.collect();
        let mut book = self.book();
        let find = |book: &Book, key: &str| book.items.iter().position(|item| item.name.as_deref() == Some(key)).or_else(|| book.items.iter().position(|item| item.id == key));
        match fields[..] {
            [key, ref condition @ ..] if find(&book, key).is_some_and(|item| book.items[item].category == "CONDITION") => {
                let item = find(&book, key).unwrap();
                book.observe(item, at, condition);
            }
            _ => {
                for pair in fields.chunks_exact(2) {
                    if let Some(item) = find(&book, pair[0]) {
                        book.observe(item, at, &[pair[1].trim()]);
                    }
                }
            }
        }
    }

    /// Describes its devices anew while it runs; what it observed keeps its numbers.
    pub(super) fn describes(&self, devices: &str, at: &str) {
        let mut book = self.book();
        let items = items_of(devices, &book.device);
        (book.devices, book.items, book.changed) = (devices.to_owned(), items, Some(at.to_owned()));
    }

    pub(super) fn cut(&self) {
        let mut book = self.book();
        book.cut = true;
        book.wires.drain(..).for_each(|wire| _ = wire.shutdown(Shutdown::Both));
    }

    pub(super) fn mend(&self) {
        self.book().cut = false;
    }

    /// The next part that tells something breaks off, and the wire with it.
    pub(super) fn break_off(&self) {
        self.book().breaks_off = true;
    }

    /// Ends and begins anew: nothing is held any more.
    pub(super) fn restart(&self, at: &str) {
        self.cut();
        {
            let mut book = self.book();
            (book.instance, book.first, book.next) = (book.instance + 1, 1, 1);
        }
        self.describe_nothing(at);
        self.mend();
    }

    fn serve(&self, mut wire: TcpStream) {
        {
            let mut book = self.book();
            if book.cut {
                return;
            }
            book.wires.push(wire.try_clone().unwrap());
        }
        let mut line = String::new();
        let mut reader = BufReader::new(wire.try_clone().unwrap());
        _ = reader.read_line(&mut line);
        let mut rest = String::new();
        while rest.len() < 10_000 && reader.read_line(&mut rest).is_ok_and(|read| read > 2) {}
        let Some(question) = line.split(' ').nth(1).map(str::to_owned) else { return };
        self.book().asked.push(question.clone());
        let number = |name: &str| question.split(['?', '&']).find_map(|part| part.strip_prefix(&format!("{name}="))).and_then(|text| text.parse::<u64>().ok());
        let path = question.split('?').next().unwrap();
        if path.ends_with("/probe") {
            let book = self.book();
            let (before, after) = book.devices.split_once("instanceId=").unwrap();
            let body = format!("{before}instanceId=\"{}\" old={after}", book.instance);
            drop(book);
            answer(&mut wire, 200, &body);
        } else if path.ends_with("/current") {
            let book = self.book();
            let at = number("at").unwrap_or(book.next - 1);
            let body = if at < book.first || at >= book.next { Err(book.out_of_range("'at'")) } else { Ok(book.current(at)) };
            drop(book);
            answer(&mut wire, if body.is_ok() { 200 } else { 400 }, &body.unwrap_or_else(|error| error));
        } else if let Some(heartbeat) = number("heartbeat") {
            return self.stream(wire, number("from").unwrap(), number("count").unwrap(), number("interval").unwrap(), heartbeat);
        } else {
            let (from, instance) = (number("from").unwrap(), self.book().instance);
            let chunk = self.book().chunk(from, number("count").unwrap());
            match chunk {
                Ok((body, next)) if answer(&mut wire, 200, &body) => self.book().sent.extend((from..next).map(|sequence| (instance, sequence))),
                Ok(_) => {}
                Err(error) => _ = answer(&mut wire, 400, &error),
            }
        }
        _ = wire.shutdown(Shutdown::Both);
    }

    fn stream(&self, mut wire: TcpStream, mut from: u64, count: u64, interval: u64, heartbeat: u64) {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: multipart/x-mixed-replace;boundary=\"=part=\"\r\nTransfer-Encoding: chunked\r\n\r\n";
        if wire.write_all(head.as_bytes()).is_err() {
            return;
        }
        let mut said = Instant::now();
        loop {
            let mut book = self.book();
            let (instance, quiet) = (book.instance, book.next == from);
            let tells = book.chunk(from, count);
            if !book.hangs && (!quiet || said.elapsed() >= Duration::from_millis(heartbeat)) {
                let (body, next) = tells.unwrap_or_else(|error| (error, 0));
                let breaks_off = !quiet && std::mem::take(&mut book.breaks_off);
                if !breaks_off && next > 0 {
                    book.sent.extend((from..next).map(|sequence| (instance, sequence)));
                }
                drop(book);
                let part = format!("--=part=\r\nContent-type: text/xml\r\nContent-length: {}\r\n\r\n{body}\r\n", body.len());
                let part = if breaks_off { &part.as_bytes()[..part.len() / 2] } else { part.as_bytes() };
                let chunk = [format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat();
                if wire.write_all(&chunk).is_err() || breaks_off || next == 0 {
                    _ = wire.shutdown(Shutdown::Both);
                    return;
                }
                (from, said) = (next, Instant::now());
            } else {
                drop(book);
            }
            std::thread::sleep(Duration::from_millis(interval));
        }
    }
}

fn answer(wire: &mut TcpStream, status: u16, body: &str) -> bool {
    write!(wire, "HTTP/1.1 {status} OK\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len()).is_ok()
}

/// An adapter that says lines to whoever calls, and answers pings.
pub(super) struct Adapter {
    pub(super) address: String,
    listener: TcpListener,
    wire: Option<TcpStream>,
}

impl Adapter {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self { address: listener.local_addr().unwrap().to_string(), listener, wire: None }
    }

    /// Waits for a caller and answers its first question.
    pub(super) fn answers(&mut self, heartbeat_ms: u64) {
        let (mut wire, _) = self.listener.accept().unwrap();
        let mut question = [0; 7];
        wire.read_exact(&mut question).unwrap();
        assert_eq!(&question, b"* PING\n");
        writeln!(wire, "* PONG {heartbeat_ms}").unwrap();
        let mut asking = wire.try_clone().unwrap();
        let mut answering = wire.try_clone().unwrap();
        // It answers pings for as long as there is a wire; a test that wants silence cuts the answer.
        std::thread::spawn(move || {
            while asking.read_exact(&mut question).is_ok() {
                _ = writeln!(answering, "* PONG {heartbeat_ms}");
            }
        });
        self.wire = Some(wire);
    }

    pub(super) fn says(&mut self, text: &str) {
        self.wire.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// The wire is cut; a caller may call again.
    pub(super) fn cut(&mut self) {
        _ = self.wire.take().unwrap().shutdown(Shutdown::Both);
    }
}
