//! Lists of flows: pages, filters, order and search.

use denizen_tests::{Client, Value, json};

use super::{FLOWS, NOBODY, acme, activate, create_flow, manager, new_flow};
use crate::people::People;
use crate::support::{each, text};

/// The names of a page, and its `meta`.
async fn list(client: &Client, query: &str) -> (Vec<String>, Value) {
    let mut answer = client.get(&format!("{FLOWS}?{query}")).await.json(200);
    (each(answer["data"].as_array().unwrap(), "name"), answer["meta"].take())
}

async fn names(client: &Client, query: &str) -> Vec<String> {
    list(client, query).await.0
}

#[tokio::test]
async fn a_list_has_numbered_pages() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let none = json!({ "total": 0, "page": 1, "perPage": 10, "totalPages": 0 });
    assert_eq!(list(client, "").await, (Vec::new(), none));
    for number in 1..=12 {
        create_flow(client, new_flow(&format!("Flow {number:02}"), json!({}))).await;
    }
    let (first, meta) = list(client, "").await;
    assert_eq!((first.len(), first[0].as_str()), (10, "Flow 01"));
    assert_eq!(meta, json!({ "total": 12, "page": 1, "perPage": 10, "totalPages": 2 }));
    let (second, meta) = list(client, "page[size]=5&page%5Bnumber%5D=3").await;
    assert_eq!(second, ["Flow 11", "Flow 12"]);
    assert_eq!(meta, json!({ "total": 12, "page": 3, "perPage": 5, "totalPages": 3 }));
    let (beyond, meta) = list(client, "page[number]=9&meta").await;
    assert!(beyond.is_empty());
    assert_eq!(meta, json!({ "total": 12, "page": 9, "perPage": 10, "totalPages": 2 }));
    for query in [
        "page[size]=0",
        "page[size]=101",
        "page[number]=0",
        "page[number]=1&page[number]=2",
        "page[limit]=5",
        "pageSize=5",
        "page=2",
    ] {
        let reply = client.get(&format!("{FLOWS}?{query}")).await;
        assert_eq!(reply.body["errors"][0]["code"], 400, "{query}: {reply}");
        assert_eq!(reply.error(400, "bad_request")["reason"], "invalid_param", "{query}");
    }
}

#[tokio::test]
async fn a_list_is_sorted() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let client = &manager.client;
    let mut flows = Vec::new();
    for name in ["banana", "Apple", "cherry"] {
        flows.push(create_flow(client, new_flow(name, json!({}))).await);
    }
    client.patch(&super::path_of(&flows[0]), json!({ "description": "Yellow" })).await.is(200);
    for (sort, expected) in [
        ("", ["banana", "Apple", "cherry"]),
        ("sort=createdAt", ["banana", "Apple", "cherry"]),
        ("sort=-createdAt", ["cherry", "Apple", "banana"]),
        ("sort=updatedAt", ["Apple", "cherry", "banana"]),
        ("sort=-updatedAt", ["banana", "cherry", "Apple"]),
        ("sort=name", ["Apple", "banana", "cherry"]),
        ("sort=-name", ["cherry", "banana", "Apple"]),
    ] {
        assert_eq!(names(client, sort).await, expected, "{sort}");
    }
    for sort in ["size", "--name", "+name", ""] {
        let reply = client.get(&format!("{FLOWS}?sort={sort}")).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["sort"], "{sort}");
    }
}

#[tokio::test]
async fn a_list_is_filtered() {
    let people = People::new().await;
    let (tenant, first) = acme(&people).await;
    let second = manager(&people, "second@acme.example", &tenant).await;
    let client = &first.client;
    let long = json!({ "type": "long_running", "description": "Says Grüß GOTT, 100%" });
    create_flow(client, new_flow("Idle", long)).await;
    let busy = create_flow(client, new_flow("Busy", json!({}))).await;
    activate(client, &busy).await;
    create_flow(&second.client, new_flow("Other", json!({}))).await;
    let template = json!({ "name": "Template", "graph": super::graph() });
    let template = text(&client.post("/api/templates", template).await.json(201)["data"], "id");
    let generate = format!("/api/templates/{template}/generate");
    client.post(&generate, json!({ "name": "Made" })).await.is(201);

    let (mine, others) = (format!("filter[user]={}", first.id), format!("filter[user]={}", second.id));
    let made = format!("filter[fromTemplate]={template}");
    for (query, expected) in [
        ("filter[status]=active", &["Busy"][..]),
        ("filter%5Bstatus%5D=1", &["Busy"]),
        ("filter[status]=inactive&filter[type]=ordinary", &["Other", "Made"]),
        ("filter[status]=0&sort=name", &["Idle", "Made", "Other"]),
        ("filter[status]=starting", &[]),
        ("filter[status]=stopping", &[]),
        ("filter[type]=long_running", &["Idle"]),
        (&mine, &["Idle", "Busy", "Made"]),
        (&others, &["Other"]),
        (&made, &["Made"]),
        (&format!("filter[user]={NOBODY}"), &[]),
        ("filter[user]=me", &[]),
        ("filter[fromTemplate]=none", &[]),
        ("search=BUS", &["Busy"]),
        ("search=gr%C3%BC%C3%9F%20gott", &["Idle"]),
        ("search=%25", &["Idle"]),
        ("search=_", &[]),
        ("search=", &["Idle", "Busy", "Other", "Made"]),
        ("search=d&filter[type]=ordinary", &["Made"]),
    ] {
        let (names, meta) = list(client, query).await;
        assert_eq!(names, expected, "{query}");
        assert_eq!(meta["total"], expected.len(), "{query}");
    }
    for query in [
        "filter[status]=on",
        "filter[type]=short",
        "filter[status]=1&filter[status]=0",
        "filter[flowId]=1",
        "filter=active",
        "status=active",
    ] {
        client.get(&format!("{FLOWS}?{query}")).await.error(400, "bad_request");
    }
}
