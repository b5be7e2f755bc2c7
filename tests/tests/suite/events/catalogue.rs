//! `/docs/events`: the types of events.

use std::collections::BTreeSet;

use denizen_tests::{Client, TestServer, Value, json};

use super::{PATH, after, follower};
use crate::connected_accounts::live_and_expire;
use crate::people::People;
use crate::support::{assert_time, create, create_channel, create_endpoint, each, keys, path_of, text, with};
use crate::tiers::create_tier;

const CATALOGUE: &str = "/docs/events";

/// What Firefox sends.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// The entries of the catalogue.
async fn entries(server: &TestServer) -> Vec<Value> {
    let catalogue = server.anonymous().get(CATALOGUE).await.json(200);
    assert_eq!(keys(&catalogue), ["types"]);
    catalogue["types"].as_array().unwrap().clone()
}

#[tokio::test]
async fn describes_every_type() {
    let server = TestServer::start().await;
    let follower = follower(&server).await;
    let entries = entries(&server).await;
    let types = each(&entries, "type");
    assert_eq!(types.iter().collect::<BTreeSet<_>>().len(), types.len(), "{types:?}");
    for entry in &entries {
        let kind = text(entry, "type");
        assert_eq!(keys(entry), ["description", "example", "schema", "type"], "{kind}");
        let description = text(entry, "description");
        assert!(description.ends_with('.') && description.contains(' '), "{description}");
        assert_eq!(entry["schema"]["$schema"], "https://json-schema.org/draft/2020-12/schema", "{kind}");
        assert_eq!(entry["example"]["type"], *kind);
        assert_eq!(problem(&entry["schema"], &entry["example"], "event"), None, "the example of {kind}");
        follower.get(&format!("{PATH}?types={kind}")).await.is(200);
    }
    let objects: BTreeSet<_> = types.iter().map(|kind| kind.split('.').next().unwrap()).collect();
    for object in objects {
        follower.get(&format!("{PATH}?types={object}.*")).await.is(200);
    }
}

#[tokio::test]
async fn shows_the_fields_of_an_object() {
    let server = TestServer::start().await;
    let entries = entries(&server).await;
    let of = |kind: &str| entries.iter().find(|entry| entry["type"] == kind).unwrap();

    let fields = &of("group.updated")["schema"]["properties"];
    let id = json!({ "type": "string", "format": "uuid" });
    let nullable_text = json!({ "type": ["string", "null"] });
    let nullable_id = json!({ "type": ["string", "null"], "format": "uuid" });
    let time = json!({ "type": "string", "format": "date-time" });
    let data = json!({
        "type": "object",
        "required": ["id", "createdAt", "updatedAt", "externalId", "name", "tierId"],
        "properties": {
            "id": id, "createdAt": time, "updatedAt": time, "externalId": nullable_text, "name": nullable_text,
            "tierId": nullable_id,
        },
    });
    assert_eq!(fields["data"], data);
    let previous = json!({
        "type": "object",
        "properties": { "externalId": nullable_text, "name": nullable_text, "tierId": nullable_id },
    });
    assert_eq!(fields["previous"], previous);
    assert_eq!(fields["type"], json!({ "const": "group.updated" }));
    assert_eq!(fields["requestId"], nullable_text, "clients choose it");
    let actor = json!({
        "type": "object", "required": ["type", "id"],
        "properties": { "type": { "type": "string" }, "id": nullable_id },
    });
    assert_eq!(fields["actor"], actor);

    let user = &of("external_user.updated")["schema"]["properties"]["data"]["anyOf"];
    assert_eq!(user[0]["properties"]["customFields"], json!({ "type": "object" }), "any fields");
    assert_eq!(user[0]["properties"]["blocked"], json!({ "type": "boolean" }));
    assert_eq!(keys(&user[1]["properties"]), ["id"], "what erasing leaves");
    let erased = of("external_user.erased");
    assert_eq!((keys(&erased["example"]["data"]), &erased["example"]["previous"]), (vec!["id"], &json!({})));
    assert_eq!(of("external_user.updated")["example"]["previous"]["displayName"], "Jane Doe");
    let blocked = json!({ "blocked": false, "blockedReason": null, "blockedUntil": null });
    assert_eq!(of("external_user.blocked")["example"]["previous"], blocked);
}

/// Makes each type of event happen.
#[tokio::test]
async fn every_type_happens_and_fits_its_schema() {
    let people = People::on(TestServer::with(&["--authentication-events"]).await).await;
    let server = &people.server;
    live_as_external_users(server).await;
    change_settings(server).await;
    change_keys(server).await;
    change_webhooks(server).await;
    change_accounts(&people).await;
    change_flows(&people).await;
    change_workflows(&people).await;
    live_and_expire(server).await;

    let entries = entries(server).await;
    let events = after(&follower(server).await, 0, "").await;
    for event in &events {
        let entry = entries.iter().find(|entry| entry["type"] == event["type"]);
        let schema = &entry.unwrap_or_else(|| panic!("{} is in no catalogue", event["type"]))["schema"];
        assert_eq!(problem(schema, event, "event"), None, "{event:#}");
    }
    let happened: BTreeSet<_> = each(&events, "type").into_iter().collect();
    let known: BTreeSet<_> = each(&entries, "type").into_iter().collect();
    let missing: Vec<_> = known.difference(&happened).collect();
    assert!(missing.is_empty(), "{missing:?} did not happen");
}

async fn live_as_external_users(server: &TestServer) {
    let zaia = server.zaia();
    for is_erased in [false, true] {
        let user = json!({ "externalId": format!("user {is_erased}"), "name": "Jane" });
        let user = create(server, user).await;
        let path = path_of(&user);
        zaia.patch(&path, json!({ "customFields": { "plan": "free" }, "locale": "en-US" })).await.is(200);
        let block = json!({ "reason": "Unpaid invoices", "until": "2124-01-20T14:45:00Z" });
        zaia.patch(&path, json!({ "blocked": block })).await.is(200);
        zaia.patch(&path, json!({ "blocked": false })).await.is(200);
        let claim = json!({
            "channelId": server.workspace.channel_id, "id": null, "externalId": user["externalId"], "identifier": null,
        });
        zaia.post("/api/v1/external-users/authenticate", claim).await.is(200);
        zaia.delete(&path).await.is(204);
        zaia.send("POST", &format!("{path}/restore"), None).await.is(200);
        if is_erased {
            zaia.send("POST", &format!("{path}/erase"), None).await.is(200);
        }
    }
}

async fn change_settings(server: &TestServer) {
    let zaia = server.zaia();
    let tier = create_tier(server, "gold").await;
    let group = json!({ "externalId": "acme", "name": "Acme", "tierId": tier });
    let group = text(&zaia.post("/api/v1/external-user-groups", group).await.json(200), "id");
    let channel = create_channel(server, "web").await;
    for path in [
        format!("/api/v1/external-user-groups/{group}"),
        format!("/api/v1/tiers/{tier}"),
        format!("/api/v1/channels/{channel}"),
    ] {
        zaia.patch(&path, json!({ "name": "Another" })).await.is(200);
        zaia.delete(&path).await.is(200);
    }
}

async fn change_keys(server: &TestServer) {
    let zaia = server.zaia().with_key(&server.new_key(&["api_keys:manage"]).await);
    let key = json!({ "name": "ci", "scopes": ["api_keys:manage"] });
    let key = zaia.post("/api/v1/api-keys", key).await.json(200);
    let path = format!("/api/v1/api-keys/{}", text(&key, "id"));
    zaia.post(&format!("{path}/rotate"), json!({})).await.is(200);
    zaia.delete(&path).await.is(200);
}

async fn change_workflows(people: &People) {
    let client = people.server.as_administrator().await;
    let graph = json!({ "nodes": [{ "id": "note", "componentId": "data", "function": "map" }] });
    for things in ["flows", "templates"] {
        let body = json!({ "name": "Note", "graph": graph });
        let made = client.post(&format!("/api/{things}"), body).await.json(201);
        let path = format!("/api/{things}/{}", text(&made["data"], "id"));
        client.patch(&path, json!({ "description": "Takes a note" })).await.is(200);
        client.delete(&path).await.is(200);
    }
}

async fn change_webhooks(server: &TestServer) {
    let zaia = server.zaia().with_key(&server.new_key(&["webhooks:manage"]).await);
    let path = format!("/api/v1/webhook-endpoints/{}", create_endpoint(server).await);
    zaia.patch(&path, json!({ "types": ["external_user.*"], "description": "Mails" })).await.is(200);
    zaia.post(&format!("{path}/rotate-secret"), json!({})).await.is(200);
    zaia.patch(&path, json!({ "disabled": true })).await.is(200);
    zaia.delete(&path).await.is(200);
}

async fn change_accounts(people: &People) {
    let (root, workspace) = (&people.administrator, &people.server.workspace);
    let tenant = format!("/api/tenants/{}", workspace.id);
    root.patch(&tenant, json!({ "name": "Renamed" })).await.is(200);
    root.post(&format!("{tenant}/key"), json!({ "value": "whatever it is" })).await.is(200);
    root.delete(&format!("{tenant}/key")).await.is(200);

    let chief = people.tenant_admin("chief@example.com", &workspace.id).await;
    let role = json!({ "name": "Support", "permissions": ["tenant.profile.read"] });
    let role = text(&chief.client.post("/api/roles", role).await.json(200), "id");
    let role_path = format!("/api/roles/{role}");
    chief.client.patch(&role_path, json!({ "description": "Answers questions" })).await.is(200);

    let jane = people.member("jane@example.com", workspace, true).await;
    people.change(&jane.id, json!({ "roles": [role], "phone": "+15551234567" })).await;
    let token = jane.client.post("/api/tokens/personal", json!({ "expiresIn": "1h" })).await.json(200);
    root.delete(&format!("/api/tokens/{}", text(&token, "id"))).await.is(200);
    root.delete(&jane.path()).await.is(200);
    chief.client.delete(&role_path).await.is(200);
}

async fn change_flows(people: &People) {
    let server = &people.server;
    let boss = people.member("boss@example.com", &server.workspace, true).await;
    let flow = server.new_flow(&server.workspace, "Support", "invitation").await;
    boss.client.put(&flow.path(), json!({ "description": "Questions of customers" })).await.is(200);
    let invitations = format!("{}/invitations", flow.path());
    let invite = async |email: &str| {
        boss.client.post(&invitations, json!({ "email": email })).await.json(201)["id"].clone()
    };
    let withdrawn = invite("nobody@example.com").await;
    boss.client.delete(&format!("{invitations}/{withdrawn}")).await.is(204);
    invite("joe@example.com").await;
    let joe = people.member("joe@example.com", &server.workspace, false).await;
    server.add_to_flow("joe@example.com", &flow).await;
    joe.client.put(&flow.path(), json!({ "open": false })).await.is(200);
    let remove = ["flows", "remove", "joe@example.com", "--workspace", &flow.workspace, "--flow", &flow.slug];
    server.operator_text(&remove).await;
}

/// Says where a value does not fit a schema. Knows what the catalogue uses of JSON Schema, and no fields but those that the
/// schema names.
fn problem(schema: &Value, value: &Value, at: &str) -> Option<String> {
    if let Some(schemas) = schema["anyOf"].as_array() {
        let problems: Option<Vec<_>> = schemas.iter().map(|schema| problem(schema, value, at)).collect();
        return problems.map(|problems| problems.join("; "));
    }
    if let Some(expected) = schema.get("const") {
        return (expected != value).then(|| format!("{at} is {value}, not {expected}"));
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let is_allowed = match &schema["type"] {
        Value::Array(kinds) => kinds.contains(&json!(kind)),
        one => one == kind,
    };
    if !is_allowed {
        return Some(format!("{at} is {value}, not of the type {}", schema["type"]));
    }
    match value {
        Value::String(text) => {
            problem_of_format(&schema["format"], text).map(|problem| format!("{at} {problem}"))
        }
        Value::Array(items) => {
            items.iter().find_map(|item| problem(&schema["items"], item, &format!("an item of {at}")))
        }
        Value::Object(_) => problem_of_object(schema, value, at),
        _ => None,
    }
}

fn problem_of_format(format: &Value, text: &str) -> Option<String> {
    match format.as_str() {
        None => None,
        Some("date-time") => {
            assert_time(&json!(text));
            None
        }
        Some("uuid") => {
            let lengths: Vec<_> = text.split('-').map(str::len).collect();
            (lengths != [8, 4, 4, 4, 12]).then(|| format!("is {text}, no UUID"))
        }
        Some(other) => Some(format!("has the unknown format {other}")),
    }
}

fn problem_of_object(schema: &Value, value: &Value, at: &str) -> Option<String> {
    let fields = value.as_object().unwrap();
    if let Some(maximum) = schema["maxProperties"].as_u64()
        && fields.len() as u64 > maximum
    {
        return Some(format!("{at} has the fields {:?}", keys(value)));
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(missing) = required.into_iter().find(|name| !fields.contains_key(*name)) {
        return Some(format!("{at} lacks {missing}"));
    }
    let properties = schema["properties"].as_object()?;
    fields.iter().find_map(|(name, value)| match properties.get(name) {
        Some(schema) => problem(schema, value, &format!("{name} of {at}")),
        None => Some(format!("{at} has the unknown field {name}")),
    })
}

#[test]
fn the_checker_finds_what_does_not_fit() {
    let schema = json!({
        "type": "object", "required": ["id"],
        "properties": {
            "id": { "type": "string", "format": "uuid" }, "count": { "type": ["integer", "null"] },
            "tags": { "type": "array", "items": { "type": "string" } }, "none": { "type": "object", "maxProperties": 0 },
            "kind": { "const": "a" }, "either": { "anyOf": [{ "type": "string" }, { "type": "boolean" }] },
        },
    });
    let id = json!({ "id": "5b0f6f3c-7f0e-4a55-8a6c-3f1f2f9f1c11" });
    for (fields, fits) in [
        (json!({}), true),
        (json!({ "count": null, "tags": [], "none": {}, "kind": "a", "either": true }), true),
        (json!({ "id": "7" }), false),
        (json!({ "count": "7" }), false),
        (json!({ "tags": [7] }), false),
        (json!({ "none": { "a": 1 } }), false),
        (json!({ "kind": "b" }), false),
        (json!({ "either": 7 }), false),
        (json!({ "other": 7 }), false),
    ] {
        let value = with(id.clone(), fields);
        assert_eq!(problem(&schema, &value, "it").is_none(), fits, "{value}");
    }
    assert!(problem(&schema, &json!({}), "it").is_some());
}

#[tokio::test]
async fn browsers_get_a_page_and_programs_get_json() {
    let server = TestServer::start().await;
    let entries = entries(&server).await;
    let page = server.anonymous().with("accept", BROWSER).get(CATALOGUE).await.is(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("http"), "{policy}");
    for loaded in ["<script", "src=", "<link", "@import", "url("] {
        assert!(!page.text.contains(loaded), "{loaded}");
    }
    for kind in each(&entries, "type") {
        assert!(page.text.contains(&format!("<a href=\"#{kind}\">")), "no link to {kind}");
        assert!(page.text.contains(&format!("id=\"{kind}\"")), "no section of {kind}");
    }
    assert_eq!(page.text.matches("href=\"").count(), entries.len(), "all links stay on the page");
    assert!(page.text.contains("<td><code>customFields</code><td>object"), "{}", page.text);
    assert!(page.text.contains("<td><code>blockedUntil</code><td>date-time or null"), "{}", page.text);

    let clients = [server.anonymous(), server.zaia(), server.anonymous().with("accept", "application/json")];
    let mut bodies: Vec<String> = Vec::new();
    for client in clients {
        let reply = client.get(CATALOGUE).await.is(200);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert!(reply.headers.get_all("vary").iter().any(|vary| vary == "accept"), "caches distinguish them");
        bodies.push(reply.text);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "the same for everybody");
    assert!(bodies[0].len() < 300_000, "{} bytes", bodies[0].len());
}

#[tokio::test]
async fn is_a_document_like_others() {
    let server = TestServer::start().await;
    let anonymous = server.anonymous();
    for client in [anonymous.clone(), anonymous.with("accept", BROWSER)] {
        let (get, head) = (client.get(CATALOGUE).await, client.send("HEAD", CATALOGUE, None).await.is(200));
        assert_eq!((head.text.as_str(), head.header("content-type")), ("", get.header("content-type")));
        assert_eq!(client.get("/docs/events/").await.is(200).text, get.text);
    }
    for (method, body) in [("POST", Some(json!({}))), ("DELETE", None), ("PUT", Some(Value::Null))] {
        anonymous.send(method, CATALOGUE, body).await.error(405, "method_not_allowed");
    }
    let packed: Client = anonymous.with("accept-encoding", "gzip");
    assert_eq!(packed.get(CATALOGUE).await.is(200).header("content-encoding"), Some("gzip"));
    anonymous.get("/docs/events/external_user.created").await.error(404, "not_found");
}
