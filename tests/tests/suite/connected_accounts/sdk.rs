//! The library that Flowra publishes for Python.

use denizen_tests::{ForeignClient, TestServer, json};

use crate::support::ALL_SCOPES;

#[tokio::test]
async fn the_library_for_python_connects_accounts() {
    let Some(python) = ForeignClient::python("flowra").await else { return };
    let server = TestServer::start().await;
    let key = server.new_key(&ALL_SCOPES).await;
    let url = format!("http://{}", server.address);
    let printed = python.run("connections.py", &[("URL", &url), ("FLOWRA_KEY", &key.secret)]).await;
    let expected = json!({
        "profile": ["default", "jane"],
        "configs": { "list": ["Drive", "CRM"], "found": "Drive", "in use": [409, "conflict"], "gone": [404, "not_found"] },
        "connections": {
            "created": ["crm", "ACTIVE", "work"], "updated": ["INACTIVE", "Jane's CRM"], "list": ["drive", "crm"],
            "grouped": ["crm", "drive"], "link": true, "others": [], "removed": [404, "not_found"],
        },
    });
    assert_eq!(printed, expected);
}
