//! The served OpenAPI document, as the tests read it.

use denizen_tests::{Reply, TestServer, Value, json};
use serde_json::Map;

/// The methods that operations have.
const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// The document.
pub(super) struct Document(Value);

impl Document {
    /// What `/openapi.json` answers.
    pub(super) async fn served_by(server: &TestServer) -> Self {
        Self(server.anonymous().get("/openapi.json").await.json(200))
    }

    /// All operations, as `METHOD /path`.
    pub(super) fn operations(&self) -> Vec<(String, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        let operations = paths.iter().flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            let methods = item.iter().filter(|(method, _)| METHODS.contains(&method.as_str()));
            methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        });
        operations.collect()
    }

    /// The names of the operations that need a credential, sorted.
    pub(super) fn secured(&self) -> Vec<String> {
        self.named(true)
    }

    /// The names of the operations that need none, sorted.
    pub(super) fn open(&self) -> Vec<String> {
        self.named(false)
    }

    /// Asserts that the document describes this answer: its status and the fields of its body.
    pub(super) fn describes(&self, method: &str, path: &str, reply: &Reply) {
        let response = self.resolved(&self.operation(method, path)["responses"][reply.status.to_string()]);
        assert!(response.is_object(), "{method} {path} does not document this status\n{reply}");
        let schema = &response["content"]["application/json"]["schema"];
        let differences = self.differences(schema, &reply.body, "body");
        assert!(differences.is_empty(), "{method} {path}: {differences:#?} in\n{reply}");
    }

    /// Where the fields of a value differ from a schema.
    fn differences(&self, schema: &Value, value: &Value, place: &str) -> Vec<String> {
        let schema = self.resolved(schema);
        let forms = ["oneOf", "anyOf"].into_iter().find_map(|of| schema[of].as_array());
        if let Some(forms) = forms {
            let differences = forms.iter().map(|form| self.differences(form, value, place));
            return differences.min_by_key(Vec::len).unwrap_or_default();
        }
        match value {
            Value::Null if !takes_null(schema) => vec![format!("{place} is null")],
            Value::Array(items) => {
                items.iter().flat_map(|it| self.differences(&schema["items"], it, place)).collect()
            }
            Value::Object(fields) => self.differences_of_object(schema, fields, place),
            _ => Vec::new(),
        }
    }

    fn differences_of_object(&self, schema: &Value, fields: &Map<String, Value>, place: &str) -> Vec<String> {
        let parts = self.parts(schema);
        let known = |name: &str| parts.iter().find_map(|part| part["properties"].get(name));
        if parts.iter().all(|part| part["properties"].is_null()) {
            return Vec::new(); // Whatever fields it likes.
        }
        let unknown = fields.keys().filter(|name| known(name).is_none());
        let mut differences: Vec<_> = unknown.map(|name| format!("{place} has {name}")).collect();
        let required = parts.iter().filter_map(|part| part["required"].as_array()).flatten();
        let missing = required.filter(|name| !fields.contains_key(name.as_str().unwrap()));
        differences.extend(missing.map(|name| format!("{place} lacks {name}")));
        for (name, value) in fields {
            let schema = known(name).unwrap_or(&Value::Null);
            differences.extend(self.differences(schema, value, &format!("{place}.{name}")));
        }
        differences
    }

    /// The security schemes of an operation, which name no scopes: only OAuth has any there.
    pub(super) fn schemes(&self, method: &str, path: &str) -> Vec<&str> {
        let requirements = self.operation(method, path)["security"].as_array().unwrap();
        let schemes = requirements.iter().flat_map(|requirement| requirement.as_object().unwrap());
        let named = schemes.map(|(scheme, scopes)| {
            assert_eq!(*scopes, json!([]), "{method} {path} with {scheme}");
            scheme.as_str()
        });
        named.collect()
    }

    /// Demands that an operation names these scopes or permissions, for programs and for readers.
    pub(super) fn requires(&self, method: &str, path: &str, scopes: &[&str]) {
        let operation = self.operation(method, path);
        let expected = if scopes.is_empty() { Value::Null } else { json!(scopes) };
        assert_eq!(operation["x-required-scopes"], expected, "{method} {path}");
        for scope in scopes {
            let description = operation["description"].as_str().unwrap();
            assert!(description.contains(&format!("`{scope}`")), "{method} {path}: {description}");
        }
    }

    /// A parameter of an operation.
    pub(super) fn parameter(&self, method: &str, path: &str, name: &str) -> &Value {
        let parameters = self.operation(method, path)["parameters"].as_array().into_iter().flatten();
        let mut parameters = parameters.map(|parameter| self.resolved(parameter));
        let found = parameters.find(|parameter| parameter["name"] == name);
        found.unwrap_or_else(|| panic!("{method} {path} has no parameter {name}"))
    }

    /// The examples of an operation's body: one for each form that it may have.
    pub(super) fn body_examples(&self, method: &str, path: &str) -> Vec<Value> {
        let Some(body) = self.operation(method, path).get("requestBody") else { return Vec::new() };
        let media = &body["content"]["application/json"];
        let forms = self.resolved(&media["schema"])["anyOf"].as_array().map_or(1, Vec::len);
        let examples = media["examples"].as_object().into_iter().flat_map(Map::values);
        let examples: Vec<_> = examples.map(|example| self.resolved(example)["value"].clone()).collect();
        assert_eq!(examples.len(), forms, "{method} {path} shows an example of each form");
        examples
    }

    /// A value by its JSON pointer.
    pub(super) fn pointer(&self, pointer: &str) -> Option<&Value> {
        self.0.pointer(pointer)
    }

    /// Every reference in the document.
    pub(super) fn references(&self) -> Vec<&str> {
        let mut references = Vec::new();
        collect_references(&self.0, &mut references);
        references
    }

    /// An operation, by its path with or without the version: `/v1` is the same, and described once.
    fn operation(&self, method: &str, path: &str) -> &Value {
        let operation = &self.0["paths"][self.described(path)][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path} is not in the document");
        operation
    }

    /// A part of the document, with its reference resolved.
    pub(super) fn resolved<'a>(&'a self, part: &'a Value) -> &'a Value {
        match part["$ref"].as_str() {
            Some(reference) => self.pointer(reference.trim_start_matches('#')).unwrap(),
            None => part,
        }
    }

    /// A path as the document names it.
    pub(super) fn described(&self, path: &str) -> String {
        let unversioned = unversioned(path);
        if self.0["paths"][&unversioned].is_null() { path.to_owned() } else { unversioned }
    }

    /// A schema, and its parts.
    fn parts<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        let parts = schema["allOf"].as_array().into_iter().flatten();
        parts.flat_map(|part| self.parts(self.resolved(part))).chain([schema]).collect()
    }

    fn named(&self, is_secured: bool) -> Vec<String> {
        let has_security =
            |operation: &Value| operation["security"].as_array().is_some_and(|list| !list.is_empty());
        let operations = self.operations().into_iter();
        let wanted = operations.filter(|(_, operation)| has_security(operation) == is_secured);
        let mut names: Vec<_> = wanted.map(|(name, _)| name).collect();
        names.sort();
        names
    }
}

fn unversioned(path: &str) -> String {
    path.replacen("/v1/", "/", 1)
}

/// Whether something may be null.
pub(crate) fn takes_null(schema: &Value) -> bool {
    let is_null = |schema: &Value| {
        schema["type"] == "null"
            || schema["type"].as_array().is_some_and(|types| types.contains(&json!("null")))
    };
    let forms = ["anyOf", "oneOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten();
    // Without any of these, a schema takes every value.
    let rules = ["$ref", "allOf", "anyOf", "const", "enum", "oneOf", "type"];
    let takes_all = rules.into_iter().all(|rule| schema[rule].is_null());
    takes_all || is_null(schema) || forms.into_iter().any(is_null)
}

fn collect_references<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str));
            object.values().for_each(|value| collect_references(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, references)),
        _ => {}
    }
}
