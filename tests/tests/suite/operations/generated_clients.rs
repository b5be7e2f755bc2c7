//! What other programs make of the OpenAPI documents: lints, types and a client.

use std::fs;

use denizen_tests::{ForeignClient, TestServer, Value, is_on_postgres, json};

use crate::support::{ALL_SCOPES, text};

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

/// The operations of Flowra's document: method and path, and id.
async fn operations_of_flowra(server: &TestServer) -> Vec<(String, String)> {
    let document = server.anonymous().get("/openapi/flowra.json").await.json(200);
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            (format!("{} {path}", method.to_uppercase()), text(operation, "operationId"))
        })
    });
    operations.collect()
}

/// `externalUsers.findByUsername` as Python spells it: `external_users_find_by_username`.
fn in_python(id: &str) -> String {
    let mut name = String::new();
    for letter in id.chars() {
        match letter {
            '.' => name.push('_'),
            _ if letter.is_uppercase() => name.extend(['_', letter.to_ascii_lowercase()]),
            _ => name.push(letter),
        }
    }
    name
}

/// Asserts that a client has called these operations and no others, and has read their answers.
fn assert_called(printed: &Value, mut expected: Vec<String>) {
    let called = printed["called"].as_array().unwrap_or_else(|| panic!("{printed:#}"));
    let mut called: Vec<_> = called.iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    called.sort();
    expected.sort();
    assert_eq!(called, expected, "left: what the client calls, right: the document");
    let users = &printed["users"];
    assert_eq!(users["identifiers"], json!(vec!["jane"; 7]), "{printed:#}");
    assert_eq!(users["email"], "jane@example.com");
    assert_eq!(users["blocked"], json!([false, true]));
    let workflows = json!({
        "description": "Says hello", "executions": [true, true, true], "listed": ["Greet"], "success": true,
    });
    assert_eq!(printed["workflows"], workflows, "{printed:#}");
    let connections = json!({
        "label": "work", "statuses": ["INITIALIZING", "ACTIVE"], "grouped": [2], "token": "a key", "username": "john",
        "configs": 2,
    });
    assert_eq!(printed["connections"], connections, "{printed:#}");
}

#[tokio::test]
async fn a_client_that_python_generates_calls_every_operation_of_flowra() {
    let Some(python) = ForeignClient::python("python").await else { return };
    let server = TestServer::start().await;
    let key = server.new_key(&ALL_SCOPES).await;
    let url = format!("http://{}", server.address);
    let printed = python.run("flowra.py", &[("URL", &url), ("KEY", &key.secret)]).await;
    let operations = operations_of_flowra(&server).await;
    assert_called(&printed, operations.iter().map(|(_, id)| in_python(id)).collect());
    assert_eq!(printed["users"]["types"], json!(["ExternalUser", "CreatedExternalUser"]));
}

#[tokio::test]
async fn typescript_calls_every_operation_of_flowra() {
    let Some(node) = ForeignClient::node("flowra_in_typescript").await else { return };
    let server = TestServer::start().await;
    let key = server.new_key(&ALL_SCOPES).await;
    let work = tempfile::tempdir().unwrap();
    let document = work.path().join("flowra.json");
    fs::write(&document, server.anonymous().get("/openapi/flowra.json").await.is(200).text).unwrap();
    let url = format!("http://{}", server.address);
    let (document, work) = (document.to_str().unwrap(), work.path().to_str().unwrap());
    let environment = [("DOCUMENT", document), ("WORK", work), ("URL", &*url), ("KEY", &key.secret)];
    let printed = node.run("calls.js", &environment).await;
    let operations = operations_of_flowra(&server).await;
    assert_called(&printed, operations.into_iter().map(|(operation, _)| operation).collect());
}

#[tokio::test]
async fn each_success_of_flowra_has_one_schema() {
    let server = TestServer::start().await;
    let document = server.anonymous().get("/openapi/flowra.json").await.json(200);
    let resolved = |value: &Value| match value["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).unwrap().clone(),
        None => value.clone(),
    };
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for status in ["200", "201"] {
                let Some(response) = operation["responses"].get(status) else { continue };
                let content = resolved(response)["content"].clone();
                let content = content.as_object().unwrap_or_else(|| panic!("{method} {path} {status}"));
                assert_eq!(content.keys().collect::<Vec<_>>(), ["application/json"], "{method} {path}");
                let schema = resolved(&content["application/json"]["schema"]);
                let forms = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
                let forms = forms.into_iter().flatten().filter(|form| form["type"] != "null").count();
                assert!(schema.is_object() && forms <= 1, "{method} {path} {status}: {schema:#}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 19, "{seen}");
}
