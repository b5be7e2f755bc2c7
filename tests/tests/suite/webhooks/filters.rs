//! Which events an endpoint gets.

use denizen_tests::{Client, Message, TestServer, Value, json};

use super::{Endpoint, manager, types};
use crate::support::{create, create_channel, keys, path_of, text};
use crate::tiers::create_tier;

async fn create_group(manager: &Client, name: &str, tier: Value) -> String {
    let group = json!({ "externalId": name, "name": name, "tierId": tier });
    text(&manager.post("/api/v1/external-user-groups", group).await.json(200), "id")
}

#[tokio::test]
async fn an_endpoint_gets_the_types_that_it_names() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let with_types = async |types: Value| Endpoint::new(&manager, json!({ "types": types })).await;
    let mut of_users = with_types(json!(["external_user.*"])).await;
    let mut of_some = with_types(json!(["tier.created", "external_user.blocked", "tier.created"])).await;
    let mut of_all = with_types(json!([])).await;
    assert_eq!(of_some.get().await["types"], json!(["tier.created", "external_user.blocked"]));

    let user = create(&server, json!({ "name": "Jane" })).await;
    manager.patch(&path_of(&user), json!({ "blocked": true })).await.is(200);
    let tier = create_tier(&server, "gold").await;
    manager.patch(&format!("/api/v1/tiers/{tier}"), json!({ "name": "silver" })).await.is(200);

    assert_eq!(types(&of_users.all().await), ["external_user.created", "external_user.blocked"]);
    let mut some = types(&of_some.all().await);
    some.sort();
    assert_eq!(some, ["external_user.blocked", "tier.created"]);
    let mut all = types(&of_all.all().await);
    all.sort();
    assert_eq!(
        all,
        [
            "external_user.blocked",
            "external_user.created",
            "tier.created",
            "tier.updated",
            "webhook_endpoint.created"
        ]
    );

    of_users.change(json!({ "types": ["tier.*"] })).await;
    create(&server, json!({ "name": "John" })).await;
    manager.delete(&format!("/api/v1/tiers/{tier}")).await.is(200);
    assert_eq!(types(&of_users.all().await), ["tier.deleted"], "from the change on");
    of_users.change(json!({ "types": null })).await;
    assert_eq!(types(&of_users.all().await), ["webhook_endpoint.updated"], "all");
}

#[tokio::test]
async fn an_endpoint_gets_what_is_about_its_channels() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let [web, app] = [create_channel(&server, "web").await, create_channel(&server, "app").await];
    let mut endpoint = Endpoint::new(&manager, json!({ "channelIds": [web] })).await;
    create(&server, json!({ "name": "Jane", "channelId": web })).await;
    create(&server, json!({ "name": "John", "channelId": app })).await;
    for channel in [&web, &app] {
        manager.patch(&format!("/api/v1/channels/{channel}"), json!({ "prompt": "Hello" })).await.is(200);
    }
    create_tier(&server, "gold").await;
    let mut messages = endpoint.all().await;
    messages.sort_by_key(|message| message.body["position"].as_i64());
    assert_eq!(types(&messages), ["external_user.created", "channel.updated"]);
    assert_eq!(messages[0].body["data"]["displayName"], "Jane");
    assert_eq!(messages[1].body["objectId"], web);
}

#[tokio::test]
async fn an_endpoint_hears_who_leaves_its_groups_and_tiers() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let (gold, silver) = (create_tier(&server, "gold").await, create_tier(&server, "silver").await);
    let acme = create_group(&manager, "acme", json!(null)).await;
    let other = create_group(&manager, "other", json!(null)).await;
    let mut of_group = Endpoint::new(&manager, json!({ "groupIds": [acme] })).await;
    let mut of_tier = Endpoint::new(&manager, json!({ "tierIds": [gold] })).await;
    let both = json!({ "groupIds": [acme], "tierIds": [gold], "types": ["external_user.*"] });
    let mut of_both = Endpoint::new(&manager, both).await;

    let user = json!({ "name": "Jane", "externalUserGroupId": acme, "tierId": gold });
    let path = path_of(&create(&server, user).await);
    for changes in [
        json!({ "externalUserGroupId": other }),
        json!({ "name": "Jane of another group" }),
        json!({ "tierId": silver }),
        json!({ "name": "Jane on another tier" }),
    ] {
        manager.patch(&path, changes).await.is(200);
    }
    manager.patch(&format!("/api/v1/external-user-groups/{acme}"), json!({ "tierId": gold })).await.is(200);

    let told = |messages: &[Message]| {
        let mut told: Vec<_> = messages
            .iter()
            .map(|message| {
                (message.body["position"].as_i64(), text(&message.body, "type"), previous(message))
            })
            .collect();
        told.sort();
        told.into_iter().map(|(_, kind, previous)| format!("{kind} {previous}")).collect::<Vec<_>>()
    };
    let left_group = "external_user.updated externalUserGroupId";
    assert_eq!(
        told(&of_group.all().await),
        ["external_user.created ", left_group, "group.updated tierId"],
        "it was in the group before"
    );
    assert_eq!(
        told(&of_tier.all().await),
        [
            "external_user.created ",
            left_group,
            "external_user.updated displayName",
            "external_user.updated tierId",
            "group.updated tierId"
        ]
    );
    assert_eq!(told(&of_both.all().await), ["external_user.created ", left_group], "both hold");
}

/// The fields that an event shows as changed.
fn previous(message: &Message) -> String {
    keys(&message.body["previous"]).join(" ")
}
