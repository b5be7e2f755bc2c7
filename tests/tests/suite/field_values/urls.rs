//! URLs that would tell a password to everybody who sees them.

use denizen_tests::json;

use super::broken;
use crate::people::People;
use crate::support::{create, path_of};

#[tokio::test]
async fn no_url_has_a_user_name_or_password() {
    let people = People::new().await;
    let server = &people.server;
    let user = create(server, json!({ "externalId": "user_12345" })).await;
    let person = people.person("jane@example.com", json!({})).await;
    let own = format!("/users/{}", person.number().await);
    for url in [
        "https://user:pass@example.com/a.png",
        "http://user@example.com",
        "https://:pass@example.com/",
        "https://user:@example.com/",
        "https://@example.com/",
        "HTTPS://USER:PASS@EXAMPLE.COM",
        "https://us%65r:p%40ss@example.com/",
        "https://a:b@c@example.com/",
        "https:///user:pass@example.com/",
        "https://user:pass@[2001:db8::7]:8443/",
        "https://user:pass@bücher.example/a?b#c",
        "https://\\user:pass@example.com",
    ] {
        for (reply, field) in [
            (server.zaia().patch(&path_of(&user), json!({ "avatar": url })).await, "avatar"),
            (server.notiflows().put("/admin/users/user_12345", json!({ "avatar": url })).await, "avatar"),
            (person.client.patch("/api/users/me", json!({ "img": url })).await, "img"),
            (person.client.put(&own, json!({ "website": url })).await, "website"),
        ] {
            assert_eq!(broken(&reply), [field], "{url}");
        }
    }
    for url in [
        "https://example.com/@jane",
        "https://example.com/?to=a@b",
        "https://example.com/#@",
        "http://localhost:3000/a:b@c",
    ] {
        let answer = server.zaia().patch(&path_of(&user), json!({ "avatar": url })).await.json(200);
        assert_eq!(answer["avatar"], url);
    }
}
