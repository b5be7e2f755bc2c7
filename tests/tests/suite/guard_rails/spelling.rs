//! No operation ignores a misspelt parameter, and all take arrays.

use denizen_tests::{Client, TestServer, Value, is_on_postgres, json};

use super::document::Document;
use crate::support::{ALL_SCOPES, text};

/// A documented query parameter, and a caller of its operation.
struct Parameter<'document> {
    operation: String,
    method: String,
    path: String,
    name: String,
    schema: &'document Value,
    client: Client,
}

/// The callers of all operations.
struct Callers {
    flowra: Client,
    zaia: Client,
    notiflows: Client,
    account: Client,
}

impl Callers {
    async fn of(server: &TestServer) -> Self {
        let key = server.new_key(&ALL_SCOPES).await;
        Self {
            flowra: server.flowra().with_key(&key),
            zaia: server.zaia().with_key(&key),
            notiflows: server.notiflows().with_key(&key),
            account: server.as_administrator().await,
        }
    }

    /// The callers that may perform an operation.
    fn of_operation(&self, path: &str, operation: &Value) -> Vec<Client> {
        let security = operation["security"].as_array().into_iter().flatten();
        let takes = |scheme: &str| security.clone().any(|requirement| requirement.get(scheme).is_some());
        if path == "/api/v1/external-users" {
            vec![self.flowra.clone(), self.zaia.clone()]
        } else if takes("notiflows_api_key") {
            vec![self.notiflows.clone()]
        } else if takes("account_token") || takes("basic") {
            vec![self.account.clone()]
        } else {
            vec![self.zaia.clone()]
        }
    }

    /// The callers that may send a parameter.
    fn of_parameter(&self, operation: &Value, parameter: &Value) -> Vec<Client> {
        let takes = |scheme: &str| {
            let security = operation["security"].as_array().into_iter().flatten();
            security.into_iter().any(|requirement| requirement.get(scheme).is_some())
        };
        let description = parameter["description"].as_str().unwrap_or_default();
        let (flowra, zaia) = (self.flowra.clone(), self.zaia.clone());
        match description.split(':').next() {
            Some("Flowra") => vec![flowra],
            Some("Zaia") => vec![zaia],
            Some("Both") => vec![flowra, zaia],
            _ if takes("notiflows_api_key") => vec![self.notiflows.clone()],
            _ if takes("account_token") => vec![self.account.clone()],
            _ => vec![zaia],
        }
    }
}

/// Every query parameter of the document.
fn parameters<'document>(document: &'document Document, callers: &Callers) -> Vec<Parameter<'document>> {
    let mut parameters = Vec::new();
    for (operation, described) in document.operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        let path = path_of(path);
        for parameter in described["parameters"].as_array().into_iter().flatten() {
            let parameter = document.resolved(parameter);
            if parameter["in"] != "query" {
                continue;
            }
            for client in callers.of_parameter(described, parameter) {
                parameters.push(Parameter {
                    operation: operation.clone(),
                    method: method.to_owned(),
                    path: path.clone(),
                    name: text(parameter, "name"),
                    schema: document.resolved(&parameter["schema"]),
                    client,
                });
            }
        }
    }
    parameters
}

/// A path with ids in place of its parameters.
fn path_of(path: &str) -> String {
    let is_flowdock = ["/users", "/organizations", "/flows"].iter().any(|start| path.starts_with(start));
    let id = if is_flowdock { "1" } else { "7d444840-9dc0-41d1-b245-5ffdce74fad2" };
    let segments = path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment });
    segments.collect::<Vec<_>>().join("/")
}

/// Other spellings of a name, none of which is its array.
fn misspellings(name: &str) -> Vec<String> {
    let mut spellings = vec![
        name.to_uppercase(),
        format!("{}{}", name[..1].to_uppercase(), &name[1..]),
        snake_case(name),
        snake_case(name).replace('_', "-"),
        camel_case(name),
        name.strip_suffix('s').map_or_else(|| format!("{name}s"), str::to_owned),
        format!("{name}[like]"),
        format!("{name}[0][id]"),
        format!("{name}[$in]"),
        format!("filter[{name}]"),
        format!("{name}."),
        format!(" {name}"),
    ];
    spellings.retain(|spelling| spelling != name);
    spellings
}

/// A long name with a letter too many, one too few, and two in the wrong order.
fn typing_errors(name: &str) -> Vec<String> {
    if name.len() < 6 {
        return Vec::new();
    }
    let (start, end) = name.split_at(name.len() / 2);
    let mut letters: Vec<_> = name.chars().collect();
    letters.swap(1, 2);
    vec![format!("{start}x{end}"), format!("{start}{}", &end[1..]), letters.into_iter().collect()]
}

fn snake_case(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        'A'..='Z' => format!("_{}", letter.to_lowercase()),
        _ => letter.to_string(),
    });
    letters.collect()
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    let capitalized = words.map(|word| word[..1].to_uppercase() + &word[1..]);
    [first].into_iter().chain(capitalized).collect()
}

/// Percent-encodes what a query string cannot hold.
fn encoded(name: &str) -> String {
    name.replace('[', "%5B").replace(']', "%5D").replace(' ', "%20")
}

#[tokio::test]
async fn no_operation_ignores_a_misspelt_parameter() {
    let server = TestServer::start().await;
    let (document, callers) = (Document::served_by(&server).await, Callers::of(&server).await);
    let parameters = parameters(&document, &callers);
    assert!(parameters.len() > 50, "{}", parameters.len());
    for Parameter { operation, method, path, name, client, .. } in &parameters {
        let is_known = |spelling: &str| {
            parameters.iter().any(|other| other.operation == *operation && other.name == spelling)
        };
        let typing_errors = typing_errors(name);
        for spelling in misspellings(name).iter().chain(&typing_errors).filter(|spelling| !is_known(spelling))
        {
            let sent = format!("{path}?{}=1", encoded(spelling));
            let reply = client.send(method, &sent, None).await;
            assert_eq!(reply.status, 400, "{method} {sent}\n{reply}");
            let details = reply.error(400, "bad_request");
            assert_eq!(details["param"], *spelling, "{method} {sent}: {details:#}");
            assert_eq!(details["reason"], "invalid_param", "{method} {sent}: {details:#}");
            let field = &details["fields"][0];
            assert_eq!((&field["field"], &field["reason"]), (&json!(spelling), &json!("unknown")));
            let message = text(field, "message");
            let (_, nearest) = message.split_once("; did you mean ").unwrap();
            let nearest = nearest.trim_end_matches('?');
            // A typing error may be as near to another name.
            let is_typing_error = typing_errors.contains(spelling) && is_known(nearest);
            assert!(nearest == name || is_typing_error, "{method} {sent}: {message}");
        }
    }
}

#[tokio::test]
async fn every_read_ignores_harmless_parameters() {
    let server = TestServer::start().await;
    let (document, callers) = (Document::served_by(&server).await, Callers::of(&server).await);
    for Parameter { method, path, client, .. } in parameters(&document, &callers) {
        if method != "GET" {
            continue;
        }
        let plain = client.get(&path).await;
        for harmless in ["_=1", "utm_source=mail", "fbclid=a&gclid=b", "="] {
            let reply = client.get(&format!("{path}?{harmless}")).await;
            assert_eq!(reply.status, plain.status, "{path}?{harmless}\n{reply}");
            assert_eq!(comparable(&reply.body), comparable(&plain.body), "{path}?{harmless}");
        }
    }
}

#[tokio::test]
async fn every_operation_refuses_unknown_parameters() {
    if is_on_postgres() {
        return;
    }
    let server = TestServer::start().await;
    let (document, callers) = (Document::served_by(&server).await, Callers::of(&server).await);
    let mut asked = 0;
    for (operation, described) in document.operations() {
        let (method, path) = operation.split_once(' ').unwrap();
        if path.starts_with("/webhooks/") {
            continue; // The query string is the message that starts a flow.
        }
        let harmless = ["?_=1", "?utm_source=mail"].map(|query| format!("{}{query}", path_of(path)));
        let sent = format!("{}?unheardOf=1&_=1&%F0%9F%99%82=1", path_of(path));
        for client in callers.of_operation(path, described) {
            asked += 1;
            let reply = client.send(method, &sent, None).await;
            document.describes(method, path, &reply);
            let details = reply.error(400, "bad_request");
            let fields = details["fields"].as_array().unwrap_or_else(|| panic!("{operation}: {details:#}"));
            let fields: Vec<_> = fields.iter().map(|it| (text(it, "field"), text(it, "reason"))).collect();
            let expected = ["unheardOf", "\u{1f642}"].map(|name| (name.to_owned(), "unknown".to_owned()));
            assert_eq!(fields, expected, "{operation}");
        }
        if method == "GET" && described.get("security").is_none() {
            for harmless in harmless {
                let reply = server.anonymous().get(&harmless).await;
                assert_ne!(reply.status, 400, "{harmless}\n{reply}");
            }
        }
    }
    assert!(asked > 150, "{asked}");
}

#[tokio::test]
async fn who_calls_counts_before_what_is_asked_for() {
    let server = TestServer::start().await;
    for path in ["/api/v1/channels?unheardOf=1", "/api/v1/webhook-endpoints?q=1", "/users?unheardOf=1"] {
        server.anonymous().get(path).await.error(401, "unauthenticated");
    }
    let message = |details: &Value| text(&details["fields"][0], "message");
    let details = server.zaia().get("/api/v1/channels?afer=1&serch=a").await.error(400, "bad_request");
    assert_eq!(message(&details), "is not a parameter of this operation");
    assert!(text(&details["fields"][1], "message").ends_with("did you mean search?"), "{details:#}");
    let details = server.notiflows().get("/admin/users?afer=1").await.error(400, "bad_request");
    assert!(message(&details).ends_with("; did you mean after?"), "{details:#}");
}

#[tokio::test]
async fn every_read_takes_a_parameter_as_an_array() {
    let server = TestServer::with_fixed_time().await;
    let (document, callers) = (Document::served_by(&server).await, Callers::of(&server).await);
    for Parameter { method, path, name, schema, client, .. } in parameters(&document, &callers) {
        if method != "GET" {
            continue;
        }
        let value = sample(&document, schema);
        let plain = client.get(&format!("{path}?{name}={value}")).await;
        for spelling in ["[]", "[0]", "[12]", "%5B%5D", "%5b0%5d"].map(|array| format!("{name}{array}")) {
            let reply = client.get(&format!("{path}?{spelling}={value}")).await;
            assert_eq!(reply.status, plain.status, "{path}?{spelling}={value}\n{reply}");
            assert_eq!(comparable(&reply.body), comparable(&plain.body), "{path}?{spelling}={value}");
        }
    }
}

/// A body without what differs between two equal requests.
fn comparable(body: &Value) -> Value {
    let mut body = body.clone();
    if body["error"].is_object() {
        body["error"]["request_id"] = Value::Null;
    }
    body
}

/// A value of a schema.
fn sample(document: &Document, schema: &Value) -> String {
    if let Some(first) = schema["enum"].get(0) {
        return first.as_str().unwrap().to_owned();
    }
    if schema["items"].is_object() {
        return sample(document, document.resolved(&schema["items"]));
    }
    for form in ["oneOf", "anyOf"].into_iter().filter_map(|of| schema[of].as_array()).flatten() {
        if form["type"] != "null" {
            return sample(document, document.resolved(form));
        }
    }
    let types = schema["type"].to_string();
    match schema["format"].as_str() {
        Some("uuid") => "7d444840-9dc0-41d1-b245-5ffdce74fad2".to_owned(),
        Some("date-time") => "2024-01-15T10:30:00Z".to_owned(),
        _ if types.contains("boolean") => "true".to_owned(),
        _ if types.contains("integer") => "1".to_owned(),
        _ => "something".to_owned(),
    }
}
