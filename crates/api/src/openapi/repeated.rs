//! Schemas that others repeat: those of generic types hold a copy of the type that they are about.

use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{Components, Ref, RefOr, Schema};

/// Refers to schemas with a name instead of repeating them.
pub(super) fn refer(components: &mut Components) {
    let named: Vec<_> = components.schemas.iter().filter_map(|(name, schema)| named(name, schema)).collect();
    for schema in components.schemas.values_mut() {
        if let RefOr::T(Schema::Object(object)) = schema {
            object.properties.values_mut().for_each(|property| refer_part(property, &named));
        }
    }
}

/// A schema worth a reference: not a plain text or number.
fn named(name: &str, schema: &RefOr<Schema>) -> Option<(String, Schema)> {
    match schema {
        RefOr::T(Schema::Object(object)) if object.properties.is_empty() => None,
        RefOr::T(schema @ (Schema::Object(_) | Schema::OneOf(_) | Schema::AllOf(_))) => {
            Some((name.to_owned(), undescribed(schema)))
        }
        _ => None,
    }
}

fn refer_part(part: &mut RefOr<Schema>, named: &[(String, Schema)]) {
    let RefOr::T(schema) = part else { return };
    let plain = undescribed(schema);
    if let Some((name, _)) = named.iter().find(|(_, known)| *known == plain) {
        *part = Ref::from_schema_name(name).into();
    } else if let Schema::Array(array) = schema
        && let ArrayItems::RefOrSchema(items) = &mut array.items
    {
        refer_part(items, named);
    }
}

/// The same schema without its description, which the place where it is repeated may replace.
fn undescribed(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    match &mut schema {
        Schema::Object(object) => object.description = None,
        Schema::OneOf(one) => one.description = None,
        Schema::AllOf(all) => all.description = None,
        _ => {}
    }
    schema
}
