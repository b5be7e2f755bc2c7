//! Who sees and changes which flows.

use denizen_tests::{Client, json};

use super::{FLOWS, acme, create_flow, get_flow, manager, new_flow, path_of};
use crate::people::People;
use crate::support::each;

async fn names(client: &Client) -> Vec<String> {
    each(client.get(&format!("{FLOWS}?sort=name")).await.json(200)["data"].as_array().unwrap(), "name")
}

#[tokio::test]
async fn a_private_flow_is_its_owners() {
    let people = People::new().await;
    let (tenant, owner) = acme(&people).await;
    let colleague = manager(&people, "colleague@acme.example", &tenant).await;
    let private = json!({ "owners": [{ "id": owner.id, "type": "user" }] });
    let private = create_flow(&owner.client, new_flow("Private", private)).await;
    let shared = create_flow(&owner.client, new_flow("Shared", json!({}))).await;
    assert_eq!(names(&owner.client).await, ["Private", "Shared"]);
    assert_eq!(names(&colleague.client).await, ["Shared"]);
    assert_eq!(get_flow(&colleague.client, &shared).await, shared);
    let path = path_of(&private);
    for (method, path, body) in [
        ("GET", path.clone(), None),
        ("PATCH", path.clone(), Some(json!({ "name": "Mine" }))),
        ("DELETE", path.clone(), None),
        ("POST", format!("{path}/start"), None),
        ("POST", format!("{path}/stop"), None),
    ] {
        let reply = colleague.client.send(method, &path, body).await;
        assert_eq!(reply.error(404, "not_found")["resource"], "flow", "{method} {path}");
    }

    // The administrator holds `all`.
    assert_eq!(get_flow(&people.administrator, &private).await, private);
    assert_eq!(names(&people.administrator).await, ["Private", "Shared"]);
    let owners = json!([{ "id": owner.id, "type": "user" }, { "id": colleague.id, "type": "user" }]);
    let changed = people.administrator.patch(&path, json!({ "owners": owners })).await.json(200);
    assert_eq!(changed["data"]["owners"].as_array().unwrap().len(), 2);
    assert_eq!(get_flow(&colleague.client, &private).await["name"], "Private");
}

#[tokio::test]
async fn another_tenants_flows_are_not_there() {
    let people = People::new().await;
    let (_, owner) = acme(&people).await;
    let elsewhere = people.tenant("Elsewhere").await;
    let stranger = people.tenant_admin("stranger@example.com", &elsewhere).await;
    let flow = create_flow(&owner.client, new_flow("Ours", json!({}))).await;
    assert!(names(&stranger.client).await.is_empty());
    stranger.client.get(&path_of(&flow)).await.error(404, "not_found");
    let foreign = json!({ "owners": [{ "id": owner.id, "type": "user" }] });
    let reply = stranger.client.post(FLOWS, new_flow("Theirs", foreign)).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["owners[0].id"]);
}

#[tokio::test]
async fn the_flows_of_a_deleted_account_remain_without_it() {
    let people = People::new().await;
    let (tenant, owner) = acme(&people).await;
    let leaver = manager(&people, "leaver@acme.example", &tenant).await;
    let flow = create_flow(&leaver.client, new_flow("Left", json!({}))).await;
    let private = json!({ "owners": [{ "id": leaver.id, "type": "user" }] });
    let private = create_flow(&leaver.client, new_flow("Lost", private)).await;
    super::activate(&leaver.client, &private).await;
    people.administrator.delete(&leaver.path()).await.is(200);
    let left = get_flow(&owner.client, &flow).await;
    assert_eq!(left["owners"], json!([{ "id": tenant, "type": "tenant" }]));
    owner.client.get(&path_of(&private)).await.error(404, "not_found");
    super::becomes(&people.administrator, &private, "inactive").await;
    assert_eq!(get_flow(&people.administrator, &private).await["owners"], json!([]));
}

#[tokio::test]
async fn whoever_only_reads_changes_nothing() {
    let people = People::new().await;
    let (tenant, owner) = acme(&people).await;
    let reader = people.with_role("reader@acme.example", Some(&tenant), "USER").await;
    let flow = create_flow(&owner.client, new_flow("Ours", json!({}))).await;
    assert_eq!(get_flow(&reader.client, &flow).await, flow);
    let path = path_of(&flow);
    for (method, path, body, permission) in [
        ("POST", FLOWS.to_owned(), Some(new_flow("Mine", json!({}))), "flows.write"),
        ("PATCH", path.clone(), Some(json!({ "name": "Mine" })), "flows.write"),
        ("DELETE", path.clone(), None, "flows.write"),
        ("PATCH", format!("{FLOWS}/bulk"), Some(json!([flow])), "flows.bulk"),
        ("POST", format!("{path}/start"), None, "flows.control"),
        ("POST", format!("{FLOWS}/multiple/start"), Some(json!([flow["id"]])), "flows.control"),
    ] {
        let reply = reader.client.send(method, &path, body).await;
        let message = format!("The account lacks the permission {permission}.");
        assert_eq!(reply.body["errors"], json!([{ "message": message, "code": 403 }]), "{method} {path}");
        assert_eq!(reply.error(403, "forbidden"), json!({ "required_scope": permission }));
    }
    assert_eq!(get_flow(&owner.client, &flow).await, flow);
}
