//! The settings of an endpoint.

use denizen_tests::{TestServer, json};

use super::{Endpoint, PATH, manager};
use crate::support::{assert_time, assert_uuid, create_channel, each, keys, text};
use crate::tiers::create_tier;

const NOWHERE: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

#[tokio::test]
async fn stores_every_given_field() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let (tier, channel) = (create_tier(&server, "gold").await, create_channel(&server, "web").await);
    let body = json!({
        "url": "https://Hooks.example:443/denizen?of=users", "description": "Mails", "disabled": true,
        "types": ["external_user.*"], "channelIds": [channel], "groupIds": null, "tierIds": [tier, tier],
    });
    let created = manager.post(PATH, body).await.json(200);
    assert_uuid(&created["id"]);
    assert_time(&created["createdAt"]);
    assert_eq!(created["workspaceId"], server.workspace.id);
    assert_eq!(created["url"], "https://hooks.example/denizen?of=users");
    assert_eq!((&created["description"], &created["disabled"]), (&json!("Mails"), &json!(true)));
    assert_eq!((&created["types"], &created["groupIds"]), (&json!(["external_user.*"]), &json!([])));
    assert_eq!((&created["channelIds"], &created["tierIds"]), (&json!([channel]), &json!([tier])));
    for null in ["disabledReason", "failingSince", "pausedUntil", "previousSecretUntil"] {
        assert_eq!(created.get(null), Some(&json!(null)), "{null}");
    }

    let path = format!("{PATH}/{}", text(&created, "id"));
    let found = manager.get(&path).await.json(200);
    assert_eq!(keys(&found), keys(&created).into_iter().filter(|key| *key != "secret").collect::<Vec<_>>());
    assert_eq!(manager.get(PATH).await.array(200), std::slice::from_ref(&found));

    let changes = json!({ "url": "https://hooks.example/other", "description": null, "channelIds": [] });
    let changed = manager.patch(&path, changes).await.json(200);
    assert_eq!(
        (&changed["url"], &changed["description"]),
        (&json!("https://hooks.example/other"), &json!(""))
    );
    assert_eq!((&changed["channelIds"], &changed["tierIds"]), (&json!([]), &found["tierIds"]));
    assert_eq!(manager.patch(&path, json!({})).await.json(200), changed, "absent fields stay");
}

#[tokio::test]
async fn names_all_broken_fields_and_changes_nothing() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let broken = json!({
        "url": "ftp://hooks.example", "description": "x".repeat(251), "types": ["external_user.exploded"],
        "channelIds": ["web"], "groupIds": [7], "tierIds": NOWHERE, "disabled": "no",
    });
    let all = ["channelIds", "description", "disabled", "groupIds", "tierIds", "types", "url"];
    assert_eq!(manager.post(PATH, broken.clone()).await.broken_fields(400, "bad_request"), all);
    let nowhere = json!({
        "url": "https://hooks.example", "channelIds": [NOWHERE], "groupIds": [NOWHERE], "tierIds": [NOWHERE],
    });
    let unknown = ["channelIds", "groupIds", "tierIds"];
    assert_eq!(manager.post(PATH, nowhere.clone()).await.broken_fields(400, "bad_request"), unknown);
    assert!(manager.get(PATH).await.array(200).is_empty());

    let endpoint = Endpoint::new(&manager, json!({})).await;
    let before = endpoint.get().await;
    for (body, fields) in [
        (broken, &all[..]),
        (nowhere, &unknown),
        (json!({ "url": null, "disabled": null }), &["disabled", "url"]),
        (
            json!({ "types": vec!["tier.created"; 51], "channelIds": vec![NOWHERE; 51] }),
            &["channelIds", "types"],
        ),
        (json!({ "types": ["*", "external_user"] }), &["types"]),
        (json!({ "types": "external_user.*", "description": 7 }), &["description", "types"]),
    ] {
        let reply = manager.patch(&endpoint.path(), body.clone()).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), fields, "{body}");
    }
    let after = endpoint.get().await;
    assert_eq!((&after["url"], &after["updatedAt"]), (&before["url"], &before["updatedAt"]));
    assert_eq!(manager.post(PATH, json!({})).await.broken_fields(400, "bad_request"), ["url"]);
}

#[tokio::test]
async fn another_workspaces_objects_are_unknown_to_a_filter() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let other = server.new_workspace("Other").await;
    let body = json!({ "url": "https://hooks.example", "channelIds": [server.workspace.channel_id, other.channel_id] });
    let fields = manager.post(PATH, body).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["channelIds"]);
}

#[tokio::test]
async fn endpoints_are_listed_oldest_first() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    for number in 0..5 {
        let body =
            json!({ "url": "https://hooks.example", "description": number.to_string(), "disabled": true });
        manager.post(PATH, body).await.is(200);
    }
    assert_eq!(each(&manager.get(PATH).await.array(200), "description"), ["0", "1", "2", "3", "4"]);
}
