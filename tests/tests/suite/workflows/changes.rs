//! Creating, reading, changing and deleting flows.

use denizen_tests::{Value, json};

use super::{FLOWS, NOBODY, acme, create_flow, get_flow, graph, new_flow, path_of};
use crate::people::People;
use crate::support::{assert_time, assert_uuid, keys, with};

#[tokio::test]
async fn a_new_flow_is_shown_whole() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let reply = manager.client.post(FLOWS, json!({ "name": "Greet", "graph": graph() })).await.json(201);
    assert_eq!(keys(&reply), ["data", "meta"]);
    assert_eq!(reply["meta"], json!({}));
    let flow = &reply["data"];
    for key in ["id", "_id"] {
        assert_uuid(&flow[key]);
    }
    for key in ["createdAt", "updatedAt"] {
        assert_time(&flow[key]);
    }
    let expected = json!({
        "id": flow["id"],
        "_id": flow["id"],
        "name": "Greet",
        "description": "",
        "type": "ordinary",
        "status": "inactive",
        "graph": graph(),
        "cron": null,
        "trigger": { "type": "webhook" },
        "owners": [{ "id": manager.id, "type": "user" }, { "id": tenant, "type": "tenant" }],
        "tenant": tenant,
        "fromTemplate": null,
        "flowSettings": {
            "concurrency": 10,
            "orderBy": null,
            "webhooks": { "requireWebhookAuth": false, "hmacHeaderKey": "x-hmac", "hasHmacAuthSecret": false },
        },
        "nextRunAt": null,
        "createdAt": flow["createdAt"],
        "updatedAt": flow["createdAt"],
    });
    assert_eq!(*flow, expected);
    assert_eq!(get_flow(&manager.client, flow).await, expected);
    let versioned = format!("/api/v1/flows/{}?meta", flow["id"].as_str().unwrap());
    assert_eq!(manager.client.get(&versioned).await.json(200), reply, "?meta changes nothing");
}

#[tokio::test]
async fn a_graph_is_kept_as_it_was_given() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let body = r#"{ "name": "Exact", "graph": { "edges": [], "view": { "zoom": 1.50 }, "nodes": [{ "function": "map", "id": "a",
        "componentId": "data", "fields": { "price": 10.10, "big": 123456789012345678901234567890 } }] } }"#;
    let json = Some(("application/json", body.as_bytes().to_vec()));
    let reply = manager.client.send_bytes("POST", FLOWS, json).await.is(201);
    for part in ["\"zoom\":1.50", "\"price\":10.10", "\"big\":123456789012345678901234567890"] {
        assert!(reply.text.contains(part), "{part} in {reply}");
    }
}

#[tokio::test]
async fn a_change_replaces_the_keys_that_it_names() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let flow = create_flow(client, new_flow("Before", json!({ "description": "Old" }))).await;
    let settings = json!({ "concurrency": 3, "webhooks": { "hmacAuthSecret": "0123456789abcdef" } });
    let changes = json!({ "name": "After", "type": "long_running", "flowSettings": settings });
    let changed = client.patch(&path_of(&flow), changes).await.json(200)["data"].take();
    let shown = json!({
        "concurrency": 3,
        "orderBy": null,
        "webhooks": { "requireWebhookAuth": false, "hmacHeaderKey": "x-hmac", "hasHmacAuthSecret": true },
    });
    let expected = with(
        flow.clone(),
        json!({ "name": "After", "type": "long_running", "flowSettings": shown, "updatedAt": changed["updatedAt"] }),
    );
    assert_eq!(changed, expected);
    assert_ne!(changed["updatedAt"], flow["updatedAt"]);

    let again = client.patch(&path_of(&flow), changed.clone()).await.json(200)["data"].take();
    assert_eq!(again, changed, "what is sent back changes nothing");

    let reset = json!({ "description": null, "type": null, "trigger": null });
    let reset = client.patch(&path_of(&flow), reset).await.json(200)["data"].take();
    assert_eq!(reset["description"], "");
    assert_eq!(reset["type"], "ordinary");
    assert_eq!(reset["trigger"], json!({ "type": "webhook" }));
}

#[tokio::test]
async fn cron_and_trigger_say_the_same() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let flow = create_flow(client, new_flow("Nightly", json!({}))).await;
    let webhook = json!({ "type": "webhook" });
    let of = |cron: &str, zone: &str| json!({ "type": "schedule", "cron": cron, "timezone": zone });
    let mut shown = flow.clone();
    for (changes, trigger) in [
        (json!({ "cron": "0 1 * * *" }), of("0 1 * * *", "UTC")),
        (json!({ "trigger": of("0 2 * * *", "Europe/Berlin") }), of("0 2 * * *", "Europe/Berlin")),
        (json!({ "cron": "0 3 * * *" }), of("0 3 * * *", "Europe/Berlin")),
        (json!({ "cron": "" }), webhook.clone()),
        (json!({ "cron": null }), webhook.clone()),
        (json!({ "cron": "0 4 * * *", "trigger": { "type": "schedule" } }), of("0 4 * * *", "UTC")),
        (json!({ "cron": null }), webhook.clone()),
        (json!({ "trigger": { "type": "manual" } }), json!({ "type": "manual" })),
        (json!({ "cron": null }), json!({ "type": "manual" })),
    ] {
        let changed = client.patch(&path_of(&flow), changes.clone()).await.json(200)["data"].take();
        assert_eq!(changed["trigger"], trigger, "{changes}");
        let cron = trigger.get("cron").unwrap_or(&Value::Null);
        assert_eq!(changed["cron"], *cron, "{changes}");
        shown = changed;
    }

    // A client that knows only `cron` sends the rest back.
    let whole = with(shown, json!({ "cron": "0 5 * * *" }));
    let changed = client.patch(&path_of(&flow), whole).await.json(200)["data"].take();
    assert_eq!(changed["trigger"], of("0 5 * * *", "UTC"));
    let whole = with(changed, json!({ "trigger": { "type": "manual" } }));
    let changed = client.patch(&path_of(&flow), whole).await.json(200)["data"].take();
    assert_eq!((&changed["trigger"], &changed["cron"]), (&json!({ "type": "manual" }), &Value::Null));
}

#[tokio::test]
async fn a_deleted_flow_is_gone() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let flow = create_flow(&manager.client, new_flow("Brief", json!({}))).await;
    let answer = manager.client.delete(&path_of(&flow)).await.json(200);
    assert_eq!(answer, json!({ "msg": "Flow was successfully deleted." }));
    for path in [path_of(&flow), format!("{FLOWS}/{NOBODY}"), format!("{FLOWS}/no-id")] {
        for (method, body) in [("GET", None), ("PATCH", Some(json!({ "name": "Back" }))), ("DELETE", None)] {
            let reply = manager.client.send(method, &path, body).await;
            let errors = reply.body["errors"].clone();
            assert_eq!(errors, json!([{ "message": "Flow not found.", "code": 404 }]), "{method} {path}");
            assert_eq!(reply.error(404, "not_found")["resource"], "flow");
        }
    }
}

#[tokio::test]
async fn callers_without_a_tenant_name_one() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let global = people.with_permissions("global@example.com", None, &["all"]).await;
    let reply = global.client.post(FLOWS, new_flow("Where?", json!({}))).await;
    let missing = json!([{ "message": "tenant is required, since the caller has no tenant", "code": 400 }]);
    assert_eq!(reply.body["errors"], missing);
    assert_eq!(reply.broken_fields(400, "bad_request"), ["tenant"]);
    let flow = create_flow(&global.client, new_flow("There", json!({ "tenant": tenant }))).await;
    assert_eq!(flow["tenant"], tenant);
    assert_eq!(get_flow(&manager.client, &flow).await["name"], "There");

    let elsewhere = people.tenant("Elsewhere").await;
    for foreign in [json!(elsewhere), json!(NOBODY)] {
        let reply = manager.client.post(FLOWS, new_flow("There", json!({ "tenant": foreign }))).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["tenant"], "{foreign}");
    }
    let reply = global.client.post(FLOWS, new_flow("There", json!({ "tenant": NOBODY }))).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["tenant"]);
    create_flow(&manager.client, new_flow("Here", json!({ "tenant": tenant }))).await;
    let moved = manager.client.patch(&path_of(&flow), json!({ "tenant": elsewhere })).await;
    assert_eq!(moved.broken_fields(400, "bad_request"), ["tenant"]);
}
