//! Which fields a body may have. Finds those that an operation does not know, so that nothing is dropped in silence.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use denizen_domain::{Json, Reason, Violation, Violations};
use utoipa::ToSchema;
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems};
use utoipa::openapi::{RefOr, Schema};

use super::spelling;

/// A body with fixed fields. Its schema, which the OpenAPI document shows, lists them.
pub(crate) trait Body: 'static {
    /// The object that it creates or changes, as responses show it; `()` if there is none. Its other keys are read-only:
    /// they may be sent back, and are ignored.
    type Record: ToSchema + 'static;

    /// A field whose entries are bodies of their own, which the handler checks one by one.
    const ENTRIES: Option<&'static str> = None;

    /// Why a field [elsewhere](Self::elsewhere) is none of this body. Reads as a sentence after its name.
    const ELSEWHERE: &'static str = "is a field of another operation, not of this one";

    /// The fields that another operation takes for the record: these are not read-only.
    fn elsewhere() -> Fields {
        Fields::default()
    }
}

/// Maximum unknown fields that are reported.
const MAXIMUM_UNKNOWN: usize = 100;

/// How much of an unknown field's name is shown, in characters.
const MAXIMUM_NAME: usize = 100;

/// How many levels JSON within a field has at most; deeper fields are refused by their own rules.
const MAXIMUM_LEVELS_OF_JSON: usize = 64;

/// How many levels of a schema are read, references included.
const MAXIMUM_LEVELS: usize = 12;

/// Returns a violation for each field of a body that is none of `T`, with the nearest name. The values are JSON.
pub(crate) fn unknown_in<'body, T: Body + ToSchema>(
    members: impl Iterator<Item = (&'body str, &'body str)>,
) -> Violations {
    let known = Known::of::<T>();
    let mut search = Search { known: &known, violations: Violations::new() };
    for (name, value) in members {
        if let Some(fields) = search.member(&known.fields, &known.record, "", name)
            && !fields.0.takes_anything()
            && let Ok(value) = Json::parse(value, MAXIMUM_LEVELS_OF_JSON)
        {
            search.value(fields, name, &value);
        }
    }
    search.violations
}

/// Like [`unknown_in`], for a body of any shape.
pub(crate) fn unknown_in_json<T: Body + ToSchema>(body: &Json) -> Violations {
    let known = Known::of::<T>();
    let mut search = Search { known: &known, violations: Violations::new() };
    search.value((&known.fields, &known.record), "", body);
    search.violations
}

/// Returns a violation for each name that is neither known nor a key of the record `T`.
pub(crate) fn unknown_names<'body, T: Body>(
    names: impl Iterator<Item = &'body str>,
    known: &[&str],
) -> Violations {
    let of_body = Known::remembered::<T>(Fields::default);
    let mut violations = Violations::new();
    let unknown = names.filter(|name| !known.contains(name) && !of_body.is_read_only(name));
    for name in unknown.take(MAXIMUM_UNKNOWN) {
        violations.add(&shortened(name), of_body.violation("", name, known));
    }
    violations
}

/// What a schema says about the fields of objects and the entries of arrays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields {
    /// The fields of an object; `None` if it may have any, or if no object is expected.
    members: Option<BTreeMap<String, Self>>,
    /// What the entries of an array may have; `None` if anything.
    entries: Option<Box<Self>>,
}

impl Fields {
    /// Returns the fields of a type.
    pub(crate) fn of<T: ToSchema>() -> Self {
        let mut components = Vec::new();
        T::schemas(&mut components);
        Self::of_schema(&T::schema(), &components.into_iter().collect(), MAXIMUM_LEVELS)
    }

    fn of_schema(schema: &RefOr<Schema>, components: &HashMap<String, RefOr<Schema>>, levels: usize) -> Self {
        let Some(below) = levels.checked_sub(1) else { return Self::default() };
        let inner = |schema: &RefOr<Schema>| Self::of_schema(schema, components, below);
        match schema {
            RefOr::Ref(reference) => {
                let name = reference.ref_location.rsplit('/').next().unwrap_or_default();
                components.get(name).map(inner).unwrap_or_default()
            }
            RefOr::T(Schema::Object(object)) => {
                let forbids_others = |others: &AdditionalProperties<Schema>| {
                    matches!(others, AdditionalProperties::FreeForm(false))
                };
                let is_fixed = object.additional_properties.as_deref().is_none_or(forbids_others);
                let members = object.properties.iter().map(|(name, schema)| (name.clone(), inner(schema)));
                let members = Some(members.collect::<BTreeMap<_, _>>());
                Self { members: members.filter(|it| is_fixed && !it.is_empty()), entries: None }
            }
            RefOr::T(Schema::Array(array)) => match &array.items {
                ArrayItems::RefOrSchema(items) => {
                    Self { members: None, entries: Some(Box::new(inner(items))) }
                }
                ArrayItems::False => Self::default(),
            },
            RefOr::T(Schema::OneOf(forms)) => forms.items.iter().map(inner).collect(),
            RefOr::T(Schema::AnyOf(forms)) => forms.items.iter().map(inner).collect(),
            RefOr::T(Schema::AllOf(parts)) => parts.items.iter().map(inner).collect(),
            // The enumeration is open: a schema of another kind says nothing about fields.
            RefOr::T(_) => Self::default(),
        }
    }

    fn takes_anything(&self) -> bool {
        self.members.is_none() && self.entries.is_none()
    }

    fn member(&self, name: &str) -> Option<&Self> {
        self.members.as_ref()?.get(name)
    }

    fn names(&self) -> Vec<&str> {
        self.members.iter().flatten().map(|(name, _)| name.as_str()).collect()
    }
}

/// Joins the parts or the forms of a value.
impl FromIterator<Self> for Fields {
    fn from_iter<I: IntoIterator<Item = Self>>(parts: I) -> Self {
        let mut joined = Self::default();
        for Self { members, entries } in parts {
            if let Some(members) = members {
                joined.members.get_or_insert_default().extend(members);
            }
            joined.entries = entries.or(joined.entries);
        }
        joined
    }
}

/// What is known of a body.
struct Known {
    fields: Fields,
    record: Fields,
    elsewhere: Fields,
    why_elsewhere: &'static str,
}

/// The bodies that were asked for. Schemas are too large to be built for each request.
static KNOWN: LazyLock<RwLock<HashMap<TypeId, Arc<Known>>>> = LazyLock::new(RwLock::default);

impl Known {
    fn of<T: Body + ToSchema>() -> Arc<Self> {
        Self::remembered::<T>(Fields::of::<T>)
    }

    fn remembered<T: Body>(fields: impl FnOnce() -> Fields) -> Arc<Self> {
        let key = TypeId::of::<T>();
        if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(known);
        }
        let mut fields = fields();
        let entries = T::ENTRIES.and_then(|name| fields.members.as_mut()?.get_mut(name));
        if let Some(entries) = entries {
            *entries = Fields::default();
        }
        let (record, elsewhere) = (Fields::of::<T::Record>(), T::elsewhere());
        let known = Arc::new(Self { fields, record, elsewhere, why_elsewhere: T::ELSEWHERE });
        KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&known));
        known
    }

    fn is_read_only(&self, name: &str) -> bool {
        self.record.member(name).is_some() && self.elsewhere.member(name).is_none()
    }

    /// Words the violation of a field that is unknown in the body, or in an object at this place in it.
    fn violation(&self, place: &str, name: &str, known: &[&str]) -> Violation {
        if place.is_empty() && self.elsewhere.member(name).is_some() {
            return Violation::new(Reason::UnknownField, self.why_elsewhere);
        }
        let whole = if place.is_empty() { "operation" } else { "object" };
        let hint = spelling::nearest(name, known);
        let hint = hint.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default();
        Violation::new(Reason::UnknownField, format!("is not a field of this {whole}{hint}"))
    }
}

/// A search for unknown fields.
struct Search<'known> {
    known: &'known Known,
    violations: Violations,
}

/// The fields of an object, and those of its record.
type Both<'known> = (&'known Fields, &'known Fields);

/// What the record says about a value that it does not have.
static NOTHING: Fields = Fields { members: None, entries: None };

impl<'known> Search<'known> {
    /// Records a violation for each unknown field of a value.
    fn value(&mut self, (fields, record): Both<'known>, place: &str, value: &Json) {
        match value {
            Json::Object(members) if fields.members.is_some() => {
                for (name, value) in members {
                    if let Some(inner) = self.member(fields, record, place, name) {
                        self.value(inner, &place_of(place, name), value);
                    }
                }
            }
            Json::Array(items) => {
                let Some(entries) = &fields.entries else { return };
                // The entries of a body that is an array are of the same kind as a body that is an object.
                let of_entries = if place.is_empty() { record } else { &NOTHING };
                let record = record.entries.as_deref().unwrap_or(of_entries);
                for (index, item) in items.iter().enumerate() {
                    self.value((entries, record), &format!("{place}[{index}]"), item);
                }
            }
            _ => {}
        }
    }

    /// Returns the fields of a member. Records a violation if it is unknown.
    fn member(
        &mut self,
        fields: &'known Fields,
        record: &'known Fields,
        place: &str,
        name: &str,
    ) -> Option<Both<'known>> {
        let in_record = record.member(name);
        if let Some(known) = fields.member(name) {
            return Some((known, in_record.unwrap_or(&NOTHING)));
        }
        let is_read_only = in_record.is_some() && (!place.is_empty() || self.known.is_read_only(name));
        if !is_read_only && self.violations.fields().len() < MAXIMUM_UNKNOWN {
            let violation = self.known.violation(place, name, &fields.names());
            self.violations.add(&place_of(place, &shortened(name)), violation);
        }
        None
    }
}

fn place_of(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(MAXIMUM_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use denizen_domain::json_members;
    use serde_json::json;

    use super::*;

    /// A body with a part of its own, an object with fixed fields, an array of such objects, and free fields.
    #[derive(ToSchema)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Change {
        first_name: String,
        blocked: Option<Flagged>,
        owners: Vec<Owner>,
        users: Vec<Owner>,
        custom_fields: HashMap<String, serde_json::Value>,
        #[serde(flatten)]
        part: Part,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Part {
        email: String,
    }

    #[derive(ToSchema)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its schema matters")]
    enum Flagged {
        Flag(bool),
        Story { reason: String },
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Owner {
        id: String,
    }

    #[derive(ToSchema)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Shown {
        created_at: String,
        state: String,
        owners: Vec<ShownOwner>,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct ShownOwner {
        since: String,
    }

    #[derive(ToSchema)]
    #[expect(dead_code, reason = "only its schema matters")]
    struct Other {
        state: String,
    }

    impl Body for Change {
        type Record = Shown;

        const ENTRIES: Option<&'static str> = Some("users");

        fn elsewhere() -> Fields {
            Fields::of::<Other>()
        }
    }

    /// Returns the unknown fields and what is said about them.
    fn unknown(body: &serde_json::Value) -> Vec<(String, String)> {
        let text = body.to_string();
        let members = json_members(&text).unwrap();
        let found = unknown_in::<Change>(members.iter().map(|(name, value)| (name.as_str(), value.get())));
        let also = unknown_in_json::<Change>(&Json::from(body.clone()));
        assert_eq!(found, also);
        found.fields().iter().map(|field| (field.field.clone(), field.message.clone())).collect()
    }

    #[test]
    fn knows_the_fields_of_all_parts_and_the_keys_of_the_record() {
        let sound = json!({
            "firstName": "Ada", "email": 7, "createdAt": "now", "blocked": { "reason": "spam" },
            "owners": [{ "id": "1", "since": "then" }], "users": [{ "anything": 1 }], "customFields": { "any": { "thing": 1 } },
        });
        assert_eq!(unknown(&sound), []);
        assert_eq!(unknown(&json!({ "blocked": true, "owners": "nobody" })), []);
    }

    #[test]
    fn names_every_unknown_field_with_the_nearest() {
        let body = json!({
            "first_name": "Ada", "emial": "ada@example.com", "unheardOf": 1, "state": "new",
            "blocked": { "raeson": "spam" }, "owners": [{}, { "ids": [] }],
        });
        let mut found = unknown(&body);
        found.sort();
        let expected = [
            ("blocked.raeson", "is not a field of this object; did you mean reason?"),
            ("emial", "is not a field of this operation; did you mean email?"),
            ("first_name", "is not a field of this operation; did you mean firstName?"),
            ("owners[1].ids", "is not a field of this object; did you mean id?"),
            ("state", "is a field of another operation, not of this one"),
            ("unheardOf", "is not a field of this operation"),
        ];
        assert_eq!(found, expected.map(|(field, message)| (field.to_owned(), message.to_owned())));
    }

    #[test]
    fn reports_a_bounded_number_of_short_names() {
        let many = (0..500).map(|number| (format!("{number}{}", "x".repeat(500)), json!(1)));
        let found = unknown(&serde_json::Value::Object(many.collect()));
        assert_eq!(found.len(), MAXIMUM_UNKNOWN);
        assert!(found.iter().all(|(name, _)| name.chars().count() == MAXIMUM_NAME + 1));
    }
}
