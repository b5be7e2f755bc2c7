//! `/api/v1/channels`: where external users come from.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};

use crate::support::{
    assert_time, assert_uuid, create, create_channel, each, keys, path_of, text, with, zaia_body,
};

const PATH: &str = "/api/v1/channels";

fn named(name: &str) -> Value {
    json!({ "name": name, "description": null, "prompt": null })
}

#[tokio::test]
async fn a_workspace_has_a_default_channel() {
    let server = TestServer::start().await;
    let channels = server.zaia().get(PATH).await.array(200);
    assert_eq!(channels.len(), 1);
    assert_eq!(channels[0]["id"], server.workspace.channel_id.as_str());
    assert_eq!((&channels[0]["name"], &channels[0]["isRemoved"]), (&json!("api"), &json!(false)));
    let other = server.new_workspace("Acme Inc").await;
    let theirs = server.zaia().with_key(&other.key).get(PATH).await.array(200);
    assert_eq!(each(&theirs, "id"), [other.channel_id]);
    assert_eq!(each(&theirs, "name"), ["api"]);
}

#[tokio::test]
async fn stores_every_given_field() {
    let server = TestServer::start().await;
    let body = json!({ "name": "Web shop", "description": "The shop in the web", "prompt": "Be kind" });
    let made = server.zaia().post(PATH, body.clone()).await.json(200);
    assert_eq!(
        keys(&made),
        [
            "createdAt",
            "description",
            "id",
            "isDefault",
            "isRemoved",
            "name",
            "prompt",
            "updatedAt",
            "workspaceId"
        ]
    );
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&made[key], value, "{key}");
    }
    assert_uuid(&made["id"]);
    assert_time(&made["createdAt"]);
    assert_eq!(made["updatedAt"], made["createdAt"]);
    assert_eq!(made["workspaceId"], server.workspace.id.as_str());
    assert_eq!((&made["isDefault"], &made["isRemoved"]), (&json!(false), &json!(false)));
    assert_eq!(server.zaia().get(&format!("{PATH}/{}", text(&made, "id"))).await.json(200), made);

    let bare = server.zaia().post(PATH, named("Web shop")).await.json(200);
    assert_eq!((&bare["description"], &bare["prompt"]), (&Value::Null, &Value::Null));
    assert_ne!(bare["id"], made["id"], "two channels may have one name");
}

#[tokio::test]
async fn requires_and_validates_all_keys() {
    let server = TestServer::start().await;
    let reply = server.zaia().post(PATH, json!({})).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    assert_eq!(reply.broken_fields(400, "bad_request"), ["description", "name", "prompt"]);
    let broken = json!({ "name": null, "description": "ab", "prompt": "x".repeat(501) });
    let fields = server.zaia().post(PATH, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["description", "name", "prompt"]);
    for (field, minimum, maximum) in [("name", 3, 50), ("description", 3, 250), ("prompt", 3, 500)] {
        for length in [minimum, maximum] {
            let body = with(named("Web shop"), json!({ field: "é".repeat(length) }));
            server.zaia().post(PATH, body).await.is(200);
        }
        for length in [minimum - 1, maximum + 1] {
            let body = with(named("Web shop"), json!({ field: "é".repeat(length) }));
            assert_eq!(server.zaia().post(PATH, body).await.broken_fields(400, "bad_request"), [field]);
        }
    }
    let counted = server.zaia().get(&format!("{PATH}?count=true")).await;
    assert_eq!(counted.header("x-total-count"), Some("7"), "nothing else was written");
}

#[tokio::test]
async fn lists_oldest_first() {
    let server = TestServer::start().await;
    for number in 1..=12 {
        create_channel(&server, &format!("channel {number}")).await;
    }
    let first = server.zaia().get(PATH).await;
    let second = server.zaia().get(&first.next().unwrap()).await;
    assert_eq!(second.next(), None);
    let mut names = each(&first.array(200), "name");
    assert_eq!(names.len(), 10);
    names.extend(each(&second.array(200), "name"));
    let expected: Vec<_> =
        std::iter::once("api".to_owned()).chain((1..=12).map(|number| format!("channel {number}"))).collect();
    assert_eq!(names, expected);

    let page = server.zaia().get(&format!("{PATH}?pageSize=5&pageNumber=3")).await.array(200);
    assert_eq!(each(&page, "name"), ["channel 10", "channel 11", "channel 12"]);
    assert_eq!(server.zaia().get(&format!("{PATH}?pageNumber=3")).await.array(200).len(), 0);
    let fields = server.zaia().get(&format!("{PATH}?pageSize=101&pageNumber=0&ids=x")).await;
    assert_eq!(fields.broken_fields(400, "bad_request"), ["ids", "pageNumber", "pageSize"]);
}

#[tokio::test]
async fn searches_and_filters_the_list() {
    let server = TestServer::start().await;
    let described = with(named("Web shop"), json!({ "description": "Über 100% Rabatt" }));
    let shop = text(&server.zaia().post(PATH, described).await.json(200), "id");
    let app = create_channel(&server, "Mobile_app").await;
    for (query, expected) in [
        ("search=WEB".to_owned(), vec!["Web shop"]),
        ("search=o".to_owned(), vec!["Web shop", "Mobile_app"]),
        ("search=%C3%BCBER".to_owned(), vec!["Web shop"]),
        ("search=%25".to_owned(), vec!["Web shop"]),
        ("search=_".to_owned(), vec!["Mobile_app"]),
        ("search=nothing".to_owned(), vec![]),
        (format!("ids={app}"), vec!["Mobile_app"]),
        (format!("ids={app}&ids={shop}"), vec!["Web shop", "Mobile_app"]),
        (format!("ids={app}&search=web"), vec![]),
        ("ids=00000000-0000-4000-8000-000000000000".to_owned(), vec![]),
    ] {
        let found = server.zaia().get(&format!("{PATH}?{query}")).await.array(200);
        assert_eq!(each(&found, "name"), expected, "{query}");
    }
}

#[tokio::test]
async fn keeps_absent_keys_and_clears_null_ones() {
    let server = TestServer::with_fixed_time().await;
    let body = json!({ "name": "Web shop", "description": "The shop", "prompt": "Be kind" });
    let made = server.zaia().post(PATH, body).await.json(200);
    let path = format!("{PATH}/{}", text(&made, "id"));
    server.advance(Duration::from_mins(1));
    assert_eq!(server.zaia().patch(&path, json!({})).await.json(200), made);
    assert_eq!(server.zaia().patch(&path, json!({ "name": "Web shop" })).await.json(200), made);

    let changed = json!({ "name": "App", "description": null, "prompt": "Be brief" });
    let changed = server.zaia().patch(&path, changed).await.json(200);
    let expected = json!({
        "name": "App", "description": null, "prompt": "Be brief", "updatedAt": "2024-01-15T10:31:00.000000Z",
    });
    assert_eq!(changed, with(made, expected));

    let broken = json!({ "name": null, "description": "x", "prompt": 7, "isRemoved": null });
    let fields = server.zaia().patch(&path, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["description", "isRemoved", "name", "prompt"]);
    assert_eq!(server.zaia().get(&path).await.json(200), changed);
}

#[tokio::test]
async fn deletes_an_empty_channel() {
    let server = TestServer::start().await;
    let id = create_channel(&server, "red").await;
    let path = format!("{PATH}/{id}");
    let done = server.zaia().delete(&path).await.json(200);
    assert_eq!(keys(&done), ["message"]);
    let reply = server.zaia().get(&path).await;
    assert_eq!(reply.body["message"], "Channel not found.");
    assert_eq!(reply.error(404, "not_found"), json!({ "resource": "channel", "id": id }));
    server.zaia().delete(&path).await.error(404, "not_found");
    server.zaia().patch(&path, json!({ "name": "blue" })).await.error(404, "not_found");
    assert_eq!(server.zaia().get(PATH).await.array(200).len(), 1);
}

#[tokio::test]
async fn a_removed_channel_keeps_its_users_and_admits_no_new_ones() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    let user = create(&server, json!({ "channelId": red, "externalId": "u-1" })).await;
    let path = format!("{PATH}/{red}");
    assert!(server.zaia().delete(&path).await.json(200)["message"].is_string());

    assert_eq!(server.zaia().get(&path).await.json(200)["isRemoved"], true);
    server.zaia().get(&path_of(&user)).await.is(200);
    server.zaia().patch(&path_of(&user), json!({ "name": "Still here" })).await.is(200);
    let body = zaia_body(&server, json!({ "channelId": red, "externalId": "u-2" }));
    let details = server.zaia().post("/api/v1/external-users", body.clone()).await.error(409, "conflict");
    assert_eq!(details["param"], "channelId");

    // Restored, it admits users again. Without users, even restorable ones, it is deleted.
    assert_eq!(server.zaia().patch(&path, json!({ "isRemoved": false })).await.json(200)["isRemoved"], false);
    let second = server.zaia().post("/api/v1/external-users", body).await.json(200);
    for user in [&user, &second] {
        server.zaia().delete(&path_of(user)).await.is(204);
    }
    server.zaia().delete(&path).await.is(200);
    assert_eq!(server.zaia().get(&path).await.json(200)["isRemoved"], true);
    for user in [&user, &second] {
        server.zaia().send("POST", &format!("{}/erase", path_of(user)), None).await.is(200);
    }
    server.zaia().delete(&path).await.is(200);
    server.zaia().get(&path).await.error(404, "not_found");
}

#[tokio::test]
async fn the_default_channel_cannot_be_removed() {
    let server = TestServer::start().await;
    let path = format!("{PATH}/{}", server.workspace.channel_id);
    server.zaia().delete(&path).await.error(409, "conflict");
    server.zaia().patch(&path, json!({ "isRemoved": true, "name": "Changed" })).await.error(409, "conflict");
    let channel = server.zaia().get(&path).await.json(200);
    assert_eq!((&channel["name"], &channel["isRemoved"]), (&json!("api"), &json!(false)));
    assert_eq!(server.zaia().patch(&path, json!({ "name": "main" })).await.json(200)["name"], "main");
}

#[tokio::test]
async fn a_channel_of_another_workspace_is_404() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let path = format!("{PATH}/{}", create_channel(&server, "red").await);
    let foreign = server.zaia().with_key(&other.key);
    foreign.get(&path).await.error(404, "not_found");
    foreign.patch(&path, json!({ "name": "blue" })).await.error(404, "not_found");
    foreign.delete(&path).await.error(404, "not_found");
    assert_eq!(server.zaia().get(&path).await.json(200)["name"], "red");
}
