//! Races of two conflicting requests, tried many times.

use denizen_tests::{Client, TestServer, json};
use tokio::task::JoinSet;

use crate::people::{People, new_user};
use crate::support::{create, create_channel, path_of, text, with, zaia_body};

const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn different_external_ids_never_share_a_person() {
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
async fn a_removed_channel_admits_no_later_user() {
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

const LOG_IN_ROUNDS: usize = 8;

fn password_number(round: usize) -> String {
    format!("password number {round}")
}

/// A log-in with the old password during the change fails, or its token is revoked.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_log_in_never_outlives_its_password() {
    let people = People::on(TestServer::with(&["--password-hashing-threads=4"]).await).await;
    let given = json!({ "password": password_number(0) });
    let jane = people.account("jane@example.com", given).await;
    for round in 0..LOG_IN_ROUNDS {
        let log_ins: JoinSet<_> = (0..3)
            .map(|_| {
                let body = json!({ "username": "jane@example.com", "password": password_number(round) });
                let client = people.server.anonymous();
                async move { client.post("/login", body).await }
            })
            .collect();
        people.change(&jane, json!({ "password": password_number(round + 1) })).await;
        for reply in log_ins.join_all().await {
            if reply.status == 200 {
                let client = people.server.bearer(&text(&reply.body, "token"));
                let me = client.get("/api/users/me").await;
                assert_eq!(me.status, 401, "round {round}: the old password worked for longer");
            } else {
                reply.error(401, "unauthenticated");
            }
        }
        people.server.log_in("jane@example.com", &password_number(round + 1)).await;
    }
}

/// A token revoked by a new password leaves no tokens that it issued.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoked_token_leaves_no_others_behind() {
    let people = People::new().await;
    for round in 0..ROUNDS {
        let jane = people.person(&format!("jane-{round}@example.com"), json!({})).await;
        let makers: JoinSet<_> = (0..8)
            .map(|_| {
                let client: Client = jane.client.clone();
                async move { client.post("/api/tokens/personal", json!({})).await }
            })
            .collect();
        people.change(&jane.id, json!({ "password": password_number(round) })).await;
        for reply in makers.join_all().await {
            if reply.status == 200 {
                let client = people.server.bearer(&text(&reply.body, "token"));
                let me = client.get("/api/users/me").await;
                assert_eq!(me.status, 401, "round {round}: a token survived the new password");
            } else {
                reply.error(401, "unauthenticated");
            }
        }
        let left = people.administrator.get(&format!("/api/tokens?accountId={}", jane.id)).await.array(200);
        assert!(left.is_empty(), "round {round}: {left:#?}");
    }
}

/// No change undoes a simultaneous one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn changes_of_an_account_are_serialized() {
    let people = People::new().await;
    let jane = people.account("jane@example.com", json!({})).await;
    for round in 0..ROUNDS {
        let changes = [
            json!({ "firstname": format!("Jane {round}") }),
            json!({ "lastname": format!("Doe {round}") }),
            json!({ "phone": format!("+155512345{:02}", round + 10) }),
            json!({ "permissions": if round % 2 == 0 { vec!["tenant.all"] } else { vec![] } }),
        ];
        let all: JoinSet<_> = changes
            .iter()
            .map(|change| {
                let (client, change) = (people.administrator.clone(), change.clone());
                let path = format!("/api/users/{jane}");
                async move { client.patch(&path, change).await }
            })
            .collect();
        for reply in all.join_all().await {
            reply.json(200);
        }
        let seen = people.get_account(&jane).await;
        for change in changes {
            for (key, value) in change.as_object().unwrap() {
                assert_eq!(seen[key], *value, "round {round}: a change of {key} was lost");
            }
        }
    }
}

/// A role deleted while being assigned is held by nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deleted_role_is_never_assigned_later() {
    let people = People::new().await;
    for round in 0..ROUNDS {
        let body = json!({ "name": format!("Role {round}"), "isGlobal": true });
        let role = text(&people.administrator.post("/api/roles", body).await.json(200), "id");
        let givers: JoinSet<_> = (0..6)
            .map(|number| {
                let client = people.administrator.clone();
                let body = new_user(&format!("user-{round}-{number}@example.com"));
                let body = with(body, json!({ "roles": [role] }));
                async move { client.post("/api/users", body).await }
            })
            .collect();
        people.administrator.delete(&format!("/api/roles/{role}")).await.json(200);
        for reply in givers.join_all().await {
            if reply.status == 200 {
                let seen = people.get_account(&text(&reply.body, "id")).await;
                assert_eq!(seen["roles"], json!([]), "round {round}");
            } else {
                assert_eq!(reply.broken_fields(400, "bad_request"), ["roles"], "round {round}");
            }
        }
    }
}

/// A tenant deleted while people join it leaves nobody in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_deleted_tenant_is_no_home() {
    let people = People::new().await;
    for round in 0..ROUNDS {
        let tenant = people.tenant(&format!("Tenant {round}")).await;
        let homeless = people.account(&format!("mover-{round}@example.com"), json!({})).await;
        let path = format!("/api/users/{homeless}");
        let mut newcomers: JoinSet<_> = (0..6)
            .map(|number| {
                let client = people.administrator.clone();
                let body = new_user(&format!("user-{round}-{number}@example.com"));
                let body = with(body, json!({ "tenant": tenant }));
                async move { client.post("/api/users", body).await }
            })
            .collect();
        let (mover, home) = (people.administrator.clone(), json!({ "tenant": tenant }));
        newcomers.spawn(async move { mover.patch(&path, home).await });
        people.administrator.delete(&format!("/api/tenants/{tenant}")).await.json(200);
        for reply in newcomers.join_all().await {
            if reply.status != 200 {
                assert_eq!(reply.broken_fields(400, "bad_request"), ["tenant"], "round {round}");
            }
        }
        let all = people.administrator.get("/api/users").await.array(200);
        assert!(all.iter().all(|user| user["tenant"] != *tenant), "round {round}: {all:#?}");
    }
}

/// A revoked right stops even requests under way that wait for a password to be hashed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_revoked_right_creates_no_accounts() {
    let people = People::on(TestServer::with(&["--password-hashing-threads=1"]).await).await;
    let tenant = people.tenant("Acme").await;
    let mut refused = 0;
    for round in 0..LOG_IN_ROUNDS {
        let maker = people.tenant_admin(&format!("maker-{round}@example.com"), &tenant).await;
        let newcomers: JoinSet<_> = (0..6)
            .map(|number| {
                let client = maker.client.clone();
                let body = new_user(&format!("user-{round}-{number}@example.com"));
                let body = with(body, json!({ "password": password_number(number) }));
                async move { client.post("/api/users", body).await }
            })
            .collect();
        people.change(&maker.id, json!({ "roles": [] })).await;
        let later = people.account(&format!("later-{round}@example.com"), json!({})).await;
        let later = text(&people.get_account(&later).await, "createdAt");
        for reply in newcomers.join_all().await {
            if reply.status == 200 {
                let made = text(&people.get_account(&text(&reply.body, "id")).await, "createdAt");
                assert!(made < later, "round {round}: made at {made}, and the right was gone at {later}");
            } else {
                reply.error(403, "forbidden");
                refused += 1;
            }
        }
    }
    assert_ne!(refused, 0, "some were too late");
}
