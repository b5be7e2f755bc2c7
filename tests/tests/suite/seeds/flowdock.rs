//! Flowdock, "Users": the whole page.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use denizen_tests::{Reply, Value, json};

use crate::flowdock::{CONTENT_TYPE, numbers};
use crate::people::{People, Person};
use crate::support::{keys, text, with};

/// The bases of the page's paths.
const BASES: [&str; 2] = ["", "/v1"];

/// The documented user.
fn documented() -> Value {
    json!({
        "id": 9,
        "email": "john@example.com",
        "name": "John Smith",
        "nick": "John",
        "avatar": "https://d2cxspbh1aoie1.cloudfront.net/avatars/f0b4520a6e0001636bf8fc1431af151c/",
        "website": "http://www.example.com/",
    })
}

/// The page's organization: its administrator, the caller, is user 2; John Smith is user 9; user 42 is a member.
struct Page {
    people: People,
    token: String,
    numbered: Vec<Person>,
}

impl Page {
    async fn new() -> Self {
        let people = People::new().await;
        let acme = people.server.new_workspace("Acme").await;
        let mut numbered = Vec::new();
        for number in 2..=42 {
            let (username, names) = match number {
                9 => ("john@example.com".to_owned(), json!({ "firstname": "John", "lastname": "Smith" })),
                _ => (format!("user-{number}@example.com"), json!({})),
            };
            let person = people.person(&username, with(names, json!({ "tenant": acme.id }))).await;
            assert_eq!(person.number().await, number, "numbers follow the order of creation");
            numbered.push(person);
        }
        people.server.add_to_workspace(&numbered[0].username, &acme, true).await;
        let token = numbered[0].client.post("/api/tokens/personal", json!({})).await.json(200);
        let page = Self { people, token: text(&token, "token"), numbered };
        page.complete_john().await;
        let flow = json!({ "name": "My flow" });
        let flow = page.user(2).client.post("/flows/acme", flow).await.json(201);
        assert_eq!(flow["parameterized_name"], "my-flow");
        page.user(2).client.post("/flows/acme/my-flow/users", json!({ "id": 9 })).await.json(200);
        page
    }

    async fn complete_john(&self) {
        let john = self.user(9);
        self.people.change(&john.id, json!({ "img": documented()["avatar"] })).await;
        john.client.put("/users/9", json!({ "website": documented()["website"] })).await.json(200);
        assert_eq!(john.client.get("/user").await.json(200), documented());
    }

    fn user(&self, number: usize) -> &Person {
        &self.numbered[number - 2]
    }

    /// Sends a documented request with a token as the vendor's page on authentication says, and asserts what
    /// the page says of every answer.
    async fn send(&self, request: &str, body: &str) -> Reply {
        let credential = BASE64_STANDARD.encode(format!("{}:", self.token));
        let announced = match body {
            "" => String::new(),
            _ => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
        };
        let reply = self.people.server.raw(format!(
            "{request} HTTP/1.1\r\nHost: api.flowdock.com\r\nAccept: application/json\r\n\
             Authorization: Basic {credential}\r\n{announced}Connection: close\r\n\r\n{body}"
        ));
        let reply = reply.await;
        assert_eq!(reply.header("content-type"), Some(CONTENT_TYPE), "{reply}");
        assert_eq!(reply.header("flowdock-user"), Some("2"), "{reply}");
        reply
    }
}

/// The further keys of a kind of user.
type MoreKeys = [(&'static str, fn(&Value) -> bool)];

const OF_MEMBERS: &MoreKeys = &[("admin", Value::is_boolean)];

fn is_time(value: &Value) -> bool {
    value.is_null() || value.is_u64()
}

const OF_FLOWS: &MoreKeys = &[
    ("disabled", Value::is_boolean),
    ("in_flow", Value::is_boolean),
    ("last_activity", is_time),
    ("last_ping", is_time),
    ("status", |value| value.is_null() || value.is_string()),
];

/// Asserts exactly the documented keys with their types. Only picture and website may be missing.
#[track_caller]
fn assert_user(user: &Value, more: &MoreKeys) {
    let mut expected = vec!["avatar", "email", "id", "name", "nick", "website"];
    expected.extend(more.iter().map(|(key, _)| key));
    expected.sort_unstable();
    assert_eq!(keys(user), expected);
    assert!(user["id"].as_i64().is_some_and(|id| id > 0), "{user:#}");
    for key in ["email", "name", "nick"] {
        assert!(!text(user, key).trim().is_empty(), "{key} in {user:#}");
    }
    for key in ["avatar", "website"] {
        assert!(user[key].is_null() || text(user, key).starts_with("http"), "{key} in {user:#}");
    }
    for (key, is_documented) in more {
        assert!(is_documented(&user[*key]), "{key} in {user:#}");
    }
}

/// The documented user as in a list, without these keys.
#[track_caller]
fn john_in(list: &[Value], more: &MoreKeys) -> Value {
    for user in list {
        assert_user(user, more);
    }
    let john = list.iter().find(|user| user["id"] == 9);
    let mut john = john.unwrap_or_else(|| panic!("John is missing in {list:#?}")).clone();
    for (key, _) in more {
        john.as_object_mut().unwrap().remove(*key);
    }
    john
}

/// "List all users"
#[tokio::test]
async fn get_users() {
    let page = Page::new().await;
    for base in BASES {
        let users = page.send(&format!("GET {base}/users"), "").await.array(200);
        assert_eq!(john_in(&users, &[]), documented());
        assert_eq!(numbers(&users), (2..=42).collect::<Vec<_>>());
        let plain = page.user(3);
        let path = format!("{base}/users");
        assert_eq!(numbers(&plain.client.get(&path).await.array(200)), [3], "only those in the same flows");
        assert_eq!(numbers(&page.user(9).client.get(&path).await.array(200)), [9, 2]);
    }
}

/// "List flow users"
#[tokio::test]
async fn get_flow_users() {
    let page = Page::new().await;
    for base in BASES {
        let users = page.send(&format!("GET {base}/flows/acme/my-flow/users"), "").await.array(200);
        assert_eq!(john_in(&users, OF_FLOWS), documented());
        assert_eq!(numbers(&users), [2, 9]);
        let path = format!("{base}/flows/acme/my-flow/users");
        page.user(3).client.get(&path).await.error(404, "not_found");
    }
}

/// "List an organization's users"
#[tokio::test]
async fn get_organization_users() {
    let page = Page::new().await;
    for base in BASES {
        let users = page.send(&format!("GET {base}/organizations/acme/users"), "").await.array(200);
        assert_eq!(john_in(&users, OF_MEMBERS), documented());
        assert_eq!(numbers(&users), (2..=42).collect::<Vec<_>>());
        let administrators = users.iter().filter(|user| user["admin"] == true);
        assert_eq!(administrators.map(|user| &user["id"]).collect::<Vec<_>>(), [2]);
    }
}

/// "Remove a user from an organization"
#[tokio::test]
async fn delete_organization_user() {
    let page = Page::new().await;
    for (base, number) in BASES.into_iter().zip([9, 42]) {
        let path = format!("{base}/organizations/acme/users/{number}");
        page.user(3).client.delete(&path).await.error(403, "forbidden");
        let reply = page.send(&format!("DELETE {path}"), "").await.is(204);
        assert_eq!(reply.text, "");
        page.send(&format!("DELETE {path}"), "").await.error(404, "not_found");
        let left = page.send(&format!("GET {base}/organizations/acme/users"), "").await.array(200);
        assert!(!numbers(&left).contains(&number));
    }
}

/// "Get a user"
#[tokio::test]
async fn get_user() {
    let page = Page::new().await;
    for base in BASES {
        assert_eq!(page.send(&format!("GET {base}/users/9"), "").await.json(200), documented());
        let bare = page.send(&format!("GET {base}/users/42"), "").await.json(200);
        assert_user(&bare, &[]);
        assert_eq!(
            (&bare["avatar"], &bare["website"], &bare["nick"]),
            (&Value::Null, &Value::Null, &json!("First"))
        );
        page.send(&format!("GET {base}/users/1"), "").await.error(404, "not_found");
    }
}

/// "Update user information"
#[tokio::test]
async fn put_user() {
    let page = Page::new().await;
    for base in BASES {
        let body = "{\n  \"nick\": \"Steve\",\n  \"email\": \"steve@example.com\"\n}";
        assert_eq!(page.send(&format!("PUT {base}/users/2"), body).await.json(200), json!({}));
        let changed = page.send(&format!("GET {base}/users/2"), "").await.json(200);
        assert_eq!((&changed["nick"], &changed["email"]), (&json!("Steve"), &json!("steve@example.com")));
        page.send(&format!("PUT {base}/users/9"), body).await.error(403, "forbidden");
        let back = json!({ "nick": null, "email": "user-2@example.com" });
        page.send(&format!("PUT {base}/users/2"), &back.to_string()).await.is(200);
    }
}

/// "Add a user to flow"
#[tokio::test]
async fn post_flow_user() {
    let page = Page::new().await;
    for base in BASES {
        let path = format!("{base}/flows/acme/my-flow/users");
        let body = "{\n  \"id\": 42\n}";
        assert_eq!(page.send(&format!("POST {path}"), body).await.json(200), json!({}));
        assert_eq!(numbers(&page.send(&format!("GET {path}"), "").await.array(200)), [2, 9, 42]);
    }
}

/// "Block a user from a flow"
#[tokio::test]
async fn put_flow_user() {
    let page = Page::new().await;
    for base in BASES {
        let path = format!("{base}/flows/acme/my-flow/users");
        for (body, is_blocked) in
            [("{\n  \"disabled\": true\n}", true), ("{\n  \"disabled\": false\n}", false)]
        {
            assert_eq!(page.send(&format!("PUT {path}/9"), body).await.json(200), json!({}));
            let users = page.send(&format!("GET {path}"), "").await.array(200);
            assert_eq!(john_in(&users, OF_FLOWS), documented(), "blocked users stay in the list");
            assert_eq!(
                (&users[1]["disabled"], &users[1]["in_flow"]),
                (&json!(is_blocked), &json!(!is_blocked))
            );
            let status = if is_blocked { 403 } else { 200 };
            page.user(9).client.get(&path).await.is(status);
        }
    }
}

/// The page on authentication: a user requests itself.
#[tokio::test]
async fn get_oneself() {
    let page = Page::new().await;
    for base in BASES {
        let own = page.send(&format!("GET {base}/user"), "").await.json(200);
        assert_user(&own, &[]);
        assert_eq!(own["id"], 2);
    }
}
