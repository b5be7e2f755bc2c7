//! JSON bodies with invalid fields.

use denizen_tests::{TestServer, Value, json};

use super::{Directory, Write};
use crate::guard_rails::takes_null;
use crate::support::{keys, text, with};

#[tokio::test]
async fn rejects_a_wrong_type() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        let mut all_wrong = json!({});
        for key in write.keys() {
            for value in wrong_types(&write.valid[&key]) {
                assert_eq!(write.refuses(&key, &value).await, "invalid_type", "{} {key}", write.name());
                all_wrong[&key] = value;
            }
        }
        let broken = write.send(all_wrong).await.broken_fields(write.broken.0, write.broken.1);
        assert_eq!(broken, keys(&write.valid), "{} names all of them at once", write.name());
        directory.is_unchanged(&write.name()).await;
    }
}

/// Values of every JSON type but that of the valid one; null stands for a text.
fn wrong_types(valid: &Value) -> Vec<Value> {
    let values = [json!(7), json!(1.5), json!(true), json!("text"), json!(["text"]), json!({})];
    let right = |value: &Value| match valid {
        Value::Bool(_) => value.is_boolean(),
        Value::Object(_) => value.is_object(),
        Value::Array(_) => value.is_array(),
        Value::Number(_) => value.is_u64(),
        _ => value.is_string(),
    };
    values.into_iter().filter(|value| !right(value)).collect()
}

/// The required keys of each write.
const REQUIRED: [&[&str]; 30] = [
    &["name"],
    &["channelId", "externalId", "externalUserGroupId", "identifier", "name", "tierId"],
    &["channelId", "externalId", "id", "identifier"],
    &[],
    &["description", "name", "prompt"],
    &[],
    &[],
    &[],
    &["password", "username"],
    &["firstname", "lastname", "username"],
    &[],
    &["firstname", "lastname", "username"],
    &[],
    &["name"],
    &[],
    &["name"],
    &[],
    &["name"],
    &["accountId"],
    &["token"],
    &[],
    &["externalId", "name", "tierId"],
    &[],
    &["description", "maxAssistantMessages", "name", "prompt"],
    &[],
    &["name"],
    &[],
    &["externalIds"],
    &["users"],
    &["value"],
];

#[tokio::test]
async fn reports_all_missing_keys() {
    let directory = Directory::new().await;
    for (write, required) in directory.writes().iter().zip(REQUIRED) {
        if required.is_empty() {
            continue;
        }
        let reply = write.send(json!({})).await;
        assert_eq!(reply.broken_fields(write.broken.0, write.broken.1), required, "{}", write.name());
        for key in required {
            let mut body = write.valid.clone();
            body.as_object_mut().unwrap().remove(*key);
            let details = write.send(body).await.error(write.broken.0, write.broken.1);
            let fields = details["fields"].as_array().unwrap();
            let only = (text(&fields[0], "field"), text(&fields[0], "reason"), fields.len());
            assert_eq!(only, ((*key).to_owned(), "required".to_owned(), 1), "{}", write.name());
        }
    }
    directory.is_unchanged("bodies with missing keys").await;
}

#[tokio::test]
async fn rejects_null_where_it_has_no_meaning() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    for (index, key) in [
        (0, "name"),
        (1, "channelId"),
        (1, "blocked"),
        (2, "channelId"),
        (3, "blocked"),
        (3, "channelId"),
        (3, "superIdentityId"),
        (4, "name"),
        (5, "name"),
        (5, "isRemoved"),
        (6, "external_id"),
        (7, "external_id"),
        (8, "username"),
        (8, "password"),
        (9, "username"),
        (9, "firstname"),
        (9, "lastname"),
        (9, "status"),
        (9, "roles"),
        (9, "permissions"),
        (9, "confirmed"),
        (10, "username"),
        (10, "roles"),
        (11, "lastname"),
        (12, "firstname"),
        (13, "name"),
        (13, "permissions"),
        (13, "isGlobal"),
        (14, "name"),
        (15, "name"),
        (15, "status"),
        (16, "confirmed"),
        (17, "name"),
        (18, "accountId"),
        (18, "customPermissions"),
        (19, "token"),
        (23, "name"),
        (23, "description"),
        (24, "name"),
        (24, "description"),
        (25, "name"),
        (26, "overlapSeconds"),
        (27, "externalIds"),
        (28, "users"),
    ] {
        writes[index].refuses(key, &Value::Null).await;
    }
    directory.is_unchanged("nulls").await;
}

#[tokio::test]
async fn documents_which_fields_accept_null() {
    let directory = Directory::new().await;
    let document = directory.server.anonymous().get("/openapi.json").await.json(200);
    // A look-up takes exactly one selector; the others may be null.
    let looks_up = |write: &Write| write.path.ends_with("/lookup");
    for write in directory.writes().into_iter().filter(|write| !looks_up(write)) {
        for key in write.keys() {
            let fields = fields_of(&document, schema_of_body(&document, &write));
            let mut named =
                fields.iter().filter(|(name, _)| **name == key).map(|(_, field)| takes_null(field));
            let takes_null = named.next().unwrap_or_else(|| panic!("{} has no {key}", write.name()));
            if named.any(|other| other != takes_null) {
                continue; // Two contracts share the path, and say different things of it.
            }
            let mut body = with(write.valid.clone(), json!({ key.as_str(): null }));
            body.as_object_mut().unwrap().retain(|name, _| *name == key || !TIED.contains(&&**name));
            let reply = write.send(body).await;
            let broken = reply.body["error"]["details"]["fields"].as_array().into_iter().flatten();
            let mut of_null = broken.filter(|broken| broken["field"] == key.as_str());
            assert_eq!(of_null.next().is_none(), takes_null, "{} {key} null:\n{reply}", write.name());
        }
    }
}

/// Fields that depend on another one.
const TIED: [&str; 4] = ["currentPassword", "displayName", "name", "password"];

/// The documented schema of a write's body. Each path is listed once, with or without its version.
fn schema_of_body<'a>(document: &'a Value, write: &Write) -> &'a Value {
    let is_place = |pattern: &str| pattern.starts_with('{');
    let matches = |pattern: &str, path: &str| {
        let (pattern, path) = (pattern.split('/'), path.split('/'));
        pattern.clone().count() == path.clone().count()
            && pattern.zip(path).all(|(pattern, part)| is_place(pattern) || pattern == part)
    };
    let unversioned = write.path.replacen("/v1/", "/", 1);
    let described = document["paths"].as_object().unwrap().iter();
    let mut paths: Vec<_> = described
        .filter(|(pattern, _)| matches(pattern, &write.path) || matches(pattern, &unversioned))
        .collect();
    paths.sort_by_key(|(pattern, _)| pattern.split('/').filter(|part| is_place(part)).count());
    &paths[0].1[write.method.to_lowercase()]["requestBody"]["content"]["application/json"]["schema"]
}

/// The fields of a schema, by their names.
fn fields_of<'a>(document: &'a Value, schema: &'a Value) -> Vec<(&'a String, &'a Value)> {
    if let Some(reference) = schema["$ref"].as_str() {
        return fields_of(document, document.pointer(&reference[1..]).unwrap());
    }
    let parts = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten();
    let of_parts = parts.flat_map(|part| fields_of(document, part));
    schema["properties"].as_object().into_iter().flatten().chain(of_parts).collect()
}

#[tokio::test]
async fn rejects_nul_in_every_field() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        for key in write.keys_with_a_rule() {
            match write.valid[&key].as_str() {
                Some(valid) => {
                    write.refuses(&key, &json!(format!("{valid}\0"))).await;
                }
                None if write.valid[&key].is_object() => {
                    for value in [json!({ "a": "\0" }), json!({ "\0": 1 }), json!({ "a": [{ "b": ["\0"] }] })]
                    {
                        assert_eq!(write.refuses(&key, &value).await, "invalid_characters");
                    }
                }
                None => {}
            }
        }
        directory.is_unchanged(&write.name()).await;
    }
}

#[tokio::test]
async fn rejects_long_text_in_every_field() {
    let directory = Directory::new().await;
    for write in directory.writes() {
        for key in write.keys_with_a_rule() {
            if !write.valid[&key].is_boolean() && !write.valid[&key].is_object() {
                write.refuses(&key, &json!("x".repeat(3_000))).await;
            }
        }
        directory.is_unchanged(&write.name()).await;
    }
}

/// The lengths of texts, in characters: write, key, shortest, longest.
const LENGTHS: [(usize, &str, usize, usize); 38] = [
    (0, "name", 1, 255),
    (1, "externalId", 3, 250),
    (1, "identifier", 1, 255),
    (1, "name", 3, 50),
    (1, "firstName", 1, 255),
    (1, "lastName", 1, 255),
    (2, "externalId", 1, 250),
    (2, "identifier", 1, 255),
    (3, "externalId", 3, 250),
    (3, "identifier", 1, 255),
    (3, "name", 3, 50),
    (3, "displayName", 1, 255),
    (4, "name", 3, 50),
    (4, "description", 3, 250),
    (4, "prompt", 3, 500),
    (5, "name", 3, 50),
    (5, "description", 3, 250),
    (5, "prompt", 3, 500),
    (6, "first_name", 1, 255),
    (6, "last_name", 1, 255),
    (10, "firstname", 1, 255),
    (10, "lastname", 1, 255),
    (12, "firstname", 1, 255),
    (13, "name", 1, 100),
    (14, "name", 1, 100),
    (15, "name", 1, 100),
    (16, "name", 1, 100),
    (21, "externalId", 3, 250),
    (21, "name", 3, 50),
    (22, "externalId", 3, 250),
    (22, "name", 3, 50),
    (23, "name", 3, 50),
    (23, "description", 3, 250),
    (23, "prompt", 3, 500),
    (24, "name", 3, 50),
    (24, "description", 3, 250),
    (24, "prompt", 3, 500),
    (25, "name", 1, 100),
];

#[tokio::test]
async fn counts_lengths_exactly_in_characters() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    for (index, key, shortest, longest) in LENGTHS {
        let write = &writes[index];
        let of_length = |length: usize| json!("ü".repeat(length));
        assert_eq!(write.refuses(key, &of_length(longest + 1)).await, "too_long", "{} {key}", write.name());
        assert_eq!(write.refuses(key, &of_length(shortest - 1)).await, "too_short", "{} {key}", write.name());
    }
    directory.is_unchanged("texts of wrong lengths").await;
}

#[tokio::test]
async fn accepts_the_shortest_and_longest_text() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    // Each row has its own letter, since names are unique.
    for (letter, (index, key, shortest, longest)) in ('\u{1F600}'..).zip(LENGTHS) {
        let write = &writes[index];
        for length in [shortest, longest] {
            let mut body = json!({});
            for required in REQUIRED[index] {
                let names_somebody = ["externalId", "identifier"].contains(required);
                body[required] = if names_somebody { Value::Null } else { write.valid[required].clone() };
            }
            body[key] = json!(String::from(letter).repeat(length));
            let reply = write.send(body).await;
            assert!((200..300).contains(&reply.status), "{} {key} of {length}:\n{reply}", write.name());
        }
    }
}

#[tokio::test]
async fn reports_all_malformed_values() {
    let directory = Directory::new().await;
    let malformed = |is_camel: bool| {
        let mut fields = json!({
            "email": "jane",
            "phone": "555-1234",
            "avatar": "ftp://example.com/jane.jpg",
            "locale": "en US",
            "timezone": "Mars/Olympus",
        });
        fields[if is_camel { "customFields" } else { "custom_fields" }] = nested(9);
        fields
    };
    for write in directory.writes() {
        let Some(is_camel) = write.valid.get("email").map(|_| write.valid.get("customFields").is_some())
        else {
            continue;
        };
        let malformed = malformed(is_camel);
        for (key, value) in malformed.as_object().unwrap() {
            let reason = if value.is_object() { "too_deep" } else { "invalid_format" };
            assert_eq!(write.refuses(key, value).await, reason, "{} {key}", write.name());
        }
        // Merged custom fields are checked last, when the rest of the body is valid.
        let mut texts = malformed.clone();
        texts.as_object_mut().unwrap().retain(|_, value| value.is_string());
        let reply = write.send_with(texts.clone()).await;
        assert_eq!(reply.broken_fields(write.broken.0, write.broken.1), keys(&texts), "{}", write.name());
        directory.is_unchanged(&write.name()).await;
    }
}

#[tokio::test]
async fn limits_custom_fields_to_8_levels_and_64_kib() {
    let server = TestServer::start().await;
    let put = async |fields: Value| {
        server.notiflows().put("/admin/users/new", json!({ "custom_fields": fields })).await
    };
    let refused = async |fields: Value| {
        let details = put(fields).await.error(422, "validation_failed");
        assert_eq!(details["fields"][0]["field"], "custom_fields", "{details:#}");
        text(&details["fields"][0], "reason")
    };
    let largest = 64 * 1024 - r#"{"a":""}"#.len();
    assert_eq!(refused(nested(9)).await, "too_deep");
    assert_eq!(refused(json!({ "a": "x".repeat(largest + 1) })).await, "too_large");
    server.notiflows().get("/admin/users/new").await.error(404, "not_found");

    assert_eq!(put(nested(8)).await.json(201)["custom_fields"], nested(8));
    assert_eq!(put(Value::Null).await.json(200)["custom_fields"], json!({}));
    put(json!({ "a": "x".repeat(largest) })).await.json(200);
    assert_eq!(refused(json!({ "b": 1 })).await, "too_large");
    assert_eq!(server.notiflows().get("/admin/users/new").await.json(200)["custom_fields"].get("b"), None);
}

/// This many nested objects.
fn nested(levels: usize) -> Value {
    (1..levels).fold(json!({}), |inner, _| json!({ "a": inner }))
}

#[tokio::test]
async fn reports_an_invalid_id() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    let user_id = text(&directory.user, "id");
    for (index, key) in [
        (1, "channelId"),
        (1, "externalUserGroupId"),
        (1, "tierId"),
        (2, "channelId"),
        (2, "id"),
        (3, "externalUserGroupId"),
        (3, "tierId"),
        (21, "tierId"),
        (22, "tierId"),
    ] {
        let write = &writes[index];
        for value in ["", "nope", "12345", &user_id[1..], &format!("{user_id}0"), &format!("{{{user_id}}}")] {
            assert_eq!(write.refuses(key, &json!(value)).await, "invalid_uuid", "{} {key}", write.name());
            let details = write.send_with(json!({ key: value })).await.error(400, "bad_request");
            assert_eq!(details["reason"], "invalid_uuid", "{} {key}: {details:#}", write.name());
            assert_eq!(details["param"], key, "{} {key}: {details:#}", write.name());
        }
    }
    let reply = writes[1].send_with(json!({ "channelId": "nope", "tierId": "nope", "name": "x" })).await;
    let details = reply.clone().error(400, "bad_request");
    assert_eq!(details["reason"], "invalid_param", "not only ids are broken: {details:#}");
    assert_eq!(reply.broken_fields(400, "bad_request"), ["channelId", "name", "tierId"]);
    directory.is_unchanged("ids that are none").await;
}

#[tokio::test]
async fn immutable_fields_do_not_change() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    let stranger = "7d444840-9dc0-41d1-b245-5ffdce74fad2";
    for (index, key, value, reason) in [
        (3, "channelId", json!(directory.channel_id), "immutable"),
        (3, "channelId", json!(stranger), "immutable"),
        (3, "superIdentityId", json!(stranger), "immutable"),
        (3, "displayName", json!("Somebody Else"), "mismatch"),
        (6, "external_id", json!("NEW"), "mismatch"),
        (7, "external_id", json!("another"), "mismatch"),
    ] {
        assert_eq!(writes[index].refuses(key, &value).await, reason, "{} {key}", writes[index].name());
    }
    directory.is_unchanged("changes of what cannot change").await;
}

#[tokio::test]
async fn zaia_answers_invalid_data_provided() {
    let directory = Directory::new().await;
    for write in directory.writes().iter().filter(|write| write.head.starts_with("authorization: sk_")) {
        let (key, value) = write.valid.as_object().unwrap().iter().next().unwrap();
        let of_another_type = json!({ key: wrong_types(value)[0] }).to_string();
        for body in ["{", &of_another_type] {
            let reply = write.send_bytes("application/json", body).await.is(400);
            assert_eq!(reply.body["message"], "Invalid data provided.", "{} with {body}", write.name());
        }
    }
}
