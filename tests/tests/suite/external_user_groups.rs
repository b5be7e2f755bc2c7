//! `/api/v1/external-user-groups`: groups of external users.

use std::time::Duration;

use denizen_tests::{Reply, TestServer, Value, json};
use tokio::task::JoinSet;

use crate::support::{assert_time, assert_uuid, create, each, keys, path_of, text, with, zaia_body};
use crate::tiers::create_tier;

const PATH: &str = "/api/v1/external-user-groups";

const USERS: &str = "/api/v1/external-users";

const NOWHERE: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

fn body(changes: Value) -> Value {
    with(json!({ "externalId": null, "name": null, "tierId": null }), changes)
}

async fn make(server: &TestServer, changes: Value) -> Value {
    server.zaia().post(PATH, body(changes)).await.json(200)
}

fn path(group: &Value) -> String {
    format!("{PATH}/{}", text(group, "id"))
}

async fn names(server: &TestServer, query: &str) -> Vec<String> {
    each(&server.zaia().get(&format!("{PATH}?{query}")).await.array(200), "name")
}

#[tokio::test]
async fn stores_every_given_field() {
    let server = TestServer::start().await;
    assert_eq!(server.zaia().get(PATH).await.array(200).len(), 0);
    let tier = create_tier(&server, "Gold").await;
    let made = make(&server, json!({ "externalId": "acme", "name": "Acme Inc", "tierId": tier })).await;
    assert_eq!(keys(&made), ["createdAt", "externalId", "id", "name", "tierId", "updatedAt", "workspaceId"]);
    assert_uuid(&made["id"]);
    assert_time(&made["createdAt"]);
    assert_eq!(made["updatedAt"], made["createdAt"]);
    assert_eq!(made["workspaceId"], server.workspace.id.as_str());
    let given = json!([made["externalId"], made["name"], made["tierId"]]);
    assert_eq!(given, json!(["acme", "Acme Inc", tier]));
    assert_eq!(server.zaia().get(&path(&made)).await.json(200), made);

    let bare = make(&server, json!({})).await;
    assert_eq!(json!([bare["externalId"], bare["name"], bare["tierId"]]), json!([null, null, null]));
    make(&server, json!({ "name": "Acme Inc" })).await;
    assert_eq!(server.zaia().get(PATH).await.array(200).len(), 3, "names and nothing at all may be shared");
}

#[tokio::test]
async fn requires_and_validates_all_keys() {
    let server = TestServer::start().await;
    let reply = server.zaia().post(PATH, json!({})).await;
    assert_eq!(reply.body["message"], "Invalid data provided.");
    assert_eq!(reply.broken_fields(400, "bad_request"), ["externalId", "name", "tierId"]);
    let broken = json!({ "externalId": "ab", "name": "x".repeat(51), "tierId": "nope" });
    let fields = server.zaia().post(PATH, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["externalId", "name", "tierId"]);
    let broken = json!({ "externalId": 7, "name": ["Acme Inc"], "tierId": {} });
    let fields = server.zaia().post(PATH, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["externalId", "name", "tierId"]);
    for (field, longest) in [("externalId", 250), ("name", 50)] {
        for length in [3, longest] {
            make(&server, json!({ field: "é".repeat(length) })).await;
        }
        for wrong in ["éé".to_owned(), "é".repeat(longest + 1), "a\0b".to_owned()] {
            let reply = server.zaia().post(PATH, body(json!({ field: wrong }))).await;
            assert_eq!(reply.broken_fields(400, "bad_request"), [field]);
        }
    }
    let counted = server.zaia().get(&format!("{PATH}?count=true")).await;
    assert_eq!(counted.header("x-total-count"), Some("4"), "nothing else was written");
}

#[tokio::test]
async fn lists_oldest_first() {
    let server = TestServer::start().await;
    let expected: Vec<_> = (1..=12).map(|number| format!("group {number}")).collect();
    for name in &expected {
        make(&server, json!({ "name": name })).await;
    }
    let first = server.zaia().get(&format!("{PATH}?count=true")).await;
    assert_eq!(first.header("x-total-count"), Some("12"));
    let second = server.zaia().get(&first.next().unwrap()).await;
    assert_eq!(second.next(), None);
    let mut walked = each(&first.array(200), "name");
    assert_eq!(walked.len(), 10);
    walked.extend(each(&second.array(200), "name"));
    assert_eq!(walked, expected);
    assert_eq!(names(&server, "pageSize=5&pageNumber=3").await, ["group 11", "group 12"]);
    assert_eq!(names(&server, "pageNumber=3").await, [""; 0]);
    let reply =
        server.zaia().get(&format!("{PATH}?pageSize=101&pageNumber=0&ids=x&tierIds=y&externalId=")).await;
    let broken = reply.broken_fields(400, "bad_request");
    assert_eq!(broken, ["externalId", "ids", "pageNumber", "pageSize", "tierIds"]);
}

#[tokio::test]
async fn searches_and_filters_the_list() {
    let server = TestServer::start().await;
    let (gold, silver) = (create_tier(&server, "Gold").await, create_tier(&server, "Silver").await);
    let acme = make(&server, json!({ "externalId": "company_1", "name": "Acme Inc", "tierId": gold })).await;
    let bolt = make(&server, json!({ "externalId": "100%", "name": "Bölt GmbH", "tierId": silver })).await;
    make(&server, json!({ "name": "Crane" })).await;
    let (acme, bolt) = (text(&acme, "id"), text(&bolt, "id"));
    for (query, expected) in [
        ("search=ACME".to_owned(), vec!["Acme Inc"]),
        ("search=B%C3%96LT".to_owned(), vec!["Bölt GmbH"]),
        ("search=company".to_owned(), vec!["Acme Inc"]),
        ("search=%25".to_owned(), vec!["Bölt GmbH"]),
        ("search=_".to_owned(), vec!["Acme Inc"]),
        ("search=nothing".to_owned(), vec![]),
        ("externalId=company_1".to_owned(), vec!["Acme Inc"]),
        ("externalId=COMPANY_1".to_owned(), vec![]),
        ("externalId=company".to_owned(), vec![]),
        (format!("ids={acme}"), vec!["Acme Inc"]),
        (format!("ids={acme}&ids={bolt}"), vec!["Acme Inc", "Bölt GmbH"]),
        (format!("tierIds={gold}"), vec!["Acme Inc"]),
        (format!("tierIds={gold}&tierIds={silver}"), vec!["Acme Inc", "Bölt GmbH"]),
        (format!("tierIds={gold}&ids={bolt}"), vec![]),
        (format!("tierIds={gold}&externalId=company_1&ids={acme}&search=inc"), vec!["Acme Inc"]),
        (format!("ids={NOWHERE}"), vec![]),
        (format!("tierIds={NOWHERE}"), vec![]),
    ] {
        assert_eq!(names(&server, &query).await, expected, "{query}");
    }
}

#[tokio::test]
async fn keeps_absent_keys_and_clears_null_ones() {
    let server = TestServer::with_fixed_time().await;
    let (gold, silver) = (create_tier(&server, "Gold").await, create_tier(&server, "Silver").await);
    let made = make(&server, json!({ "externalId": "acme", "name": "Acme Inc", "tierId": gold })).await;
    let path = path(&made);
    server.advance(Duration::from_mins(1));
    assert_eq!(server.zaia().patch(&path, json!({})).await.json(200), made);
    let same = json!({ "externalId": "acme", "name": "Acme Inc", "tierId": gold });
    assert_eq!(server.zaia().patch(&path, same).await.json(200), made);

    let changed = json!({ "externalId": "acme-2", "tierId": silver });
    let changed = server.zaia().patch(&path, changed).await.json(200);
    let moment = "2024-01-15T10:31:00.000000Z";
    let expected = json!({ "externalId": "acme-2", "tierId": silver, "updatedAt": moment });
    assert_eq!(changed, with(made, expected));
    assert_eq!(names(&server, "search=acme-2").await, ["Acme Inc"]);

    let broken = json!({ "externalId": "x", "name": 7, "tierId": "nope" });
    let fields = server.zaia().patch(&path, broken).await.broken_fields(400, "bad_request");
    assert_eq!(fields, ["externalId", "name", "tierId"]);
    assert_eq!(server.zaia().get(&path).await.json(200), changed);

    let cleared = json!({ "externalId": null, "name": null, "tierId": null });
    let answer = server.zaia().patch(&path, cleared.clone()).await.json(200);
    assert_eq!(answer, with(changed, cleared));
    assert_eq!(names(&server, "search=acme").await, [""; 0]);
}

#[tokio::test]
async fn external_ids_are_unique() {
    let server = TestServer::start().await;
    let acme = make(&server, json!({ "externalId": "acme", "name": "Acme Inc" })).await;
    let bolt = make(&server, json!({ "externalId": "bolt" })).await;
    make(&server, json!({ "externalId": "ACME" })).await;
    let is_taken = |reply: Reply| {
        assert_eq!(
            reply.body["message"],
            "External user group external id already exists in this workspace."
        );
        assert_eq!(reply.error(409, "conflict"), json!({ "reason": "taken", "param": "externalId" }));
    };
    is_taken(server.zaia().post(PATH, body(json!({ "externalId": "acme" }))).await);
    is_taken(server.zaia().patch(&path(&bolt), json!({ "externalId": "acme", "name": "Bolt" })).await);
    assert_eq!(server.zaia().get(&path(&bolt)).await.json(200), bolt);
    assert_eq!(server.zaia().get(PATH).await.array(200).len(), 3);

    let other = server.new_workspace("Acme Inc").await;
    let elsewhere = server.zaia().with_key(&other.key);
    elsewhere.post(PATH, body(json!({ "externalId": "acme" }))).await.is(200);

    // Given up or deleted with its group, the id is free.
    server.zaia().patch(&path(&acme), json!({ "externalId": null })).await.is(200);
    server.zaia().patch(&path(&bolt), json!({ "externalId": "acme" })).await.is(200);
    server.zaia().delete(&path(&bolt)).await.is(200);
    make(&server, json!({ "externalId": "acme" })).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_gets_the_external_id() {
    let server = TestServer::start().await;
    for round in 0..20 {
        let external_id = format!("acme {round}");
        let makers: JoinSet<_> = (0..4)
            .map(|_| {
                let (zaia, body) = (server.zaia(), body(json!({ "externalId": external_id })));
                async move { zaia.post(PATH, body).await }
            })
            .collect();
        let mut statuses: Vec<_> = makers.join_all().await.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409, 409], "round {round}");
    }
}

#[tokio::test]
async fn an_unknown_tier_is_404() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let theirs =
        json!({ "name": "Gold", "description": "The best", "prompt": null, "maxAssistantMessages": null });
    let theirs = server.zaia().with_key(&other.key).post("/api/v1/tiers", theirs).await.json(200);
    let group = make(&server, json!({})).await;
    let gone = create_tier(&server, "Gone").await;
    server.zaia().delete(&format!("/api/v1/tiers/{gone}")).await.is(200);
    for tier in [NOWHERE, &text(&theirs, "id"), &gone] {
        for reply in [
            server.zaia().post(PATH, body(json!({ "tierId": tier }))).await,
            server.zaia().patch(&path(&group), json!({ "tierId": tier })).await,
        ] {
            assert_eq!(reply.body["message"], "Tier not found.");
            assert_eq!(reply.error(404, "not_found"), json!({ "resource": "tier", "id": tier }));
        }
    }
    assert_eq!(server.zaia().get(PATH).await.array(200), [group]);
}

#[tokio::test]
async fn assigns_users_to_groups() {
    let server = TestServer::start().await;
    let (acme, bolt) = (make(&server, json!({})).await, make(&server, json!({})).await);
    let (acme, bolt) = (text(&acme, "id"), text(&bolt, "id"));
    let jane = create(&server, json!({ "externalId": "jane", "externalUserGroupId": acme })).await;
    let john = create(&server, json!({ "externalId": "john" })).await;
    assert_eq!(jane["externalUserGroupId"], acme.as_str());
    let john = server.zaia().patch(&path_of(&john), json!({ "externalUserGroupId": bolt })).await.json(200);
    assert_eq!(john["externalUserGroupId"], bolt.as_str());
    let found = async |query: &str| {
        each(&server.zaia().get(&format!("{USERS}?{query}")).await.array(200), "externalId")
    };
    assert_eq!(found(&format!("externalUserGroupIds={acme}")).await, ["jane"]);
    assert_eq!(found(&format!("externalUserGroupIds={bolt}")).await, ["john"]);
    let both = format!("externalUserGroupIds={acme}&externalUserGroupIds={bolt}");
    assert_eq!(found(&both).await, ["jane", "john"]);
    assert_eq!(found(&format!("{both}&search=john")).await, ["john"]);
    server.zaia().patch(&path_of(&jane), json!({ "externalUserGroupId": null })).await.is(200);
    assert_eq!(found(&both).await, ["john"]);

    for reply in [
        server.zaia().post(USERS, zaia_body(&server, json!({ "externalUserGroupId": NOWHERE }))).await,
        server.zaia().patch(&path_of(&jane), json!({ "externalUserGroupId": NOWHERE })).await,
    ] {
        assert_eq!(reply.body["message"], "External user group not found.");
        reply.error(404, "not_found");
    }
}

#[tokio::test]
async fn deleting_a_group_keeps_its_users() {
    let server = TestServer::with_fixed_time().await;
    let tier = create_tier(&server, "Gold").await;
    let group = make(&server, json!({ "externalId": "acme", "name": "Acme Inc", "tierId": tier })).await;
    let id = text(&group, "id");
    let jane =
        create(&server, json!({ "externalId": "jane", "externalUserGroupId": id, "tierId": tier })).await;
    let other = make(&server, json!({ "name": "Bolt" })).await;
    let john = create(&server, json!({ "externalUserGroupId": other["id"] })).await;
    let deleted = create(&server, json!({ "externalId": "deleted", "externalUserGroupId": id })).await;
    server.zaia().delete(&path_of(&deleted)).await.is(204);
    server.advance(Duration::from_mins(1));

    let done = server.zaia().delete(&path(&group)).await.json(200);
    assert_eq!(done, json!({ "message": "External user group deleted." }));
    let reply = server.zaia().get(&path(&group)).await;
    assert_eq!(reply.body["message"], "External user group not found.");
    assert_eq!(reply.error(404, "not_found"), json!({ "resource": "external_user_group", "id": id }));
    server.zaia().delete(&path(&group)).await.error(404, "not_found");
    server.zaia().patch(&path(&group), json!({ "name": "Again" })).await.error(404, "not_found");
    for query in ["", "search=acme", "externalId=acme", &format!("ids={id}"), &format!("tierIds={tier}")] {
        let reply = server.zaia().get(&format!("{PATH}?{query}&count=true")).await;
        let left = if query.is_empty() { vec![other.clone()] } else { vec![] };
        assert_eq!(reply.header("x-total-count"), Some(&*left.len().to_string()), "{query}");
        assert_eq!(reply.array(200), left, "{query}");
    }
    let naming = zaia_body(&server, json!({ "externalUserGroupId": id }));
    server.zaia().post(USERS, naming).await.error(404, "not_found");

    let mut expected = with(jane.clone(), json!({ "externalUserGroupId": null }));
    expected.as_object_mut().unwrap().remove("accessToken");
    assert_eq!(server.zaia().get(&path_of(&jane)).await.json(200), expected, "and all else is as it was");
    let john = server.zaia().get(&path_of(&john)).await.json(200);
    assert_eq!(john["externalUserGroupId"], other["id"], "the others stay where they are");
    let found = server.zaia().get(&format!("{USERS}?externalUserGroupIds={id}")).await;
    assert_eq!(found.array(200).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deleting_a_large_group_clears_it() {
    let server = TestServer::start().await;
    let (large, small) = (make(&server, json!({})).await, make(&server, json!({})).await);
    create(&server, json!({ "externalUserGroupId": small["id"] })).await;
    let mut makers: JoinSet<_> = (0..8)
        .map(|_| {
            let (zaia, body) =
                (server.zaia(), zaia_body(&server, json!({ "externalUserGroupId": large["id"] })));
            async move {
                for _ in 0..200 {
                    zaia.post(USERS, body.clone()).await.is(200);
                }
            }
        })
        .collect();
    while let Some(made) = makers.join_next().await {
        made.unwrap();
    }
    let counted = async |group: &Value| {
        let query = format!("{USERS}?externalUserGroupIds={}&pageSize=1&count=true", text(group, "id"));
        server.zaia().get(&query).await.header("x-total-count").unwrap().to_owned()
    };
    assert_eq!(counted(&large).await, "1600");
    server.zaia().delete(&path(&large)).await.is(200);
    assert_eq!((counted(&large).await, counted(&small).await), ("0".to_owned(), "1".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deletes_a_group_while_users_join() {
    let server = TestServer::start().await;
    for round in 0..10 {
        let group = make(&server, json!({ "externalId": "acme" })).await;
        let id = text(&group, "id");
        let jane = create(&server, json!({ "externalUserGroupId": id })).await;
        let newcomers: JoinSet<_> = (0..6)
            .map(|number| {
                let (zaia, path, naming) =
                    (server.zaia(), path_of(&jane), json!({ "externalUserGroupId": id }));
                let body = zaia_body(&server, naming.clone());
                async move {
                    if number % 2 == 0 {
                        zaia.post(USERS, body).await
                    } else {
                        zaia.patch(&path, naming).await
                    }
                }
            })
            .collect();
        server.zaia().delete(&path(&group)).await.json(200);
        for reply in newcomers.join_all().await {
            assert!(matches!(reply.status, 200 | 404), "round {round}: {reply}");
        }
        let found = server.zaia().get(&format!("{USERS}?externalUserGroupIds={id}")).await;
        assert_eq!(found.array(200).len(), 0, "round {round}");
        let jane = server.zaia().get(&path_of(&jane)).await.json(200);
        assert_eq!(jane["externalUserGroupId"], Value::Null, "round {round}");
    }
}

#[tokio::test]
async fn a_group_of_another_workspace_is_404() {
    let server = TestServer::start().await;
    let other = server.new_workspace("Acme Inc").await;
    let group = make(&server, json!({ "externalId": "acme", "name": "Acme Inc" })).await;
    let foreign = server.zaia().with_key(&other.key);
    foreign.get(&path(&group)).await.error(404, "not_found");
    foreign.patch(&path(&group), json!({ "name": "Stolen" })).await.error(404, "not_found");
    foreign.delete(&path(&group)).await.error(404, "not_found");
    let naming = json!({ "channelId": other.channel_id, "externalUserGroupId": group["id"] });
    foreign.post(USERS, zaia_body(&server, naming)).await.error(404, "not_found");
    assert_eq!(foreign.get(&format!("{PATH}?ids={}", text(&group, "id"))).await.array(200).len(), 0);
    assert_eq!(server.zaia().get(&path(&group)).await.json(200), group);
}
