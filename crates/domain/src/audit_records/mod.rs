//! The fields that the audit log records of each object, and that events show. Each implementation destructures its object
//! whole: a new field does not compile until it is recorded or left out on purpose.

/// Creates a JSON object of fields. These values always serialize.
macro_rules! record {
    ($($name:literal: $value:expr),+ $(,)?) => {
        $crate::primitives::JsonObject::from_iter([
            $(($name.to_owned(), $crate::primitives::Json::of(&$value).unwrap_or_default())),+
        ])
    };
}

mod connections;
mod directory;
mod people;
#[cfg(feature = "workflows")]
mod workflows;

/// Returns the text of an optional field.
fn text(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}
