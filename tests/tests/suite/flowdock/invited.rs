//! Accepting invitations: an account with the address, confirmed by an account with the right to, joins.

use denizen_tests::{Client, Flow, Value, json};

use super::acme::{Acme, User, link_of, new_person, outcome_of};
use super::invitations::{invite, state_of};
use super::numbers;
use crate::people::new_user;
use crate::support::{each, text, with};

const INVITED: &str = "person@example.com";

/// Creates an account with the invited address, and a client for it.
async fn create_invited(acme: &Acme, maker: &Client, changes: Value) -> User {
    let made = maker.post("/api/users", with(new_user(INVITED), changes)).await.json(200);
    let (id, client) = (text(&made, "id"), acme.people.client_of(&text(&made, "id")).await);
    let number = client.get("/user").await.json(200)["id"].as_i64().unwrap();
    User { id, number, email: INVITED.to_owned(), client }
}

/// Asserts that a person is a plain member of `acme` and in these flows.
async fn assert_in(acme: &Acme, invitee: &User, flows: &[&Flow]) {
    let members = acme.admin.client.get("/organizations/acme/users").await.array(200);
    let own = members.iter().find(|member| invitee.is(member));
    assert_eq!(own.unwrap_or_else(|| panic!("{members:#?}"))["admin"], false);
    let mut expected: Vec<_> = flows.iter().map(|flow| flow.id.clone()).collect();
    let mut listed = each(&invitee.client.get("/flows/acme").await.array(200), "id");
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);
    for flow in flows {
        assert!(acme.users_of(flow).await.contains(&(invitee.number, false)));
    }
}

/// Asserts that a person is no member of `acme` and cannot see this flow.
async fn assert_out(acme: &Acme, invitee: &User, flow: &Flow) {
    assert_eq!(outcome_of(&invitee.client.get("/organizations/acme").await), "404 organization");
    assert_eq!(outcome_of(&invitee.client.get(&flow.path()).await), "404 organization");
    let members = acme.admin.client.get("/organizations/acme/users").await.array(200);
    assert!(!numbers(&members).contains(&invitee.number), "{members:#?}");
    assert!(!acme.users_of(flow).await.iter().any(|(number, _)| *number == invitee.number));
}

async fn pending_in(acme: &Acme, flow: &Flow) -> Value {
    acme.admin.client.get(&format!("{}/invitations", flow.path())).await.json(200)
}

#[tokio::test]
async fn an_account_made_by_the_administrator_is_admitted() {
    let acme = Acme::new().await;
    let (one, two) = (acme.flow("invitation").await, acme.flow("organization").await);
    let not_invited = acme.flow("invitation").await;
    let invitations =
        [invite(&acme, &one, INVITED).await, invite(&acme, &two, &INVITED.to_uppercase()).await];
    invite(&acme, &one, "another@example.com").await;

    // At home nowhere, in Acme, or in another organization.
    let person = create_invited(&acme, &acme.people.administrator, json!({})).await;
    assert_in(&acme, &person, &[&one, &two]).await;
    assert_eq!(outcome_of(&person.client.get(&not_invited.path()).await), "404 flow");
    for (flow, invitation) in [&one, &two].into_iter().zip(&invitations) {
        assert_eq!(state_of(&person.client, flow, invitation).await, "accepted");
    }
    let pending = pending_in(&acme, &one).await;
    assert_eq!(each(pending.as_array().unwrap(), "email"), ["another@example.com"]);
    let seen = numbers(&person.client.get("/users").await.array(200));
    assert_eq!(seen, [person.number, acme.jane.number]);
}

#[tokio::test]
async fn accepts_with_a_home_elsewhere() {
    for home in ["acme", "other"] {
        let acme = Acme::new().await;
        let flow = acme.flow("invitation").await;
        let invitation = invite(&acme, &flow, INVITED).await;
        let home = if home == "acme" { &acme.workspace.id } else { &acme.other };
        let person = create_invited(&acme, &acme.people.administrator, json!({ "tenant": home })).await;
        assert_in(&acme, &person, &[&flow]).await;
        assert_eq!(state_of(&acme.jane.client, &flow, &invitation).await, "accepted");
        assert_eq!(
            acme.people.get_account(&person.id).await["tenant"],
            **home,
            "the home is the requested one"
        );
    }
}

#[tokio::test]
async fn joins_every_inviting_organization() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    invite(&acme, &flow, INVITED).await;
    acme.stranger.client.post("/flows/other", json!({ "name": "Theirs" })).await.is(201);
    let path = "/flows/other/theirs/invitations";
    acme.stranger.client.post(path, json!({ "email": INVITED })).await.is(201);
    let person = create_invited(&acme, &acme.people.administrator, json!({})).await;
    assert_in(&acme, &person, &[&flow]).await;
    let organizations = person.client.get("/organizations").await.array(200);
    assert_eq!(each(&organizations, "parameterized_name"), ["acme", "other"]);
    assert_eq!(each(&person.client.get("/flows").await.array(200), "name"), ["My flow", "Theirs"]);
}

#[tokio::test]
async fn an_account_made_by_the_organizations_admin_is_admitted() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, INVITED).await;
    let tenant_admin = acme.people.tenant_admin("boss@acme.example", &acme.workspace.id).await;
    let person = create_invited(&acme, &tenant_admin.client, json!({})).await;
    assert_in(&acme, &person, &[&flow]).await;
    assert_eq!(state_of(&person.client, &flow, &invitation).await, "accepted");
}

#[tokio::test]
async fn an_account_made_by_another_organization_is_not_admitted() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, INVITED).await;
    let theirs = acme.people.tenant_admin("boss@other.example", &acme.other).await;
    let person = create_invited(&acme, &theirs.client, json!({})).await;
    assert_out(&acme, &person, &flow).await;
    assert_eq!(pending_in(&acme, &flow).await, json!([invitation]));

    // Inviting again changes nothing; adding them does.
    assert_eq!(invite(&acme, &flow, INVITED).await, invitation);
    assert_out(&acme, &person, &flow).await;
    acme.people.server.add_to_workspace(INVITED, &acme.workspace, false).await;
    assert_in(&acme, &person, &[&flow]).await;
    assert_eq!(pending_in(&acme, &flow).await, json!([]));
}

#[tokio::test]
async fn a_stranger_cannot_accept_by_changing_their_address() {
    let acme = Acme::new().await;
    let (secret, linked) = (acme.flow("invitation").await, acme.flow("link").await);
    let invitation = invite(&acme, &secret, INVITED).await;
    let own = format!("/users/{}", acme.stranger.number);
    acme.stranger.client.put(&own, json!({ "email": INVITED })).await.is(200);
    assert_eq!(acme.stranger.client.get("/user").await.json(200)["email"], INVITED);
    assert_out(&acme, &acme.stranger, &secret).await;

    // Not as a member who joined another way, nor by a second invitation, nor by a list.
    let link = link_of(&acme.jane.client.get(&linked.path()).await.json(200));
    acme.stranger.client.send("POST", &link, None).await.is(200);
    let stays_out = async || {
        assert_eq!(outcome_of(&acme.stranger.client.get(&secret.path()).await), "404 flow");
        assert_eq!(pending_in(&acme, &secret).await, json!([invitation]));
        assert_eq!(acme.users_of(&secret).await, [(acme.jane.number, false)]);
    };
    stays_out().await;
    assert_eq!(invite(&acme, &secret, INVITED).await, invitation);
    stays_out().await;
    let import = format!("{}/invitations/import", secret.path());
    let imported = acme.jane.client.post(&import, json!({ "list": INVITED })).await.json(200);
    assert_eq!(imported["added_users"], json!([]));
    stays_out().await;
}

#[tokio::test]
async fn a_member_cannot_accept_by_changing_their_address() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, INVITED).await;
    let own = format!("/users/{}", acme.john.number);
    acme.john.client.put(&own, json!({ "email": INVITED })).await.is(200);
    assert_eq!(outcome_of(&acme.john.client.get(&flow.path()).await), "404 flow");
    assert_eq!(invite(&acme, &flow, INVITED).await, invitation, "no account confirms the address");
    assert_eq!(outcome_of(&acme.john.client.get(&flow.path()).await), "404 flow");
    // He can still be added by number, which is unambiguous.
    acme.add(&flow, &[&acme.john]).await;
    acme.john.client.get(&flow.path()).await.is(200);
}

#[tokio::test]
async fn an_address_set_by_an_administrator_accepts() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let own = format!("/users/{}", acme.john.number);
    acme.john.client.put(&own, json!({ "email": "john@example.com" })).await.is(200);
    assert_eq!(invite(&acme, &flow, "john@example.com").await["state"], "pending");
    acme.people.change(&acme.john.id, json!({ "username": INVITED })).await;
    assert_eq!(invite(&acme, &flow, INVITED).await["state"], "accepted");
    acme.john.client.get(&flow.path()).await.is(200);
}

#[tokio::test]
async fn joining_the_organization_accepts_invitations() {
    let acme = Acme::new().await;
    let (one, two) = (acme.flow("invitation").await, acme.flow("invitation").await);
    let invitation = invite(&acme, &one, &acme.stranger.email).await;
    assert_eq!(invitation["state"], "pending");
    assert_out(&acme, &acme.stranger, &one).await;
    // Whichever flow they are added to.
    acme.people.server.add_to_flow(&acme.stranger.email, &two).await;
    assert_in(&acme, &acme.stranger, &[&one, &two]).await;
    assert_eq!(state_of(&acme.stranger.client, &one, &invitation).await, "accepted");
}

#[tokio::test]
async fn a_revoked_invitation_admits_nobody() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let invitation = invite(&acme, &flow, INVITED).await;
    acme.jane.client.delete(&super::invitations::path_of(&flow, &invitation)).await.is(204);
    let person = create_invited(&acme, &acme.people.administrator, json!({})).await;
    assert_out(&acme, &person, &flow).await;
}

#[tokio::test]
async fn an_archived_flow_admits_nobody_invited() {
    let acme = Acme::new().await;
    let (archived, flow) = (acme.flow("invitation").await, acme.flow("invitation").await);
    let invitation = invite(&acme, &archived, INVITED).await;
    invite(&acme, &flow, INVITED).await;
    acme.change(&archived, json!({ "disabled": true })).await;
    let person = create_invited(&acme, &acme.people.administrator, json!({})).await;
    assert_in(&acme, &person, &[&flow]).await;
    assert_eq!(pending_in(&acme, &archived).await, json!([invitation]));
    assert_eq!(acme.users_of(&archived).await, [(acme.jane.number, false)]);
    // It works for those who are invited again.
    acme.change(&archived, json!({ "disabled": false })).await;
    assert_eq!(outcome_of(&person.client.get(&archived.path()).await), "404 flow");
    assert_eq!(invite(&acme, &archived, INVITED).await["state"], "accepted");
    assert_in(&acme, &person, &[&archived, &flow]).await;
}

#[tokio::test]
async fn a_disabled_or_deleted_organization_admits_nobody() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    invite(&acme, &flow, INVITED).await;
    acme.people.administrator.delete(&format!("/api/tenants/{}", acme.workspace.id)).await.is(200);
    let person = create_invited(&acme, &acme.people.administrator, json!({})).await;
    assert_eq!(person.client.get("/organizations").await.json(200), json!([]));
    let homeless = new_person(&acme.people, "another@example.com", json!({})).await;
    assert_eq!(outcome_of(&homeless.client.get(&flow.path()).await), "404 organization");
}
