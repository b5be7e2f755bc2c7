//! A slash at the end of a path changes nothing.

use denizen_tests::{Client, Reply, TestServer, Value, json};

use crate::support::{create, path_of, text};

/// Asserts that both answers are the same, but for what is new in every answer.
#[track_caller]
fn assert_same(path: &str, with_slash: &Reply, without: &Reply) {
    let comparable = |reply: &Reply| {
        let mut body = reply.body.clone();
        if body["error"].is_object() {
            body["error"]["request_id"] = Value::Null;
        }
        let id = without.header("x-request-id").map(str::to_owned);
        (reply.status, body, reply.text.is_empty(), reply.header("content-type").map(str::to_owned), id)
    };
    assert_eq!(comparable(with_slash), comparable(without), "{path}\n{with_slash}");
    for header in ["location", "link", "etag", "allow", "www-authenticate", "flowdock-user", "x-total-count"]
    {
        assert_eq!(with_slash.header(header), without.header(header), "{path}: {header}");
    }
}

#[tokio::test]
async fn reads_of_every_contract_ignore_a_trailing_slash() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "e-1", "identifier": "jane" })).await;
    create(&server, json!({ "externalId": "e-2" })).await;
    let (account, basic) = (
        server.as_administrator().await,
        server.basic(&server.administrator.username, &server.administrator.password),
    );
    let (flowra, zaia, notiflows, anonymous) =
        (server.flowra(), server.zaia(), server.notiflows(), server.anonymous());
    let own = format!("/api/users/{}", server.administrator.id);
    let number = format!("/users/{}", server.administrator.number);
    for (client, path) in [
        (&flowra, "/api/v1/external-users"),
        (&flowra, "/api/v1/external-users?limit=1"),
        (&flowra, "/api/v1/external-users/username/jane"),
        (&zaia, "/api/v1/external-users?pageSize=1&count=true"),
        (&zaia, &path_of(&user)),
        (&zaia, "/api/v1/channels?pageSize=1"),
        (&zaia, "/api/v1/tiers?search=a/"),
        (&zaia, "/api/v1/channels?pageSize=0"),
        (&notiflows, "/admin/users?limit=1"),
        (&notiflows, "/admin/v1/users/e-1"),
        (&notiflows, "/admin/users/nobody"),
        (&account, "/api/users"),
        (&account, &own),
        (&account, "/api/v1/roles?meta"),
        (&account, "/api/tenants"),
        (&basic, "/user"),
        (&basic, "/v1/users"),
        (&basic, &number),
        (&basic, "/flows/all?users=1"),
        (&basic, "/organizations/default/users"),
        (&anonymous, "/health/live"),
        (&anonymous, "/version"),
        (&anonymous, "/openapi.json"),
        (&anonymous, "/openapi/zaia.json"),
        (&anonymous, "/errors/not_found"),
        (&anonymous, "/.well-known/jwks.json"),
        (&anonymous, "/no/such/path"),
        (&anonymous, "/admin/users"),
        (&anonymous, "/users"),
    ] {
        let with_slash = match path.split_once('?') {
            Some((path, query)) => format!("{path}/?{query}"),
            None => format!("{path}/"),
        };
        let answer = client.get(&with_slash).await;
        assert_same(&with_slash, &answer, &client.get(path).await);
        assert!(!(300..400).contains(&answer.status), "{with_slash} redirects");
        let head = client.send("HEAD", &with_slash, None).await;
        assert_eq!((head.status, head.text.as_str()), (answer.status, ""), "HEAD {with_slash}");
    }
}

#[tokio::test]
async fn writes_of_every_method_ignore_a_trailing_slash() {
    let server = TestServer::start().await;
    let body = json!({ "name": "jane" });
    let made = server.flowra().post("/api/v1/external-users/", body.clone()).await.json(201);
    assert_eq!(server.flowra().post("/api/v1/external-users", body).await.json(200)["id"], made["id"]);
    let path = format!("{}/", path_of(&made));
    assert_eq!(server.zaia().patch(&path, json!({ "name": "Jane" })).await.json(200)["id"], made["id"]);
    let toggled = server.flowra().send("PUT", &format!("{path}toggle-active/"), None).await.json(200);
    assert_eq!(toggled["blocked"], true);
    server.zaia().delete(&path).await.is(204);
    server.notiflows().put("/admin/users/e1/", json!({})).await.json(201);
    server.notiflows().put("/admin/v1/users/e1/", json!({ "first_name": "Jane" })).await.json(200);
    let bulk = json!({ "users": [{ "external_id": "e1" }] });
    server.notiflows().post("/admin/users/bulk/", bulk).await.is(200);
    server.notiflows().delete("/admin/users/e1/").await.is(204);

    let administrator = &server.administrator;
    let log_in = json!({ "username": administrator.username, "password": administrator.password });
    let token = text(&server.anonymous().post("/login/", log_in).await.json(200), "token");
    let client = server.bearer(&token);
    let role = client.post("/api/roles/", json!({ "name": "Reader", "permissions": [] })).await.json(200);
    client.delete(&format!("/api/v1/roles/{}/", text(&role, "id"))).await.is(200);
    client.post("/flows/default/", json!({ "name": "Mine" })).await.is(201);
    client.put_form("/flows/default/mine/", &[("name", "Ours")]).await.is(200);
    client.send("POST", "/logout/", None).await.is(200);
}

#[tokio::test]
async fn an_encoded_slash_stays_part_of_the_id() {
    let server = TestServer::start().await;
    let client = server.notiflows();
    for (path, external_id) in [
        ("/admin/users/a%2F", "a/"),
        ("/admin/users/a%2f/", "a/"),
        ("/admin/users/%2F", "/"),
        ("/admin/users/%2F%2F/", "//"),
        ("/admin/users/a%2Fb/", "a/b"),
        ("/admin/users/a%252F/", "a%2F"),
        ("/admin/users/a%20/", "a "),
        ("/admin/users/%3F/", "?"),
        ("/admin/users/a%23/", "a#"),
        ("/admin/users/%5C/", "\\"),
        ("/admin/users/🙂/", "🙂"),
    ] {
        let put = client.put(path, json!({})).await;
        assert!([200, 201].contains(&put.status), "{path}\n{put}");
        assert_eq!(put.body["external_id"], external_id, "{path}");
        assert_eq!(client.get(path).await.json(200)["external_id"], external_id, "{path}");
    }
}

#[tokio::test]
async fn only_one_slash_is_removed() {
    let server = TestServer::start().await;
    for (client, path) in [
        (server.flowra(), "/api/v1/external-users//"),
        (server.notiflows(), "/admin/users//"),
        (server.notiflows(), "/admin//users/"),
        (server.anonymous(), "//version/"),
        (server.anonymous(), "/version//"),
        (server.anonymous(), "/version/%2F"),
        (server.anonymous(), "/version%2F"),
    ] {
        assert_eq!(client.get(path).await.error(404, "not_found"), json!({ "resource": "path" }), "{path}");
    }
}

#[tokio::test]
async fn the_documentation_keeps_its_slash() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    assert!(client.get("/docs/").await.is(200).text.contains("<html"));
    client.get("/docs/swagger-initializer.js").await.is(200);
    let redirect = client.get("/docs").await;
    assert!(redirect.status == 200 || redirect.header("location") == Some("/docs/"), "{redirect}");
}

#[tokio::test]
async fn a_trailing_slash_is_not_another_route_key_or_limit() {
    let server = TestServer::start().await;
    let keyed = |client: Client| client.with("idempotency-key", "one");
    let first = keyed(server.notiflows()).put("/admin/users/e1/", json!({})).await.is(201);
    let again = keyed(server.notiflows()).put("/admin/users/e1", json!({})).await.is(201);
    assert_eq!((again.header("idempotency-replayed"), &again.text), (Some("true"), &first.text));

    server.flowra().get("/api/v1/external-users/username/nobody/").await.is(200);
    let metrics = server.anonymous().get("/metrics/").await.is(200).text;
    let route = "route=\"/api/v1/external-users/username/{username}\"";
    assert!(metrics.contains(route), "{metrics}");
    assert!(!metrics.contains("{username}/"), "{metrics}");

    let limited = TestServer::with(&["--requests-per-second-per-address=1"]).await;
    for _ in 0..5 {
        limited.anonymous().get("/health/ready/").await.is(200);
        limited.anonymous().get("/healthcheck/").await.is(200);
    }
    let preflight = TestServer::with(&["--cors-origin=https://app.example.com"]).await;
    let browser = preflight.anonymous().with("origin", "https://app.example.com");
    let reply =
        browser.with("access-control-request-method", "PUT").send("OPTIONS", "/admin/users/e1/", None).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("https://app.example.com"), "{reply}");
}
