//! XML: one record per repeated element, or one record for the whole document.
//!
//! An attribute becomes the field `@name`, a child element a field with its name, and text next to them
//! `#text`. External entities are never fetched and entities never expanded: the document type is
//! skipped, and only character references are replaced. A document therefore cannot grow while it is
//! parsed.

use quick_xml::{
    Reader,
    escape::resolve_xml_entity,
    events::{BytesRef, BytesStart, Event},
};
use serde_json::{Map, Value as Json};

use crate::{
    json::MAX_DEPTH,
    process::{
        Input, Output, Processor, infer_scalar,
        parsed_value::{record_from_json, too_deep},
    },
    record::Failure,
};

#[derive(Debug)]
pub(in crate::process) struct Xml;

impl Processor for Xml {
    fn name(&self) -> &str {
        "xml"
    }

    fn process(&self, input: &Input<'_>, output: &mut Output) -> Result<(), Failure> {
        let mut root = read(input.text()?, output)?;
        if let Some(items) = root.take_repeated() {
            for item in items {
                if output.is_full() {
                    break;
                }
                output.record(record_from_json(item));
            }
            return Ok(());
        }
        let name = root.name.clone();
        output.record(match root.into_json() {
            fields @ Json::Object(_) => record_from_json(fields),
            // A root element without children or attributes becomes a field with its name.
            value => record_from_json(Json::Object(Map::from_iter([(name, value)]))),
        });
        Ok(())
    }
}

/// Returns whether text looks like XML other than HTML, judging by its first 64 KiB.
pub(in crate::process) fn looks_like(text: &str) -> bool {
    const MAX_BYTES: u64 = 64 * 1024;
    let mut reader = Reader::from_str(text);
    let (mut open, mut elements) = (0_usize, 0_usize);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                if elements == 0 && is_html(&start) {
                    return false;
                }
                elements += 1;
                open += 1;
            }
            Ok(Event::Empty(_)) => elements += 1,
            // The reader itself rejects end tags that do not match.
            Ok(Event::End(_)) => open = open.saturating_sub(1),
            Ok(Event::Text(text)) if open == 0 && !text.trim().is_empty() => return false,
            Ok(Event::DocType(kind)) if kind.trim().eq_ignore_ascii_case("html") => return false,
            Ok(Event::Eof) => return elements > 0 && open == 0,
            Ok(_) => {}
            Err(_) => return false,
        }
        if reader.buffer_position() > MAX_BYTES {
            return elements > 0;
        }
    }
}

fn is_html(start: &BytesStart<'_>) -> bool {
    start.name().as_ref().eq_ignore_ascii_case("html")
}

/// An element that is being parsed.
#[derive(Default)]
struct Element {
    name: String,
    children: Map<String, Json>,
    attributes: Map<String, Json>,
    text: String,
}

impl Element {
    fn new(start: &BytesStart<'_>, parsed: &mut Parsed<'_>) -> Result<Self, Failure> {
        let mut element = Self { name: start.name().as_ref().to_owned(), ..Self::default() };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| unreadable(&error))?;
            let name: &str = attribute.key.as_ref();
            // Namespace declarations are not data.
            if name == "xmlns" || name.starts_with("xmlns:") {
                continue;
            }
            parsed.add(MEMBER_BYTES + 2 * (name.len() + attribute.value.len()))?;
            let value = resolve_all(&attribute.value);
            element.attributes.insert(format!("@{name}"), infer_scalar::infer(&value));
        }
        Ok(element)
    }

    /// Takes the children if there are at least two, all with the same name, and nothing else.
    fn take_repeated(&mut self) -> Option<Vec<Json>> {
        let is_alone = self.children.len() == 1 && self.attributes.is_empty() && self.text.trim().is_empty();
        match self.children.values_mut().next()? {
            Json::Array(items) if is_alone => Some(std::mem::take(items)),
            _ => None,
        }
    }

    fn into_json(self) -> Json {
        let text = self.text.trim();
        if self.children.is_empty() && self.attributes.is_empty() {
            return infer_scalar::infer(text);
        }
        let mut fields = self.attributes;
        fields.extend(self.children);
        if !text.is_empty() {
            fields.insert("#text".to_owned(), infer_scalar::infer(text));
        }
        Json::Object(fields)
    }
}

/// Memory of one element in its parent: a member, or an item of a list that may be moved while it grows.
const ELEMENT_BYTES: usize = 3 * size_of::<Json>();

/// Memory of a child with a name of its own, or of an attribute.
const MEMBER_BYTES: usize = 3 * size_of::<Json>() + 192;

fn read(text: &str, output: &mut Output) -> Result<Element, Failure> {
    // Elements that are parsed are counted in steps, because they become records only at the end.
    let mut parsed = Parsed { bytes: 0, output };
    let mut reader = Reader::from_str(text);
    // The stack of open elements. The first is a placeholder that receives the root.
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| unreadable(&error))? {
            Event::Start(start) => {
                if open.len() > MAX_DEPTH {
                    return Err(too_deep());
                }
                open.push(Element::new(&start, &mut parsed)?);
            }
            Event::Empty(start) => {
                let element = Element::new(&start, &mut parsed)?;
                if open.len() == 1 {
                    return end(&mut reader, element);
                }
                close(&mut open, element, &mut parsed)?;
            }
            Event::End(_) => {
                let element = open.pop().unwrap_or_default();
                if open.len() == 1 {
                    return end(&mut reader, element);
                }
                close(&mut open, element, &mut parsed)?;
            }
            Event::Text(text) => push(&mut open, &text.xml10_content(), &mut parsed)?,
            Event::CData(text) => push(&mut open, &text.xml10_content(), &mut parsed)?,
            Event::GeneralRef(reference) => push(&mut open, &resolve(&reference), &mut parsed)?,
            Event::Eof => return Err(Failure::unreadable("invalid XML: an element is not closed")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

/// Counts what is parsed.
struct Parsed<'o> {
    bytes: usize,
    output: &'o mut Output,
}

impl Parsed<'_> {
    fn add(&mut self, bytes: usize) -> Result<(), Failure> {
        self.bytes += bytes;
        self.output.need(self.bytes)
    }
}

/// Adds a finished element to its parent.
fn close(open: &mut [Element], element: Element, parsed: &mut Parsed<'_>) -> Result<(), Failure> {
    let Some(parent) = open.last_mut() else {
        return Err(Failure::unreadable("invalid XML: end tag without a start tag"));
    };
    let is_new = !parent.children.contains_key(&element.name);
    parsed.add(ELEMENT_BYTES + if is_new { MEMBER_BYTES + 2 * element.name.len() } else { 0 })?;
    let name = element.name.clone();
    infer_scalar::add_field(&mut parent.children, name, element.into_json());
    Ok(())
}

fn push(open: &mut [Element], text: &str, parsed: &mut Parsed<'_>) -> Result<(), Failure> {
    // It may be moved while it grows, and is copied into its value.
    parsed.add(4 * text.len())?;
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
    Ok(())
}

/// Checks that only comments follow the root.
fn end(reader: &mut Reader<&[u8]>, root: Element) -> Result<Element, Failure> {
    loop {
        match reader.read_event().map_err(|error| unreadable(&error))? {
            Event::Eof => return Ok(root),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Text(text) if text.trim().is_empty() => {}
            _ => return Err(Failure::unreadable("invalid XML: content after the root element")),
        }
    }
}

/// Resolves a character reference; any other reference is kept as written.
fn resolve(reference: &BytesRef<'_>) -> String {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => character.to_string(),
        _ => match resolve_xml_entity(reference) {
            Some(text) => text.to_owned(),
            None => format!("&{};", &**reference),
        },
    }
}

fn resolve_all(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('&') {
        text.push_str(before);
        match behind.split_once(';') {
            Some((name, behind)) if !name.contains(['&', ' ']) => {
                text.push_str(&resolve(&BytesRef::new(name)));
                rest = behind;
            }
            _ => {
                text.push('&');
                rest = behind;
            }
        }
    }
    text.push_str(rest);
    text
}

fn unreadable(error: &dyn std::fmt::Display) -> Failure {
    Failure::unreadable(format!("invalid XML: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::testing::check;

    #[test]
    fn elements_become_records() {
        let deep = format!("{}{}", "<a>".repeat(1000), "</a>".repeat(1000));
        for (body, expected) in [
            (
                "<l><i>1</i><i a='x'>2</i><i/></l>",
                &[r#"{"value":1}"#, r##"{"@a":"x","#text":2}"##, r#"{"value":null}"#][..],
            ),
            ("<l><i><a>1</a></i></l>", &[r#"{"i":{"a":1}}"#]),
            ("<l v='1'><i>1</i><i>2</i></l>", &[r#"{"@v":1,"i":[1,2]}"#]),
            ("<t>21.5</t>", &[r#"{"t":21.5}"#]),
            ("<t/>", &[r#"{"t":null}"#]),
            (
                "<?xml version='1.0'?><!-- c --><t xmlns='u' xmlns:p='v' p:id='007'>a <b>c</b> d</t>",
                &[r##"{"@p:id":"007","b":"c","#text":"a  d"}"##],
            ),
            ("<t><![CDATA[1 < 2 & 3]]></t>", &[r#"{"t":"1 < 2 & 3"}"#]),
            (
                "<t a='&lt;&#65;&quot;&own;'>&amp;&#x42;&own;</t>",
                &[r##"{"@a":"<A\"&own;","#text":"&B&own;"}"##],
            ),
            ("<!DOCTYPE t [<!ENTITY own 'grown'>]><t>&own;</t>", &[r#"{"t":"&own;"}"#]),
            (&deep, &["error too-deep"]),
            ("<a><b></a>", &["error unreadable"]),
            ("<a>", &["error unreadable"]),
            ("<a/><b/>", &["error unreadable"]),
            ("", &["error unreadable"]),
            ("text", &["error unreadable"]),
        ] {
            check(&Xml, body, expected);
        }
    }
}
