//! `/flows/:organization/:flow/invitations`, one by one. Lists of addresses: `import.rs`; accepting: `invited.rs`.

use denizen_tests::{Client, Flow, Value, json};

use super::acme::{Acme, outcome_of};
use super::{broken, numbers};
use crate::support::{keys, text, with};

/// Invites an address as Jane, and returns the invitation.
pub(super) async fn invite(acme: &Acme, flow: &Flow, email: &str) -> Value {
    let path = format!("{}/invitations", flow.path());
    acme.jane.client.post(&path, json!({ "email": email })).await.json(201)
}

/// The path of an invitation.
pub(super) fn path_of(flow: &Flow, invitation: &Value) -> String {
    format!("{}/invitations/{}", flow.path(), invitation["id"])
}

/// The state of an invitation.
pub(super) async fn state_of(client: &Client, flow: &Flow, invitation: &Value) -> String {
    text(&client.get(&path_of(flow, invitation)).await.json(200), "state")
}

#[tokio::test]
async fn an_invitation_is_pending_until_accepted_or_revoked() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/invitations", flow.path());
    let body = json!({ "email": "Person@Example.com", "message": "Please join our flow." });
    let reply = acme.jane.client.post(&path, body.clone()).await;
    assert_eq!(reply.header("content-type"), Some(super::CONTENT_TYPE));
    assert_eq!(reply.header("flowdock-user"), Some(&*acme.jane.number.to_string()));
    let invitation = reply.json(201);
    assert_eq!(keys(&invitation), ["email", "flow", "id", "state", "url"]);
    let url = format!("http://{}{path}/{}", acme.people.server.address, invitation["id"]);
    let expected = json!({
        "id": invitation["id"].as_i64().unwrap(), "state": "pending", "email": "person@example.com", "flow": flow.id,
        "url": url,
    });
    assert_eq!(invitation, expected);

    // All operations show the same, and repeated invitations return it.
    assert_eq!(acme.jane.client.get(&url).await.json(200), invitation);
    assert_eq!(acme.admin.client.get(&path).await.json(200), json!([invitation]));
    assert_eq!(acme.admin.client.get(&format!("/v1{path}")).await.json(200), json!([invitation]));
    let query = format!("{path}?email=person@example.com");
    for reply in [
        acme.jane.client.post(&path, body).await,
        acme.admin.client.post(&path, json!({ "email": "person@EXAMPLE.com", "message": null })).await,
        acme.jane.client.post_form(&path, &[("email", "person@example.com"), ("message", "Please!")]).await,
        acme.jane.client.send("POST", &query, None).await,
    ] {
        assert_eq!(reply.json(201), invitation);
    }
    let another = invite(&acme, &flow, "another@example.com").await;
    assert_eq!(acme.jane.client.get(&path).await.json(200), json!([invitation, another]));

    let gone = acme.jane.client.delete(&url).await.is(204);
    assert_eq!((&*gone.text, gone.header("content-type")), ("", Some(super::CONTENT_TYPE)));
    for reply in [acme.jane.client.get(&url).await, acme.jane.client.delete(&url).await] {
        assert_eq!(outcome_of(&reply), "404 invitation");
    }
    assert_eq!(acme.jane.client.get(&path).await.json(200), json!([another]));
    let again = invite(&acme, &flow, "person@example.com").await;
    assert_ne!(again["id"], invitation["id"], "no number is used twice");
}

#[tokio::test]
async fn an_invited_member_joins_at_once() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, &acme.john.email.to_uppercase()).await;
    assert_eq!((&invitation["state"], &invitation["email"]), (&json!("accepted"), &json!(acme.john.email)));
    let expected = [(acme.jane.number, false), (acme.john.number, false)];
    assert_eq!(acme.users_of(&flow).await, expected);
    acme.john.client.get(&flow.path()).await.is(200);

    // It can be read, but is no longer listed as pending.
    assert_eq!(acme.jane.client.get(&path_of(&flow, &invitation)).await.json(200), invitation);
    assert_eq!(acme.jane.client.get(&format!("{}/invitations", flow.path())).await.json(200), json!([]));
    let reply = acme.jane.client.delete(&path_of(&flow, &invitation)).await;
    assert_eq!(outcome_of(&reply), "409 invitation_accepted");
    assert_eq!(state_of(&acme.john.client, &flow, &invitation).await, "accepted");
    assert_eq!(acme.users_of(&flow).await, expected);

    // Inviting those already in it, or oneself, changes nothing.
    assert_eq!(invite(&acme, &flow, &acme.john.email).await, invitation);
    assert_eq!(invite(&acme, &flow, &acme.jane.email).await["state"], "accepted");
    assert_eq!(acme.users_of(&flow).await, expected);
}

#[tokio::test]
async fn a_former_member_can_be_invited() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, &acme.john.email).await;
    acme.remove(&acme.john).await;
    let again = invite(&acme, &flow, &acme.john.email).await;
    assert_eq!(again, with(invitation.clone(), json!({ "state": "pending" })));
    let list = acme.jane.client.get(&format!("{}/invitations", flow.path())).await.json(200);
    assert_eq!(list, json!([again]));
    acme.people.server.add_to_workspace(&acme.john.email, &acme.workspace, false).await;
    assert_eq!(state_of(&acme.john.client, &flow, &invitation).await, "accepted");
}

#[tokio::test]
async fn cannot_invite_a_blocked_user() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    acme.jane.client.put(&acme.john.in_flow(&flow), json!({ "disabled": true })).await.is(200);
    for client in [&acme.jane.client, &acme.admin.client] {
        let body = json!({ "email": acme.john.email });
        let reply = client.post(&format!("{}/invitations", flow.path()), body).await;
        assert_eq!(broken(reply), ["email"]);
    }
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false), (acme.john.number, true)]);
    assert_eq!(acme.jane.client.get(&format!("{}/invitations", flow.path())).await.json(200), json!([]));
}

#[tokio::test]
async fn requires_an_address() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/invitations", flow.path());
    let (just, long) = ("🙂".repeat(1000), "🙂".repeat(1001));
    let longest = format!("{}@{}.{}.{}", "x".repeat(64), "y".repeat(63), "z".repeat(63), "a".repeat(61));
    for (body, expected) in [
        (json!({}), &["email"][..]),
        (json!({ "email": null }), &["email"]),
        (json!({ "email": "" }), &["email"]),
        (json!({ "email": "nobody" }), &["email"]),
        (json!({ "email": "@example.com" }), &["email"]),
        (json!({ "email": "a@b@example.com" }), &["email"]),
        (json!({ "email": "a b@example.com" }), &["email"]),
        (json!({ "email": "a@example.com, b@example.com" }), &["email"]),
        (json!({ "email": "A <a@example.com>" }), &["email"]),
        (json!({ "email": "a\u{0}@example.com" }), &["email"]),
        (json!({ "email": format!("{longest}a") }), &["email"]),
        (json!({ "email": 7 }), &["email"]),
        (json!({ "email": ["a@example.com"] }), &["email"]),
        (json!({ "email": "a@example.com", "message": long }), &["message"]),
        (json!({ "email": "a@example.com", "message": 7 }), &["message"]),
        (json!({ "email": "nobody", "message": long }), &["email", "message"]),
    ] {
        assert_eq!(broken(acme.jane.client.post(&path, body.clone()).await), expected, "{body}");
    }
    assert_eq!(broken(acme.jane.client.send("POST", &path, None).await), ["email"]);
    assert_eq!(acme.jane.client.get(&path).await.json(200), json!([]), "nobody was invited");
    for message in ["", &just] {
        let body = json!({ "email": longest, "message": message });
        acme.jane.client.post(&path, body).await.is(201);
    }
}

#[tokio::test]
async fn an_invitation_belongs_to_its_flow() {
    let acme = Acme::new().await;
    let (flow, other) = (acme.flow("invitation").await, acme.flow("invitation").await);
    let invitation = invite(&acme, &flow, "person@example.com").await;
    let theirs = invite(&acme, &other, "person@example.com").await;
    assert_ne!(invitation["id"], theirs["id"]);
    for number in [&*theirs["id"].to_string(), "999999", "0", "-1", "person@example.com"] {
        let path = format!("{}/invitations/{number}", flow.path());
        for method in ["GET", "DELETE"] {
            let reply = acme.jane.client.send(method, &path, None).await;
            assert_eq!(outcome_of(&reply), "404 invitation", "{method} {number}");
        }
    }
    for flow in [&flow, &other] {
        let list = acme.jane.client.get(&format!("{}/invitations", flow.path())).await.array(200);
        assert_eq!(list.len(), 1, "nothing was taken back");
    }
    // Nor can another organization reach it.
    acme.stranger.client.post("/flows/other", json!({ "name": "My flow" })).await.is(201);
    let path = format!("/flows/other/my-flow/invitations/{}", invitation["id"]);
    for method in ["GET", "DELETE"] {
        assert_eq!(outcome_of(&acme.stranger.client.send(method, &path, None).await), "404 invitation");
        let reply = acme.stranger.client.send(method, &path_of(&flow, &invitation), None).await;
        assert_eq!(outcome_of(&reply), "404 organization");
    }
    assert_eq!(state_of(&acme.jane.client, &flow, &invitation).await, "pending");
}

#[tokio::test]
async fn invitations_require_access() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    let invitation = invite(&acme, &flow, "person@example.com").await;
    let (list, one) = (format!("{}/invitations", flow.path()), path_of(&flow, &invitation));
    for (client, expected) in [
        (&acme.john.client, "403 not_a_member"),
        (&acme.stranger.client, "404 organization"),
        (&acme.people.administrator, "404 organization"),
        (&acme.people.server.anonymous(), "401 basic"),
    ] {
        for (method, path, body) in [
            ("GET", &list, None),
            ("GET", &one, None),
            ("POST", &list, Some(json!({ "email": "another@example.com" }))),
            ("POST", &format!("{list}/import"), Some(json!({ "list": "another@example.com" }))),
            ("DELETE", &one, None),
        ] {
            assert_eq!(outcome_of(&client.send(method, path, body).await), expected, "{method} {path}");
        }
    }
    assert_eq!(acme.admin.client.get(&list).await.json(200), json!([invitation]));
    acme.admin.client.delete(&one).await.is(204);
}

#[tokio::test]
async fn an_archived_flow_accepts_no_new_invitations() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, "person@example.com").await;
    let path = format!("{}/invitations", flow.path());
    acme.change(&flow, json!({ "disabled": true })).await;
    for email in ["person@example.com", "another@example.com", &acme.john.email] {
        let reply = acme.admin.client.post(&path, json!({ "email": email })).await;
        assert_eq!(outcome_of(&reply), "409 flow_archived");
        let reply = acme.admin.client.post(&format!("{path}/import"), json!({ "list": email })).await;
        assert_eq!(outcome_of(&reply), "409 flow_archived");
    }
    assert_eq!(acme.admin.client.get(&path).await.json(200), json!([invitation]));
    acme.admin.client.delete(&path_of(&flow, &invitation)).await.is(204);
    acme.change(&flow, json!({ "disabled": false })).await;
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
}

/// Several batches of the database.
#[tokio::test]
async fn a_long_list_has_every_invitation_once() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/invitations", flow.path());
    let addresses: Vec<_> = (0..650).map(|number| format!("person-{number}@example.com")).collect();
    let body = json!({ "list": addresses.join(",") });
    let imported = acme.jane.client.post(&format!("{path}/import"), body).await.json(200);
    let listed = acme.jane.client.get(&path).await.array(200);
    assert_eq!(json!(listed), imported["invitations"]);
    assert!(numbers(&listed).is_sorted_by(|one, other| one < other));
    let emails: Vec<_> = listed.iter().map(|invitation| text(invitation, "email")).collect();
    assert_eq!(emails, addresses);
}
