//! The catalogue of components.

use denizen_tests::json;

use super::{FLOWS, acme};
use crate::people::People;
use crate::support::{each, keys};

#[tokio::test]
async fn every_component_is_listed_with_its_functions() {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    let anyone = people.with_permissions("anyone@acme.example", Some(&tenant), &[]).await;
    let answer = anyone.client.get("/api/components").await.json(200);
    assert_eq!(answer["meta"], json!({}));
    let components = answer["data"].as_array().unwrap();
    assert_eq!(each(components, "id"), ["external-users", "accounts", "http", "data", "time", "log"]);
    for component in components {
        for function in component["functions"].as_array().unwrap() {
            assert_eq!(keys(function), ["description", "name", "permission", "schema"]);
            assert_eq!(function["schema"]["type"], "object", "{function:#}");

            // Whatever is listed can be named in a flow.
            let mut node = json!({ "id": "a", "componentId": component["id"], "function": function["name"] });
            let required = function["schema"]["required"].as_array().into_iter().flatten();
            let fields = required.map(|name| (name.as_str().unwrap().to_owned(), json!("=null")));
            node["fields"] = fields.collect::<serde_json::Map<_, _>>().into();
            let flow = json!({ "name": "Named", "graph": { "nodes": [node] } });
            manager.client.post(FLOWS, flow).await.is(201);
        }
    }
    let log = &components[5]["functions"];
    assert_eq!((&log[0]["name"], &log[0]["permission"]), (&json!("write"), &json!(null)));
    assert_eq!(components[1]["functions"][1]["permission"], "tenant.account.create");
    people.server.anonymous().get("/api/components").await.error(401, "unauthenticated");
}
