//! Responses as components: operations with the same response refer to one, each with its own description.

use std::collections::{BTreeMap, HashMap};

use utoipa::openapi::{OpenApi, Ref, RefOr, Response, Schema};

use super::examples::Form;
use super::parts::operations;

/// Moves responses that several operations share to the components.
pub(super) fn share(document: &mut OpenApi) {
    let mut uses: HashMap<String, usize> = HashMap::new();
    for (status, response) in responses(document) {
        if let Some(text) = text_of(status, response) {
            *uses.entry(text).or_default() += 1;
        }
    }
    let mut shared: BTreeMap<String, (String, Response)> = BTreeMap::new();
    for (status, response) in responses(document) {
        let Some(text) = text_of(status, response).filter(|text| uses[text] > 1) else { continue };
        let RefOr::T(inline) = &*response else { continue };
        let Some(name) = component_of(status, inline) else { continue };
        let (known, _) =
            shared.entry(name.clone()).or_insert_with(|| (text.clone(), without_description(inline)));
        if *known == text {
            let mut reference = Ref::from_response_name(name);
            reference.description.clone_from(&inline.description);
            *response = reference.into();
        }
    }
    let components = document.components.get_or_insert_default();
    components.responses.extend(shared.into_iter().map(|(name, (_, response))| (name, response.into())));
}

/// Returns the responses of all operations, with their status.
fn responses(document: &mut OpenApi) -> impl Iterator<Item = (&str, &mut RefOr<Response>)> {
    let operations = document.paths.paths.values_mut().flat_map(operations);
    let responses = operations.flat_map(|operation| &mut operation.responses.responses);
    responses.map(|(status, response)| (status.as_str(), response))
}

/// Returns what two responses must have in common to be shared: all but their descriptions.
fn text_of(status: &str, response: &RefOr<Response>) -> Option<String> {
    let RefOr::T(response) = response else { return None };
    let is_empty = if response.content.is_empty() { status } else { "" };
    let text = serde_json::to_string(&without_description(response)).ok()?;
    Some(format!("{is_empty} {text}"))
}

fn without_description(response: &Response) -> Response {
    let mut response = response.clone();
    "Success".clone_into(&mut response.description);
    response
}

/// Returns the component's name: that of the body's schema, with `List` for lists, `OrWrapped` if `?meta` wraps it, and
/// `Written` for responses to writes.
fn component_of(status: &str, response: &Response) -> Option<String> {
    let is_write = response.headers.contains_key("idempotency-replayed");
    let name = match response.content.values().next() {
        None if status == "304" => "NotModified".to_owned(),
        None => "NoContent".to_owned(),
        Some(RefOr::T(content)) => match content.schema.as_ref()? {
            RefOr::T(Schema::AnyOf(any)) => Form::of(any.items.first()?)?.name() + "OrWrapped",
            schema => Form::of(schema)?.name(),
        },
        Some(RefOr::Ref(_)) => return None,
    };
    Some(if is_write { name + "Written" } else { name })
}
