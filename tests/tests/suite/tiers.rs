//! `/api/v1/tiers`: the plans of external users and their groups.

use std::time::Duration;

use denizen_tests::{TestServer, Value, json};
use tokio::task::JoinSet;

use crate::support::{assert_time, assert_uuid, create, each, keys, path_of, text, with, zaia_body};

const PATH: &str = "/api/v1/tiers";

const USERS: &str = "/api/v1/external-users";

const GROUPS: &str = "/api/v1/external-user-groups";

const NOWHERE: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

fn named(name: &str) -> Value {
    json!({ "name": name, "description": "A plan", "prompt": null, "maxAssistantMessages": null })
}

/// Creates a tier, and returns its id.
pub(crate) async fn create_tier(server: &TestServer, name: &str) -> String {
    text(&server.zaia().post(PATH, named(name)).await.json(200), "id")
}

fn path(id: &str) -> String {
    format!("{PATH}/{id}")
}

#[tokio::test]
async fn stores_every_given_field() {
    let server = TestServer::start().await;
    assert_eq!(server.zaia().get(PATH).await.array(200).len(), 0);
    let body = json!({
        "name": "Gold", "description": "The best plan", "prompt": "Be thorough", "maxAssistantMessages": 100,
    });
    let made = server.zaia().post(PATH, body.clone()).await.json(200);
    assert_eq!(
        keys(&made),
        [
            "createdAt",
            "description",
            "id",
            "maxAssistantMessages",
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
    assert_eq!(server.zaia().get(&path(&text(&made, "id"))).await.json(200), made);

    let bare = server.zaia().post(PATH, named("Gold")).await.json(200);
    assert_eq!((&bare["prompt"], &bare["maxAssistantMessages"]), (&Value::Null, &Value::Null));
    assert_ne!(bare["id"], made["id"], "two tiers may have one name");
}

#[tokio::test]
async fn requires_and_validates_all_keys() {
    let server = TestServer::start().await;
    let all = ["description", "maxAssistantMessages", "name", "prompt"];
    let reply = server.zaia().post(PATH, json!({})).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    assert_eq!(reply.broken_fields(400, "bad_request"), all);
    let broken =
        json!({ "name": null, "description": null, "prompt": "x".repeat(501), "maxAssistantMessages": -1 });
    assert_eq!(server.zaia().post(PATH, broken).await.broken_fields(400, "bad_request"), all);
    let broken = json!({ "name": 7, "description": [], "prompt": true, "maxAssistantMessages": "many" });
    assert_eq!(server.zaia().post(PATH, broken).await.broken_fields(400, "bad_request"), all);
    for (field, longest) in [("name", 50), ("description", 250), ("prompt", 500)] {
        for length in [3, longest] {
            server.zaia().post(PATH, with(named("Gold"), json!({ field: "é".repeat(length) }))).await.is(200);
        }
        for wrong in ["éé".to_owned(), "é".repeat(longest + 1), "a\0b".to_owned()] {
            let reply = server.zaia().post(PATH, with(named("Gold"), json!({ field: wrong }))).await;
            assert_eq!(reply.broken_fields(400, "bad_request"), [field]);
        }
    }
    for count in [0, i64::MAX] {
        let made =
            server.zaia().post(PATH, with(named("Gold"), json!({ "maxAssistantMessages": count }))).await;
        assert_eq!(made.json(200)["maxAssistantMessages"], count);
    }
    for wrong in [json!(-1), json!(1.5), json!(u64::MAX), json!(true), json!({})] {
        let reply =
            server.zaia().post(PATH, with(named("Gold"), json!({ "maxAssistantMessages": wrong }))).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["maxAssistantMessages"], "{wrong}");
    }
    let counted = server.zaia().get(&format!("{PATH}?count=true")).await;
    assert_eq!(counted.header("x-total-count"), Some("8"), "nothing else was written");
}

#[tokio::test]
async fn lists_oldest_first() {
    let server = TestServer::start().await;
    let expected: Vec<_> = (1..=12).map(|number| format!("tier {number}")).collect();
    for name in &expected {
        create_tier(&server, name).await;
    }
    let first = server.zaia().get(PATH).await;
    let second = server.zaia().get(&first.next().unwrap()).await;
    assert_eq!(second.next(), None);
    let mut walked = each(&first.array(200), "name");
    assert_eq!(walked.len(), 10);
    walked.extend(each(&second.array(200), "name"));
    assert_eq!(walked, expected);
    let page = server.zaia().get(&format!("{PATH}?pageSize=5&pageNumber=3")).await.array(200);
    assert_eq!(each(&page, "name"), ["tier 11", "tier 12"]);
    let reply = server.zaia().get(&format!("{PATH}?pageSize=101&pageNumber=0&ids=x")).await;
    assert_eq!(reply.broken_fields(400, "bad_request"), ["ids", "pageNumber", "pageSize"]);
}

#[tokio::test]
async fn searches_and_filters_the_list() {
    let server = TestServer::start().await;
    let described = with(named("Gold"), json!({ "description": "Über 100% Rabatt" }));
    let gold = text(&server.zaia().post(PATH, described).await.json(200), "id");
    let silver = create_tier(&server, "Silver_plus").await;
    for (query, expected) in [
        ("search=GOLD".to_owned(), vec!["Gold"]),
        ("search=l".to_owned(), vec!["Gold", "Silver_plus"]),
        ("search=%C3%BCBER".to_owned(), vec!["Gold"]),
        ("search=%25".to_owned(), vec!["Gold"]),
        ("search=_".to_owned(), vec!["Silver_plus"]),
        ("search=a+plan".to_owned(), vec!["Silver_plus"]),
        ("search=nothing".to_owned(), vec![]),
        (format!("ids={silver}"), vec!["Silver_plus"]),
        (format!("ids={silver}&ids={gold}"), vec!["Gold", "Silver_plus"]),
        (format!("ids={silver}&search=gold"), vec![]),
        (format!("ids={NOWHERE}"), vec![]),
    ] {
        let found = server.zaia().get(&format!("{PATH}?{query}")).await.array(200);
        assert_eq!(each(&found, "name"), expected, "{query}");
    }
}

#[tokio::test]
async fn keeps_absent_keys_and_clears_null_ones() {
    let server = TestServer::with_fixed_time().await;
    let body =
        json!({ "name": "Gold", "description": "The best", "prompt": "Be kind", "maxAssistantMessages": 9 });
    let made = server.zaia().post(PATH, body.clone()).await.json(200);
    let path = path(&text(&made, "id"));
    server.advance(Duration::from_mins(1));
    assert_eq!(server.zaia().patch(&path, json!({})).await.json(200), made);
    assert_eq!(server.zaia().patch(&path, body).await.json(200), made);

    let changes = json!({ "name": "Platinum", "prompt": null, "maxAssistantMessages": 10 });
    let changed = server.zaia().patch(&path, changes.clone()).await.json(200);
    let expected = with(made, changes);
    assert_eq!(changed, with(expected, json!({ "updatedAt": "2024-01-15T10:31:00.000000Z" })));
    let found = server.zaia().get(&format!("{PATH}?search=platinum")).await.array(200);
    assert_eq!(found, std::slice::from_ref(&changed));

    let broken = json!({ "name": null, "description": null, "prompt": 7, "maxAssistantMessages": -1 });
    let fields = server.zaia().patch(&path, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["description", "maxAssistantMessages", "name", "prompt"]);
    assert_eq!(server.zaia().get(&path).await.json(200), changed);
    let unlimited = server.zaia().patch(&path, json!({ "maxAssistantMessages": null })).await.json(200);
    assert_eq!(unlimited["maxAssistantMessages"], Value::Null);
}

#[tokio::test]
async fn assigns_users_to_tiers() {
    let server = TestServer::start().await;
    let (gold, silver) = (create_tier(&server, "Gold").await, create_tier(&server, "Silver").await);
    let jane = create(&server, json!({ "externalId": "jane", "tierId": gold })).await;
    let john = create(&server, json!({ "externalId": "john" })).await;
    assert_eq!(jane["tierId"], gold.as_str());
    let john = server.zaia().patch(&path_of(&john), json!({ "tierId": silver })).await.json(200);
    assert_eq!(john["tierId"], silver.as_str());
    let found = async |query: &str| {
        each(&server.zaia().get(&format!("{USERS}?{query}")).await.array(200), "externalId")
    };
    assert_eq!(found(&format!("tierIds={gold}")).await, ["jane"]);
    let both = format!("tierIds={gold}&tierIds={silver}");
    assert_eq!(found(&both).await, ["jane", "john"]);
    assert_eq!(found(&format!("{both}&search=john")).await, ["john"]);
    server.zaia().patch(&path_of(&john), json!({ "tierId": null })).await.is(200);
    assert_eq!(found(&both).await, ["jane"]);

    for reply in [
        server.zaia().post(USERS, zaia_body(&server, json!({ "tierId": NOWHERE }))).await,
        server.zaia().patch(&path_of(&jane), json!({ "tierId": NOWHERE })).await,
    ] {
        assert_eq!(reply.body["message"], "Tier not found.");
        reply.error(404, "not_found");
    }
}

#[tokio::test]
async fn deleting_a_tier_keeps_its_users() {
    let server = TestServer::with_fixed_time().await;
    let (gold, silver) = (create_tier(&server, "Gold").await, create_tier(&server, "Silver").await);
    let group = json!({ "externalId": "acme", "name": "Acme Inc", "tierId": gold });
    let group = server.zaia().post(GROUPS, group).await.json(200);
    let gone = json!({ "externalId": null, "name": "Gone", "tierId": gold });
    let gone = server.zaia().post(GROUPS, gone).await.json(200);
    server.zaia().delete(&format!("{GROUPS}/{}", text(&gone, "id"))).await.is(200);
    let jane = json!({ "tierId": gold, "externalUserGroupId": group["id"], "identifier": "jane" });
    let jane = create(&server, jane).await;
    let john = create(&server, json!({ "tierId": silver })).await;
    server.advance(Duration::from_mins(1));

    let done = server.zaia().delete(&path(&gold)).await.json(200);
    assert_eq!(done, json!({ "message": "Tier deleted." }));
    let reply = server.zaia().get(&path(&gold)).await;
    assert_eq!(reply.body["message"], "Tier not found.");
    assert_eq!(reply.error(404, "not_found"), json!({ "resource": "tier", "id": gold }));
    server.zaia().delete(&path(&gold)).await.error(404, "not_found");
    server.zaia().patch(&path(&gold), json!({ "name": "Again" })).await.error(404, "not_found");
    assert_eq!(each(&server.zaia().get(PATH).await.array(200), "id"), [&*silver]);
    let naming = zaia_body(&server, json!({ "tierId": gold }));
    server.zaia().post(USERS, naming).await.error(404, "not_found");

    let mut expected = with(jane.clone(), json!({ "tierId": null }));
    expected.as_object_mut().unwrap().remove("accessToken");
    assert_eq!(server.zaia().get(&path_of(&jane)).await.json(200), expected, "and all else is as it was");
    let found = server.zaia().get(&format!("{GROUPS}/{}", text(&group, "id"))).await.json(200);
    assert_eq!(found, with(group, json!({ "tierId": null })));
    let john = server.zaia().get(&path_of(&john)).await.json(200);
    assert_eq!(john["tierId"], silver.as_str(), "the others stay where they are");
    for path in [format!("{USERS}?tierIds={gold}"), format!("{GROUPS}?tierIds={gold}")] {
        assert_eq!(server.zaia().get(&path).await.array(200).len(), 0, "{path}");
    }
}

#[tokio::test]
async fn a_tier_of_another_workspace_is_404() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let gold = create_tier(&server, "Gold").await;
    let foreign = server.zaia().with_key(&other.key);
    foreign.get(&path(&gold)).await.error(404, "not_found");
    foreign.patch(&path(&gold), json!({ "name": "Stolen" })).await.error(404, "not_found");
    foreign.delete(&path(&gold)).await.error(404, "not_found");
    let naming = json!({ "channelId": other.channel_id, "tierId": gold });
    foreign.post(USERS, zaia_body(&server, naming)).await.error(404, "not_found");
    assert_eq!(foreign.get(&format!("{PATH}?ids={gold}")).await.array(200).len(), 0);
    assert_eq!(server.zaia().get(&path(&gold)).await.json(200)["name"], "Gold");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn limits_a_workspace_to_1000_tiers() {
    let server = TestServer::start().await;
    let other = server.another().await;
    let makers: JoinSet<_> = (0..8)
        .map(|number| {
            let zaia = if number % 2 == 0 { server.zaia() } else { other.zaia() };
            async move {
                let mut statuses = Vec::new();
                for _ in 0..127 {
                    statuses.push(zaia.post(PATH, named("Gold")).await.status);
                }
                statuses
            }
        })
        .collect();
    let statuses = makers.join_all().await.concat();
    let of = |status: u16| statuses.iter().filter(|it| **it == status).count();
    assert_eq!((of(200), of(409)), (1_000, 16));
    let details = server.zaia().post(PATH, named("Gold")).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "limit_reached" }));
}
