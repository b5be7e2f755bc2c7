//! Examples as components: request bodies and responses refer to the examples of their schemas.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use utoipa::openapi::example::Example;
use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{Components, Content, OpenApi, Ref, RefOr, Schema};

use super::parts::{inline, operations};

/// The schemas of the document, by name.
type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Moves examples from the schemas of request bodies and responses to the components, and refers to them.
pub(super) fn share(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let mut shown = BTreeMap::new();
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        let body = operation.request_body.as_mut().and_then(inline).map(|body| body.content.values_mut());
        let responses = operation.responses.responses.values_mut().filter_map(inline);
        let answers = responses.flat_map(|response| response.content.values_mut());
        for content in body.into_iter().flatten().chain(answers).filter_map(inline) {
            refer(content, components, &mut shown);
        }
    }
    for schema in shown.values() {
        if let Some(schema) = components.schemas.get_mut(schema) {
            take_sample(schema);
        }
    }
}

/// Refers to an example for each form of a body.
fn refer(content: &mut Content, components: &mut Components, shown: &mut BTreeMap<String, String>) {
    let Some(schema) = content.schema.as_ref().filter(|_| content.example.is_none()) else { return };
    for form in forms(schema, &components.schemas) {
        let Some(sample) = sample(components.schemas.get(&form.schema)) else { continue };
        let name = form.name();
        let reference = Ref::new(format!("#/components/examples/{name}"));
        content.examples.insert(name.clone(), RefOr::Ref(reference));
        let mut example = Example::new();
        example.value = Some(if form.is_list { json!([sample]) } else { sample });
        components.examples.insert(name.clone(), example.into());
        shown.insert(name, form.schema);
    }
}

/// A form of a body: one object of a schema, or a list of them.
pub(super) struct Form {
    schema: String,
    is_list: bool,
}

impl Form {
    /// What a schema without alternatives describes, where it has a name.
    pub(super) fn of(schema: &RefOr<Schema>) -> Option<Self> {
        match schema {
            RefOr::Ref(reference) => {
                let schema = reference.ref_location.rsplit('/').next()?.to_owned();
                Some(Self { schema, is_list: false })
            }
            RefOr::T(Schema::Array(array)) => match &array.items {
                ArrayItems::RefOrSchema(item) => Self::of(item).map(|item| Self { is_list: true, ..item }),
                ArrayItems::False => None,
            },
            RefOr::T(_) => None,
        }
    }

    /// The name of components: that of the schema, with `List` for a list.
    pub(super) fn name(&self) -> String {
        let suffix = if self.is_list { "List" } else { "" };
        format!("{}{suffix}", self.schema)
    }
}

fn forms(schema: &RefOr<Schema>, schemas: &Schemas) -> Vec<Form> {
    if let RefOr::T(Schema::AnyOf(any)) = schema {
        return any.items.iter().filter_map(Form::of).collect();
    }
    let Some(form) = Form::of(schema) else { return Vec::new() };
    match schemas.get(&form.schema) {
        Some(RefOr::T(Schema::AnyOf(any))) => any.items.iter().filter_map(Form::of).collect(),
        _ => vec![form],
    }
}

/// The example of a schema, or of one of its parts.
fn sample(schema: Option<&RefOr<Schema>>) -> Option<Value> {
    match schema? {
        RefOr::T(Schema::Object(object)) => object.example.clone(),
        RefOr::T(Schema::Array(array)) => array.example.clone(),
        RefOr::T(Schema::AllOf(all)) => {
            all.example.clone().or_else(|| all.items.iter().find_map(|part| sample(Some(part))))
        }
        _ => None,
    }
}

/// Removes what [`sample`] finds.
fn take_sample(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => object.example = None,
        RefOr::T(Schema::Array(array)) => array.example = None,
        RefOr::T(Schema::AllOf(all)) => {
            all.example = None;
            all.items.iter_mut().for_each(take_sample);
        }
        _ => {}
    }
}
