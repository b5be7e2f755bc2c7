//! Links with which users connect their accounts.

use std::time::Duration;

use denizen_tests::{TestServer, json};

use super::{ACCOUNTS, CALLBACK, System, manager, user};
use crate::support::text;

#[tokio::test]
async fn a_user_agrees_and_the_account_is_connected() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    let link = system.link("jane").await;
    let id = text(&link, "connectedAccountId");
    assert_eq!(link["expiresAt"], "2024-01-15T10:40:00.000000Z");
    assert!(text(&link, "redirectUrl").ends_with(&text(&link, "linkToken")));
    let fresh = system.account(&id).await;
    assert_eq!((&fresh["status"], &fresh["eUID"]), (&json!("INITIALIZING"), &json!(jane)));

    let mut browser = server.browser();
    let log_in = browser.open(&text(&link, "redirectUrl"), "nowhere").await;
    assert!(log_in.url.as_str().starts_with(&system.url) && log_in.status == 200);
    assert_eq!(system.account(&id).await["status"], "INITIATED");
    let consent = browser.send(&log_in.url, "prompt=login&login=jane&password=any", "nowhere").await;
    let done = browser.send(&consent.url, "prompt=consent", "https://shop.example.com").await;
    let expected = format!("{CALLBACK}&status=success&connectedAccountId={id}");
    assert_eq!(done.url.as_str(), expected);
    let connected = system.account(&id).await;
    assert_eq!((&connected["status"], &connected["statusReason"]), (&json!("ACTIVE"), &json!(null)));
    assert_eq!(connected["toolkit"]["slug"], "drive");

    let token = system.token(&connected).await;
    let issued = system.tell("tokens").await;
    assert_eq!((issued.access.len(), issued.refresh.len()), (1, 1));
    assert_eq!(
        (text(&token, "accessToken"), &token["tokenType"]),
        (issued.access[0].clone(), &json!("Bearer"))
    );
    assert_eq!((&token["scope"], &token["headerName"]), (&json!("read write"), &json!("authorization")));
    assert_eq!(token["expiresAt"], "2024-01-15T11:30:00.000000Z");
}

#[tokio::test]
async fn a_link_opens_once_and_only_its_browser_comes_back() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let link = system.link("jane").await;
    let (mut janes, mut thiefs) = (server.browser(), server.browser());
    let back = system.agree_until(&mut janes, &link, "http://denizen.test/connect/callback").await;

    // The link is used up.
    for browser in [&mut janes, &mut thiefs] {
        let again = browser.open(&text(&link, "redirectUrl"), "nowhere").await;
        assert_eq!(again.status, 410, "{}", again.text);
        assert!(again.text.contains("This link cannot be used"));
    }
    // The state belongs to the browser that opened the link, even if another one has opened a link of its own.
    let theirs = system.link("jane").await;
    thiefs.open(&text(&theirs, "redirectUrl"), &system.url).await;
    assert_eq!(thiefs.open(back.url.as_str(), "nowhere").await.status, 410);
    let id = text(&link, "connectedAccountId");
    assert_eq!(system.account(&id).await["status"], "INITIATED");

    let done = janes.open(back.url.as_str(), "https://shop.example.com").await;
    assert_eq!(done.parameter("status").as_deref(), Some("success"));
    // Nor is a state used twice.
    assert_eq!(janes.open(back.url.as_str(), "nowhere").await.status, 410);
    assert_eq!(system.account(&id).await["status"], "ACTIVE");
    assert_eq!(system.tell("tokens").await.counts["authorization_code"], 1);
}

#[tokio::test]
async fn several_links_open_in_one_browser() {
    let server = TestServer::with_fixed_time().await;
    let Some(system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let (first, second) = (system.link("jane").await, system.link("jane").await);
    let mut browser = server.browser();
    let callback = "http://denizen.test/connect/callback";
    let back = system.agree_until(&mut browser, &first, callback).await;
    // The system knows the browser by now, and asks for nothing.
    let other = browser.open(&text(&second, "redirectUrl"), callback).await;
    for page in [other, back] {
        let done = browser.open(page.url.as_str(), "https://shop.example.com").await;
        assert_eq!(done.parameter("status").as_deref(), Some("success"), "{}", done.url);
    }
}

#[tokio::test]
async fn a_user_who_refuses_is_sent_on_with_the_reason() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let link = system.link("jane").await;
    let id = text(&link, "connectedAccountId");
    let mut browser = server.browser();
    let log_in = browser.open(&text(&link, "redirectUrl"), "nowhere").await;
    let abort = format!("{}/abort", log_in.url);
    let page = browser.open(&abort, "https://shop.example.com").await;
    let expected = format!("{CALLBACK}&status=failed&connectedAccountId={id}&error=access_denied");
    assert_eq!(page.url.as_str(), expected);
    let account = system.account(&id).await;
    let reason = json!("The system refused: access_denied.");
    assert_eq!((&account["status"], &account["statusReason"]), (&json!("FAILED"), &reason));
    system.manager.post(&format!("{ACCOUNTS}/{id}/token"), json!(null)).await.error(409, "conflict");
    assert!(system.tell("tokens").await.access.is_empty());
}

#[tokio::test]
async fn a_code_that_the_system_does_not_take_connects_nothing() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let link = system.link("jane").await;
    let mut browser = server.browser();
    let back = system.agree_until(&mut browser, &link, "http://denizen.test/connect/callback").await;
    // The system forgets the code, as it does when it expires.
    system.tell("forget").await;
    let page = browser.open(back.url.as_str(), "https://shop.example.com").await;
    assert_eq!(page.parameter("status").as_deref(), Some("failed"));
    let account = system.account(&text(&link, "connectedAccountId")).await;
    let reason = json!("The system refused: invalid_grant.");
    assert_eq!((&account["status"], &account["statusReason"]), (&json!("FAILED"), &reason));
}

#[tokio::test]
async fn a_link_expires() {
    let server = TestServer::with_fixed_time().await;
    let Some(system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let (unopened, opened) = (system.link("jane").await, system.link("jane").await);
    let mut browser = server.browser();
    let back = system.agree_until(&mut browser, &opened, "http://denizen.test/connect/callback").await;
    server.advance(Duration::from_mins(10));
    assert_eq!(server.browser().open(&text(&unopened, "redirectUrl"), "nowhere").await.status, 410);
    assert_eq!(browser.open(back.url.as_str(), "nowhere").await.status, 410);
    for link in [unopened, opened] {
        let account = system.until(&text(&link, "connectedAccountId"), "FAILED").await;
        assert_eq!(account["statusReason"], "The user did not come back before the link expired.");
    }
}

#[tokio::test]
async fn a_blocked_user_connects_nothing() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    let jane = user(&system.manager, "jane").await;
    let (unopened, opened) = (system.link("jane").await, system.link("jane").await);
    let mut browser = server.browser();
    let back = system.agree_until(&mut browser, &opened, "http://denizen.test/connect/callback").await;
    let block = json!({ "blocked": true });
    server.zaia().patch(&format!("/api/v1/external-users/{jane}"), block).await.json(200);
    assert_eq!(server.browser().open(&text(&unopened, "redirectUrl"), "nowhere").await.status, 410);
    let page = browser.open(back.url.as_str(), "https://shop.example.com").await;
    assert_eq!(page.parameter("status").as_deref(), Some("failed"));
    assert!(system.tell("tokens").await.access.is_empty(), "the code was not exchanged");
    let body = json!({ "authConfigId": system.config_id, "callbackUrl": CALLBACK, "eUID": "jane" });
    system.manager.post(&format!("{ACCOUNTS}/link"), body).await.error(403, "forbidden");
}

#[tokio::test]
async fn an_account_is_connected_again() {
    let server = TestServer::with_fixed_time().await;
    let Some(mut system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    let account = system.connect(&server, "jane").await;
    let id = text(&account, "id");
    let again = json!({ "connectedAccountId": id, "callbackUrl": CALLBACK, "label": "second" });

    // A link that fails leaves the account as it was.
    let link = system.manager.post(&format!("{ACCOUNTS}/link"), again.clone()).await.json(201);
    let mut browser = server.browser();
    let log_in = browser.open(&text(&link, "redirectUrl"), "nowhere").await;
    browser.open(&format!("{}/abort", log_in.url), "https://shop.example.com").await;
    let kept = system.account(&id).await;
    assert_eq!((&kept["status"], &kept["label"]), (&json!("ACTIVE"), &json!("second")));

    system.tell("forget").await;
    server.advance(Duration::from_hours(2));
    system.until(&id, "EXPIRED").await;
    let link = system.manager.post(&format!("{ACCOUNTS}/link"), again).await.json(201);
    assert_eq!(system.account(&id).await["status"], "INITIALIZING");
    system.agree(&mut server.browser(), &link).await;
    assert_eq!(system.account(&id).await["status"], "ACTIVE");
    assert_eq!(system.tell("tokens").await.access, [text(&system.token(&account).await, "accessToken")]);
}

#[tokio::test]
async fn what_is_no_link_leads_nowhere() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let guess = "A".repeat(64);
    for path in [format!("/connect/{guess}"), "/connect/x".to_owned(), "/connect/callback".to_owned()] {
        let page = server.anonymous().get(&path).await.is(410);
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    }
    for query in ["state=x&code=y", &format!("state={guess}&code=y"), "error=access_denied&scope=other"] {
        server.anonymous().get(&format!("/connect/callback?{query}")).await.is(410);
    }
    user(&manager, "jane").await;
    let config = super::auth_config(&manager, "API_KEY", json!({})).await;
    let body = json!({ "authConfigId": config, "callbackUrl": CALLBACK, "eUID": "jane" });
    let broken =
        manager.post(&format!("{ACCOUNTS}/link"), body).await.broken_fields(422, "validation_failed");
    assert_eq!(broken, ["authConfigId"]);
}

#[tokio::test]
async fn users_are_sent_on_only_to_what_is_registered() {
    let server = TestServer::with_fixed_time().await;
    let Some(system) = System::start(&server).await else { return };
    user(&system.manager, "jane").await;
    for url in ["https://evil.example.com", "https://shop.example.com/connected", "", "javascript:alert(1)"] {
        let body = json!({ "authConfigId": system.config_id, "callbackUrl": url, "eUID": "jane" });
        let answer = system.manager.post(&format!("{ACCOUNTS}/link"), body).await;
        assert_eq!(answer.broken_fields(422, "validation_failed"), ["callbackUrl"], "{url}");
    }
}
