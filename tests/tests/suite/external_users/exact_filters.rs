//! The filters of both lists that name one user.

use denizen_tests::{TestServer, json};

use crate::support::{create, create_channel, each};

const PATH: &str = "/api/v1/external-users";

#[tokio::test]
async fn both_lists_find_users_by_their_names() {
    let server = TestServer::start().await;
    let jane = json!({ "externalId": "gid://shop/1", "identifier": "Jane@Work", "email": "Jane.Roe@bücher.example" });
    create(&server, jane.clone()).await;
    let elsewhere = create_channel(&server, "Shop").await;
    create(&server, json!({ "externalId": "gid://shop/1", "channelId": elsewhere, "name": "Twin" })).await;
    create(&server, json!({ "externalId": "gid://shop/10", "email": "jane.roe@bücher.example.org" })).await;
    for (query, count) in [
        ("email=jane.roe@b%C3%BCcher.example", 1),
        ("email=JANE.ROE@xn--bcher-kva.example", 1),
        ("email=jane.roe", 0),
        ("externalId=gid://shop/1", 2),
        ("externalId=GID://shop/1", 0),
        ("externalId=gid://shop/1&identifier=jane@work", 1),
        ("identifier=%20JANE@work%20", 1),
        ("identifier=jane", 0),
        ("email=jane.roe@b%C3%BCcher.example&externalId=gid://shop/10", 0),
    ] {
        for client in [server.flowra(), server.zaia()] {
            let reply = client.get(&format!("{PATH}?{query}&count=true")).await;
            assert_eq!(reply.header("x-total-count"), Some(count.to_string().as_str()), "{query}\n{reply}");
            let found = each(&reply.array(200), "externalId");
            assert_eq!(found.len(), count, "{query}: {found:?}");
        }
    }
}

#[tokio::test]
async fn an_exact_filter_without_a_value_is_refused() {
    let server = TestServer::start().await;
    for client in [server.flowra(), server.zaia()] {
        for (query, reason) in [
            ("email=", "too_short"),
            ("externalId", "too_short"),
            ("identifier=%00", "invalid_characters"),
            ("email=a@example.com&email=b@example.com", "duplicate"),
            ("emial=a@example.com", "unknown"),
        ] {
            let details = client.get(&format!("{PATH}?{query}")).await.error(400, "bad_request");
            assert_eq!(details["fields"][0]["reason"], reason, "{query}: {details:#}");
        }
    }
}
