//! The documentation and the OpenAPI document.

use denizen_tests::{Reply, TestServer, json};

use crate::support::text;

#[tokio::test]
async fn the_documentation_page_loads_nothing_external() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    let page = client.get("/docs/").await.is(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page}");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'self'") && !policy.contains("http"), "{policy}");

    let links = links(&page.text);
    assert!(links.iter().any(|link| content_type_of(link) == "text/javascript"), "a script: {links:?}");
    assert!(links.iter().any(|link| content_type_of(link) == "text/css"), "a style: {links:?}");
    let mut scripts = String::new();
    for link in links {
        assert!(!link.contains("//"), "{link} points elsewhere");
        let path = format!("/docs/{}", link.trim_start_matches("./"));
        let file = client.get(if link.starts_with('/') { &link } else { &path }).await.is(200);
        assert_eq!(file.header("content-type"), Some(content_type_of(&link)), "{link}");
        assert!(!file.text.contains("@import url") && !file.text.contains("@import \""), "{link} imports");
        assert!(!file.text.contains("url(http") && !file.text.contains("url(//"), "{link} fetches");
        if link.contains("initializer.js") {
            scripts.push_str(&file.text);
        }
    }
    assert!(scripts.contains("/openapi.json"), "the page shows the server's own document:\n{scripts}");
}

#[tokio::test]
async fn the_documentation_page_opens_with_one_contract_and_keeps_what_was_entered() {
    let server = TestServer::start().await;
    let script = server.anonymous().get("/docs/swagger-initializer.js").await.is(200).text;
    for setting in [
        "\"filter\": true",
        "\"persistAuthorization\": true",
        "\"docExpansion\": \"list\"",
        "\"defaultModelsExpandDepth\": -1",
        "\"activated\": false",
    ] {
        assert!(script.contains(setting), "{setting}:\n{script}");
    }
    let first = script.find("/openapi/").unwrap();
    assert!(script[first..].starts_with("/openapi/flowra.json"), "{script}");
    assert!(script.find("\"/openapi.json\"").unwrap() > first, "all contracts come last");
    assert!(!script.contains("primaryName"), "the first is shown:\n{script}");
}

#[tokio::test]
async fn browsers_keep_the_documentation() {
    let server = TestServer::start().await;
    let client = server.anonymous();
    for path in ["/docs/", "/openapi.json", "/openapi/zaia.json", "/docs/swagger-ui.css"] {
        let first = client.get(path).await.is(200);
        assert_eq!(first.header("cache-control"), Some("no-cache"), "{path}");
        let tag = first.header("etag").unwrap();
        let again = client.with("if-none-match", tag).get(path).await.is(304);
        assert_eq!((again.text.as_str(), again.header("etag")), ("", Some(tag)), "{path}");
        client.with("if-none-match", "\"another\"").get(path).await.is(200);
        let packed = client.with("accept-encoding", "gzip").get(path).await.is(200);
        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{path}");
        assert_eq!(packed.header("etag"), Some(tag), "{path}");
    }
    let page = client.get("/docs/").await.is(200);
    for link in links(&page.text) {
        let path = format!("/docs/{}", link.trim_start_matches("./"));
        let file = client.get(&path).await.is(200);
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"), "{link}");
        let (plain, _) = path.split_once("?v=").unwrap();
        for other in [plain.to_owned(), format!("{plain}?v=another")] {
            assert_eq!(client.get(&other).await.is(200).header("cache-control"), Some("no-cache"), "{other}");
        }
    }
}

/// The `src` and `href` values of a page.
fn links(page: &str) -> Vec<String> {
    let attributes = ["src=\"", "href=\"", "src='", "href='"];
    let links = attributes.into_iter().flat_map(|attribute| {
        let quote = attribute.chars().last().unwrap();
        page.split(attribute).skip(1).filter_map(move |rest| rest.split(quote).next().map(str::to_owned))
    });
    links.collect()
}

fn content_type_of(link: &str) -> &'static str {
    let path = link.split('?').next().unwrap();
    match path.rsplit('.').next() {
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("png") => "image/png",
        _ => "nothing that the documentation needs",
    }
}

#[tokio::test]
async fn serves_the_documentation_without_a_slash() {
    let server = TestServer::start().await;
    let reply = server.anonymous().get("/docs").await;
    match reply.status {
        200 => assert!(reply.text.contains("<html"), "{reply}"),
        _ => assert!(
            (300..400).contains(&reply.status) && reply.header("location") == Some("/docs/"),
            "{reply}"
        ),
    }
    server.anonymous().get("/docs/no-such-file.js").await.error(404, "not_found");
}

#[tokio::test]
async fn serves_openapi_3_1() {
    let server = TestServer::start().await;
    let document = server.anonymous().get("/openapi.json").await.json(200);
    assert!(text(&document, "openapi").starts_with("3.1."), "{}", document["openapi"]);
    assert_eq!(document["info"]["title"], "Denizen");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(document["paths"].as_object().unwrap().len() > 10);
    let schemes = &document["components"]["securitySchemes"];
    for (scheme, header) in [
        ("api_key", "x-api-key"),
        ("authorization", "authorization"),
        ("notiflows_api_key", "x-notiflows-api-key"),
        ("notiflows_secret_key", "x-notiflows-secret-key"),
    ] {
        let named = (&schemes[scheme]["type"], &schemes[scheme]["in"], &schemes[scheme]["name"]);
        assert_eq!(named, (&"apiKey".into(), &"header".into(), &header.into()), "{scheme}");
    }
    for scheme in ["bearer", "access_token"] {
        assert_eq!(schemes[scheme]["type"], "http", "{scheme}");
        assert_eq!(schemes[scheme]["scheme"], "bearer", "{scheme}");
    }
}

#[tokio::test]
async fn each_contract_has_its_own_document() {
    let server = TestServer::start().await;
    let whole = server.anonymous().get("/openapi.json").await.is(200);
    assert!(whole.text.len() < 520_000, "{} bytes", whole.text.len());
    let page = server.anonymous().get("/docs/swagger-initializer.js").await.is(200);
    for (contract, path) in [
        ("flowra", "/api/v1/external-users/username/{username}"),
        ("zaia", "/api/v1/channels"),
        ("notiflows", "/admin/users/{id}"),
        ("flowmate", "/api/tenants"),
        ("flowdock", "/flows/{organization}/{flow}"),
        ("operations", "/health/ready"),
    ] {
        let address = format!("/openapi/{contract}.json");
        let document = server.anonymous().get(&address).await.json(200);
        let paths = document["paths"].as_object().unwrap();
        assert_eq!(paths[path], whole.body["paths"][path], "{contract}");
        assert!(paths.len() < whole.body["paths"].as_object().unwrap().len() / 2, "{contract}");
        let text = document.to_string();
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                let reference = format!("\"#/components/{kind}/{name}\"");
                assert!(text.contains(&reference), "{contract}: nothing refers to {kind}/{name}");
            }
        }
        assert!(page.text.contains(&address), "the page shows {address}:\n{}", page.text);
    }
    server.anonymous().get("/openapi/nonsense.json").await.error(404, "not_found");
}

#[tokio::test]
async fn compresses_large_answers_on_request() {
    let server = TestServer::start().await;
    let encoding = |reply: &Reply| reply.header("content-encoding").map(str::to_owned);
    let plain = server.anonymous().get("/openapi.json").await.is(200);
    assert_eq!(encoding(&plain), None);
    let mut vary = plain.headers.get_all("vary").iter();
    assert!(vary.any(|vary| vary.to_str().unwrap().contains("accept-encoding")), "caches distinguish them");

    let packed = server.anonymous().with("accept-encoding", "gzip").get("/openapi.json").await.is(200);
    assert_eq!(encoding(&packed).as_deref(), Some("gzip"));
    assert!(packed.body.is_null(), "the raw body is not JSON");

    for index in 0..20 {
        let body = json!({ "first_name": "Jane" });
        server.notiflows().put(&format!("/admin/users/{index}"), body).await.is(201);
    }
    for client in [server.flowra(), server.zaia()] {
        let streamed = client.with("accept-encoding", "gzip, br").get("/api/v1/external-users").await.is(200);
        assert_eq!(encoding(&streamed).as_deref(), Some("gzip"));
    }
    let refused = server.anonymous().with("accept-encoding", "gzip;q=0").get("/openapi.json").await.is(200);
    assert_eq!(encoding(&refused), None);
}
