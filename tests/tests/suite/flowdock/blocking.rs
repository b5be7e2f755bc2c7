//! `PUT /flows/:organization/:flow/users/:id`, and the effects of a block.

use denizen_tests::json;

use super::acme::{Acme, Crowd, EVERYBODY, cells, link_of, outcome_of};
use super::{broken, numbers, refusal};
use crate::support::{each, text};

/// The person of the column blocks the person of the row, or lifts the block.
const BLOCKING: &str = "
invitation, link
              | outsider         | member   | joined             | blocked     | admin         | joined admin  | blocked admin
outsider      | 404 organization | 404 flow | 404 user           | 403 blocked | 404 user      | 404 user      | 403 blocked
member        | 404 organization | 404 flow | 404 user           | 403 blocked | 404 user      | 404 user      | 403 blocked
joined        | 404 organization | 404 flow | 403 own_block      | 403 blocked | yes           | yes           | 403 blocked
blocked       | 404 organization | 404 flow | yes                | 403 blocked | yes           | yes           | 403 blocked
admin         | 404 organization | 404 flow | 403 greater_rights | 403 blocked | 403 own_block | yes           | 403 blocked
joined admin  | 404 organization | 404 flow | 403 greater_rights | 403 blocked | yes           | 403 own_block | 403 blocked
blocked admin | 404 organization | 404 flow | 403 greater_rights | 403 blocked | yes           | yes           | 403 blocked
another       | 404 organization | 404 flow | yes                | 403 blocked | yes           | yes           | 403 blocked

organization
              | outsider         | member           | joined             | blocked     | admin         | joined admin  | blocked admin
outsider      | 404 organization | 403 not_a_member | 404 user           | 403 blocked | 404 user      | 404 user      | 403 blocked
member        | 404 organization | 403 not_a_member | yes                | 403 blocked | yes           | yes           | 403 blocked
joined        | 404 organization | 403 not_a_member | 403 own_block      | 403 blocked | yes           | yes           | 403 blocked
blocked       | 404 organization | 403 not_a_member | yes                | 403 blocked | yes           | yes           | 403 blocked
admin         | 404 organization | 403 not_a_member | 403 greater_rights | 403 blocked | 403 own_block | yes           | 403 blocked
joined admin  | 404 organization | 403 not_a_member | 403 greater_rights | 403 blocked | yes           | 403 own_block | 403 blocked
blocked admin | 404 organization | 403 not_a_member | 403 greater_rights | 403 blocked | yes           | yes           | 403 blocked
another       | 404 organization | 403 not_a_member | yes                | 403 blocked | yes           | yes           | 403 blocked

archived invitation
              | outsider         | member   | joined   | blocked  | admin         | joined admin  | blocked admin
outsider      | 404 organization | 404 flow | 404 flow | 404 flow | 404 user      | 404 user      | 403 blocked
member        | 404 organization | 404 flow | 404 flow | 404 flow | 404 user      | 404 user      | 403 blocked
joined        | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
blocked       | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
admin         | 404 organization | 404 flow | 404 flow | 404 flow | 403 own_block | yes           | 403 blocked
joined admin  | 404 organization | 404 flow | 404 flow | 404 flow | yes           | 403 own_block | 403 blocked
blocked admin | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
another       | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked

archived organization
              | outsider         | member   | joined   | blocked  | admin         | joined admin  | blocked admin
outsider      | 404 organization | 404 flow | 404 flow | 404 flow | 404 user      | 404 user      | 403 blocked
member        | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
joined        | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
blocked       | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
admin         | 404 organization | 404 flow | 404 flow | 404 flow | 403 own_block | yes           | 403 blocked
joined admin  | 404 organization | 404 flow | 404 flow | 404 flow | yes           | 403 own_block | 403 blocked
blocked admin | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
another       | 404 organization | 404 flow | 404 flow | 404 flow | yes           | yes           | 403 blocked
";

#[tokio::test]
async fn checks_who_may_block_whom() {
    let mut crowd = Crowd::new().await;
    let another = crowd.acme.member("another").await;
    crowd.add_person("another", another);
    let mut wrong = Vec::new();
    for (kind, cells) in cells(BLOCKING) {
        for asking in EVERYBODY {
            let (flow, _) = crowd.flow_with(kind, &["another"]).await;
            // Twice each: blocking and unblocking can be repeated.
            for is_blocked in [true, true, false, false] {
                let mut moved = vec![("another", false)];
                for (whom, _, expected) in cells.iter().filter(|(_, column, _)| *column == asking) {
                    let change = json!({ "disabled": is_blocked });
                    let reply =
                        crowd.person(asking).client.put(&crowd.person(whom).in_flow(&flow), change).await;
                    let found = outcome_of(&reply);
                    if found == "yes" {
                        assert_eq!(reply.body, json!({}));
                        moved.push((*whom, is_blocked));
                    }
                    if found != *expected {
                        wrong.push(format!(
                            "{kind} | {asking}, {whom}, {is_blocked}: {found}, not {expected}"
                        ));
                    }
                }
                assert_eq!(crowd.acme.users_of(&flow).await, crowd.places(&moved), "{kind} | {asking}");
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_blocked_user_has_no_access_and_shares_no_flow() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    acme.add(&flow, &[&acme.john]).await;
    let path = flow.path();
    let invitation = json!({ "email": "somebody@example.com" });
    let invitation = acme.john.client.post(&format!("{path}/invitations"), invitation).await.json(201);
    acme.block(&flow, &acme.john, true).await;

    let (users, invitations) = (format!("{path}/users"), format!("{path}/invitations"));
    let invitation = format!("{invitations}/{}", invitation["id"]);
    for (method, path, body) in [
        ("GET", &path, None),
        ("GET", &users, None),
        ("GET", &invitations, None),
        ("GET", &invitation, None),
        ("GET", &format!("/flows/find?id={}", flow.id), None),
        ("PUT", &path, Some(json!({ "open": true }))),
        ("POST", &users, Some(json!({ "id": acme.admin.number }))),
        ("POST", &users, Some(json!({ "id": acme.john.number }))),
        ("PUT", &acme.jane.in_flow(&flow), Some(json!({ "disabled": true }))),
        ("PUT", &acme.john.in_flow(&flow), Some(json!({ "disabled": false }))),
        ("POST", &invitations, Some(json!({ "email": "another@example.com" }))),
        ("POST", &format!("{invitations}/import"), Some(json!({ "list": "another@example.com" }))),
        ("DELETE", &invitation, None),
    ] {
        let reply = acme.john.client.send(method, path, body).await;
        assert_eq!(reply.header("flowdock-user"), Some(&*acme.john.number.to_string()));
        assert_eq!(outcome_of(&reply), "403 blocked", "{method} {path}");
    }
    for list in ["/flows", "/flows/all", "/flows/acme"] {
        assert_eq!(acme.john.client.get(list).await.json(200), json!([]), "{list}");
    }
    // They are not listed for each other, but as fellow members can still get each other.
    for (one, other) in [(&acme.john, &acme.jane), (&acme.jane, &acme.john)] {
        assert_eq!(numbers(&one.client.get("/users").await.array(200)), [one.number]);
        one.client.get(&format!("/users/{}", other.number)).await.is(200);
    }
    let expected = [(acme.jane.number, false), (acme.john.number, true)];
    assert_eq!(acme.users_of(&flow).await, expected, "he stays in the list");

    acme.block(&flow, &acme.john, false).await;
    for path in [&path, &users, &invitations, &invitation] {
        acme.john.client.get(path).await.is(200);
    }
    for (one, other) in [(&acme.john, &acme.jane), (&acme.jane, &acme.john)] {
        assert_eq!(numbers(&one.client.get("/users").await.array(200)), [one.number, other.number]);
    }
    assert_eq!(each(&acme.john.client.get("/flows").await.array(200), "id"), [&*flow.id]);
    assert_eq!(acme.users_of(&flow).await, expected.map(|(number, _)| (number, false)));
}

#[tokio::test]
async fn a_block_affects_one_flow() {
    let acme = Acme::new().await;
    let (one, other) = (acme.flow("invitation").await, acme.flow("organization").await);
    acme.add(&one, &[&acme.john]).await;
    acme.add(&other, &[&acme.john]).await;
    acme.block(&one, &acme.john, true).await;
    acme.john.client.get(&other.path()).await.is(200);
    assert_eq!(each(&acme.john.client.get("/flows/all").await.array(200), "id"), [&*other.id]);
    let seen = numbers(&acme.john.client.get("/users").await.array(200));
    assert_eq!(seen, [acme.john.number, acme.jane.number], "they still share the other flow");
    assert_eq!(acme.users_of(&other).await, [(acme.jane.number, false), (acme.john.number, false)]);
}

#[tokio::test]
async fn a_blocked_user_cannot_rejoin_alone() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    let link = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    // Even if they were never in it and could have joined.
    acme.jane.client.put(&acme.john.in_flow(&flow), json!({ "disabled": true })).await.is(200);
    assert_eq!(outcome_of(&acme.john.client.put(&flow.path(), json!({ "open": true })).await), "403 blocked");
    for method in ["GET", "POST"] {
        assert_eq!(outcome_of(&acme.john.client.send(method, &link, None).await), "403 blocked", "{method}");
    }
    let invitation = json!({ "email": acme.john.email });
    let reply = acme.jane.client.post(&format!("{}/invitations", flow.path()), invitation).await;
    assert_eq!(broken(reply), ["email"]);
    // Becoming an administrator does not help, either.
    let rank = async |is_admin: bool| {
        acme.admin.client.put(&acme.path_of(&acme.john), json!({ "admin": is_admin })).await.is(200);
    };
    rank(true).await;
    assert_eq!(outcome_of(&acme.john.client.get(&flow.path()).await), "403 blocked");
    assert_eq!(
        outcome_of(&acme.jane.client.put(&acme.john.in_flow(&flow), json!({ "disabled": false })).await),
        "403 greater_rights"
    );
    rank(false).await;
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false), (acme.john.number, true)]);
    acme.jane.client.put(&acme.john.in_flow(&flow), json!({ "disabled": false })).await.is(200);
    acme.john.client.get(&flow.path()).await.is(200);
}

#[tokio::test]
async fn a_blocked_administrator_cannot_block_back() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let second = acme.further_admin("second").await;
    acme.block(&flow, &second, true).await;
    assert_eq!(outcome_of(&second.client.get(&flow.path()).await), "403 blocked");
    let back = second.client.put(&acme.admin.in_flow(&flow), json!({ "disabled": true })).await;
    assert_eq!(outcome_of(&back), "403 blocked");
    // It remains an administrator otherwise.
    second.client.put(&flow.path(), json!({ "name": "Renamed" })).await.is(200);
    second.client.put("/organizations/acme", json!({ "name": "Acme" })).await.is(200);
    acme.block(&flow, &second, false).await;
    second.client.get(&flow.path()).await.is(200);
}

#[tokio::test]
async fn lifting_no_block_admits_nobody() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    acme.block(&flow, &acme.john, false).await;
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
    assert_eq!(outcome_of(&acme.john.client.get(&flow.path()).await), "403 not_a_member");
}

#[tokio::test]
async fn requires_the_disabled_field() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    acme.add(&flow, &[&acme.john]).await;
    let (client, path) = (&acme.jane.client, acme.john.in_flow(&flow));
    for body in
        [json!({}), json!({ "disabled": null }), json!({ "disabled": "yes" }), json!({ "disabled": 2 })]
    {
        assert_eq!(broken(client.put(&path, body).await), ["disabled"]);
    }
    assert_eq!(broken(client.send("PUT", &path, None).await), ["disabled"]);
    let place = async || acme.users_of(&flow).await[1].1;
    assert!(!place().await);
    for (yes, no) in [(json!(true), json!(false)), (json!("true"), json!("false")), (json!("1"), json!("0"))]
    {
        for (disabled, expected) in [(yes, true), (no, false)] {
            client.put(&format!("/v1{path}"), json!({ "disabled": disabled })).await.json(200);
            assert_eq!(place().await, expected, "{disabled}");
        }
    }
    client.put_form(&path, &[("disabled", "true")]).await.json(200);
    assert!(place().await);
    client.send("PUT", &format!("{path}?disabled=false"), None).await.json(200);
    assert!(!place().await);
}

#[tokio::test]
async fn reveals_nothing_about_users_outside() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let block = async |number: &str| {
        let path = format!("{}/users/{number}", flow.path());
        let reply = acme.jane.client.put(&path, json!({ "disabled": true })).await;
        let mut refusal = refusal(reply, 404, "not_found");
        assert_eq!(text(&refusal["error"]["details"], "id"), number);
        refusal["error"]["details"]["id"] = json!(null);
        refusal
    };
    let nobody = block("999999").await;
    for number in [acme.john.number.to_string(), acme.stranger.number.to_string(), "jane".into(), "0".into()]
    {
        assert_eq!(block(&number).await, nobody, "{number}");
    }
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
}
