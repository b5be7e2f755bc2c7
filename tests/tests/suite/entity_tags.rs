//! Entity tags: conditional reads, and no lost updates.

use std::time::Duration;

use denizen_tests::{Client, Reply, TestServer, Value, json};

use crate::support::{create, path_of, text};
use crate::tiers::create_tier;

fn tag(reply: &Reply) -> String {
    reply.header("etag").unwrap_or_else(|| panic!("no tag:\n{reply}")).to_owned()
}

#[tokio::test]
async fn every_view_of_a_user_has_the_same_tag() {
    let server = TestServer::start().await;
    let created = server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.is(201);
    let (id, tagged) = (path_of(&created.body), tag(&created));
    assert!(tagged.starts_with('"') && tagged.ends_with('"'), "{tagged}");
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": null, "id": null, "identifier": "jane",
    });
    for reply in [
        server.flowra().post("/api/v1/external-users", json!({ "name": "jane" })).await.is(200),
        server.flowra().get("/api/v1/external-users/username/jane").await.is(200),
        server.flowra().with("x-username", "jane").get("/api/v1/external-users/me").await.is(200),
        server.zaia().get(&id).await.is(200),
        server.zaia().post("/api/v1/external-users/authenticate", claim).await.is(200),
        server.zaia().patch(&id, json!({ "identifier": "jane" })).await.is(200),
    ] {
        assert_eq!(tag(&reply), tagged, "{reply}");
    }
    let put = server.notiflows().put("/admin/users/u-1", json!({})).await.is(201);
    assert_eq!(tag(&server.notiflows().get("/admin/users/u-1").await.is(200)), tag(&put));
    assert_ne!(tag(&put), tagged);
    let nobody = server.flowra().get("/api/v1/external-users/username/nobody").await.is(200);
    assert_eq!((nobody.body.clone(), nobody.header("etag")), (Value::Null, None));
}

#[tokio::test]
async fn answers_304_to_a_known_tag() {
    let server = TestServer::with_fixed_time().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    for (client, path) in [
        (server.zaia(), path_of(&user)),
        (server.flowra(), "/api/v1/external-users/username/u-1".to_owned()),
        (server.flowra().with("x-username", "u-1"), "/api/v1/external-users/me".to_owned()),
        (server.notiflows(), "/admin/users/u-1".to_owned()),
    ] {
        let tagged = tag(&client.get(&path).await.is(200));
        for known in [tagged.clone(), format!("W/{tagged}"), format!("\"other\", {tagged}"), "*".to_owned()] {
            let reply = client.with("if-none-match", &known).get(&path).await.is(304);
            assert_eq!((reply.text.as_str(), tag(&reply)), ("", tagged.clone()));
        }
        client.with("if-none-match", "\"other\"").get(&path).await.is(200);
    }

    // The expiry of a block is a change, too.
    let story = json!({ "blocked": { "until": "2024-01-15T10:31:00Z" } });
    let blocked = tag(&server.zaia().patch(&path_of(&user), story).await.is(200));
    let reader = server.zaia().with("if-none-match", &blocked);
    reader.get(&path_of(&user)).await.is(304);
    server.advance(Duration::from_mins(1));
    reader.get(&path_of(&user)).await.is(200);
}

/// What proxies make of a tag when they compress the answer: Apache, Jetty, nginx and others.
fn variants(tagged: &str) -> Vec<String> {
    let bare = tagged.trim_matches('"');
    let suffixes = [
        "-gzip",
        "--gzip",
        ";gzip",
        "-br",
        ";br",
        "--br",
        "-deflate",
        ";deflate",
        "--deflate",
        "-zstd",
        ";zstd",
    ];
    let changed =
        suffixes.iter().flat_map(|suffix| [format!("\"{bare}{suffix}\""), format!("W/\"{bare}{suffix}\"")]);
    changed
        .chain([tagged.to_owned(), format!("W/{tagged}"), format!("\"other-gzip\", \"{bare}-gzip\"")])
        .collect()
}

#[tokio::test]
async fn a_tag_changed_by_a_compressing_proxy_counts() {
    let server = TestServer::start().await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let (account, notiflows) = (server.as_administrator().await, server.notiflows());
    let basic = server.basic(&server.administrator.username, &server.administrator.password);
    let own = format!("/api/users/{}", server.administrator.id);
    for (client, path) in [
        (&notiflows, "/admin/users/u-1"),
        (&server.flowra(), "/api/v1/external-users/username/u-1"),
        (&account, &own),
        (&account, "/api/users/me"),
        (&basic, "/user"),
    ] {
        let tagged = tag(&client.get(path).await.is(200));
        for known in variants(&tagged) {
            let reply = client.with("if-none-match", &known).get(path).await;
            assert_eq!((reply.status, tag(&reply)), (304, tagged.clone()), "{path} {known}");
        }
    }
    let path = "/admin/users/u-1";
    let mut current = tag(&notiflows.get(path).await.is(200));
    for index in 0..variants(&current).len() {
        let (old, known) = (current.clone(), variants(&current)[index].clone());
        let change = json!({ "first_name": format!("Jane {index}") });
        current = tag(&notiflows.with("if-match", &known).put(path, change.clone()).await.is(200));
        for outdated in variants(&old) {
            let late = notiflows.with("if-match", &outdated).put(path, change.clone()).await;
            late.error(412, "precondition_failed");
        }
    }
    let bare = current.trim_matches('"');
    for wrong in
        ["-gzip-gzip", "gzip", "-", ";", "-GZIPPED", "-gzip;", " -gzip", "/gzip", "-identity", "+gzip"]
    {
        let wrong = format!("\"{bare}{wrong}\"");
        notiflows.with("if-none-match", &wrong).get(path).await.is(200);
        notiflows.with("if-match", &wrong).put(path, json!({})).await.error(412, "precondition_failed");
    }
}

#[track_caller]
fn assert_all_different(mut tags: Vec<String>) {
    let count = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), count, "{tags:?}");
}

#[tokio::test]
async fn every_visible_change_changes_the_tag() {
    let server = TestServer::with_fixed_time().await;
    let tier = create_tier(&server, "Gold").await;
    let path = path_of(&create(&server, json!({ "externalId": "u-1", "tierId": tier })).await);
    let mut tags = vec![tag(&server.zaia().get(&path).await.is(200))];
    // At the same time.
    tags.push(tag(&server.zaia().patch(&path, json!({ "name": "Jane" })).await.is(200)));
    // Without a change of the user itself.
    server.zaia().delete(&format!("/api/v1/tiers/{tier}")).await.is(200);
    tags.push(tag(&server.zaia().get(&path).await.is(200)));
    // Changed and changed back: only the time of the change differs.
    server.advance(Duration::from_mins(1));
    for name in ["Janet", "Jane"] {
        tags.push(tag(&server.zaia().patch(&path, json!({ "name": name })).await.is(200)));
    }
    assert_all_different(tags);

    let admin = server.as_administrator().await;
    let jane = server.new_account("jane@example.com", Some(&server.workspace), &[]).await;
    let path = format!("/api/users/{}", jane.id);
    let role = json!({ "name": "Reader", "permissions": ["tenant.account.read"] });
    let role = text(&admin.post("/api/roles", role).await.json(200), "id");
    let mut tags = vec![tag(&admin.get(&path).await.is(200))];
    for change in [json!({ "roles": [role] }), json!({ "firstname": "Janet" })] {
        tags.push(tag(&admin.patch(&path, change).await.is(200)));
    }
    server.advance(Duration::from_mins(1));
    admin.patch(&format!("/api/roles/{role}"), json!({ "name": "Auditor" })).await.is(200);
    tags.push(tag(&admin.get(&path).await.is(200)));
    assert_all_different(tags);
}

#[tokio::test]
async fn rejects_a_lost_update() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1", "name": "Jane" })).await;
    let path = path_of(&user);
    let switch = format!("{path}/toggle-active");
    let read = tag(&server.zaia().get(&path).await.is(200));
    let changed = server.zaia().patch(&path, json!({ "name": "Jane D." })).await.is(200);

    let late = |client: Client| client.with("if-match", &read);
    let refused = [
        late(server.zaia()).patch(&path, json!({ "name": "Janet" })).await,
        late(server.flowra()).send("PUT", &switch, None).await,
        late(server.zaia()).delete(&path).await,
        late(server.zaia()).send("POST", &format!("{path}/erase"), None).await,
        late(server.notiflows()).put("/admin/users/u-1", json!({ "email": "jane@example.com" })).await,
        late(server.notiflows()).delete("/admin/users/u-1").await,
    ];
    for reply in refused {
        reply.error(412, "precondition_failed");
    }
    let now = server.zaia().get(&path).await.is(200);
    assert_eq!(now.body, changed.body);

    let current = |client: Client| client.with("if-match", &tag(&now));
    let changed =
        current(server.notiflows()).put("/admin/users/u-1", json!({ "last_name": "Doe" })).await.is(200);
    server.zaia().with("if-match", &tag(&changed)).delete(&path).await.is(204);
}

#[tokio::test]
async fn rejects_erasing_with_an_outdated_tag() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let erase = format!("{}/erase", path_of(&user));
    let read = tag(&server.zaia().get(&path_of(&user)).await.is(200));
    server.zaia().delete(&path_of(&user)).await.is(204);
    server.zaia().with("if-match", &read).send("POST", &erase, None).await.error(412, "precondition_failed");
    server.zaia().send("POST", &format!("{}/restore", path_of(&user)), None).await.is(200);
}

#[tokio::test]
async fn of_two_writes_with_one_tag_one_succeeds() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let path = path_of(&user);
    let client = server.zaia().with("if-match", &tag(&server.zaia().get(&path).await.is(200)));
    let requests = (0..8).map(|number| {
        let (client, path) = (client.clone(), path.clone());
        tokio::spawn(
            async move { client.patch(&path, json!({ "name": format!("Jane {number}") })).await.status },
        )
    });
    let mut statuses = Vec::new();
    for request in requests.collect::<Vec<_>>() {
        statuses.push(request.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn a_star_separates_create_from_update() {
    let server = TestServer::start().await;
    let path = "/admin/users/u-1";
    server.notiflows().with("if-match", "*").put(path, json!({})).await.error(412, "precondition_failed");
    server.notiflows().get(path).await.error(404, "not_found");
    server.notiflows().with("if-none-match", "*").put(path, json!({})).await.is(201);
    server
        .notiflows()
        .with("if-none-match", "*")
        .put(path, json!({}))
        .await
        .error(412, "precondition_failed");
    server.notiflows().with("if-match", "*").put(path, json!({})).await.is(200);
}

#[tokio::test]
async fn accounts_have_tags_too() {
    let server = TestServer::start().await;
    let acme = server.new_workspace("Acme").await;
    let jane = server.new_account("jane@example.com", Some(&acme), &[]).await;
    let (admin, herself) = (server.as_administrator().await, server.as_account(&jane).await);
    let person = server.basic(&jane.username, &jane.password);
    let (path, number) = (format!("/api/users/{}", jane.id), format!("/users/{}", jane.number));

    for (client, path) in
        [(&admin, &*path), (&herself, "/api/users/me"), (&person, "/user"), (&person, &*number)]
    {
        let read = tag(&client.get(path).await.is(200));
        client.with("if-none-match", &read).get(path).await.is(304);
        client.with("if-none-match", "\"other\"").get(path).await.is(200);
    }

    let (read, shown) = (tag(&admin.get(&path).await.is(200)), tag(&person.get("/user").await.is(200)));
    let changed =
        herself.with("if-match", &read).patch("/api/users/me", json!({ "lastname": "Doe" })).await.is(200);
    assert_eq!(tag(&admin.get(&path).await.is(200)), tag(&changed));
    let late = |client: &Client| client.with("if-match", &read);
    let replacement = json!({ "username": jane.username, "firstname": "Janet", "lastname": "Doe" });
    for reply in [
        late(&admin).patch(&path, json!({ "firstname": "Janet" })).await,
        late(&admin).put(&path, replacement).await,
        late(&admin).delete(&path).await,
        late(&herself).patch("/api/users/me", json!({ "firstname": "Janet" })).await,
        person.with("if-match", &shown).put(&number, json!({ "nick": "Janet" })).await,
    ] {
        reply.error(412, "precondition_failed");
    }
    assert_eq!(admin.get(&path).await.json(200), changed.body);
    admin.with("if-match", &tag(&changed)).delete(&path).await.is(200);
}
