//! Responses that `?meta` wraps: operations with this parameter document both forms.

use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, SchemaType};
use utoipa::openapi::{Components, ObjectBuilder, OpenApi, Ref, RefOr, Response, Schema, Type};

use super::examples::Form;
use super::parts::{inline, operations};

/// The ending of the names of wrapped schemas.
const WRAPPED: &str = "WithMeta";

/// Documents the wrapped form of every response beside the bare one.
pub(super) fn describe(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        if !takes_meta(operation) {
            continue;
        }
        for response in operation.responses.responses.values_mut().filter_map(inline) {
            describe_response(response, components);
        }
    }
}

fn takes_meta(operation: &Operation) -> bool {
    let is_meta = |parameter: &RefOr<Parameter>| match parameter {
        RefOr::T(parameter) => parameter.name == "meta" && parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => false,
    };
    operation.parameters.iter().flatten().any(is_meta)
}

fn describe_response(response: &mut Response, components: &mut Components) {
    for content in response.content.values_mut().filter_map(inline) {
        let Some(bare) = content.schema.take() else { continue };
        let wrapped: RefOr<Schema> = match Form::of(&bare) {
            Some(form) => {
                let name = form.name() + WRAPPED;
                let schema = || wrapped(&bare, &form.name()).into();
                components.schemas.entry(name.clone()).or_insert_with(schema);
                Ref::from_schema_name(name).into()
            }
            None => wrapped(&bare, "list").into(),
        };
        content.schema = Some(Schema::AnyOf(AnyOfBuilder::new().item(bare).item(wrapped).build()).into());
    }
}

/// `{"data": …, "meta": …}`, where `meta` of a list has the total.
fn wrapped(bare: &RefOr<Schema>, name: &str) -> Schema {
    let is_list = matches!(bare, RefOr::T(Schema::Array(_)));
    let mut meta = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Object));
    if is_list {
        let total = ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::Integer))
            .description(Some("The number of entries in the whole list."));
        meta = meta.property("total", total).required("total");
    }
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::Object))
        .description(Some(format!("`{name}` as `?meta` wraps it.")))
        .property("data", bare.clone())
        .required("data")
        .property("meta", meta.description(Some("About the response; empty except for lists.")))
        .required("meta")
        .into()
}
