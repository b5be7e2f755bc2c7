//! The catalogue as a page for people. It needs no scripts and loads nothing.

use std::fmt::{Display, Write as _};

use serde_json::{Map, Value};

use super::Entry;

const STYLE: &str = "\
    :root{color-scheme:light dark}\
    body{max-width:60rem;margin:2rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}\
    h2{margin-top:3rem;border-bottom:1px solid #8888}\
    table{border-collapse:collapse}th,td{padding:.1rem 1.5rem .1rem 0;text-align:left}\
    pre{padding:.75rem;overflow:auto;background:#8882;font-size:.85rem}\
    ul{columns:16rem}summary{cursor:pointer}";

const INTRODUCTION: &str = "\
    <p>Each change of a workspace is an event, which <code>GET /api/v1/events</code> sends. <code>data</code> is the object \
    after the change, or as it last was; <code>previous</code> holds the fields that the change made different, with their \
    values before it. Later versions may add fields and types: ignore those that you do not know.</p>\
    <p>Programs get this list as JSON, with <code>Accept: application/json</code>.</p>";

/// Returns the page. Types of one object stand next to each other.
pub(super) fn of(entries: &[Entry]) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Events</title><style>{STYLE}</style>\
         <h1>Events</h1>{INTRODUCTION}"
    );
    add(&mut page, format_args!("<ul>"));
    for Entry { kind, .. } in entries {
        add(&mut page, format_args!("<li><a href=\"#{kind}\">{kind}</a></li>"));
    }
    add(&mut page, format_args!("</ul>"));
    for of_object in entries.chunk_by(|one, next| one.kind.object() == next.kind.object()) {
        add_object(&mut page, of_object);
    }
    add(&mut page, format_args!("</html>\n"));
    page
}

fn add_object(page: &mut String, entries: &[Entry]) {
    let Some(first) = entries.first() else { return };
    let kind = first.kind.to_string();
    let object = kind.split('.').next().unwrap_or_default();
    add(
        page,
        format_args!("<h2 id=\"{object}\">{object}</h2><table><tr><th>field of <code>data</code><th>type"),
    );
    for (field, schema) in fields_of(&first.schema["properties"]["data"]).into_iter().flatten() {
        add(page, format_args!("<tr><td><code>{}</code><td>{}", escaped(field), escaped(&type_of(schema))));
    }
    add(page, format_args!("</table>"));
    for Entry { kind, description, schema, example } in entries {
        let (schema, example) = (indented(schema), indented(example));
        add(
            page,
            format_args!(
                "<h3 id=\"{kind}\">{kind}</h3><p>{}</p>\
                 <details><summary>Example</summary><pre>{example}</pre></details>\
                 <details><summary>JSON Schema</summary><pre>{schema}</pre></details>",
                escaped(description)
            ),
        );
    }
}

/// Returns the fields of an object's schema: the first, if it has alternatives.
fn fields_of(schema: &Value) -> Option<&Map<String, Value>> {
    let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
    schema["properties"].as_object()
}

/// Returns a field's type in words, such as `uuid or null`.
fn type_of(schema: &Value) -> String {
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => Vec::from_iter(one.as_str()),
    };
    let named = types.into_iter().map(|name| match (name, &schema["format"], &schema["items"]) {
        ("string", Value::String(format), _) => format.clone(),
        ("array", _, items @ Value::Object(_)) => format!("array of {}", type_of(items)),
        (name, ..) => name.to_owned(),
    });
    named.collect::<Vec<_>>().join(" or ")
}

fn indented(value: &Value) -> String {
    escaped(&format!("{value:#}"))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Adds to the page, which cannot fail.
fn add(page: &mut String, text: impl Display) {
    let _ = write!(page, "{text}");
}
