//! `GET /user`, `GET` and `PUT /users/{id}`: one's own account and others; and account numbers.

use std::collections::BTreeSet;

use denizen_tests::{Client, Value, json};
use tokio::task::JoinSet;

use super::{broken, refusal};
use crate::people::{People, Person, new_user, password_of};
use crate::support::{text, with};

const JANE: &str = "jane@example.com";

/// The path of a person.
async fn path_of(person: &Person) -> String {
    format!("/users/{}", person.number().await)
}

/// A person in no organization, and their path.
async fn jane(people: &People) -> (Person, String) {
    let jane = people.person(JANE, json!({ "firstname": "Jane", "lastname": "Doe" })).await;
    let path = path_of(&jane).await;
    (jane, path)
}

#[tokio::test]
async fn a_user_is_an_account() {
    let people = People::new().await;
    let avatar = "https://example.com/avatars/jane.jpg";
    let given = json!({ "firstname": "Jane", "lastname": "Doe", "img": avatar });
    let jane = people.person(JANE, given).await;
    let number = jane.number().await;
    let bare = json!({
        "id": number, "email": JANE, "name": "Jane Doe", "nick": "Jane", "avatar": avatar, "website": null,
    });
    for base in ["", "/v1"] {
        assert_eq!(jane.client.get(&format!("{base}/user")).await.json(200), bare);
        assert_eq!(jane.client.get(&format!("{base}/users/{number}")).await.json(200), bare);
    }
    people.change(&jane.id, json!({ "firstname": "Mary", "img": "" })).await;
    let changed = json!({ "name": "Mary Doe", "nick": "Mary", "avatar": null });
    assert_eq!(jane.client.get("/user").await.json(200), with(bare, changed));
}

#[tokio::test]
async fn shows_members_of_a_shared_organization() {
    let people = People::new().await;
    let server = &people.server;
    let (acme, other) = (server.new_workspace("Acme").await, server.new_workspace("Other").await);
    let jane = people.member(JANE, &acme, false).await;
    let colleague = people.member("colleague@example.com", &acme, false).await;
    let foreigner = people.member("foreigner@example.com", &other, true).await;
    let homeless = people.person("homeless@example.com", json!({})).await;
    let path = path_of(&jane).await;

    let own = jane.client.get("/user").await.json(200);
    for viewer in [&jane, &colleague] {
        assert_eq!(viewer.client.get(&path).await.json(200), own, "{}", viewer.username);
    }
    // Rights over the whole directory admit to no organization.
    for viewer in [&foreigner.client, &homeless.client, &people.administrator] {
        let details = viewer.get(&path).await.error(404, "not_found");
        assert_eq!(details, json!({ "resource": "user", "id": jane.number().await.to_string() }));
    }
    server.add_to_workspace(&foreigner.username, &acme, false).await;
    assert_eq!(foreigner.client.get(&path).await.json(200), own);
}

#[tokio::test]
async fn a_disabled_organization_is_not_shared() {
    let people = People::new().await;
    let server = &people.server;
    let (shared, home) = (server.new_workspace("Shared").await, server.new_workspace("Home").await);
    let jane = people.member(JANE, &home, false).await;
    let john = people.person("john@example.com", json!({})).await;
    for person in [&jane, &john] {
        server.add_to_workspace(&person.username, &shared, false).await;
    }
    let (path, tenant) = (path_of(&john).await, format!("/api/tenants/{}", shared.id));
    jane.client.get(&path).await.json(200);
    people.administrator.patch(&tenant, json!({ "status": "DISABLED" })).await.is(200);
    jane.client.get(&path).await.error(404, "not_found");
    people.administrator.patch(&tenant, json!({ "status": "ACTIVE" })).await.is(200);
    jane.client.get(&path).await.json(200);
    people.administrator.delete(&tenant).await.is(200);
    jane.client.get(&path).await.error(404, "not_found");
    assert_eq!(jane.client.get(&path_of(&jane).await).await.json(200)["email"], JANE);
}

#[tokio::test]
async fn a_stranger_looks_unknown() {
    let people = People::new().await;
    let (jane, _) = jane(&people).await;
    let stranger = people.person("stranger@example.com", json!({})).await.number().await;
    let said = async |method: &str, number: i64| {
        let body = (method == "PUT").then(|| json!({ "nick": "Steve" }));
        let reply = jane.client.send(method, &format!("/users/{number}"), body).await;
        let mut said = refusal(reply, 404, "not_found");
        assert_eq!(said["error"]["details"]["id"].take(), number.to_string());
        said
    };
    for method in ["GET", "PUT"] {
        assert_eq!(said(method, stranger).await, said(method, 1_000_000).await, "{method}");
    }
    for wrong in ["0", "-1", "01", "+1", "1.0", "1e3", "nobody", "9223372036854775808", &jane.id] {
        let path = format!("/users/{wrong}");
        for reply in [jane.client.get(&path).await, jane.client.put(&path, json!({})).await] {
            let details = reply.error(404, "not_found");
            assert_eq!(details, json!({ "resource": "user", "id": wrong }));
        }
    }
}

#[tokio::test]
async fn changes_own_nick_email_and_website() {
    let people = People::new().await;
    let jane_id = people.account_with_password(JANE, json!({ "confirmed": true })).await;
    let client = people.client_of(&jane_id).await;
    let number = client.get("/user").await.json(200)["id"].clone();
    let path = format!("/users/{number}");
    let website = "https://example.com/jane";
    let change = json!({ "nick": " Steve ", "email": "Steve@Example.com", "website": website });
    assert_eq!(client.put(&path, change).await.json(200), json!({}));
    let expected = json!({
        "id": number, "email": "steve@example.com", "name": "First Last", "nick": "Steve", "avatar": null,
        "website": website,
    });
    assert_eq!(client.get(&path).await.json(200), expected);

    // In the rest of the directory, too.
    let account = people.get_account(&jane_id).await;
    assert_eq!(
        (&account["username"], &account["confirmed"]),
        (&json!("steve@example.com"), &json!(false)),
        "the new address is not confirmed"
    );
    people.server.log_in("steve@example.com", &password_of(JANE)).await;
    let old = json!({ "username": JANE, "password": password_of(JANE) });
    people.server.anonymous().post("/login", old).await.error(401, "unauthenticated");

    assert_eq!(client.put(&path, json!({ "nick": null, "website": null })).await.json(200), json!({}));
    let expected = with(expected, json!({ "nick": "First", "website": null }));
    assert_eq!(client.get(&path).await.json(200), expected);
}

#[tokio::test]
async fn other_fields_do_not_change() {
    let people = People::new().await;
    let (jane, path) = jane(&people).await;
    let before = (jane.client.get(&path).await.json(200), people.get_account(&jane.id).await);
    let unknown = json!({
        "admin": true, "password": "a new password", "permissions": ["all"], "status": "DISABLED", "number": 1,
        "firstname": "Mary",
    });
    let mut refused = broken(jane.client.put(&path, unknown).await);
    refused.sort_unstable();
    assert_eq!(refused, ["admin", "firstname", "number", "password", "permissions", "status"]);
    let rest = json!({ "id": 1, "name": "Mary Ann", "avatar": "https://example.com/a.jpg" });
    for (name, reply) in [
        ("keys of responses", jane.client.put(&path, rest).await),
        ("no keys", jane.client.put(&path, json!({})).await),
        ("no body", jane.client.send("PUT", &path, None).await),
    ] {
        assert_eq!(reply.json(200), json!({}), "{name}");
        let after = (jane.client.get(&path).await.json(200), people.get_account(&jane.id).await);
        assert_eq!(after, before, "{name}");
    }
}

#[tokio::test]
async fn accepts_the_unchanged_record() {
    let people = People::new().await;
    let given = json!({ "firstname": "Jane", "lastname": "Doe", "confirmed": true });
    let jane = people.person(JANE, given).await;
    let path = path_of(&jane).await;
    let shown = jane.client.get(&path).await.json(200);
    for shown in [shown.clone(), with(shown.clone(), json!({ "email": "JANE@example.com" }))] {
        jane.client.put(&path, shown).await.json(200);
    }
    assert_eq!(jane.client.get(&path).await.json(200), shown);
    let account = people.change(&jane.id, json!({ "firstname": "Mary" })).await;
    assert_eq!(account["confirmed"], true, "the address is the same");
    assert_eq!(jane.client.get(&path).await.json(200)["nick"], "Mary", "no nick has been chosen");

    let chosen = json!({ "nick": "Steve", "website": "http://example.com" });
    jane.client.put(&path, chosen).await.json(200);
    let shown = jane.client.get(&path).await.json(200);
    jane.client.put(&path, shown.clone()).await.json(200);
    assert_eq!(jane.client.get(&path).await.json(200), shown);
    people.change(&jane.id, json!({ "firstname": "Ann" })).await;
    assert_eq!(jane.client.get(&path).await.json(200)["nick"], "Steve");
}

#[tokio::test]
async fn reports_invalid_fields_and_writes_none() {
    let people = People::new().await;
    let (jane, path) = jane(&people).await;
    let before = people.get_account(&jane.id).await;
    let (long_nick, long_address) = ("n".repeat(256), format!("https://example.com/{}", "a".repeat(2_048)));
    let long_email = format!("{}@example.com", "a".repeat(254));
    for nick in [json!(""), json!("  "), json!("a\u{7}b"), json!("a\0b"), json!(long_nick), json!(7)] {
        for email in [json!(""), json!("steve"), json!("a b@example.com"), json!(long_email), json!(null)] {
            for website in
                [json!(""), json!("example.com"), json!("javascript:alert(1)"), json!(long_address)]
            {
                let body = json!({ "nick": nick, "email": email, "website": website });
                let reply = jane.client.put(&path, body).await;
                assert_eq!(broken(reply), ["email", "nick", "website"], "{nick} {email} {website}");
            }
        }
    }
    for (body, field) in [
        (json!({ "nick": "", "email": "steve@example.com", "website": "https://example.com" }), "nick"),
        (json!({ "nick": "Steve", "email": "steve", "website": "https://example.com" }), "email"),
        (json!({ "nick": "Steve", "email": "steve@example.com", "website": "ftp://example.com" }), "website"),
    ] {
        assert_eq!(broken(jane.client.put(&path, body).await), [field]);
    }
    assert_eq!(people.get_account(&jane.id).await, before);
    let own = jane.client.get("/user").await.json(200);
    assert_eq!((&own["nick"], &own["website"]), (&json!("Jane"), &Value::Null));
}

#[tokio::test]
async fn a_taken_address_is_invalid() {
    let people = People::new().await;
    let (jane, path) = jane(&people).await;
    people.account("steve@example.com", json!({})).await;
    for email in ["steve@example.com", "STEVE@Example.com"] {
        let reply = jane.client.put(&path, json!({ "nick": "Steve", "email": email })).await;
        assert_eq!(reply.body["errors"], json!({ "email": ["has already been taken"] }));
        assert_eq!(reply.body["error"]["details"]["fields"][0]["reason"], "taken", "{reply}");
        assert_eq!(broken(reply), ["email"], "{email}");
    }
    let own = jane.client.get("/user").await.json(200);
    assert_eq!((&own["nick"], &own["email"]), (&json!("Jane"), &json!(JANE)));
}

#[tokio::test]
async fn only_the_owner_changes_a_user() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let jane = people.member(JANE, &acme, false).await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let colleague = people.member("colleague@example.com", &acme, false).await;
    let path = path_of(&jane).await;
    let before = people.get_account(&jane.id).await;
    for other in [&boss, &colleague] {
        for body in [json!({ "nick": "Steve" }), json!({ "nick": "" })] {
            let details = other.client.put(&path, body).await.error(403, "forbidden");
            assert_eq!(details, json!({ "reason": "not_own_account" }), "{}", other.username);
        }
    }
    // Rights to change all accounts work in the other API.
    people.administrator.put(&path, json!({ "nick": "Steve" })).await.error(404, "not_found");
    assert_eq!(people.get_account(&jane.id).await, before);
    assert_eq!(jane.client.get("/user").await.json(200)["nick"], "First");
}

/// Creates an account, and returns its number.
async fn new_number(client: &Client, username: &str) -> i64 {
    let id = text(&client.post("/api/users", new_user(username)).await.json(200), "id");
    let request = json!({ "accountId": id, "expiresIn": -1 });
    let token = text(&client.post("/api/tokens", request).await.json(200), "token");
    let own = client.with("authorization", &format!("Bearer {token}")).get("/user").await.json(200);
    own["id"].as_i64().unwrap()
}

#[tokio::test]
async fn numbers_accounts_in_order_of_creation() {
    let people = People::new().await;
    let mut last = people.server.administrator.number;
    assert!(last > 0);
    for number in 0..5 {
        let next = new_number(&people.administrator, &format!("user-{number}@example.com")).await;
        assert!(next > last, "{next} comes after {last}");
        last = next;
        let made = people.server.new_account(&format!("another-{number}@example.com"), None, &[]).await;
        assert!(made.number > last, "{} comes after {last}", made.number);
        last = made.number;
    }
}

#[tokio::test]
async fn numbers_are_never_reused() {
    let people = People::new().await;
    let mut last = people.server.administrator.number;
    for _ in 0..3 {
        let jane = people.person(JANE, json!({})).await;
        let number = jane.number().await;
        assert!(number > last, "{number} is reused");
        people.administrator.delete(&jane.path()).await.is(200);
        last = number;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn accounts_created_in_parallel_have_unique_numbers() {
    let people = People::new().await;
    let other = People::on(people.server.another().await).await;
    let makers: JoinSet<_> = (0..20)
        .map(|number| {
            let server = if number % 2 == 0 { &people } else { &other };
            let client = server.administrator.clone();
            async move { new_number(&client, &format!("user-{number}@example.com")).await }
        })
        .collect();
    let numbers: BTreeSet<_> = makers.join_all().await.into_iter().collect();
    assert_eq!(numbers.len(), 20, "{numbers:?}");
    assert!(!numbers.contains(&people.server.administrator.number));
}
