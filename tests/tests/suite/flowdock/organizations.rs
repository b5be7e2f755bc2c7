//! `/organizations`: workspaces as their members see them; and the numbers of workspaces.

use std::collections::BTreeSet;

use denizen_tests::{Client, Value, json};
use tokio::task::JoinSet;

use super::{broken, numbers, refusal};
use crate::people::{People, Person};
use crate::support::{each, text, with};

/// The slugs of a list.
fn slugs(list: &[Value]) -> Vec<String> {
    each(list, "parameterized_name")
}

/// The slugs of a person's organizations.
async fn organizations_of(client: &Client) -> Vec<String> {
    slugs(&client.get("/organizations").await.array(200))
}

#[tokio::test]
async fn an_organization_is_a_workspace_with_its_members() {
    let people = People::with_fixed_time().await;
    let acme = people.server.new_workspace("Acme Inc").await;
    let jane = people.member("jane@example.com", &acme, false).await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let member = |person: &Person, number: i64, is_admin: bool| {
        json!({
            "id": number, "email": person.username, "name": "First Last", "nick": "First", "avatar": null,
            "website": null, "admin": is_admin,
        })
    };
    let users = [member(&jane, jane.number().await, false), member(&boss, boss.number().await, true)];
    let expected = json!({
        "id": acme.number,
        "parameterized_name": acme.slug,
        "name": "Acme Inc",
        "user_limit": 0,
        "user_count": 2,
        "active": true,
        "url": format!("http://denizen.test/organizations/{}", acme.slug),
        "subscription": { "trial": false },
        "users": users,
    });
    for base in ["", "/v1"] {
        for person in [&jane, &boss] {
            let list = format!("{base}/organizations");
            assert_eq!(person.client.get(&list).await.array(200), std::slice::from_ref(&expected));
            for path in [acme.slug.clone(), acme.number.to_string(), format!("find?id={}", acme.number)] {
                let path = format!("{base}/organizations/{path}");
                assert_eq!(person.client.get(&path).await.json(200), expected, "{path}");
            }
        }
    }
}

#[tokio::test]
async fn the_shown_url_works() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let jane = people.member("jane@example.com", &acme, false).await;
    let organization = jane.client.get("/organizations/acme").await.json(200);
    let url = text(&organization, "url");
    assert_eq!(url, format!("http://{}/organizations/acme", people.server.address));
    assert_eq!(jane.client.get(&url).await.json(200), organization);
}

#[tokio::test]
async fn lists_own_organizations_by_number() {
    let people = People::new().await;
    let server = &people.server;
    let jane = people.person("jane@example.com", json!({})).await;
    assert!(organizations_of(&jane.client).await.is_empty());
    let workspaces =
        [server.new_workspace("B").await, server.new_workspace("C").await, server.new_workspace("A").await];
    for workspace in workspaces.iter().rev() {
        server.add_to_workspace(&jane.username, workspace, workspace.slug == "c").await;
    }
    server.new_workspace("Not hers").await;
    let list = jane.client.get("/organizations").await.array(200);
    assert_eq!(slugs(&list), ["b", "c", "a"]);
    assert_eq!(numbers(&list), workspaces.each_ref().map(|workspace| workspace.number));
    for (organization, is_admin) in list.iter().zip([false, true, false]) {
        assert_eq!(organization["user_count"], 1);
        assert_eq!(organization["users"][0]["id"], jane.number().await);
        assert_eq!(organization["users"][0]["admin"], is_admin);
    }
    assert_eq!(organizations_of(&people.administrator).await, ["default"], "not those of everybody");
}

#[tokio::test]
async fn finds_an_organization_only_by_number() {
    let people = People::new().await;
    for query in ["", "?id=", "?id=default", "?id=1.5", "?id=9223372036854775808", "?id=1&id=1"] {
        let reply = people.administrator.get(&format!("/organizations/find{query}")).await;
        assert_eq!(broken(reply), ["id"], "{query}");
    }
    let found = people.administrator.get("/organizations/find?id=1.0").await.json(200);
    assert_eq!(found["id"], 1);
    for number in ["0", "-1", "2", "9223372036854775807"] {
        let reply = people.administrator.get(&format!("/organizations/find?id={number}")).await;
        let details = reply.error(404, "not_found");
        assert_eq!(details, json!({ "resource": "organization", "id": number }));
    }
}

#[tokio::test]
async fn hides_an_organization_from_strangers() {
    let people = People::new().await;
    let server = &people.server;
    let (acme, other) = (server.new_workspace("Acme").await, server.new_workspace("Other").await);
    let boss = people.member("boss@example.com", &acme, true).await;
    let stranger = people.member("stranger@example.com", &other, true).await;
    let number = boss.number().await;
    let said = async |client: &Client, method: &str, path: &str, name: &str| {
        let body = (method == "PUT").then(|| json!({ "name": "Theirs", "admin": false }));
        let reply = client.send(method, &path.replace("<name>", name), body).await;
        let mut said = refusal(reply, 404, "not_found");
        assert_eq!(said["error"]["details"]["id"].take(), name, "{method} {path}");
        assert_eq!(said["error"]["details"]["resource"], "organization", "{method} {path}");
        said
    };
    for (method, path) in [
        ("GET", "/organizations/<name>"),
        ("PUT", "/organizations/<name>"),
        ("GET", "/organizations/<name>/users"),
        ("PUT", &format!("/organizations/<name>/users/{number}")),
        ("DELETE", &format!("/organizations/<name>/users/{number}")),
        ("GET", "/organizations/find?id=<name>"),
    ] {
        // Rights in the rest of the directory do not count.
        for client in [&stranger.client, &people.administrator] {
            let unknown = said(client, method, path, "1000000").await;
            assert_eq!(
                said(client, method, path, &acme.number.to_string()).await,
                unknown,
                "{method} {path}"
            );
            if !path.contains("find") {
                assert_eq!(said(client, method, path, &acme.slug).await, unknown, "{method} {path}");
            }
        }
    }
    let untouched = boss.client.get("/organizations/acme").await.json(200);
    assert_eq!((&untouched["name"], &untouched["users"][0]["admin"]), (&json!("Acme"), &json!(true)));
}

#[tokio::test]
async fn renaming_keeps_the_slug() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let before = boss.client.get("/organizations/acme").await.json(200);
    let mut expected = before.clone();
    for (name, path) in [
        ("Acme & Söhne 🙂", "/organizations/acme".to_owned()),
        ("Default", "/v1/organizations/acme".to_owned()),
        (&"n".repeat(100), format!("/organizations/{}", acme.number)),
    ] {
        expected = with(expected, json!({ "name": name }));
        assert_eq!(boss.client.put(&path, json!({ "name": name })).await.json(200), expected);
        assert_eq!(boss.client.get("/organizations/acme").await.json(200), expected);
        let tenant = people.administrator.get(&format!("/api/tenants/{}", acme.id)).await.json(200);
        assert_eq!(tenant["name"], name, "elsewhere in the directory, too");
    }
}

#[tokio::test]
async fn accepts_the_unchanged_record() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    people.member("jane@example.com", &acme, false).await;
    let before = boss.client.get("/organizations/acme").await.json(200);
    let rest = json!({
        "id": 1, "parameterized_name": "other", "user_limit": 7, "user_count": 7, "active": false, "users": [],
        "subscription": { "trial": true },
    });
    for body in [before.clone(), json!({}), rest] {
        assert_eq!(boss.client.put("/organizations/acme", body).await.json(200), before);
    }
    assert_eq!(boss.client.send("PUT", "/organizations/acme", None).await.json(200), before);
    assert_eq!(boss.client.get("/organizations/acme").await.json(200), before);
}

#[tokio::test]
async fn rejects_an_invalid_name() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let long = "n".repeat(101);
    for name in [json!(""), json!("  "), json!("a\nb"), json!("a\0b"), json!(long), json!(7), json!(null)] {
        let reply = boss.client.put("/organizations/acme", json!({ "name": name })).await;
        assert_eq!(broken(reply), ["name"], "{name}");
    }
    assert_eq!(boss.client.get("/organizations/acme").await.json(200)["name"], "Acme");
}

#[tokio::test]
async fn only_administrators_rename_it() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let jane = people.member("jane@example.com", &acme, false).await;
    let tenant_admin = people.tenant_admin("tenant-admin@example.com", &acme.id).await;
    let holder = people.with_permissions("holder@example.com", Some(&acme.id), &["all"]).await;
    for person in [&jane, &tenant_admin, &holder] {
        // The name is not checked.
        for name in ["Theirs", ""] {
            let reply = person.client.put("/organizations/acme", json!({ "name": name })).await;
            assert_eq!(
                reply.error(403, "forbidden"),
                json!({ "reason": "not_admin" }),
                "{}",
                person.username
            );
        }
    }
    assert_eq!(boss.client.get("/organizations/acme").await.json(200)["name"], "Acme");
}

#[tokio::test]
async fn a_disabled_organization_is_404() {
    let people = People::new().await;
    let server = &people.server;
    let (acme, home) = (server.new_workspace("Acme").await, server.new_workspace("Home").await);
    let boss = people.member("boss@example.com", &home, false).await;
    server.add_to_workspace(&boss.username, &acme, true).await;
    let tenant = format!("/api/tenants/{}", acme.id);
    let is_not_there = async || {
        assert_eq!(organizations_of(&boss.client).await, ["home"]);
        for path in ["/organizations/acme", "/organizations/acme/users", "/flows/acme"] {
            boss.client.get(path).await.error(404, "not_found");
        }
        let found = format!("/organizations/find?id={}", acme.number);
        boss.client.get(&found).await.error(404, "not_found");
        let name = json!({ "name": "Another" });
        boss.client.put("/organizations/acme", name).await.error(404, "not_found");
    };
    for status in ["DISABLED", "PENDING"] {
        people.administrator.patch(&tenant, json!({ "status": status })).await.is(200);
        is_not_there().await;
        people.administrator.patch(&tenant, json!({ "status": "ACTIVE" })).await.is(200);
        assert_eq!(organizations_of(&boss.client).await, ["acme", "home"]);
    }
    people.administrator.delete(&tenant).await.is(200);
    is_not_there().await;
}

/// Creates a workspace, and returns its number.
async fn new_number(people: &People, name: &str) -> i64 {
    let id = people.tenant(name).await;
    let member = json!({ "tenant": id });
    let person = people.person(&format!("{name}@example.com"), member).await;
    let list = person.client.get("/organizations").await.array(200);
    assert_eq!(list[0]["name"], name);
    numbers(&list)[0]
}

#[tokio::test]
async fn numbers_workspaces_in_order_of_creation() {
    let people = People::new().await;
    let mut last = people.server.workspace.number;
    assert!(last > 0);
    for round in 0..3 {
        let made = new_number(&people, &format!("tenant-{round}")).await;
        assert!(made > last, "{made} comes after {last}");
        let another = people.server.new_workspace(&format!("Workspace {round}")).await;
        assert!(another.number > made, "{} comes after {made}", another.number);
        let tenant = format!("/api/tenants/{}", another.id);
        people.administrator.delete(&tenant).await.is(200);
        last = another.number;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn workspaces_created_in_parallel_have_unique_numbers() {
    let people = People::new().await;
    let other = People::on(people.server.another().await).await;
    let makers: JoinSet<_> = (0..20)
        .map(|number| {
            let server = if number % 2 == 0 { &people } else { &other };
            let client = server.administrator.clone();
            async move {
                let body = json!({ "name": format!("tenant-{number}") });
                client.post("/api/tenants", body).await.json(200);
            }
        })
        .collect();
    makers.join_all().await;
    let listed = people.server.operator(&["workspaces", "list", "--json"]).await;
    let number = |workspace: &Value| workspace["number"].as_i64().unwrap();
    let numbers: BTreeSet<_> = listed.as_array().unwrap().iter().map(number).collect();
    assert_eq!(numbers.len(), 21, "{numbers:?}");
}
