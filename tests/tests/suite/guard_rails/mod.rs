//! Walks the OpenAPI document: every operation is guarded and fully described.

mod accounts;
mod connections;
mod document;
mod flowdock;
mod flows;
mod spelling;
mod table;

use denizen_tests::{Client, Key, Reply, TestServer, Value, Workspace, is_on_postgres, json};

use self::accounts::account_guards;
use self::connections::CONNECTION_GUARDS;
use self::document::Document;
pub(crate) use self::document::takes_null;
use self::flowdock::flowdock_guards;
use self::flows::flow_guards;
use self::table::{GUARDS, Guard, OPEN, Stranger};
use crate::support::{ALL_SCOPES, create, create_channel, create_endpoint, soon, text, with};
use crate::tiers::create_tier;
use crate::workflows::graph;

/// The subject of the table's requests: objects of the workspace `default`.
struct Victim {
    user: Value,
    channel_id: String,
    group_id: String,
    tier_id: String,
    key_id: String,
    /// A webhook endpoint whose job goes on, and one whose job was cancelled, for the requests that need them.
    endpoint_ids: Option<[String; 2]>,
    /// An inactive workflow, an active one, and an execution of it, for the requests that need them.
    workflow_ids: Option<[String; 3]>,
    /// An auth config, another one that connects nothing, and an account that the first one connects, for the requests that
    /// need them.
    connection_ids: Option<[String; 3]>,
}

impl Victim {
    async fn new(server: &TestServer, name: &str) -> Self {
        let tier_id = create_tier(server, name).await;
        let group = json!({ "externalId": format!("external {name}"), "name": name, "tierId": tier_id });
        let group = server.zaia().post("/api/v1/external-user-groups", group).await.json(200);
        let user = json!({
            "externalId": format!("external {name}"),
            "identifier": format!("identifier {name}"),
            "externalUserGroupId": group["id"],
            "tierId": tier_id,
        });
        let user = create(server, user).await;
        let channel_id = create_channel(server, name).await;
        let key_id = server.new_key(&["external_users:read"]).await.id;
        let group_id = text(&group, "id");
        Self {
            user,
            channel_id,
            group_id,
            tier_id,
            key_id,
            endpoint_ids: None,
            workflow_ids: None,
            connection_ids: None,
        }
    }

    /// The same, with webhook endpoints if a request needs them: a workspace may have few.
    async fn for_guard(server: &TestServer, name: &str, guard: &Guard) -> Self {
        let mut victim = Self::new(server, name).await;
        if guard.scope.starts_with("webhooks") || guard.scope.starts_with("jobs") {
            victim.endpoint_ids = Some([create_endpoint(server).await, create_endpoint(server).await]);
            let path = victim.fill("/api/v1/jobs/<cancelled>/cancel");
            server
                .zaia()
                .with_key(&server.new_key(&ALL_SCOPES).await)
                .send("POST", &path, None)
                .await
                .is(200);
        }
        if guard.scope.starts_with("workflows") {
            victim.add_workflows(server).await;
        }
        if guard.scope.starts_with("auth_configs") || guard.scope.starts_with("connected_accounts") {
            victim.add_connection(server).await;
        }
        victim
    }

    async fn add_workflows(&mut self, server: &TestServer) {
        let client = server.flowra().with_key(&server.new_key(&ALL_SCOPES).await);
        let path = |operation: &str| format!("/api/v1/workflow/manager/{operation}");
        let make = async || {
            let body = json!({ "name": "Theirs", "graph": graph() });
            text(&client.post(&path("create"), body).await.json(200)["data"], "id")
        };
        let (idle, active) = (make().await, make().await);
        client.put(&path(&format!("activeStatus/{active}")), json!({ "isActive": true })).await.is(200);
        let detail = path(&format!("detail/{active}"));
        soon(async || client.get(&detail).await.json(200)["data"]["status"] == "active").await;
        let run = client.post(&path(&format!("execute/{active}?wait=20")), json!({})).await.json(200);
        self.workflow_ids = Some([idle, active, text(&run["data"], "id")]);
    }

    async fn add_connection(&mut self, server: &TestServer) {
        let client = server.flowra().with_key(&server.new_key(&ALL_SCOPES).await);
        let make = async |config: Value| {
            let body = json!({ "toolkit": { "slug": "theirs" }, "authConfig": config });
            text(&client.post("/api/v1/auth_configs", body).await.json(201), "id")
        };
        let used = make(json!({ "authScheme": "API_KEY" })).await;
        let system = "https://system.example.com/";
        let unused = make(json!({
            "authScheme": "OAUTH2", "callbackUrls": ["https://shop.example.com/connected"],
            "credentials": { "clientId": "shop", "authorizationUrl": system, "tokenUrl": system },
        }))
        .await;
        let credentials = json!({ "apiKey": "a key" });
        let body = json!({ "authConfigId": used, "eUID": self.user["id"], "credentials": credentials });
        let account = client.post("/api/v1/connected_accounts", body).await.json(201);
        self.connection_ids = Some([used, unused, text(&account, "id")]);
    }

    /// A path or body of the table, filled in for the victim.
    fn fill(&self, template: &str) -> String {
        let external_id = text(&self.user, "externalId").replace(' ', "%20");
        let username = text(&self.user, "identifier").replace(' ', "%20");
        let ids = self.endpoint_ids.as_ref();
        let [endpoint_id, cancelled_id] = ids.map_or([""; 2], |ids| ids.each_ref().map(String::as_str));
        let ids = self.workflow_ids.as_ref();
        let [idle_id, active_id, execution_id] =
            ids.map_or([""; 3], |ids| ids.each_ref().map(String::as_str));
        let ids = self.connection_ids.as_ref();
        let [config_id, unused_id, account_id] =
            ids.map_or([""; 3], |ids| ids.each_ref().map(String::as_str));
        template
            .replace("<config>", config_id)
            .replace("<unused config>", unused_id)
            .replace("<account>", account_id)
            .replace("<idle>", idle_id)
            .replace("<active>", active_id)
            .replace("<execution>", execution_id)
            .replace("<user>", &text(&self.user, "id"))
            .replace("<person>", &text(&self.user, "superIdentityId"))
            .replace("<channel>", &self.channel_id)
            .replace("<group>", &self.group_id)
            .replace("<tier>", &self.tier_id)
            .replace("<key>", &self.key_id)
            .replace("<endpoint>", endpoint_id)
            .replace("<cancelled>", cancelled_id)
            .replace("<external id>", &external_id)
            .replace("<username>", &username)
    }

    async fn state(&self, owner: &Client) -> Value {
        let (endpoint, job) = match self.endpoint_ids {
            Some(_) => (
                owner.get(&self.fill("/api/v1/webhook-endpoints/<endpoint>")).await.json(200)["description"]
                    .take(),
                owner.get(&self.fill("/api/v1/jobs/<cancelled>")).await.json(200),
            ),
            None => (Value::Null, Value::Null),
        };
        let workflow = match self.workflow_ids {
            Some(_) => owner.get(&self.fill("/api/v1/workflow/manager/detail/<idle>")).await.json(200),
            None => Value::Null,
        };
        let connection = match self.connection_ids {
            Some(_) => json!([
                owner.get(&self.fill("/api/v1/auth_configs/<unused config>")).await.json(200),
                owner.get(&self.fill("/api/v1/connected_accounts/<account>")).await.json(200),
            ]),
            None => Value::Null,
        };
        json!({
            "connection": connection,
            "workflow": workflow,
            "endpoint": endpoint,
            "job": job,
            "user": owner.get(&self.fill("/api/v1/external-users/<user>")).await.json(200),
            "channel": owner.get(&self.fill("/api/v1/channels/<channel>")).await.json(200),
            "group": owner.get(&self.fill("/api/v1/external-user-groups/<group>")).await.json(200),
            "tier": owner.get(&self.fill("/api/v1/tiers/<tier>")).await.json(200),
            "key": owner.get(&self.fill("/api/v1/api-keys/<key>")).await.json(200),
        })
    }
}

impl Guard {
    /// Sends the request, and asserts that the document lists the status of the answer.
    async fn send(&self, document: &Document, client: &Client, victim: &Victim) -> Reply {
        let (method, template) = self.operation.split_once(' ').unwrap();
        let client = match self.username {
            Some(username) => client.with("x-username", &victim.fill(username)),
            None => client.clone(),
        };
        let body = self.body.map(|body| serde_json::from_str(&victim.fill(body)).unwrap());
        let reply = client.send(method, &victim.fill(self.path), body).await;
        document.describes(method, template, &reply);
        reply
    }
}

/// All rows about keys.
fn guards() -> impl Iterator<Item = &'static Guard> {
    GUARDS.iter().chain(&CONNECTION_GUARDS)
}

#[tokio::test]
async fn every_operation_is_guarded() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    let stranger = server.new_workspace("stranger").await;
    let strange_key = server.new_key_of(&stranger, &ALL_SCOPES).await;
    let right_key = server.new_key(&ALL_SCOPES).await;
    let owner = server.zaia().with_key(&right_key);
    let lacking = table::keys_that_lack_one_scope(&server).await;
    for (index, guard) in guards().enumerate() {
        let victim = Victim::for_guard(&server, &format!("victim {index}"), guard).await;
        let before = victim.state(&owner).await;

        let anonymous = guard.send(&document, &server.anonymous(), &victim).await;
        anonymous.error(401, "unauthenticated");

        let key: &Key = &lacking[guard.scope];
        let reply = guard.send(&document, &guard.caller.of(&server).with_key(key), &victim).await;
        let details = reply.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": guard.scope }), "{}", guard.operation);

        let client = guard.caller.of(&server).with_key(&strange_key);
        let reply = guard.send(&document, &client, &victim).await;
        guard.check_stranger(reply, &stranger, &victim);
        assert_eq!(victim.state(&owner).await, before, "{} changed another workspace's", guard.operation);

        // The refused request was valid: it succeeds with the right key.
        let reply = guard.send(&document, &guard.caller.of(&server).with_key(&right_key), &victim).await;
        assert!((200..300).contains(&reply.status), "{} was answered\n{reply}", guard.operation);
        let is_list = matches!(guard.stranger, Stranger::List);
        assert!(!is_list || lists(&reply.body, &victim), "{} lists nothing:\n{reply}", guard.operation);
    }
}

/// Whether a list or page contains an object of the victim.
fn lists(body: &Value, victim: &Victim) -> bool {
    let items = body.as_array().or_else(|| body["items"].as_array()).or_else(|| body["events"].as_array());
    let items = items.or_else(|| body["data"].as_array());
    let items = items.unwrap_or_else(|| panic!("no list: {body:#}"));
    let user_id = text(&victim.user, "id");
    let mut ids = vec![&user_id, &victim.channel_id, &victim.group_id, &victim.tier_id, &victim.key_id];
    ids.extend(victim.endpoint_ids.iter().flatten());
    ids.extend(victim.workflow_ids.iter().flatten());
    ids.extend(victim.connection_ids.iter().flatten());
    items.iter().any(|item| ids.iter().any(|id| item["id"] == **id || item["objectId"] == **id))
}

impl Guard {
    fn check_stranger(&self, reply: Reply, stranger: &Workspace, victim: &Victim) {
        match self.stranger {
            Stranger::NotFound(resource) => {
                assert_eq!(reply.error(404, "not_found")["resource"], resource, "{}", self.operation);
            }
            Stranger::List => assert!(!lists(&reply.json(200), victim), "{}", self.operation),
            Stranger::Null => assert_eq!(reply.json(200), Value::Null, "{}", self.operation),
            Stranger::Own(status) => {
                let own = reply.json(status);
                assert_ne!(own["id"], victim.user["id"], "{}", self.operation);
                if let Some(workspace_id) = own.get("workspaceId") {
                    assert_eq!(*workspace_id, *stranger.id, "{}", self.operation);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_table_covers_every_documented_operation() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    let mut guarded: Vec<_> = guards().map(|guard| guard.operation.to_owned()).collect();
    guarded.extend(account_guards().map(|(base, guard)| guard.operation(base)));
    guarded.extend(flow_guards().map(|(base, guard)| guard.operation(base)));
    guarded.extend(flowdock_guards().map(|(base, guard)| guard.operation(base)));
    // The document names each path once, without its version.
    for operation in &mut guarded {
        let (method, path) = operation.split_once(' ').unwrap();
        *operation = format!("{method} {}", document.described(path));
    }
    guarded.sort();
    guarded.dedup();
    assert_eq!(document.secured(), guarded, "left: the document, right: the table");
    let mut open = OPEN.map(str::to_owned);
    open.sort();
    assert_eq!(document.open(), open, "left: the document, right: what needs no credential");
}

#[tokio::test]
async fn every_body_refuses_unknown_fields() {
    if is_on_postgres() {
        return;
    }
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    let key = server.new_key(&ALL_SCOPES).await;
    for (index, guard) in guards().enumerate() {
        let Some(body) = guard.body else { continue };
        let victim = Victim::for_guard(&server, &format!("strict {index}"), guard).await;
        let body: Value = serde_json::from_str(&victim.fill(body)).unwrap();
        let (method, template) = guard.operation.split_once(' ').unwrap();
        let client = guard.caller.of(&server).with_key(&key);
        let body = with(body, json!({ "unheardOf": 1 }));
        let reply = client.send(method, &victim.fill(guard.path), Some(body)).await;
        document.describes(method, template, &reply);
        assert_refuses(&reply, guard.operation);
    }
}

/// Asserts that an answer refuses nothing but the field `unheardOf`.
fn assert_refuses(reply: &Reply, operation: &str) {
    assert!(matches!(reply.status, 400 | 422), "{operation} is answered with\n{reply}");
    let refused =
        json!({ "field": "unheardOf", "reason": "unknown", "message": "is not a field of this operation" });
    assert_eq!(reply.body["error"]["details"]["fields"], json!([refused]), "{operation}\n{reply}");
}

#[tokio::test]
async fn the_tables_send_every_documented_body() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    let mut sent: Vec<_> =
        guards().filter(|guard| guard.body.is_some()).map(|guard| guard.operation.to_owned()).collect();
    sent.extend(accounts::operations_with_bodies());
    sent.extend(flows::operations_with_bodies());
    sent.extend(flowdock::operations_with_bodies());
    for (operation, described) in document.operations() {
        let is_open = OPEN.contains(&operation.as_str());
        if described.get("requestBody").is_some() && !is_open {
            assert!(sent.contains(&operation), "no row sends the body of {operation}");
        }
    }
}

#[tokio::test]
async fn documents_the_required_scope() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    for guard in guards() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        document.requires(method, path, &[guard.scope]);
    }
}

#[tokio::test]
async fn every_public_operation_answers_as_documented() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    for operation in OPEN {
        let (method, path) = operation.split_once(' ').unwrap();
        for code in ["not_found", "nonsense"] {
            let reply = server.anonymous().send(method, &path.replace("{code}", code), None).await;
            document.describes(method, path, &reply);
        }
    }
}

#[tokio::test]
async fn every_operation_is_fully_described() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    let mut ids = Vec::new();
    for (name, operation) in document.operations() {
        ids.push(text(operation, "operationId"));
        for key in ["summary", "tags"] {
            assert!(!operation[key].is_null(), "{name} has no {key}");
        }
        let responses = operation["responses"].as_object().unwrap();
        let succeeds = |status: &String| status.starts_with('2');
        assert!(responses.keys().any(succeeds), "{name} never succeeds");
        for (status, response) in responses {
            let response = document.resolved(response);
            let header = |name: &str| document.resolved(&response["headers"][name])["schema"].is_object();
            assert!(!text(response, "description").is_empty(), "{name}: {status} has no description");
            assert!(header("x-request-id"), "{name}: {status} has no id");
            let content = &response["content"];
            if status == "204" || status == "304" {
                assert!(content.is_null(), "{name}: {status} has no content");
            } else if succeeds(status) {
                let mut types = content.as_object().unwrap().values();
                assert!(types.all(|media| media["schema"].is_object()), "{name}: {status} has no schema");
            } else {
                let media = &content["application/json"];
                let envelope = json!({ "$ref": "#/components/schemas/ErrorEnvelope" });
                assert_eq!(media["schema"], envelope, "{name}: {status} has another schema");
                let example = media["examples"].as_object().unwrap().values().next().unwrap();
                let example = &document.resolved(example)["value"];
                assert_eq!(example["error"]["status"].to_string(), *status, "{name}: {status}");
            }
            let expected = match status.as_str() {
                "401" => "www-authenticate",
                "429" | "503" => "retry-after",
                _ => continue,
            };
            assert!(header(expected), "{name}: {status} has no {expected}");
        }
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "every operation has an id of its own");
}

#[tokio::test]
async fn every_reference_and_security_scheme_resolves() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    for reference in document.references() {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} is unresolved");
    }
    let schemes = document.pointer("/components/securitySchemes").unwrap();
    for (name, operation) in document.operations() {
        for requirement in operation["security"].as_array().into_iter().flatten() {
            for scheme in requirement.as_object().unwrap().keys() {
                assert!(schemes[scheme].is_object(), "{name} asks for {scheme}, which nothing explains");
            }
        }
    }
}

#[tokio::test]
async fn every_documented_example_works() {
    let server = TestServer::start().await;
    let document = Document::served_by(&server).await;
    let webhook_guard = guards().find(|guard| guard.path.contains("<endpoint>")).unwrap();
    let mut victim = Victim::for_guard(&server, "example", webhook_guard).await;
    victim.add_workflows(&server).await;
    let mut connector = Victim::new(&server, "connector").await;
    connector.add_connection(&server).await;
    let right_key = server.new_key(&ALL_SCOPES).await;
    for guard in guards() {
        let (method, path) = guard.operation.split_once(' ').unwrap();
        for example in document.body_examples(method, path) {
            let mut body = example;
            if body.get("channelId").is_some() {
                body = with(body, json!({ "channelId": victim.channel_id }));
            }
            if body.get("channelIds").is_some() {
                body = with(body, json!({ "channelIds": [victim.channel_id] }));
            }
            if body.get("url").is_some() {
                body = with(body, json!({ "url": "http://127.0.0.1:1/hooks" }));
            }
            if body.get("authConfigId").is_some() {
                let config = if body.get("callbackUrl").is_some() { "<unused config>" } else { "<config>" };
                let ids = json!({ "authConfigId": connector.fill(config), "eUID": connector.user["id"] });
                body = with(body, ids);
            }
            // Only Flowra's body has no channel.
            let caller = guard.caller.of(&server);
            let flowra = path == "/api/v1/external-users" && body.get("channelId").is_none();
            let client = if flowra { server.flowra() } else { caller }.with_key(&right_key);
            let filled = if guard.path.contains("<account>") { &connector } else { &victim };
            let path = filled.fill(guard.path).replace("external%20example", "user_12345");
            let reply = client.send(method, &path, Some(body)).await;
            assert!((200..300).contains(&reply.status), "{}'s example:\n{reply}", guard.operation);
        }
    }
}
