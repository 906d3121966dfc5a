//! The parts of an agent's endless answer, cut from its bytes as they come. Both content types are
//! the same to it. Deliberately without reading what is in a part.

use crate::base::{Code, Refusal, limits};

/// Cuts parts from bytes.
#[derive(Debug)]
pub struct Parts {
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    waiting: Vec<u8>,
    /// How far the end of a part without a length was looked for in vain.
    searched: usize,
    ended: bool,
}

/// Where a part's content begins and how long it is, where its heading says so.
struct Heading {
    content: usize,
    length: Option<usize>,
}

fn malformed(why: &str) -> Refusal {
    Refusal::new(Code::Malformed, format!("the stream cannot be read: {why}"))
}

/// Where a sequence of bytes begins.
fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

impl Parts {
    /// For an answer of this content type; `None` where it is no stream of parts.
    pub fn of(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().to_ascii_lowercase().starts_with("multipart/") {
            return None;
        }
        let named = |parameter: &str| {
            parameter.split_once('=').filter(|(name, _)| name.trim().eq_ignore_ascii_case("boundary")).map(|(_, value)| value.trim().trim_matches('"').to_owned())
        };
        let boundary = parameters.split(';').find_map(named).filter(|boundary| !boundary.is_empty() && boundary.len() <= 200)?;
        Some(Self { delimiter: format!("--{boundary}").into_bytes(), waiting: Vec::new(), searched: 0, ended: false })
    }

    /// Takes bytes in. Whoever does takes the parts out before the next.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.waiting.len() + bytes.len() > limits::DOCUMENT_MAX + limits::PART_HEAD_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("a part of the stream has more than {} bytes", limits::DOCUMENT_MAX)));
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    /// Whether the agent ended the stream.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The next whole part, if there is one.
    pub fn part(&mut self) -> Result<Option<Vec<u8>>, Refusal> {
        let Some(heading) = self.heading()? else { return Ok(None) };
        let rest = &self.waiting[heading.content..];
        let length = match heading.length {
            Some(length) if length > limits::DOCUMENT_MAX => {
                return Err(Refusal::new(Code::TooLarge, format!("a part of {length} bytes; at most {} are read", limits::DOCUMENT_MAX)));
            }
            Some(length) => (rest.len() >= length).then_some(length),
            None => {
                let from = self.searched.min(rest.len());
                self.searched = rest.len().saturating_sub(self.delimiter.len());
                find(&rest[from..], &self.delimiter).map(|at| from + at)
            }
        };
        let Some(length) = length else { return Ok(None) };
        self.searched = 0;
        let part = rest[..length].to_vec();
        self.waiting.drain(..heading.content + length);
        Ok(Some(part))
    }

    /// The heading at the front, once it is whole. Between parts there may be empty lines only.
    fn heading(&mut self) -> Result<Option<Heading>, Refusal> {
        let blank = self.waiting.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.waiting.drain(..blank);
        let known = self.waiting.len().min(self.delimiter.len());
        if self.waiting[..known] != self.delimiter[..known] {
            return Err(malformed("a part does not begin with the boundary; its Content-length may be wrong"));
        }
        let after = &self.waiting[known..];
        if known < self.delimiter.len() || after.len() < 2 {
            return Ok(None);
        }
        if after.starts_with(b"--") {
            self.ended = true;
            return Ok(None);
        }
        let ends = [&b"\r\n\r\n"[..], b"\n\n"].into_iter().filter_map(|end| find(&after[..after.len().min(limits::PART_HEAD_MAX)], end).map(|at| at + end.len()));
        let Some(end) = ends.min() else {
            return if after.len() >= limits::PART_HEAD_MAX { Err(malformed("a part's heading does not end")) } else { Ok(None) };
        };
        Ok(Some(Heading { content: known + end, length: length_of(&String::from_utf8_lossy(&after[..end]))? }))
    }
}

fn length_of(heading: &str) -> Result<Option<usize>, Refusal> {
    let told = heading.lines().filter_map(|line| line.split_once(':')).find(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"));
    told.map(|(_, value)| value.trim().parse().map_err(|_| malformed("a part's Content-length is no number"))).transpose()
}
