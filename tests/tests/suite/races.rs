//! Two requests at once that must not both have their way, tried many times over.

use denizen_tests::{TestServer, json};
use tokio::task::JoinSet;

use crate::support::{create, create_channel, path_of, text, zaia_body};

const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn users_of_different_external_ids_never_become_one_person() {
    let server = TestServer::start().await;
    let red = create_channel(&server, "red").await;
    for round in 0..ROUNDS {
        let (old, new) = (format!("old-{round}"), format!("new-{round}"));
        let moving = create(&server, json!({ "externalId": old })).await;
        let (path, body) =
            (path_of(&moving), zaia_body(&server, json!({ "externalId": old, "channelId": red })));
        let (mover, maker) = (server.zaia(), server.zaia());
        let moved = tokio::spawn(async move { mover.patch(&path, json!({ "externalId": new })).await });
        let made = tokio::spawn(async move { maker.post("/api/v1/external-users", body).await });
        moved.await.unwrap().json(200);
        let made = made.await.unwrap().json(200);
        let person = |user: denizen_tests::Value| text(&user, "superIdentityId");
        let moved = person(server.zaia().get(&path_of(&moving)).await.json(200));
        let made = person(server.zaia().get(&path_of(&made)).await.json(200));
        assert_ne!(moved, made, "round {round}: old and new are one person");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_removed_channel_takes_nobody_who_comes_after() {
    let server = TestServer::start().await;
    for round in 0..ROUNDS {
        let channel = create_channel(&server, &format!("channel {round}")).await;
        create(&server, json!({ "externalId": "first", "channelId": channel })).await;
        let newcomers: JoinSet<_> = (0..8)
            .map(|number| {
                let who = json!({ "externalId": format!("newcomer-{number}"), "channelId": channel });
                let (zaia, body) = (server.zaia(), zaia_body(&server, who));
                async move { zaia.post("/api/v1/external-users", body).await }
            })
            .collect();
        server.zaia().delete(&format!("/api/v1/channels/{channel}")).await.json(200);
        let closed = server.zaia().get(&format!("/api/v1/channels/{channel}")).await.json(200);
        for reply in newcomers.join_all().await {
            if reply.status == 200 {
                assert!(
                    text(&reply.body, "createdAt") <= text(&closed, "updatedAt"),
                    "round {round}: {reply}"
                );
            } else {
                assert_eq!(reply.error(409, "conflict")["reason"], "channel_removed");
            }
        }
    }
}
