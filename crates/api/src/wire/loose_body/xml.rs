//! XML as JSON. The rules are those of [`json_of`](super::json_of).

use denizen_domain::{Json, JsonObject};
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{MAXIMUM_LEVELS, MAXIMUM_MESSAGE, MAXIMUM_NODES, add, invalid, too_deep};
use crate::wire::body::is_utf_8;
use crate::wire::error::{ApiError, ApiResult, Unsupported};

/// What XML counts as white space.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// Reads a document.
pub(super) fn parse(text: &str) -> ApiResult<Json> {
    require_allowed(text)?;
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let (mut document, mut is_first) = (Document::default(), true);
    loop {
        match reader.read_event().map_err(|error| broken(&error.to_string()))? {
            Event::Start(start) => document.open(&start)?,
            Event::End(_) => document.close(),
            Event::Empty(start) => {
                document.open(&start)?;
                document.close();
            }
            Event::Text(text) => document.add_text(&text.xml10_content())?,
            Event::CData(text) => document.add_text(&text.xml10_content())?,
            Event::GeneralRef(reference) => document.add_text(&character(&reference)?)?,
            Event::Decl(declaration) if is_first => require_utf_8(&declaration)?,
            Event::Decl(_) => return Err(broken("its declaration does not stand at the beginning")),
            Event::DocType(_) => return Err(invalid("The body must not have a DOCTYPE.")),
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return document.finish(),
        }
        is_first = false;
    }
}

/// A document that is being read.
#[derive(Default)]
struct Document {
    /// The elements that are open, the root first.
    open: Vec<Element>,
    /// The root, once it is closed.
    root: Option<(String, Json)>,
    /// How many elements and attributes there were.
    nodes: usize,
}

impl Document {
    fn open(&mut self, start: &BytesStart<'_>) -> ApiResult<()> {
        if self.root.is_some() {
            return Err(broken("it has more than one root element"));
        }
        if self.open.len() == MAXIMUM_LEVELS {
            return Err(too_deep());
        }
        self.count()?;
        let name = name_of(start.name().as_ref())?;
        let mut element = Element { name, members: JsonObject::new(), text: String::new() };
        let mut attributes = start.attributes();
        // Its own check compares each attribute with all others.
        attributes.with_checks(false);
        for attribute in attributes {
            self.count()?;
            let attribute = attribute.map_err(|error| broken(&error.to_string()))?;
            let name = format!("@{}", name_of(attribute.key.as_ref())?);
            let value = attribute.normalized_value(XmlVersion::Explicit1_0);
            let value = value.map_err(|error| broken(&error.to_string()))?;
            require_allowed(&value)?;
            if element.members.insert(name, Json::String(value.into_owned())).is_some() {
                return Err(broken("an element has an attribute twice"));
            }
        }
        self.open.push(element);
        Ok(())
    }

    fn count(&mut self) -> ApiResult<()> {
        if self.nodes == MAXIMUM_NODES {
            return Err(invalid("The body has more than 50,000 elements and attributes."));
        }
        self.nodes += 1;
        Ok(())
    }

    /// Closes the innermost element. The reader has compared the names.
    fn close(&mut self) {
        let Some(Element { name, members, text }) = self.open.pop() else { return };
        let value = value_of(members, text);
        match self.open.last_mut() {
            Some(parent) => add(&mut parent.members, name, value),
            None => self.root = Some((name, value)),
        }
    }

    fn add_text(&mut self, text: &str) -> ApiResult<()> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if is_blank(text) => {}
            None => return Err(broken("it has text outside its root element")),
        }
        Ok(())
    }

    fn finish(self) -> ApiResult<Json> {
        if let Some(element) = self.open.last() {
            return Err(broken(&format!("the element {} is not closed", element.name)));
        }
        let root = self.root.ok_or_else(|| broken("it has no root element"))?;
        Ok(Json::Object(JsonObject::from_iter([root])))
    }
}

/// An element that is open.
struct Element {
    name: String,
    members: JsonObject,
    text: String,
}

fn value_of(mut members: JsonObject, text: String) -> Json {
    if members.is_empty() {
        return Json::String(text);
    }
    if !is_blank(&text) {
        members.insert("#text".to_owned(), Json::String(text));
    }
    Json::Object(members)
}

fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}

/// Returns the text that a reference stands for.
fn character(reference: &BytesRef<'_>) -> ApiResult<String> {
    let by_number = reference.resolve_char_ref().map_err(|error| broken(&error.to_string()))?;
    let text = match by_number {
        Some(character) => character.to_string(),
        None => resolve_predefined_entity(reference)
            .ok_or_else(|| broken(&format!("there is no entity &{};", &**reference)))?
            .to_owned(),
    };
    require_allowed(&text)?;
    Ok(text)
}

/// Returns a name if it begins with a letter or `_` and contains no other characters than letters, digits, `_`, `:`, `-` and
/// `.`. Characters beyond ASCII count as letters.
fn name_of(name: &str) -> ApiResult<String> {
    let is_letter = |character: char| character.is_ascii_alphabetic() || !character.is_ascii();
    let begins = name.starts_with(|first| is_letter(first) || matches!(first, '_' | ':'));
    let is_part = |character: char| is_letter(character) || character.is_ascii_digit();
    let goes_on = name.chars().all(|one| is_part(one) || matches!(one, '_' | ':' | '-' | '.'));
    if begins && goes_on { Ok(name.to_owned()) } else { Err(broken("a name has the wrong form")) }
}

/// Fails if a text contains control characters, which XML does not allow, or what is no character.
fn require_allowed(text: &str) -> ApiResult<()> {
    let is_refused =
        |character| matches!(character, '\0'..'\t' | '\x0b' | '\x0c' | '\x0e'..' ' | '\u{fffe}' | '\u{ffff}');
    if text.contains(is_refused) { Err(broken("it contains a control character")) } else { Ok(()) }
}

fn require_utf_8(declaration: &BytesDecl<'_>) -> ApiResult<()> {
    let version = declaration.version().map_err(|error| broken(&error.to_string()))?;
    if !matches!(&*version, "1.0" | "1.1") {
        return Err(broken("its version is neither 1.0 nor 1.1"));
    }
    match declaration.encoding().transpose().map_err(|error| broken(&error.to_string()))? {
        Some(encoding) if !is_utf_8(&encoding) => {
            let shown = encoding.chars().take(MAXIMUM_MESSAGE).collect();
            Err(ApiError::UnsupportedMediaType(Unsupported::Charset(shown)))
        }
        _ => Ok(()),
    }
}

fn broken(problem: &str) -> ApiError {
    invalid(&format!("The body is not XML: {problem}."))
}
