//! What other programs make of the OpenAPI documents: lints, types and a client.

use std::fs;

use denizen_tests::{ForeignClient, TestServer, is_on_postgres, json};

use crate::support::text;

/// The documents that the server has: the whole, and one for each contract.
const DOCUMENTS: [&str; 7] = [
    "/openapi.json",
    "/openapi/flowra.json",
    "/openapi/zaia.json",
    "/openapi/notiflows.json",
    "/openapi/flowmate.json",
    "/openapi/flowdock.json",
    "/openapi/operations.json",
];

/// The most lines of types for each operation, on average.
const LONGEST_TYPES: usize = 76;

/// Node.js with the packages for documents, while testing on SQLite: documents do not depend on the database, and looking
/// through them takes half a minute.
async fn node_once() -> Option<ForeignClient> {
    if is_on_postgres() { None } else { ForeignClient::node("documents").await }
}

#[tokio::test]
async fn spectral_finds_nothing_to_warn_of_in_any_document() {
    let Some(node) = node_once().await else { return };
    let server = TestServer::start().await;
    let (documents, reports) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for path in DOCUMENTS {
        let document = server.anonymous().get(path).await.is(200);
        fs::write(documents.path().join(path.replace('/', "-")), document.text).unwrap();
    }
    let folders = [documents.path(), reports.path()].map(|folder| folder.to_str().unwrap());
    let environment = [("DOCUMENTS", folders[0]), ("REPORTS", folders[1])];
    let printed = node.run("lint.js", &environment).await;
    assert_eq!(printed["documents"], DOCUMENTS.len());
    assert_eq!(printed["problems"], json!([]), "{:#}", printed["problems"]);
}

#[tokio::test]
async fn the_types_of_typescript_compile_and_are_short_enough_to_read() {
    let Some(node) = node_once().await else { return };
    let server = TestServer::start().await;
    let work = tempfile::tempdir().unwrap();
    let document = work.path().join("openapi.json");
    let whole = server.anonymous().get(DOCUMENTS[0]).await.is(200);
    fs::write(&document, &whole.text).unwrap();
    let (document, work) = (document.to_str().unwrap(), work.path().to_str().unwrap());
    let printed = node.run("types.js", &[("DOCUMENT", document), ("WORK", work)]).await;
    assert_eq!(printed["failures"], json!([]), "{printed:#}");
    let operations = whole.body["paths"].as_object().unwrap().values();
    let operations: usize = operations.map(|item| item.as_object().unwrap().len()).sum();
    let lines = usize::try_from(printed["lines"].as_u64().unwrap()).unwrap();
    assert!(lines < LONGEST_TYPES * operations, "{lines} lines for {operations} operations");
}

#[tokio::test]
async fn a_client_that_python_generates_calls_every_contract() {
    let Some(python) = ForeignClient::python("python").await else { return };
    let server = TestServer::start().await;
    let key = server.new_key(&[]).await;
    let acme = server.new_workspace("Acme").await;
    let jane = server.new_account("jane@acme.example", Some(&acme), &[]).await;
    server.add_to_workspace(&jane.username, &acme, false).await;
    let token = ["tokens", "create", "--account", &jane.username, "--expires-in", "1h", "--json"];
    let token = text(&server.operator(&token).await, "token");

    let url = format!("http://{}", server.address);
    let environment = [
        ("URL", &*url),
        ("FLOWRA_KEY", &key.secret),
        ("NOTIFLOWS_PUBLIC_KEY", &key.public),
        ("ACCOUNT_TOKEN", &token),
    ];
    let printed = python.run("calls.py", &environment).await;
    let expected = json!({
        "users.put": [201, "jane@example.com"],
        "users.get": [200, { "plan": "free" }],
        "users.list": [200, 1],
        "channels.list": [200, 1],
        "externalUsers.get": [200, "jane"],
        "externalUsers.update": [200, "Jane Doe"],
        "externalUsers.get, unknown": [404, "not_found"],
        "externalUsers.findByUsername": [200, null],
        "accounts.getCurrent": [200, jane.username],
        "flows.list": [200, 0],
        "people.getCurrent": [200, jane.username],
        "server.getVersion": [200, env!("CARGO_PKG_VERSION")],
    });
    assert_eq!(printed, expected, "{printed:#}");
}
