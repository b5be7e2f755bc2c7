//! The directory keeps an account that holds `all`: whoever would take the last one away gets a conflict.

use denizen_tests::{Reply, json};

use crate::people::{People, Person, new_user};
use crate::support::{text, with};

const ROUNDS: usize = 12;

#[track_caller]
fn assert_last(reply: Reply) {
    assert_eq!(reply.error(409, "conflict"), json!({ "reason": "last_admin" }));
}

/// An account with the role ADMIN.
async fn another(people: &People, username: &str) -> Person {
    people.with_role(username, None, "ADMIN").await
}

#[tokio::test]
async fn the_last_administrator_cannot_give_up_all() {
    let people = People::new().await;
    let own = format!("/api/users/{}", people.server.administrator.id);
    let administrator = &people.administrator;
    let user = people.role("USER").await;
    let before = administrator.get(&own).await.json(200);
    let whole = json!({ "username": before["username"], "firstname": "admin", "lastname": "admin" });
    for roles in [json!([]), json!([user])] {
        assert_last(administrator.patch(&own, json!({ "roles": roles })).await);
        assert_last(
            administrator.patch(&own, json!({ "roles": roles, "permissions": ["iam.account.read"] })).await,
        );
        assert_last(administrator.patch(&own, json!({ "roles": roles, "firstname": "X" })).await);
        assert_last(administrator.put(&own, with(whole.clone(), json!({ "roles": roles }))).await);
    }
    assert_last(administrator.put(&own, whole.clone()).await);
    assert_eq!(administrator.get(&own).await.json(200), before);

    // Held directly instead, it cannot be taken away directly either.
    let direct = administrator.patch(&own, json!({ "roles": [], "permissions": ["all"] })).await.json(200);
    assert_eq!(direct["permissions"], json!(["all"]));
    assert_last(administrator.patch(&own, json!({ "permissions": [] })).await);
    assert_last(administrator.patch(&own, json!({ "permissions": ["iam.account.update"] })).await);
    assert_last(administrator.put(&own, whole).await);
    administrator.patch(&own, json!({ "permissions": ["all", "tenant.all"] })).await.is(200);
    assert_last(administrator.patch(&own, json!({ "permissions": ["tenant.all"] })).await);

    // With another administrator, it may.
    another(&people, "next@example.com").await;
    administrator.patch(&own, json!({ "permissions": [] })).await.is(200);
    administrator.get("/api/users").await.error(403, "forbidden");
}

#[tokio::test]
async fn only_an_account_that_can_log_in_is_an_administrator_that_stays() {
    let people = People::new().await;
    let own = format!("/api/users/{}", people.server.administrator.id);
    let next = another(&people, "next@example.com").await;
    for status in ["DISABLED", "PENDING"] {
        people.change(&next.id, json!({ "status": status })).await;
        assert_last(people.administrator.patch(&own, json!({ "roles": [] })).await);
    }
    let closed = people.tenant("Closed").await;
    people.change(&next.id, json!({ "status": "ACTIVE", "tenant": closed })).await;
    people
        .administrator
        .patch(&format!("/api/tenants/{closed}"), json!({ "status": "DISABLED" }))
        .await
        .is(200);
    assert_last(people.administrator.patch(&own, json!({ "roles": [] })).await);
    people
        .administrator
        .patch(&format!("/api/tenants/{closed}"), json!({ "status": "ACTIVE" }))
        .await
        .is(200);
    people.administrator.patch(&own, json!({ "roles": [] })).await.is(200);

    // The one that stays cannot be disabled, deleted or moved to a closed workspace by a token with more rights.
    let body =
        json!({ "accountId": people.server.administrator.id, "customPermissions": ["all"], "new": true });
    let more = next.client.post("/api/tokens", body).await.json(200);
    let by_token = people.server.bearer(&text(&more, "token"));
    let path = next.path();
    assert_last(by_token.patch(&path, json!({ "status": "DISABLED" })).await);
    assert_last(by_token.patch(&path, json!({ "status": "PENDING" })).await);
    assert_last(by_token.patch(&path, json!({ "roles": [] })).await);
    assert_last(by_token.delete(&path).await);
    assert_last(by_token.patch(&format!("/api/tenants/{closed}"), json!({ "status": "DISABLED" })).await);
    assert_last(by_token.delete(&format!("/api/tenants/{closed}")).await);
    next.client.get("/api/users").await.is(200);
}

#[tokio::test]
async fn a_role_that_makes_the_last_administrator_stays() {
    let people = People::new().await;
    let administrator = &people.administrator;
    let own = format!("/api/users/{}", people.server.administrator.id);
    let body = json!({ "name": "Owners", "permissions": ["all"], "isGlobal": true });
    let role = text(&administrator.post("/api/roles", body).await.json(200), "id");
    administrator.patch(&own, json!({ "roles": [role] })).await.is(200);
    let path = format!("/api/roles/{role}");
    assert_last(administrator.patch(&path, json!({ "permissions": [] })).await);
    assert_last(
        administrator.patch(&path, json!({ "permissions": ["iam.account.read", "tenant.all"] })).await,
    );
    assert_last(administrator.delete(&path).await);
    administrator.patch(&path, json!({ "permissions": ["all", "tenant.all"] })).await.is(200);
    administrator.patch(&path, json!({ "name": "Keepers" })).await.is(200);
    let next = another(&people, "next@example.com").await;
    administrator.patch(&path, json!({ "permissions": [] })).await.is(200);
    next.client.delete(&path).await.is(200);
}

#[tokio::test]
async fn commands_keep_the_last_administrator_too() {
    let people = People::new().await;
    let (server, name) = (&people.server, people.server.administrator.username.as_str());
    for _ in 0..2 {
        let refusal = server.refused_operator(&["accounts", "disable", name]).await;
        assert!(refusal.contains("The directory would have no administrator left"), "{refusal}");
    }
    people.administrator.get("/api/users").await.is(200);
    let next = another(&people, "next@example.com").await;
    server.operator(&["accounts", "disable", name, "--json"]).await;
    next.client.get("/api/users").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_who_demote_each_other_leave_one() {
    let people = People::new().await;
    let own = format!("/api/users/{}", people.server.administrator.id);
    let (left, right) = (another(&people, "a@example.com").await, another(&people, "b@example.com").await);
    people.administrator.patch(&own, json!({ "roles": [] })).await.is(200);
    for round in 0..ROUNDS {
        let demote = |by: &Person, whom: &Person| {
            let (client, path) = (by.client.clone(), whom.path());
            tokio::spawn(async move { client.patch(&path, json!({ "roles": [] })).await })
        };
        let (first, second) = (demote(&left, &right), demote(&right, &left));
        let replies = [first.await.unwrap(), second.await.unwrap()];
        let done = replies.iter().filter(|reply| reply.status == 200).count();
        assert_eq!(done, 1, "round {round}:\n{}\n{}", replies[0], replies[1]);
        for reply in replies.into_iter().filter(|reply| reply.status != 200) {
            assert!([403, 409].contains(&reply.status), "round {round}:\n{reply}");
        }
        // Whoever is left promotes the other again.
        let admin = people_role(&left, &right).await;
        for person in [&left, &right] {
            let body = json!({ "roles": [admin] });
            for client in [&left.client, &right.client] {
                client.patch(&person.path(), body.clone()).await;
            }
        }
    }
    let made = left.client.post("/api/users", new_user("c@example.com")).await;
    made.is(200);
}

/// The id of the role ADMIN, as one of two accounts sees it.
async fn people_role(left: &Person, right: &Person) -> String {
    for client in [&left.client, &right.client] {
        let reply = client.get("/api/roles").await;
        if reply.status == 200 {
            let roles = reply.array(200);
            let admin = roles.iter().find(|role| role["name"] == "ADMIN");
            return text(admin.unwrap(), "id");
        }
    }
    panic!("no account may read roles");
}
