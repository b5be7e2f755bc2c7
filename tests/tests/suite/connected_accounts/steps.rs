//! Steps of workflows that call a system with the account of the user in whose name they run.

use denizen_tests::{Answer, Receiver, TestServer, Value, json};

use super::{ACCOUNTS, System, auth_config, manager, user};
use crate::support::text;
use crate::workflow_runs::{Workflow, chain, node, step_of};

/// A workflow of one request, with these fields.
async fn caller(manager: &denizen_tests::Client, fields: Value) -> Workflow {
    Workflow::new(manager, chain(&[node("call", "http.request", fields)])).await
}

#[tokio::test]
async fn a_step_calls_the_system_with_the_account_of_its_user() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    for name in ["jane", "john"] {
        user(&system.manager, name).await;
    }
    let account = system.connect(&server, "jane").await;
    let fields = json!({ "url": format!("{}/resource", system.url), "connectedAccount": "drive" });
    let workflow = caller(&system.manager, fields).await;
    let done = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(done["status"], "succeeded", "{done:#}");
    let call = step_of(&server, &done, "call").await;
    let told = &call["result"]["body"];
    assert_eq!((&told["account"], &told["scope"]), (&json!("jane"), &json!("read write")));
    // What the system repeats of the token is stored nowhere.
    assert_eq!(
        (&told["token"], &call["result"]["headers"]["x-token"]),
        (&json!("[redacted]"), &json!("[redacted]"))
    );
    let token = system.tell("tokens").await.access.remove(0);
    assert!(!call.to_string().contains(&token) && !done.to_string().contains(&token));

    for (username, message) in [
        (Some("john"), "Connected account not found."),
        (None, "connectedAccount needs an external user in whose name the execution runs"),
    ] {
        let refused = workflow.run_for(username, json!({})).await;
        assert_eq!(refused["status"], "failed", "{username:?}");
        assert_eq!(step_of(&server, &refused, "call").await["message"], message);
    }
    // Nor does the id of another user's account help.
    let fields = json!({ "url": format!("{}/resource", system.url), "connectedAccount": account["id"] });
    let by_id = caller(&system.manager, fields).await;
    assert_eq!(by_id.run_for(Some("jane"), json!({})).await["status"], "succeeded");
    // FlowMate's nodes name it beside the fields.
    let mut named = node("call", "http.request", json!({ "url": format!("{}/resource", system.url) }));
    named["credentials_id"] = account["id"].clone();
    let named = Workflow::new(&system.manager, chain(&[named])).await;
    assert_eq!(named.run_for(Some("jane"), json!({})).await["status"], "succeeded");
    let refused = by_id.run_for(Some("john"), json!({})).await;
    assert_eq!(step_of(&server, &refused, "call").await["message"], "Connected account not found.");
}

#[tokio::test]
async fn the_next_step_is_refused_once_the_user_is_blocked() {
    let server = TestServer::with_fixed_time().await;
    let Some(system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    system.connect(&server, "jane").await;
    let call = |id| {
        node(
            id,
            "http.request",
            json!({ "url": format!("{}/resource", system.url), "connectedAccount": "drive" }),
        )
    };
    let block = node("block", "external-users.block", json!({ "id": jane }));
    let workflow = Workflow::new(&system.manager, chain(&[call("before"), block, call("after")])).await;
    let done = workflow.run_for(Some("jane"), json!({})).await;
    assert_eq!(done["status"], "failed");
    assert_eq!(step_of(&server, &done, "before").await["status"], "succeeded");
    let after = step_of(&server, &done, "after").await;
    assert_eq!(
        (&after["status"], &after["message"]),
        (&json!("failed"), &json!("The external user is blocked."))
    );
}

#[tokio::test]
async fn a_secret_goes_only_where_the_auth_config_allows() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    let mut receiver = Receiver::start().await;
    let config =
        auth_config(&manager, "API_KEY", json!({ "headerName": "X-Crm-Key", "apiHosts": ["127.0.0.1"] }))
            .await;
    let body = json!({ "authConfigId": config, "eUID": "jane", "credentials": { "apiKey": "crm secret 1" } });
    manager.post(ACCOUNTS, body).await.json(201);
    let run = async |fields: Value| {
        let workflow = caller(&manager, fields).await;
        let done = workflow.run_for(Some("jane"), json!({})).await;
        step_of(&server, &done, "call").await
    };
    receiver.will_answer([Answer::status(400).saying("no crm secret 1 here")]);
    let refused = run(json!({ "url": receiver.url(), "connectedAccount": "crm" })).await;
    assert_eq!(receiver.next().await.header("x-crm-key"), "crm secret 1");
    assert_eq!(refused["message"], "The other system answered 400. no [redacted] here");

    let elsewhere = run(json!({ "url": "http://127.0.0.2:9/", "connectedAccount": "crm" })).await;
    assert_eq!(elsewhere["message"], "url has a host that apiHosts of the auth config does not name");
    let own = json!({ "url": receiver.url(), "connectedAccount": "crm", "headers": { "x-crm-key": "mine" } });
    assert_eq!(run(own).await["message"], "headers.x-crm-key comes from the connected account");
    let unknown = run(json!({ "url": receiver.url(), "connectedAccount": "a b" })).await;
    assert_eq!(unknown["message"], "Connected account not found.");
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn each_scheme_presents_itself_in_its_own_way() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    user(&manager, "jane").await;
    let mut receiver = Receiver::start().await;
    for (scheme, credentials, header) in [
        ("API_KEY", json!({ "apiKey": "k1" }), Some(("x-api-key", "k1"))),
        ("BEARER_TOKEN", json!({ "token": "t1" }), Some(("authorization", "Bearer t1"))),
        (
            "BASIC",
            json!({ "username": "jäne", "password": "a:b" }),
            Some(("authorization", "Basic asOkbmU6YTpi")),
        ),
        ("NO_AUTH", json!({}), None),
    ] {
        let config = auth_config(&manager, scheme, json!({})).await;
        let body = json!({ "authConfigId": config, "eUID": "jane", "credentials": credentials });
        let account = manager.post(ACCOUNTS, body).await.json(201);
        let fields = json!({ "url": receiver.url(), "connectedAccount": account["id"] });
        let done = caller(&manager, fields).await.run_for(Some("jane"), json!({})).await;
        assert_eq!(done["status"], "succeeded", "{scheme}: {done:#}");
        let message = receiver.next().await;
        match header {
            Some((name, value)) => assert_eq!(message.header(name), value, "{scheme}"),
            None => assert!(!message.headers.contains_key("authorization"), "{scheme}"),
        }
        let token = manager.post(&format!("{ACCOUNTS}/{}/token", text(&account, "id")), json!(null)).await;
        if let Some((name, value)) = header {
            let token = token.json(200);
            let whole = format!("{} {}", text(&token, "tokenType"), text(&token, "accessToken"));
            assert_eq!((text(&token, "headerName").as_str(), whole.trim_start()), (name, value));
            assert_eq!((&token["authScheme"], &token["expiresAt"]), (&json!(scheme), &json!(null)));
        } else {
            assert_eq!(token.error(409, "conflict")["reason"], "no_credentials");
        }
    }
}
