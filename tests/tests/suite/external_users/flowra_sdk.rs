//! The library that Flowra publishes for Python, pointed at this server.

use denizen_tests::{ForeignClient, TestServer, json};

#[tokio::test]
async fn flowras_own_client_works() {
    let Some(python) = ForeignClient::python("flowra").await else { return };
    let server = TestServer::start().await;
    let url = format!("http://{}", server.address);
    let printed =
        python.run("users.py", &[("URL", &url), ("FLOWRA_KEY", &server.workspace.key.secret)]).await;
    let all = json!(["jane", "john", "jürgen"]);
    let expected = json!({
        "before": [],
        "created": all,
        "again": true,
        "list": all,
        "found": true,
        "nobody": null,
        "toggled": true,
        "active": ["jane", "jürgen"],
        "blocked": ["john"],
        "counted": ["jane", "john"],
        "sorted": ["jürgen", "john", "jane"],
        "found by part": all,
        "misspelt": [400, "bad_request"],
        "unrelated": [400, "bad_request"],
        "unblocked": false,
        "with a slash": all,
        "me": "jane",
        "list as jane": all,
        "blank": [422, "validation_failed"],
        "no key": [401, "unauthenticated"],
        "elsewhere": [404, "not_found"],
        "not served": [404, "not_found"],
    });
    assert_eq!(printed, expected, "{printed:#}");
}
