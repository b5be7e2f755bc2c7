//! Health, metrics, version, signing keys.

use denizen_tests::{TestServer, Value, json};
use tokio::net::TcpStream;

use crate::support::{create, soon, text};

#[tokio::test]
async fn a_running_server_is_live_and_ready() {
    let server = TestServer::start().await;
    assert_eq!(server.anonymous().get("/health/live").await.json(200), json!({ "status": "live" }));
    assert_eq!(server.anonymous().get("/health/ready").await.json(200), json!({ "status": "ready" }));
    assert_eq!(server.anonymous().get("/healthcheck").await.json(200), json!({ "status": "ready" }));
    for path in ["/health/ready", "/healthcheck", "/healthcheck/"] {
        server.anonymous().send("HEAD", path, None).await.is(200);
    }
}

#[tokio::test]
async fn a_stopping_server_is_not_ready_and_finishes_open_requests() {
    let mut server = TestServer::start().await;
    let key = &server.workspace.key.secret;
    let write = format!(
        "POST /api/v1/external-users HTTP/1.1\r\nhost: a\r\nx-api-key: {key}\r\ncontent-length: 15\r\n\r\n{{\"name\":"
    );
    let (mut writer, mut asker) = (server.connect().await, server.connect().await);
    writer.send(write).await;
    asker.send("GET /health/ready HTTP/1.1\r\nhost: a\r\n").await;

    // The rest of the requests arrives when the server stops: when it takes no connections any more.
    let address = server.address;
    let ((), (written, asked)) = tokio::join!(server.stop(), async {
        while TcpStream::connect(address).await.is_ok() {}
        writer.send("\"jane\"}").await;
        asker.send("\r\n").await;
        (writer.reply().await, asker.reply().await)
    });
    assert_eq!(written.json(201)["name"], "jane");
    assert!(asked.header("retry-after").is_some(), "{asked}");
    asked.error(503, "unavailable");
}

#[tokio::test]
async fn reports_the_program_version() {
    let server = TestServer::start().await;
    let version = server.anonymous().get("/version").await.json(200);
    assert_eq!(version, json!({ "name": "denizen", "version": env!("CARGO_PKG_VERSION") }));
}

#[tokio::test]
async fn metrics_count_requests_connections_and_statements() {
    let server = TestServer::start().await;
    server.flowra().get("/api/v1/external-users/username/jane").await.json(200);
    server.anonymous().get("/api/v1/external-users/username/john").await.error(401, "unauthenticated");
    server.anonymous().get("/no/such/path").await.error(404, "not_found");
    let metrics = server.anonymous().get("/metrics").await.is(200);
    assert!(metrics.header("content-type").unwrap().starts_with("text/plain; version=0.0.4"), "{metrics}");

    let requests = |route: &str, status: u16| {
        format!("denizen_http_requests_total{{method=\"GET\",route=\"{route}\",status=\"{status}\"}}")
    };
    let route = "/api/v1/external-users/username/{username}";
    for line in [requests(route, 200), requests(route, 401), requests("unknown", 404)] {
        assert!(count(&metrics.text, &line) >= 1.0, "{line} is missing:\n{}", metrics.text);
    }
    let times = format!("denizen_http_request_seconds_count{{method=\"GET\",route=\"{route}\"}}");
    assert!(count(&metrics.text, &times) >= 2.0, "{times} is missing:\n{}", metrics.text);
    assert!(metrics.text.contains("denizen_http_request_seconds_bucket{"), "{}", metrics.text);

    for state in ["maximum", "open", "idle", "waiting"] {
        let gauges = metrics.text.lines().filter(|line| {
            line.starts_with("denizen_database_pool_connections{")
                && line.contains(&format!("state=\"{state}\""))
        });
        let values: Vec<_> = gauges.map(value).collect();
        assert!(!values.is_empty() && values.iter().all(|value| *value >= 0.0), "{state}: {values:?}");
    }
    let statements = "denizen_database_statement_seconds_count{result=\"ok\"}";
    assert!(count(&metrics.text, statements) >= 1.0, "{statements} is missing:\n{}", metrics.text);
    assert!(metrics.text.contains("denizen_database_statement_seconds_bucket{"), "{}", metrics.text);
    for metric in ["denizen_http_requests_total", "denizen_database_pool_connections"] {
        assert!(metrics.text.contains(&format!("# HELP {metric} ")), "{metric} is not explained");
    }
}

#[tokio::test]
async fn metrics_tell_of_the_process_and_its_database() {
    let server = TestServer::start().await;
    let metrics = async || server.anonymous().get("/metrics").await.is(200).text;
    soon(async || count(&metrics().await, "denizen_database_size_bytes ") > 100_000.0).await;
    let metrics = metrics().await;
    let build = format!("denizen_build_info{{version=\"{}\"}} 1\n", env!("CARGO_PKG_VERSION"));
    assert!(metrics.contains(&build), "{metrics}");
    for (metric, at_least) in [
        ("process_resident_memory_bytes", 1_000_000.0),
        ("process_virtual_memory_bytes", 1_000_000.0),
        ("process_cpu_seconds_total", 0.001),
        ("process_open_fds", 3.0),
        ("process_max_fds", 16.0),
        ("process_start_time_seconds", 1_700_000_000.0),
    ] {
        assert!(count(&metrics, &format!("{metric} ")) >= at_least, "{metric}:\n{metrics}");
        assert!(metrics.contains(&format!("# HELP {metric} ")), "{metric} is not explained");
    }
}

#[tokio::test]
async fn metrics_contain_no_names_or_secrets() {
    let server = TestServer::start().await;
    server.flowra().post("/api/v1/external-users", json!({ "name": "somebody@example.com" })).await.json(201);
    server.flowra().get("/api/v1/external-users/username/somebody@example.com").await.json(200);
    server.anonymous().get("/a-path-that-nobody-knows").await.is(404);
    let metrics = server.anonymous().get("/metrics").await.text;
    for private in ["somebody", "sk_", "pk_", "a-path-that-nobody-knows", &server.workspace.id] {
        assert!(!metrics.contains(private), "{private} is in the metrics");
    }
}

/// The value of a metric, or 0 if it is missing.
fn count(metrics: &str, name: &str) -> f64 {
    metrics.lines().find(|line| line.starts_with(name)).map_or(0.0, value)
}

fn value(line: &str) -> f64 {
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn verifiers_discover_the_issuer_and_its_keys() {
    let of_url = "--public-url=https://users.example.com";
    for (arguments, url, issuer) in [
        (&[][..], None, "denizen"),
        (&[of_url], Some("https://users.example.com"), "https://users.example.com"),
        (
            &["--public-url=http://localhost:9/directory/"],
            Some("http://localhost:9/directory"),
            "http://localhost:9/directory",
        ),
        (&["--token-issuer=users"], None, "users"),
        (
            &[of_url, "--token-issuer=https://old.example.com"],
            Some("https://users.example.com"),
            "https://old.example.com",
        ),
    ] {
        let server = TestServer::with(arguments).await;
        let reply = server.anonymous().get("/.well-known/openid-configuration").await;
        assert_eq!(reply.header("cache-control"), Some("public, max-age=30"), "{reply}");
        let found = reply.json(200);
        let address = format!("http://{}", server.address);
        assert_eq!(
            found,
            json!({
                "issuer": issuer,
                "jwks_uri": format!("{}/.well-known/jwks.json", url.unwrap_or(&address)),
                "id_token_signing_alg_values_supported": ["EdDSA"],
                "subject_types_supported": ["public"],
                "response_types_supported": [],
            })
        );
        let set = server.anonymous().get("/.well-known/jwks.json").await.json(200);
        for key in set["keys"].as_array().unwrap() {
            assert_eq!(found["id_token_signing_alg_values_supported"], json!([key["alg"]]));
        }
        let user = create(&server, json!({ "externalId": "u-1" })).await;
        let token = text(&user, "accessToken");
        let claims = jsonwebtoken::dangerous::insecure_decode::<Value>(&token).unwrap().claims;
        assert_eq!(claims["iss"], found["issuer"], "of every token");
    }
}
