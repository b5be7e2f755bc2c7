//! Parameters as JSON, as a form or in the query string, and those that cannot be read.

use denizen_tests::{Client, Reply, TestServer, Value, json};

use super::broken;
use crate::people::{People, Person};

const FORM: &str = "application/x-www-form-urlencoded";

/// A person, and the path to change their account.
struct Scene {
    people: People,
    jane: Person,
    path: String,
}

impl Scene {
    async fn new() -> Self {
        Self::on(TestServer::start().await).await
    }

    async fn on(server: TestServer) -> Self {
        let people = People::on(server).await;
        let jane = people.person("jane@example.com", json!({})).await;
        let path = format!("/users/{}", jane.number().await);
        Self { people, jane, path }
    }

    /// Sends a change as these bytes, with this content type and query.
    async fn put(&self, query: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        let path = format!("{}{query}", self.path);
        self.jane.client.send_bytes("PUT", &path, Some((content_type, body.into()))).await
    }

    /// Nick and website as they are now.
    async fn shown(&self) -> Value {
        let own = self.jane.client.get("/user").await.json(200);
        json!({ "nick": own["nick"], "website": own["website"] })
    }

    /// Asserts nick and website, and clears them.
    async fn assert_changed(&self, nick: &str, website: &str, how: &str) {
        assert_eq!(self.shown().await, json!({ "nick": nick, "website": website }), "{how}");
        self.jane.client.put(&self.path, json!({ "nick": null, "website": null })).await.is(200);
    }

    /// Asserts that nothing has been written.
    async fn is_unchanged(&self) {
        assert_eq!(self.shown().await, json!({ "nick": "First", "website": null }));
    }
}

#[tokio::test]
async fn accepts_parameters_in_every_form() {
    let scene = Scene::new().await;
    let (nick, website) = ("Mary Ann & Jörg+1 🙂=?%", "https://example.com/?a=b&c=d#e");
    let json = json!({ "nick": nick, "website": website }).to_string();
    let form = "nick=Mary+Ann%20%26+J%C3%B6rg%2B1+%F0%9F%99%82%3D%3F%25\
                &website=https%3A%2F%2Fexample.com%2F%3Fa%3Db%26c%3Dd%23e";
    let query = format!("?{form}");
    for (query, content_type, body) in [
        ("", "application/json", json.as_str()),
        ("", "application/json; charset=utf-8", &json),
        ("", "APPLICATION/JSON", &json),
        ("", "application/vnd.api+json", &json),
        ("", FORM, form),
        ("", "application/x-www-form-urlencoded; charset=UTF-8", form),
        // The content type that many programs use for JSON.
        ("", FORM, &json),
        (&query, FORM, ""),
        (&query, "application/json", ""),
        (&query, "application/json", "{}"),
    ] {
        let how = format!("{query} {content_type} {body}");
        let reply = scene.put(query, content_type, body).await;
        assert_eq!(reply.status, 200, "{how}\n{reply}");
        assert_eq!(reply.body, json!({}));
        scene.assert_changed(nick, website, &how).await;
    }
    let without_a_body = scene.jane.client.send("PUT", &format!("{}{query}", scene.path), None).await;
    without_a_body.is(200);
    scene.assert_changed(nick, website, "no body").await;
}

#[tokio::test]
async fn accepts_a_body_without_content_type() {
    let scene = Scene::new().await;
    let token = scene.people.administrator.post("/api/tokens", json!({ "accountId": scene.jane.id })).await;
    let token = token.json(200)["token"].as_str().unwrap().to_owned();
    let put = async |body: &str| {
        let request = format!(
            "PUT {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-length: {}\r\n\r\n{body}",
            scene.path,
            body.len()
        );
        scene.people.server.raw(request).await
    };
    let website = "https://example.com/";
    for body in [
        "{\"nick\":\"Steve\",\"website\":\"https://example.com/\"}",
        "nick=Steve&website=https://example.com/",
    ] {
        put(body).await.json(200);
        scene.assert_changed("Steve", website, body).await;
    }
}

#[tokio::test]
async fn the_body_overrides_the_query() {
    let scene = Scene::new().await;
    let website = "https://example.com/body";
    let in_query = "?website=https://example.com/query";
    scene.put(in_query, FORM, "nick=Steve").await.is(200);
    scene.assert_changed("Steve", "https://example.com/query", "added up").await;
    for (content_type, body) in [
        (FORM, format!("nick=Steve&website={website}")),
        ("application/json", json!({ "nick": "Steve", "website": website }).to_string()),
    ] {
        scene.put(&format!("{in_query}&nick="), content_type, body).await.is(200);
        scene.assert_changed("Steve", website, content_type).await;
    }
}

#[tokio::test]
async fn reports_invalid_fields_in_every_form() {
    let scene = Scene::new().await;
    for (query, content_type, body) in [
        ("", "application/json", "{\"nick\":\"\",\"email\":\"steve\",\"website\":\"x\"}"),
        ("", FORM, "nick=&email=steve&website=x"),
        ("?nick=&email=steve&website=x", FORM, ""),
        ("?nick=", FORM, "email=steve&website=x"),
        ("?nick=Steve&website=x", "application/json", "{\"nick\":[],\"email\":{}}"),
        ("", "application/json", "{\"nick\":7,\"email\":true,\"website\":[\"https://example.com\"]}"),
        ("", FORM, "nick=%00&email=a%00@example.com&website=https://example.com/%00"),
    ] {
        let reply = scene.put(query, content_type, body).await;
        assert_eq!(broken(reply), ["email", "nick", "website"], "{query} {body}");
    }
    scene.is_unchanged().await;
}

#[tokio::test]
async fn rejects_a_repeated_field() {
    let scene = Scene::new().await;
    for (query, content_type, body) in [
        ("?nick=Steve&nick=Steve", FORM, ""),
        ("?nick=Steve&nick=Mary", FORM, "website=https://example.com"),
        ("", FORM, "nick=Steve&website=https://example.com&nick=Mary"),
        ("", "application/json", "{\"nick\":\"Steve\",\"nick\":\"Mary\"}"),
    ] {
        let reply = scene.put(query, content_type, body).await;
        assert_eq!(reply.body["error"]["details"]["fields"][0]["reason"], "duplicate", "{reply}");
        assert_eq!(broken(reply), ["nick"], "{query} {body}");
    }
    scene.is_unchanged().await;
}

#[tokio::test]
async fn rejects_an_unreadable_body() {
    let scene = Scene::new().await;
    for body in [
        "{",
        "{}}",
        "[]",
        "[{\"nick\":\"Steve\"}]",
        "null",
        "7",
        "\"nick\"",
        "nick=Steve",
        "{\"nick\":\"Steve\"} nick",
        "{'nick':'Steve'}",
    ] {
        let details = scene.put("", "application/json", body).await.error(400, "bad_request");
        assert_eq!(details, json!({ "reason": "invalid_json" }), "{body}");
    }
    let not_utf8 = scene.put("", "application/json", *b"{\"nick\":\"\xFF\"}").await;
    assert_eq!(not_utf8.error(400, "bad_request"), json!({ "reason": "invalid_json" }));
    assert_eq!(broken(scene.put("", FORM, *b"nick=\xFF").await), ["nick"]);
    assert_eq!(broken(scene.put("", FORM, "nick=%FF").await), ["nick"]);
    assert_eq!(broken(scene.put("?nick=%FF", FORM, "").await), ["nick"]);
    assert_eq!(broken(scene.put("", FORM, "%FF=Steve").await), ["body"]);
    let many = "a&".repeat(101) + "nick=Steve";
    assert_eq!(broken(scene.put("", FORM, many.clone()).await), ["body"]);
    assert_eq!(broken(scene.put(&format!("?{many}"), FORM, "").await), ["a", "query"]);
    scene.is_unchanged().await;
}

#[tokio::test]
async fn rejects_other_content_types() {
    let scene = Scene::new().await;
    for content_type in ["text/plain", "application/xml", "multipart/form-data; boundary=a", "json", ""] {
        for body in ["nick=Steve", "{\"nick\":\"Steve\"}"] {
            let reply = scene.put("?nick=Steve", content_type, body).await;
            reply.error(415, "unsupported_media_type");
        }
    }
    scene.is_unchanged().await;
}

#[tokio::test]
async fn limits_the_body() {
    let scene = Scene::on(TestServer::with(&["--max-body-size=1KiB"]).await).await;
    let form = |length: usize| format!("nick=Steve&name={}", "r".repeat(length - "nick=Steve&name=".len()));
    for (content_type, body) in [
        (FORM, form(1_025)),
        ("application/json", json!({ "nick": "Steve", "name": "r".repeat(1_024) }).to_string()),
    ] {
        let details = scene.put("", content_type, body).await.error(413, "payload_too_large");
        assert_eq!(details, json!({ "limit": 1_024 }));
    }
    scene.is_unchanged().await;
    scene.put("", FORM, form(1_024)).await.json(200);
    assert_eq!(scene.shown().await["nick"], "Steve");
}

#[tokio::test]
async fn accepts_several_spellings_of_booleans() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let boss = people.member("boss@example.com", &acme, true).await;
    let jane = people.member("jane@example.com", &acme, false).await;
    let path = format!("/organizations/acme/users/{}", jane.number().await);
    let is_admin = async |client: &Client| {
        let members = client.get("/organizations/acme/users").await.array(200);
        members[1]["admin"].as_bool().unwrap()
    };
    for (yes, no) in [
        (json!(true), json!(false)),
        (json!("true"), json!("false")),
        (json!("1"), json!("0")),
        (json!("True"), json!("FALSE")),
        (json!(1), json!(0)),
    ] {
        for (value, expected) in [(&yes, true), (&no, false)] {
            boss.client.put(&path, json!({ "admin": value })).await.json(200);
            assert_eq!(is_admin(&boss.client).await, expected, "{value}");
        }
    }
    for (yes, no) in [("true", "false"), ("TRUE", "False"), ("1", "0")] {
        for (value, expected) in [(yes, true), (no, false)] {
            boss.client.put_form(&path, &[("admin", value)]).await.json(200);
            assert_eq!(is_admin(&boss.client).await, expected, "{value}");
        }
        for (value, expected) in [(yes, true), (no, false)] {
            boss.client.send("PUT", &format!("{path}?admin={value}"), None).await.json(200);
            assert_eq!(is_admin(&boss.client).await, expected, "{value}");
        }
    }
    for wrong in [json!(""), json!("yes"), json!("TRUTH"), json!(2), json!(1.0), json!([true]), json!({})] {
        assert_eq!(broken(boss.client.put(&path, json!({ "admin": wrong })).await), ["admin"], "{wrong}");
    }
    for wrong in ["", "yes", "2", "Truth", " 1"] {
        assert_eq!(broken(boss.client.put_form(&path, &[("admin", wrong)]).await), ["admin"], "{wrong}");
    }
    assert!(!is_admin(&boss.client).await);
}

#[tokio::test]
async fn accepts_a_name_in_every_form() {
    let people = People::new().await;
    let name = |reply: Reply| reply.json(200)["name"].as_str().unwrap().to_owned();
    let (client, path) = (&people.administrator, "/organizations/default");
    assert_eq!(name(client.put_form(path, &[("name", "A & B")]).await), "A & B");
    assert_eq!(name(client.send("PUT", &format!("{path}?name=C+%26+D"), None).await), "C & D");
    assert_eq!(name(client.put(path, json!({ "name": "E" })).await), "E");
    assert_eq!(broken(client.put_form(path, &[("name", "")]).await), ["name"]);
    assert_eq!(broken(client.put_form(path, &[("name", "F"), ("name", "G")]).await), ["name"]);
    assert_eq!(name(client.get(path).await), "E");
}

#[tokio::test]
async fn refuses_unknown_fields_but_not_those_of_responses() {
    let scene = Scene::new().await;
    let before = scene.shown().await;
    for (query, content_type, body, refused) in [
        ("?flow=1", FORM, "nick=Steve", &["flow"][..]),
        ("", FORM, "nick=Steve&id=1&Nick=Mary&nick[]=Ann", &["Nick", "nick[]"]),
        ("", "application/json", "{\"nick\":\"Steve\",\"id\":1,\"flow\":{\"nick\":[null]}}", &["flow"]),
    ] {
        assert_eq!(broken(scene.put(query, content_type, body).await), refused, "{query} {body}");
        assert_eq!(scene.shown().await, before, "{query} {body}");
    }
    let user = scene.jane.client.get(&scene.path).await.json(200);
    scene.jane.client.put(&scene.path, user).await.is(200);
    assert_eq!(scene.shown().await, before);
}

#[tokio::test]
async fn ignores_the_content_type_without_a_body() {
    let people = People::new().await;
    for path in [
        "/users",
        "/user",
        "/organizations",
        "/organizations/find?id=1",
        "/flows",
        "/flows/all",
        "/flows/default",
    ] {
        for content_type in ["application/json", FORM, "text/plain"] {
            let client = people.administrator.with("content-type", content_type);
            let reply = client.get(path).await;
            assert_eq!(reply.status, 200, "{path} with {content_type}\n{reply}");
        }
    }
}

#[tokio::test]
async fn rejects_an_unreadable_path() {
    let people = People::new().await;
    for (method, path, name) in [
        ("GET", "/users/%FF", "id"),
        ("PUT", "/v1/users/1%00", "id"),
        ("GET", "/organizations/%FF", "organization"),
        ("PUT", "/organizations/a%00", "organization"),
        ("GET", "/v1/organizations/%C3/users", "organization"),
        ("DELETE", "/organizations/default/users/%FF", "path"),
        ("DELETE", "/organizations/%FF/users/1", "path"),
    ] {
        let reply = people.administrator.send(method, path, None).await;
        assert_eq!(broken(reply), [name], "{method} {path}");
    }
    let encoded = people.administrator.get("/organizations/d%65fault").await.json(200);
    assert_eq!(encoded["parameterized_name"], "default");
}
