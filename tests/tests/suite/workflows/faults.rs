//! Everything that is wrong with a flow is named at once.

use denizen_tests::{Reply, Value, json};

use super::{FLOWS, NOBODY, acme, create_flow, get_flow, graph, log, new_flow, path_of};
use crate::people::People;
use crate::support::text;

/// The errors of a refusal, each as text, which the list beside the envelope and the fields in it agree about.
#[track_caller]
fn faults(reply: Reply) -> Vec<String> {
    let listed = reply.body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {reply}")).clone();
    assert!(listed.iter().all(|error| error["code"] == 400), "{reply}");
    let details = reply.error(400, "bad_request");
    let fields = details["fields"].as_array().unwrap_or_else(|| panic!("no fields: {details:#}"));
    let of_fields: Vec<_> =
        fields.iter().map(|field| format!("{} {}", text(field, "field"), text(field, "message"))).collect();
    let listed: Vec<_> = listed.iter().map(|error| text(error, "message")).collect();
    assert_eq!(listed, of_fields);
    listed
}

fn edges(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(source, target)| json!({ "source": source, "target": target })).collect()
}

#[tokio::test]
async fn every_fault_of_a_graph_is_named() {
    let two = json!([log("a"), log("b")]);
    each_is_named(&[
        (json!({ "graph": null }), "graph is required"),
        (json!({ "graph": [] }), "graph must be an object"),
        (json!({ "graph": {} }), "graph.nodes must have at least one node"),
        (json!({ "graph": { "nodes": [{}] } }), "graph.nodes[0].id is required"),
        (json!({ "graph": { "nodes": [{}] } }), "graph.nodes[0].componentId is required"),
        (json!({ "graph": { "nodes": [{}] } }), "graph.nodes[0].function is required"),
        (json!({ "graph": { "nodes": two } }), "graph.edges must connect the nodes"),
        (
            json!({ "graph": { "nodes": two, "edges": [{ "target": "b" }] } }),
            "graph.edges[0].source is required",
        ),
        (
            json!({ "graph": { "nodes": two, "edges": [{ "source": "a" }] } }),
            "graph.edges[0].target is required",
        ),
        (
            json!({ "graph": { "nodes": two, "edges": edges(&[("a", "c")]) } }),
            "graph.edges[0].target must be the id of a node",
        ),
        (
            json!({ "graph": { "nodes": two, "edges": edges(&[("c", "b")]) } }),
            "graph.edges[0].source must be the id of a node",
        ),
        (
            json!({ "graph": { "nodes": two, "edges": edges(&[("a", "b"), ("b", "a")]) } }),
            "graph.edges must not form a loop",
        ),
        (
            json!({ "graph": { "nodes": [log("a"), log("b"), log("c")], "edges": edges(&[("a", "c"), ("b", "c")]) } }),
            "graph.edges must leave one node that none leads to",
        ),
        (
            json!({ "graph": { "nodes": [{ "id": "a", "componentId": "http", "function": "request", "fields": { "method": "BREW" } }] } }),
            "graph.nodes[0].fields.method must be one of",
        ),
        (
            json!({ "graph": { "nodes": [{ "id": "a", "componentId": "data", "function": "map", "fields": { "b": "=1 +" } }] } }),
            "graph.nodes[0].fields.b ",
        ),
    ])
    .await;
}

#[tokio::test]
async fn every_fault_beside_the_graph_is_named() {
    each_is_named(&[
        (json!({ "name": null }), "name is required"),
        (json!({ "name": "" }), "name "),
        (json!({ "name": 7 }), "name must be a string"),
        (json!({ "type": "short" }), "type must be one of"),
        (json!({ "cron": "at noon", "trigger": null }), "cron "),
        (json!({ "cron": "0 9 * * *", "trigger": { "type": "manual" } }), "cron must be absent"),
        (json!({ "trigger": { "type": "schedule" } }), "trigger.cron is required"),
        (json!({ "trigger": { "type": "event", "events": ["nothing.happened"] } }), "trigger.events[0] "),
        (json!({ "status": "active" }), "status cannot be set by hand: start and stop the flow"),
        (json!({ "owners": {} }), "owners must be an array"),
        (json!({ "owners": [] }), "owners must name an owner"),
        (json!({ "owners": [{ "type": "user" }] }), "owners[0].id is required"),
        (json!({ "owners": [{ "id": NOBODY }] }), "owners[0].type is required"),
        (
            json!({ "owners": [{ "id": NOBODY, "type": "group" }] }),
            "owners[0].type must be one of user, tenant",
        ),
        (json!({ "owners": [{ "id": "me", "type": "user" }] }), "owners[0].id must be a UUID"),
        (
            json!({ "owners": [{ "id": NOBODY, "type": "user" }] }),
            "owners[0].id must be a user of the tenant",
        ),
        (json!({ "owners": [{ "id": NOBODY, "type": "tenant" }] }), "owners must not name another tenant"),
        (json!({ "flowSettings": { "concurrency": 0 } }), "flowSettings.concurrency must be a whole number"),
        (json!({ "flowSettings": { "fast": true } }), "flowSettings.fast is not known"),
    ])
    .await;
}

/// Checks that a new flow with these changes is refused for this reason.
async fn each_is_named(cases: &[(Value, &str)]) {
    let people = People::new().await;
    let (tenant, manager) = acme(&people).await;
    for (changes, expected) in cases {
        let named = faults(manager.client.post(FLOWS, new_flow("Broken", changes.clone())).await);
        assert!(named.iter().any(|fault| fault.starts_with(expected)), "{changes}: {named:#?}");
    }
    let list = manager.client.get(FLOWS).await.json(200);
    assert_eq!(list["meta"]["total"], 0, "no broken flow of {tenant} was stored");
}

#[tokio::test]
async fn all_faults_are_named_at_once() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let broken = json!({
        "type": "short",
        "graph": { "nodes": [{ "id": "a" }, log("b"), log("c")], "edges": [{ "source": "b" }] },
        "cron": "never",
        "status": "active",
        "owners": [{ "type": "user" }],
        "flowSettings": { "concurrency": 1_000 },
    });
    let named = faults(manager.client.post(FLOWS, broken.clone()).await);
    let fields: Vec<_> = named.iter().filter_map(|fault| fault.split(' ').next()).collect();
    let expected = [
        "name",
        "type",
        "graph.nodes[0].componentId",
        "graph.nodes[0].function",
        "graph.edges[0].target",
        "cron",
        "flowSettings.concurrency",
        "status",
        "owners[0].id",
    ];
    assert_eq!(fields, expected);

    let flow = create_flow(&manager.client, new_flow("Sound", json!({}))).await;
    let named = faults(manager.client.patch(&path_of(&flow), broken).await);
    let fields: Vec<_> = named.iter().filter_map(|fault| fault.split(' ').next()).collect();
    assert_eq!(fields, expected[1..], "a change needs no name");
    assert_eq!(get_flow(&manager.client, &flow).await, flow);
    for nothing in [json!({ "name": null }), json!({ "graph": null }), json!({ "owners": null })] {
        assert_eq!(
            faults(manager.client.patch(&path_of(&flow), nothing.clone()).await).len(),
            1,
            "{nothing}"
        );
    }
}

#[tokio::test]
async fn a_graph_has_limits() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let nodes: Vec<_> = (0..51).map(|index| log(&format!("node {index}"))).collect();
    let chain: Vec<_> =
        nodes.windows(2).map(|pair| json!({ "source": pair[0]["id"], "target": pair[1]["id"] })).collect();
    let long = json!({ "nodes": nodes, "edges": chain });
    let large = json!({ "nodes": [log("a")], "edges": [], "note": "x".repeat(64 * 1_024) });
    for (graph, expected) in
        [(long, "graph.nodes must have at most 50 nodes"), (large, "graph must have at most 65536 bytes")]
    {
        let named = faults(manager.client.post(FLOWS, json!({ "name": "Too much", "graph": graph })).await);
        assert_eq!(named, [expected]);
    }
    let long_id = json!({ "nodes": [log(&"x".repeat(31))] });
    let named = faults(manager.client.post(FLOWS, json!({ "name": "Long", "graph": long_id })).await);
    assert_eq!(named, ["graph.nodes[0].id must have 1 to 30 characters"]);
}

#[tokio::test]
async fn what_is_no_flow_is_refused() {
    let people = People::new().await;
    let (_, manager) = acme(&people).await;
    let deep = format!("{{\"name\":\"Deep\",\"graph\":{}{}}}", "[".repeat(64), "]".repeat(64));
    for body in ["", "null", "7", "\"flow\"", "{", "{\"name\":1,\"name\":2}", &deep] {
        let json = Some(("application/json", body.as_bytes().to_vec()));
        let reply = manager.client.send_bytes("POST", FLOWS, json).await;
        assert_eq!(reply.body["errors"][0]["code"], 400, "{body}: {reply}");
        assert_eq!(reply.error(400, "bad_request"), json!({ "reason": "invalid_json" }), "{body}");
    }
    let text = Some(("text/plain", graph().to_string().into_bytes()));
    let reply = manager.client.send_bytes("POST", FLOWS, text).await;
    assert_eq!(reply.body["errors"][0]["code"], 415);
    reply.error(415, "unsupported_media_type");
}
