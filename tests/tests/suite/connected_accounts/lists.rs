//! Lists of connected accounts.

use denizen_tests::{Client, TestServer, json};

use super::{ACCOUNTS, CONFIGS, auth_config, manager, user};
use crate::support::{each, text};

#[tokio::test]
async fn accounts_are_listed_newest_first_by_page_and_by_cursor() {
    let server = TestServer::with_fixed_time().await;
    let manager = manager(&server).await;
    let jane = user(&manager, "jane").await;
    user(&manager, "john").await;
    let (crm, mail) = (
        auth_config(&manager, "API_KEY", json!({})).await,
        manager
            .post(
                CONFIGS,
                json!({ "toolkit": { "slug": "Mail" }, "authConfig": { "authScheme": "NO_AUTH" } }),
            )
            .await
            .json(201),
    );
    assert_eq!(
        (&mail["toolkit"]["slug"], &mail["authConfig"]["displayName"]),
        (&json!("mail"), &json!("mail"))
    );
    let mut ids = Vec::new();
    for (index, name) in ["jane", "john", "jane", "jane", "john"].into_iter().enumerate() {
        server.advance(std::time::Duration::from_secs(1));
        let body = if index == 3 {
            json!({ "authConfigId": mail["id"], "label": "mail" })
        } else {
            json!({ "authConfigId": crm, "credentials": { "apiKey": "k" } })
        };
        let created = manager.with("x-username", name).post(ACCOUNTS, body).await.json(201);
        ids.insert(0, text(&created, "id"));
    }
    let page = manager.get(&format!("{ACCOUNTS}?limit=2")).await.json(200);
    assert_eq!(each(page["items"].as_array().unwrap(), "id"), ids[..2]);
    assert_eq!(
        (&page["totalPages"], &page["currentPage"], &page["totalItems"]),
        (&json!(3), &json!(1), &json!(5))
    );
    let second = manager.get(&format!("{ACCOUNTS}?limit=2&page=2")).await.json(200);
    let after =
        manager.get(&format!("{ACCOUNTS}?limit=2&cursor={}", text(&page, "nextCursor"))).await.json(200);
    assert_eq!((&second["items"], &after["currentPage"]), (&after["items"], &json!(null)));
    let last = manager.get(&format!("{ACCOUNTS}?limit=2&page=3")).await.json(200);
    assert_eq!((last["items"].as_array().unwrap().len(), &last["nextCursor"]), (1, &json!(null)));

    filter(&manager, &jane, &crm, &ids).await;
    let groups =
        manager.with("x-username", "jane").get(&format!("{ACCOUNTS}/grouped-by-toolkit")).await.array(200);
    let shown: Vec<_> = groups
        .iter()
        .map(|group| (text(&group["toolkit"], "slug"), group["connectedAccounts"].as_array().unwrap().len()))
        .collect();
    assert_eq!(shown, [("crm".to_owned(), 2), ("mail".to_owned(), 1)]);
}

/// Lists accounts with each filter. Of these, newest first, the second, third and last are Jane's; the second one is connected by
/// another auth config.
async fn filter(manager: &Client, jane: &str, crm: &str, ids: &[String]) {
    let disabled = json!({ "isDisabled": true });
    manager.patch(&format!("{ACCOUNTS}/{}", ids[0]), disabled).await.json(200);
    for (query, found) in [
        ("eUID=jane", vec![1, 2, 4]),
        (&format!("eUID={jane}"), vec![1, 2, 4]),
        ("toolkit=mail", vec![1]),
        (&format!("authConfigId={crm}"), vec![0, 2, 3, 4]),
        ("status=ACTIVE", vec![1, 2, 3, 4]),
        ("status=INACTIVE", vec![0]),
        ("status=FAILED&eUID=jane", vec![]),
    ] {
        let list = manager.get(&format!("{ACCOUNTS}?{query}")).await.json(200);
        let expected: Vec<_> = found.iter().map(|index| ids[*index].clone()).collect();
        assert_eq!(each(list["items"].as_array().unwrap(), "id"), expected, "{query}");
        assert_eq!(list["totalItems"], found.len(), "{query}");
    }
}

#[tokio::test]
async fn a_request_names_one_user_who_is_there() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    for name in ["jane", "john"] {
        user(&manager, name).await;
    }
    let grouped = format!("{ACCOUNTS}/grouped-by-toolkit");
    for path in [ACCOUNTS, &grouped] {
        manager.get(&format!("{path}?eUID=nobody")).await.error(404, "not_found");
        manager.with("x-username", "nobody").get(path).await.error(404, "not_found");
        let differs = manager.with("x-username", "john").get(&format!("{path}?eUID=jane")).await;
        assert_eq!(differs.error(400, "bad_request")["fields"][0]["field"], "eUID");
        manager.with("x-username", "jane").get(&format!("{path}?eUID=jane")).await.json(200);
        manager.get(&format!("{path}?eUID=")).await.error(400, "bad_request");
    }
    manager.get(&grouped).await.error(400, "bad_request");
    manager.get(&format!("{ACCOUNTS}?status=active")).await.error(400, "bad_request");
}
