//! The audit log of accounts, roles, tokens, organizations and flows.

use denizen_tests::{Client, Key, TestServer, Value, json};

use crate::support::{each, keys, text};

/// The audit log of the workspace `default`, from the start of the test.
struct Log {
    client: Client,
    seen: usize,
}

impl Log {
    async fn of(server: &TestServer) -> Self {
        let key: Key = server.new_key(&["audit:read"]).await;
        let mut log = Self { client: server.zaia().with_key(&key), seen: 0 };
        log.new_events().await;
        log
    }

    /// The events since the last call, oldest first.
    async fn new_events(&mut self) -> Vec<Value> {
        let events = self.client.get("/api/v1/audit-events?order=oldest&limit=100").await.array(200);
        let news = events[self.seen..].to_vec();
        self.seen = events.len();
        news
    }
}

fn actions(events: &[Value]) -> Vec<String> {
    each(events, "action")
}

#[tokio::test]
async fn logs_account_changes() {
    let server = TestServer::start().await;
    let mut log = Log::of(&server).await;
    let jane = server.new_account("jane@example.com", Some(&server.workspace), &[]).await;
    let made = log.new_events().await;
    assert_eq!(actions(&made), ["account.create", "membership.create"]);
    for event in &made {
        assert_eq!(
            (&event["objectId"], &event["actor"]),
            (&json!(jane.id), &json!({ "type": "operator", "id": null }))
        );
    }

    let administrator = server.as_administrator().await;
    let herself = server.as_account(&jane).await;
    let log_ins = log.new_events().await;
    assert_eq!(actions(&log_ins), ["account_token.create", "account_token.create"]);
    assert_eq!(log_ins[1]["actor"], json!({ "type": "account", "id": jane.id }));

    let path = format!("/api/users/{}", jane.id);
    let change = json!({ "lastname": "Doe", "password": "quite another password" });
    administrator.patch(&path, change).await.is(200);
    let changed = log.new_events().await;
    assert_eq!(
        actions(&changed),
        ["account_token.delete", "account.update"],
        "a new password revokes the token"
    );
    let changed = &changed[1..];
    assert_eq!(changed[0]["actor"], json!({ "type": "account", "id": server.administrator.id }));
    assert_eq!(keys(&changed[0]["changes"]), ["lastName", "password"]);
    assert_eq!(
        changed[0]["changes"]["password"],
        json!({ "old": null, "new": null }),
        "its values are not recorded"
    );
    assert_eq!(changed[0]["changes"]["lastName"]["new"], "Doe");
    herself.get("/api/users/me").await.is(401);

    let role = json!({ "name": "Reader", "permissions": ["tenant.account.read"] });
    let role = administrator.post("/api/roles", role).await.json(200);
    log.new_events().await;
    let rights =
        json!({ "status": "DISABLED", "roles": [role["id"]], "permissions": ["tenant.account.read"] });
    administrator.patch(&path, rights).await.is(200);
    let changed = log.new_events().await;
    assert_eq!(actions(&changed), ["account.update"]);
    assert_eq!(keys(&changed[0]["changes"]), ["permissions", "roleIds", "status"]);
    assert_eq!(changed[0]["changes"]["roleIds"], json!({ "old": [], "new": [role["id"]] }));

    administrator.delete(&path).await.is(200);
    let gone = log.new_events().await;
    assert_eq!(actions(&gone), ["membership.delete", "account.delete"]);
    assert_eq!(gone[1]["changes"]["username"], json!({ "old": "jane@example.com", "new": null }));
}

#[tokio::test]
async fn logs_roles_and_tokens() {
    let server = TestServer::start().await;
    let administrator = server.as_administrator().await;
    let mut log = Log::of(&server).await;
    let role = json!({ "name": "Reader", "permissions": ["tenant.account.read"] });
    let role = text(&administrator.post("/api/roles", role).await.json(200), "id");
    let role_path = format!("/api/roles/{role}");
    administrator.patch(&role_path, json!({ "description": "Reads" })).await.is(200);
    administrator.delete(&role_path).await.is(200);
    let token = json!({ "description": "nightly run" });
    let token = administrator.post("/api/tokens/personal", token).await.json(200);
    administrator.delete(&format!("/api/tokens/personal/{}", text(&token, "id"))).await.is(200);
    administrator.send("POST", "/logout", None).await.is(200);

    let events = log.new_events().await;
    let expected = [
        "role.create",
        "role.update",
        "role.delete",
        "account_token.create",
        "account_token.delete",
        "account_token.delete",
    ];
    assert_eq!(actions(&events), expected);
    assert_eq!(events[1]["changes"], json!({ "description": { "old": "", "new": "Reads" } }));
    assert_eq!(events[3]["changes"]["description"]["new"], "nightly run");
    assert!(!json!(events).to_string().contains(&text(&token, "token")));
}

#[tokio::test]
async fn logs_organization_changes() {
    let server = TestServer::start().await;
    let jane = server.new_account("jane@example.com", Some(&server.workspace), &[]).await;
    let token =
        server.operator(&["tokens", "create", "--account", &server.administrator.username, "--json"]).await;
    let admin = server.basic(&text(&token, "token"), "");
    let mut log = Log::of(&server).await;

    let flow = admin.post("/flows/default", json!({ "name": "My flow" })).await.json(201);
    let path = "/flows/default/my-flow";
    admin.put(path, json!({ "description": "Ours" })).await.is(200);
    admin.post(&format!("{path}/users"), json!({ "id": jane.number })).await.is(200);
    admin.post(&format!("{path}/users"), json!({ "id": jane.number })).await.is(200);
    admin.put(&format!("{path}/users/{}", jane.number), json!({ "disabled": true })).await.is(200);
    let invitation = json!({ "email": "john@example.com", "message": "Come in" });
    admin.post(&format!("{path}/invitations"), invitation).await.is(201);
    admin
        .put(&format!("/organizations/default/users/{}", jane.number), json!({ "admin": true }))
        .await
        .is(200);
    admin.put("/organizations/default", json!({ "name": "Renamed" })).await.is(200);
    admin.delete(&format!("/organizations/default/users/{}", jane.number)).await.is(204);

    let events = log.new_events().await;
    let expected = [
        "flow.create",
        "flow_membership.create",
        "flow.update",
        "flow_membership.create",
        "flow_membership.update",
        "invitation.create",
        "membership.update",
        "workspace.update",
        "membership.delete",
        "account.update",
    ];
    assert_eq!(actions(&events), expected, "a change without effect is not recorded");
    assert_eq!(events[3]["changes"]["accountId"]["new"], *jane.id);
    assert_eq!(events[4]["changes"], json!({ "isBlocked": { "old": false, "new": true } }));
    assert_eq!(events[6]["changes"], json!({ "isAdmin": { "old": false, "new": true } }));
    assert_eq!(events[7]["changes"], json!({ "name": { "old": "Default", "new": "Renamed" } }));
    assert_eq!(events[9]["changes"]["homeWorkspaceId"]["new"], Value::Null);
    let log = json!(events).to_string();
    let link = text(&admin.put(path, json!({ "access_mode": "link" })).await.json(200), "join_url");
    let code = link.rsplit('/').next().unwrap().to_owned();
    assert!(!log.contains(&code), "the log contains the join code of {flow}");
}

#[tokio::test]
async fn logs_flow_removals() {
    let server = TestServer::start().await;
    let jane = server.new_account("jane@example.com", Some(&server.workspace), &[]).await;
    let flow = server.new_flow(&server.workspace, "Board room", "invitation").await;
    server.add_to_flow(&server.administrator.username, &flow).await;
    server.add_to_flow(&jane.username, &flow).await;
    let admin = server.basic(&server.administrator.username, &server.administrator.password);
    let invitations = format!("{}/invitations", flow.path());
    let invitation = json!({ "email": "john@example.com", "message": "Come in" });
    let invitation = admin.post(&invitations, invitation).await.json(201);
    let mut log = Log::of(&server).await;

    admin.delete(&format!("{invitations}/{}", invitation["id"])).await.is(204);
    let remove =
        ["flows", "remove", &jane.username, "--workspace", "default", "--flow", &flow.slug, "--json"];
    server.operator(&remove).await;
    admin.put(&flow.path(), json!({ "access_mode": "organization" })).await.is(200);
    admin.put(&flow.path(), json!({ "disabled": true })).await.is(200);
    let events = log.new_events().await;
    let expected = ["invitation.delete", "flow_membership.delete", "flow.update", "flow.update"];
    assert_eq!(actions(&events), expected);
    assert_eq!(events[1]["changes"]["accountId"], json!({ "old": jane.id, "new": null }));
    assert_eq!(events[2]["changes"], json!({ "accessMode": { "old": "invitation", "new": "organization" } }));
    assert_eq!(events[3]["changes"], json!({ "isArchived": { "old": false, "new": true } }));
}

#[tokio::test]
async fn a_move_hides_each_home_from_the_other() {
    let server = TestServer::start().await;
    let acme = server.new_workspace("Acme").await;
    let jane = server.new_account("jane@example.com", Some(&server.workspace), &[]).await;
    server.add_to_workspace(&jane.username, &acme, false).await;
    let token =
        server.operator(&["tokens", "create", "--account", &server.administrator.username, "--json"]).await;
    let admin = server.basic(&text(&token, "token"), "");
    let mut log = Log::of(&server).await;
    admin.delete(&format!("/organizations/default/users/{}", jane.number)).await.is(204);
    let events = log.new_events().await;
    assert_eq!(actions(&events), ["membership.delete", "account.update"]);
    let home = &events[1]["changes"]["homeWorkspaceId"];
    assert_eq!(*home, json!({ "old": server.workspace.id, "new": null }));

    let acmes =
        server.operator(&["audit", "list", "--workspace", &acme.slug, "--object", &jane.id, "--json"]).await;
    let acmes = acmes.to_string();
    assert!(acmes.contains(&acme.id) && !acmes.contains(&server.workspace.id), "{acmes}");
}

#[tokio::test]
async fn logs_a_deleted_account_where_it_was_a_member() {
    let server = TestServer::start().await;
    let acme = server.new_workspace("Acme").await;
    let jane = server.new_account("jane@example.com", Some(&acme), &[]).await;
    server.add_to_workspace(&jane.username, &server.workspace, false).await;
    let administrator = server.as_administrator().await;
    let mut log = Log::of(&server).await;
    administrator.delete(&format!("/api/users/{}", jane.id)).await.is(200);
    assert_eq!(actions(&log.new_events().await), ["membership.delete"]);
}
