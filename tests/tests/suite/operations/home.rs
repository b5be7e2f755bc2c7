//! What the server says of itself to whoever opens its address.

use denizen_tests::{TestServer, Value, json};

use crate::support::keys;

/// What Firefox sends.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

#[tokio::test]
async fn a_program_gets_json() {
    let server = TestServer::start().await;
    let base = format!("http://{}", server.address);
    let expected = json!({
        "name": "denizen",
        "version": env!("CARGO_PKG_VERSION"),
        "documentation": format!("{base}/docs/"),
        "openapi": format!("{base}/openapi.json"),
        "events": format!("{base}/docs/events"),
        "health": format!("{base}/health/ready"),
        "errors": format!("{base}/errors/{{code}}"),
    });
    for accept in ["*/*", "application/json", "application/json, text/plain, */*", "text/html;q=0, */*", ""] {
        let reply = server.anonymous().with("accept", accept).get("/").await;
        assert_eq!(reply.header("vary").map(|vary| vary.contains("accept")), Some(true), "{reply}");
        assert_eq!(reply.json(200), expected, "{accept}");
    }
    for client in [server.anonymous(), server.flowra(), server.zaia(), server.notiflows()] {
        assert_eq!(client.get("/").await.json(200), expected);
    }
    for (name, path) in [
        ("documentation", "/docs/"),
        ("openapi", "/openapi.json"),
        ("events", "/docs/events"),
        ("health", "/health/ready"),
    ] {
        assert!(expected[name].as_str().unwrap().ends_with(path));
        server.anonymous().get(expected[name].as_str().unwrap()).await.is(200);
    }
}

#[tokio::test]
async fn a_browser_gets_a_page_whose_links_work() {
    let server = TestServer::start().await;
    let browser = server.anonymous().with("accept", BROWSER);
    let page = browser.get("/").await.is(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page}");
    let policy = page.header("content-security-policy").unwrap();
    assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "the page needs nothing");
    assert!(
        page.text.len() < 2_000 && !page.text.contains("<script") && !page.text.contains("src="),
        "{page}"
    );
    let links: Vec<_> =
        page.text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.len() > 3, "{links:?}");
    for link in links {
        assert!(!link.starts_with('/') && !link.contains("//"), "{link} works only at the root");
        browser.get(&format!("/{link}")).await.is(200);
    }
}

#[tokio::test]
async fn the_home_page_shows_nothing_of_the_directory() {
    let server = TestServer::start().await;
    let acme = server.new_workspace("Acme").await;
    for accept in [BROWSER, "*/*"] {
        let text = server.flowra().with("accept", accept).get("/").await.is(200).text.to_lowercase();
        for private in ["acme", &acme.id, &server.workspace.id, "default", "sqlite", "postgres", "sk_", "@"] {
            let page = text.replace("default-src", "");
            assert!(!page.contains(private), "{private} is in {page}");
        }
    }
}

#[tokio::test]
async fn the_home_page_uses_the_public_url_and_answers_head() {
    let server = TestServer::with(&["--public-url=https://users.example.com/directory/"]).await;
    let home = server.anonymous().with("host", "elsewhere.example").get("/").await.json(200);
    assert_eq!(home["documentation"], "https://users.example.com/directory/docs/");
    assert_eq!(keys(&home), ["documentation", "errors", "events", "health", "name", "openapi", "version"]);
    for accept in [BROWSER, "*/*"] {
        let client = server.anonymous().with("accept", accept);
        let (get, head) = (client.get("/").await, client.send("HEAD", "/", None).await.is(200));
        assert_eq!((head.text.as_str(), head.header("content-type")), ("", get.header("content-type")));
    }
    for (method, body) in [("POST", Some(json!({}))), ("DELETE", None), ("PUT", Some(Value::Null))] {
        server.anonymous().send(method, "/", body).await.error(405, "method_not_allowed");
    }
    server.flowra().get("//").await.is(200);
    server.flowra().get("///").await.error(404, "not_found");
}
