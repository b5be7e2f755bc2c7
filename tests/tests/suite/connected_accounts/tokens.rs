//! Tokens that are fresh when they are needed, and revoked when they are not.

use std::time::Duration;

use denizen_tests::{TestServer, json};

use super::{ACCOUNTS, System, user};
use crate::support::{soon, text};

#[tokio::test]
async fn a_token_is_refreshed_before_it_ends() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let first = text(&system.token(&account).await, "accessToken");
    // Nobody asks for it: the server looks after it.
    server.advance(Duration::from_mins(56));
    soon(async || text(&system.token(&account).await, "accessToken") != first).await;
    let second = system.token(&account).await;
    assert_eq!(second["expiresAt"], "2024-01-15T12:26:00.000000Z");
    let issued = system.tell("tokens").await;
    assert_eq!(issued.counts["refresh_token"], 1);
    assert!(issued.access.contains(&text(&second, "accessToken")));
    assert_eq!(issued.refresh.len(), 1, "the refresh token has rotated");
    // And so does the next one.
    server.advance(Duration::from_hours(5));
    let third = system.token(&account).await;
    assert_eq!(third["expiresAt"], "2024-01-15T17:26:00.000000Z");
    assert_eq!(system.account(&text(&account, "id")).await["updatedAt"], account["updatedAt"]);
}

#[tokio::test]
async fn one_of_many_requests_on_two_servers_refreshes_the_token() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let other = server.another().await;
    let key = server.new_key(&["connected_accounts:use"]).await;
    let path = format!("{ACCOUNTS}/{}/token", text(&account, "id"));
    server.advance(Duration::from_hours(3));
    let mut asking = tokio::task::JoinSet::new();
    for turn in 0..20 {
        let client = if turn % 2 == 0 { server.flowra() } else { other.flowra() }.with_key(&key);
        let path = path.clone();
        asking.spawn(async move { text(&client.post(&path, json!(null)).await.json(200), "accessToken") });
    }
    let mut tokens = asking.join_all().await;
    tokens.dedup();
    assert_eq!(tokens.len(), 1, "all get the same token");
    let issued = system.tell("tokens").await;
    assert_eq!(issued.counts["refresh_token"], 1);
    assert!(issued.access.contains(&tokens[0]));
}

#[tokio::test]
async fn a_refresh_that_is_refused_ends_the_connection_and_says_so() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let id = text(&account, "id");
    system.tell("forget").await;
    server.advance(Duration::from_hours(1));
    let expired = system.until(&id, "EXPIRED").await;
    assert_eq!(expired["statusReason"], "The system refused: invalid_grant.");
    let error =
        system.manager.post(&format!("{ACCOUNTS}/{id}/token"), json!(null)).await.error(409, "conflict");
    assert_eq!((&error["reason"], &error["current_status"]), (&json!("not_connected"), &json!("EXPIRED")));
    let events = system.manager.get("/api/v1/events?types=connected_account.expired").await.json(200);
    let events = events["events"].as_array().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!((&events[0]["objectId"], &events[0]["previous"]["status"]), (&json!(id), &json!("ACTIVE")));
    assert_eq!(events[0]["data"]["status"], "EXPIRED");
}

#[tokio::test]
async fn an_outage_of_the_system_ends_nothing() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let path = format!("{ACCOUNTS}/{}/token", text(&account, "id"));
    let first = text(&system.token(&account).await, "accessToken");
    system.tell("break").await;
    // The token is about to end, and still good.
    server.advance(Duration::from_mins(58));
    assert_eq!(text(&system.token(&account).await, "accessToken"), first);
    server.advance(Duration::from_mins(2));
    let error = system.manager.post(&path, json!(null)).await.error(503, "unavailable");
    assert!(!error.to_string().contains("out of order"));
    assert_eq!(system.account(&text(&account, "id")).await["status"], "ACTIVE");
    system.tell("mend").await;
    assert_ne!(text(&system.token(&account).await, "accessToken"), first);
}

#[tokio::test]
async fn blocking_the_user_or_disabling_the_account_ends_its_use_at_once() {
    let server = TestServer::with_fixed_time().await;
    let Some(system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let id = text(&account, "id");
    let path = format!("{ACCOUNTS}/{id}/token");
    let jane = format!("/api/v1/external-users/{jane}");
    let ask = async || system.manager.post(&path, json!(null)).await;

    server.zaia().patch(&jane, json!({ "blocked": true })).await.json(200);
    assert_eq!(ask().await.error(403, "forbidden")["reason"], "blocked");
    server.zaia().patch(&jane, json!({ "blocked": false })).await.json(200);
    ask().await.json(200);

    let disabled = json!({ "isDisabled": true });
    let changed = system.manager.patch(&format!("{ACCOUNTS}/{id}"), disabled).await.json(200);
    assert_eq!((&changed["status"], &changed["isDisabled"]), (&json!("INACTIVE"), &json!(true)));
    assert_eq!(ask().await.error(409, "conflict")["current_status"], "INACTIVE");
    let enabled = json!({ "isDisabled": false });
    assert_eq!(
        system.manager.patch(&format!("{ACCOUNTS}/{id}"), enabled).await.json(200)["status"],
        "ACTIVE"
    );

    server.zaia().delete(&jane).await.is(204);
    ask().await.error(404, "not_found");
    system.manager.get(&format!("{ACCOUNTS}/{id}")).await.error(404, "not_found");
    server.zaia().post(&format!("{jane}/restore"), json!(null)).await.json(200);
    ask().await.json(200);
}

#[tokio::test]
async fn what_a_deleted_account_has_is_revoked() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let path = format!("{ACCOUNTS}/{}", text(&account, "id"));
    system.manager.delete(&format!("/api/v1/auth_configs/{}", system.config_id)).await.error(409, "conflict");
    system.manager.delete(&path).await.json(200);
    system.manager.get(&path).await.error(404, "not_found");
    system.manager.delete(&path).await.error(404, "not_found");
    system.manager.delete(&format!("/api/v1/auth_configs/{}", system.config_id)).await.json(200);
    system.has_revoked_all().await;
}

#[tokio::test]
async fn what_an_erased_user_has_is_revoked_even_after_an_outage() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    system.connect(&server, "jane").await;
    system.tell("break").await;
    server.zaia().post(&format!("/api/v1/external-users/{jane}/erase"), json!(null)).await.json(200);
    assert_eq!(system.manager.get(ACCOUNTS).await.json(200)["totalItems"], 0);
    system.tell("mend").await;
    server.advance(Duration::from_mins(1));
    system.has_revoked_all().await;
}
