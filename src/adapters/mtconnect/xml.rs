//! A bounded walk over one XML document, by local names. Deliberately without namespaces, schemas
//! and entities of the document's own: a document type is refused, whoever sends it.

use std::borrow::Cow;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::base::{Code, Refusal, limits};

/// An element that was opened.
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// An attribute's content, where it is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// An attribute that holds a number.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(|text| text.parse().ok())
    }

    /// As it came, for quarantine.
    pub(super) fn shown(&self) -> String {
        let attributes: String = self.attributes.iter().map(|(key, value)| format!(" {key}=\"{value}\"")).collect();
        format!("<{}{attributes}>", self.name)
    }
}

/// What stands inside an element.
pub(super) enum Inside<'d> {
    Child(Element),
    Text(Cow<'d, str>),
}

enum Step<'d> {
    In(Inside<'d>),
    Close,
}

/// The walk: always inside the element that was opened last and not left.
pub(super) struct Walk<'d> {
    reader: Reader<&'d [u8]>,
    depth: usize,
    /// An empty element was opened: its end comes next.
    closes: bool,
}

fn refused(why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::Malformed, format!("the document cannot be read: {why}"))
}

impl<'d> Walk<'d> {
    /// Opens the document's root.
    pub(super) fn open(text: &'d str) -> Result<(Self, Element), Refusal> {
        if text.len() > limits::DOCUMENT_MAX {
            return Err(Refusal::new(Code::TooLarge, format!("a document of {} bytes; at most {} are read", text.len(), limits::DOCUMENT_MAX)));
        }
        let mut reader = Reader::from_str(text);
        // Agents are met that write a lone & into a program's name.
        reader.config_mut().allow_dangling_amp = true;
        let mut walk = Self { reader, depth: 0, closes: false };
        loop {
            match walk.step()? {
                Step::In(Inside::Child(root)) => return Ok((walk, root)),
                Step::In(Inside::Text(_)) => {}
                Step::Close => return Err(refused("it has no root")),
            }
        }
    }

    /// Shows what stands inside the element that was opened last, and leaves it. What the visitor
    /// does not visit of a child is passed over.
    pub(super) fn each(&mut self, mut visit: impl FnMut(&mut Self, Inside<'d>) -> Result<(), Refusal>) -> Result<(), Refusal> {
        let inside = self.depth;
        while self.depth >= inside {
            if let Step::In(it) = self.step()? {
                let child = matches!(it, Inside::Child(_));
                if self.depth == inside || (child && self.depth == inside + 1) {
                    visit(self, it)?;
                }
            }
        }
        Ok(())
    }

    /// As [`Self::each`], where only children matter.
    pub(super) fn children(&mut self, mut visit: impl FnMut(&mut Self, Element) -> Result<(), Refusal>) -> Result<(), Refusal> {
        self.each(|walk, it| if let Inside::Child(child) = it { visit(walk, child) } else { Ok(()) })
    }

    /// The element's own text, without that of its children.
    pub(super) fn text(&mut self) -> Result<String, Refusal> {
        let mut whole = String::new();
        self.each(|_, it| if let Inside::Text(text) = it { append(&mut whole, &text) } else { Ok(()) })?;
        Ok(whole)
    }

    fn step(&mut self) -> Result<Step<'d>, Refusal> {
        if std::mem::take(&mut self.closes) {
            self.depth -= 1;
            return Ok(Step::Close);
        }
        loop {
            match self.reader.read_event().map_err(refused)? {
                Event::Start(start) => return self.opened(&start),
                Event::Empty(start) => {
                    self.closes = true;
                    return self.opened(&start);
                }
                Event::End(_) => {
                    self.depth = self.depth.checked_sub(1).ok_or_else(|| refused("an end without a beginning"))?;
                    return Ok(Step::Close);
                }
                Event::Text(text) => return Ok(Step::In(Inside::Text(text.into_inner()))),
                Event::CData(text) => return Ok(Step::In(Inside::Text(text.into_inner()))),
                Event::GeneralRef(reference) => return Ok(Step::In(Inside::Text(Cow::Owned(resolved(&reference))))),
                Event::DocType(_) => return Err(refused("it declares a document type, which no agent needs")),
                Event::Eof => return Err(refused("it ends in the middle")),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
    }

    fn opened(&mut self, start: &BytesStart<'d>) -> Result<Step<'d>, Refusal> {
        self.depth += 1;
        if self.depth > limits::XML_DEPTH_MAX {
            return Err(refused(format!("elements stand more than {} deep", limits::XML_DEPTH_MAX)));
        }
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(refused)?;
            if attributes.len() == limits::XML_ATTRIBUTES_MAX || attribute.value.len() > limits::XML_ATTRIBUTE_MAX {
                return Err(refused(format!("an element has more than {} attributes, or one of more than {} bytes", limits::XML_ATTRIBUTES_MAX, limits::XML_ATTRIBUTE_MAX)));
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap_or_else(|_| attribute.value.clone());
            attributes.push((attribute.key.into_inner().to_owned(), value.into_owned()));
        }
        Ok(Step::In(Inside::Child(Element { name: start.local_name().into_inner().to_owned(), attributes })))
    }
}

/// Adds text to what an element said so far.
pub(super) fn append(whole: &mut String, text: &str) -> Result<(), Refusal> {
    if whole.len() + text.len() > limits::XML_TEXT_MAX {
        return Err(refused(format!("an element holds more than {} bytes of text", limits::XML_TEXT_MAX)));
    }
    whole.push_str(text);
    Ok(())
}

/// A reference's character; one that nobody knows stays as it was written.
fn resolved(reference: &quick_xml::events::BytesRef<'_>) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name = reference.xml10_content();
    quick_xml::escape::resolve_xml_entity(&name).map_or_else(|| format!("&{name};"), str::to_owned)
}
