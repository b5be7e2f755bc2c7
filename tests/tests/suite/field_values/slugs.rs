//! Slugs that would stand in the way of numbers and of words in paths.

use denizen_tests::json;

use super::broken;
use crate::people::People;
use crate::support::text;

#[tokio::test]
async fn no_name_makes_a_slug_that_paths_need() {
    let people = People::new().await;
    let tenants = people.administrator.get("/api/tenants").await.json(200);
    for name in [
        "1",
        "2026",
        "007",
        " 42 ",
        "١٢ 3",
        "³",
        "#1!",
        "all",
        "All!",
        "FIND",
        " find ",
        "Ｆｉｎｄ",
        "users",
        "Users…",
        "Invitations",
        "import",
        "Join",
    ] {
        let reply = people.administrator.post("/api/tenants", json!({ "name": name })).await;
        assert_eq!(broken(&reply), ["name"], "{name:?}");
    }
    assert_eq!(people.administrator.get("/api/tenants").await.json(200), tenants);
    for (name, slug) in [
        ("2026 GmbH", "2026-gmbh"),
        ("1-1", "1-1"),
        ("Find me", "find-me"),
        ("All in", "all-in"),
        ("User", "user"),
        ("Findus", "findus"),
        ("Importers", "importers"),
        ("№ 7 up", "no-7-up"),
        ("4ever", "4ever"),
        ("日本", "workspace"),
    ] {
        let id =
            text(&people.administrator.post("/api/tenants", json!({ "name": name })).await.json(200), "id");
        let listed = people.server.operator(&["workspaces", "list", "--json"]).await;
        let made = listed.as_array().unwrap().iter().find(|workspace| workspace["id"] == *id).unwrap();
        assert_eq!(made["slug"], slug, "{name}");
    }
}

#[tokio::test]
async fn a_workspace_keeps_its_slug_whatever_its_name_becomes() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let number = acme.number;
    for name in ["2026", "All", "find", "1"] {
        let renamed = boss.client.put("/organizations/acme", json!({ "name": name })).await.json(200);
        assert_eq!((&renamed["name"], &renamed["parameterized_name"]), (&json!(name), &json!("acme")));
        let body = json!({ "name": name });
        people.administrator.put(&format!("/api/tenants/{}", acme.id), body.clone()).await.is(200);
        people.administrator.patch(&format!("/api/tenants/{}", acme.id), body).await.is(200);
    }
    for path in [format!("/organizations/{number}"), "/organizations/acme".to_owned()] {
        assert_eq!(boss.client.get(&path).await.json(200)["id"], number, "{path}");
    }
}

#[tokio::test]
async fn a_flow_may_be_called_as_it_likes() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let jane = people.member("jane@example.com", &acme, false).await;
    for (name, slug) in [
        ("2026", "2026"),
        ("All", "all"),
        ("find", "find"),
        ("Users", "users"),
        ("Invitations", "invitations"),
    ] {
        let made = jane.client.post("/flows/acme", json!({ "name": name })).await.json(201);
        assert_eq!(made["parameterized_name"], slug);
        let found = jane.client.get(&format!("/flows/acme/{slug}")).await.json(200);
        assert_eq!((&found["id"], &found["name"]), (&made["id"], &json!(name)));
    }
}
