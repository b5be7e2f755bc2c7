//! Bodies that are refused if they have unknown fields.

use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{Components, OpenApi, RefOr, Schema};

use super::parts::{inline, operations};
use crate::wire::contract::{speaks_flowmate, starts_flows};

/// Closes the schemas of such bodies. Those that have several parts stay open: each part would refuse the fields of the others.
pub(super) fn close(document: &mut OpenApi) {
    let Some(components) = &mut document.components else { return };
    for (path, item) in &mut document.paths.paths {
        if speaks_flowmate(path) || starts_flows(path) {
            continue;
        }
        for schema in operations(item).flat_map(bodies_of) {
            close_schema(schema, components);
        }
    }
}

/// Returns the schemas of an operation's body, in each form.
fn bodies_of(operation: &mut Operation) -> Vec<RefOr<Schema>> {
    let body = operation.request_body.as_mut().and_then(inline);
    let contents = body.into_iter().flat_map(|body| body.content.values_mut());
    contents.filter_map(inline).filter_map(|content| content.schema.clone()).collect()
}

fn close_schema(schema: RefOr<Schema>, components: &mut Components) {
    let RefOr::Ref(reference) = schema else { return };
    let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
    match components.schemas.get_mut(name) {
        Some(RefOr::T(Schema::Object(object))) if !object.properties.is_empty() => {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
        Some(RefOr::T(Schema::AnyOf(forms))) => {
            for form in forms.items.clone() {
                close_schema(form, components);
            }
        }
        _ => {}
    }
}
