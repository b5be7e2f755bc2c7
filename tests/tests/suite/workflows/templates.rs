//! Templates, and flows that are made of them.

use denizen_tests::{Client, Value, json};

use super::{NOBODY, acme, create_flow, get_flow, graph, log, new_flow};
use crate::people::People;
use crate::support::{assert_time, assert_uuid, each, text, with};

const TEMPLATES: &str = "/api/templates";

async fn create(client: &Client, changes: Value) -> Value {
    let body = with(json!({ "name": "Template", "graph": graph() }), changes);
    client.post(TEMPLATES, body).await.json(201)["data"].take()
}

fn path_of(template: &Value) -> String {
    format!("{TEMPLATES}/{}", text(template, "id"))
}

#[tokio::test]
async fn a_template_is_created_changed_and_deleted() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let client = &manager.client;
    let template = create(client, json!({ "tags": ["crm", "sales", "crm"] })).await;
    assert_uuid(&template["id"]);
    assert_time(&template["createdAt"]);
    let expected = json!({
        "id": template["id"],
        "_id": template["id"],
        "name": "Template",
        "description": "",
        "type": "ordinary",
        "status": "draft",
        "graph": graph(),
        "cron": null,
        "trigger": { "type": "webhook" },
        "flowSettings": {
            "concurrency": 10,
            "orderBy": null,
            "webhooks": { "requireWebhookAuth": false, "hmacHeaderKey": "x-hmac", "hasHmacAuthSecret": false },
        },
        "tags": ["crm", "sales"],
        "tenant": tenant,
        "createdAt": template["createdAt"],
        "updatedAt": template["createdAt"],
    });
    assert_eq!(template, expected);
    let path = path_of(&template);
    assert_eq!(client.get(&path).await.json(200), json!({ "data": template, "meta": {} }));

    let changed =
        client.patch(&path, json!({ "status": "published", "tags": null })).await.json(200)["data"].take();
    let updated = json!({ "status": "published", "tags": [], "updatedAt": changed["updatedAt"] });
    assert_eq!(changed, with(template, updated));
    assert_eq!(client.patch(&path, changed.clone()).await.json(200)["data"], changed);

    let answer = client.delete(&path).await.json(200);
    assert_eq!(answer, json!({ "msg": "Template was successfully deleted." }));
    for path in [path, format!("{TEMPLATES}/{NOBODY}"), format!("{TEMPLATES}/none")] {
        let reply = client.get(&path).await;
        assert_eq!(reply.body["errors"], json!([{ "message": "Template not found.", "code": 404 }]));
        assert_eq!(reply.error(404, "not_found")["resource"], "template");
    }
}

#[tokio::test]
async fn all_faults_of_a_template_are_named() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let tags: Vec<_> = (0..21).map(|index| format!("tag {index}")).collect();
    let broken = json!({ "graph": { "nodes": [] }, "status": "active", "tags": ["", 7], "tenant": NOBODY });
    let reply = manager.client.post(TEMPLATES, broken).await;
    assert_eq!(
        reply.broken_fields(400, "bad_request"),
        ["graph.nodes", "name", "status", "tags[0]", "tags[1]", "tenant"]
    );
    let template = create(&manager.client, json!({})).await;
    let broken = json!({ "name": null, "tags": tags, "tenant": NOBODY });
    let reply = manager.client.patch(&path_of(&template), broken).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["name", "tags", "tenant"]);
}

#[tokio::test]
async fn templates_are_listed() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    create(client, json!({ "name": "Draft", "tags": ["crm"] })).await;
    create(
        client,
        json!({ "name": "Public", "status": "published", "tags": ["crm", "sales"], "type": "long_running" }),
    )
    .await;
    for (query, expected) in [
        ("", &["Draft", "Public"][..]),
        ("sort=-name", &["Public", "Draft"]),
        ("filter[status]=1", &["Public"]),
        ("filter[status]=published", &["Public"]),
        ("filter[status]=0", &["Draft"]),
        ("filter[type]=ordinary", &["Draft"]),
        ("tags=crm", &["Draft", "Public"]),
        ("tags=crm&tags=sales", &["Public"]),
        ("tags=cr", &[]),
        ("search=publ", &["Public"]),
    ] {
        let answer = client.get(&format!("{TEMPLATES}?{query}")).await.json(200);
        assert_eq!(each(answer["data"].as_array().unwrap(), "name"), expected, "{query}");
        assert_eq!(answer["meta"]["total"], expected.len(), "{query}");
    }
    let second = client.get(&format!("{TEMPLATES}?page[size]=1&page[number]=2")).await.json(200);
    assert_eq!(each(second["data"].as_array().unwrap(), "name"), ["Public"]);
    assert_eq!(second["meta"], json!({ "total": 2, "page": 2, "perPage": 1, "totalPages": 2 }));
    let reply = client.get(&format!("{TEMPLATES}?filter[status]=active")).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["filter[status]"]);

    let elsewhere = people.tenant("Elsewhere").await;
    let stranger = people.tenant_admin("stranger@example.com", &elsewhere).await;
    assert_eq!(stranger.client.get(TEMPLATES).await.json(200)["meta"]["total"], 0);
    assert_eq!(people.administrator.get(TEMPLATES).await.json(200)["meta"]["total"], 2);
}

#[tokio::test]
async fn a_flow_is_made_of_a_template() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let client = &manager.client;
    let two = json!({ "nodes": [log("a"), log("b")], "edges": [{ "source": "a", "target": "b" }] });
    let settings = json!({ "concurrency": 3, "webhooks": { "hmacAuthSecret": "0123456789abcdef" } });
    let template = json!({
        "graph": two,
        "description": "As it is",
        "trigger": { "type": "schedule", "cron": "0 9 * * *", "timezone": "Europe/Berlin" },
        "flowSettings": settings,
    });
    let template = create(client, template).await;
    let generate = format!("{}/generate", path_of(&template));

    let answer = client.send("POST", &generate, None).await.json(201);
    let flow = &answer["data"];
    for key in ["name", "description", "type", "graph", "cron", "trigger", "flowSettings", "tenant"] {
        assert_eq!(flow[key], template[key], "{key}");
    }
    assert_eq!((&flow["fromTemplate"], &flow["status"]), (&template["id"], &json!("inactive")));
    assert_eq!(
        flow["owners"],
        json!([{ "id": manager.id, "type": "user" }, { "id": tenant, "type": "tenant" }])
    );

    let body = json!({
        "name": "Mine",
        "graph": { "nodes": [{ "fields": { "message": "bye" } }] },
        "flowSettings": { "orderBy": "user" },
        "owners": [{ "id": manager.id, "type": "user" }],
    });
    let flow = client.post(&generate, body).await.json(201)["data"].take();
    assert_eq!(flow["name"], "Mine");
    let messages: Vec<_> =
        flow["graph"]["nodes"].as_array().unwrap().iter().map(|node| &node["fields"]["message"]).collect();
    assert_eq!(messages, ["bye", "hello"]);
    assert_eq!(flow["graph"]["edges"], two["edges"]);
    let shown = &flow["flowSettings"];
    assert_eq!((&shown["concurrency"], &shown["orderBy"]), (&json!(3), &json!("user")));
    assert_eq!(shown["webhooks"]["hasHmacAuthSecret"], true);
    assert_eq!(flow["owners"], json!([{ "id": manager.id, "type": "user" }]));
    let manual = client.post(&generate, json!({ "trigger": { "type": "manual" } })).await.json(201);
    assert_eq!(manual["data"]["trigger"], json!({ "type": "manual" }));

    let broken = json!({ "graph": { "edges": [{ "target": "c" }] }, "status": "active", "name": null });
    let reply = client.post(&generate, broken).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["graph.edges[0].target", "name", "status"]);
    client.delete(&path_of(&template)).await.is(200);
    assert_eq!(get_flow(client, &flow).await, flow, "the flow outlives its template");
    client.post(&generate, json!({})).await.error(404, "not_found");
}

#[tokio::test]
async fn holders_of_all_make_flows_where_the_template_is() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let template = create(&manager.client, json!({})).await;
    let generate = format!("{}/generate", path_of(&template));
    let flow = people.administrator.post(&generate, json!({})).await.json(201)["data"].take();
    assert_eq!(flow["tenant"], tenant);
    assert_eq!(get_flow(&manager.client, &flow).await["id"], flow["id"]);
    let own = create_flow(&people.administrator, new_flow("Own", json!({ "tenant": tenant }))).await;
    assert_eq!(own["tenant"], tenant);
}
