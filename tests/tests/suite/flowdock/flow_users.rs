//! `GET` and `POST /flows/:organization/:flow/users`.

use denizen_tests::{Value, json};

use super::acme::{Acme, Crowd, cells, new_person, outcome_of, place_of};
use super::{broken, numbers, refusal};
use crate::support::{each, with};

#[tokio::test]
async fn lists_users_with_their_state_in_the_flow() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/users", flow.path());
    acme.add(&flow, &[&acme.john, &acme.admin]).await;
    acme.block(&flow, &acme.john, true).await;
    let own = format!("/users/{}", acme.jane.number);
    acme.jane.client.put(&own, json!({ "nick": "JD", "website": "https://jane.example/" })).await.is(200);

    let reply = acme.jane.client.get(&path).await;
    assert_eq!(reply.header("content-type"), Some(super::CONTENT_TYPE));
    assert_eq!(reply.header("flowdock-user"), Some(&*acme.jane.number.to_string()));
    let users = reply.array(200);
    let expected = [&acme.admin, &acme.jane, &acme.john];
    assert_eq!(numbers(&users), expected.map(|person| person.number));
    for (user, person) in users.iter().zip(expected) {
        let mut profile = acme.admin.client.get(&format!("/users/{}", person.number)).await.json(200);
        let is_blocked = person.number == acme.john.number;
        let place = json!({
            "status": null, "disabled": is_blocked, "in_flow": !is_blocked, "last_activity": null, "last_ping": null,
        });
        profile = with(profile, place);
        assert_eq!(*user, profile);
    }
    assert_eq!((&users[1]["nick"], &users[1]["website"]), (&json!("JD"), &json!("https://jane.example/")));
    for path in [format!("/v1{path}"), format!("/flows/{}/my-flow/users", acme.workspace.number)] {
        assert_eq!(acme.admin.client.get(&path).await.array(200), users, "{path}");
    }
    assert_eq!(acme.jane.client.get(&flow.path()).await.json(200)["users"], Value::Array(users));
}

/// Several batches of the database.
#[tokio::test]
async fn a_long_list_has_every_user_once() {
    const COUNT: usize = 450;
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let mut addresses = Vec::new();
    for number in 0..COUNT {
        let address = format!("member-{number}@acme.example");
        acme.people.account(&address, json!({ "tenant": acme.workspace.id })).await;
        addresses.push(address);
    }
    let list = json!({ "list": addresses.join("\n") });
    let imported =
        acme.jane.client.post(&format!("{}/invitations/import", flow.path()), list).await.json(200);
    let added = imported["added_users"].as_array().unwrap();
    assert_eq!(each(added, "email"), addresses);

    // Around the boundary of two batches.
    let mut expected: Vec<_> =
        [acme.jane.number].into_iter().chain(numbers(added)).map(|it| (it, false)).collect();
    for place in [0, 198, 199, 200, 201, 399, 400, COUNT].into_iter().filter(|place| *place > 0) {
        let path = format!("{}/users/{}", flow.path(), expected[place].0);
        acme.admin.client.put(&path, json!({ "disabled": true })).await.is(200);
        expected[place].1 = true;
    }
    assert_eq!(acme.users_of(&flow).await, expected);
    let read = acme.jane.client.get(&flow.path()).await.json(200);
    let listed = acme.jane.client.get("/flows?users=1").await.array(200);
    for users in [&read["users"], &listed[0]["users"]] {
        let places: Vec<_> = users.as_array().unwrap().iter().map(place_of).collect();
        assert_eq!(places, expected);
    }
}

#[tokio::test]
async fn adds_a_user_to_the_flow() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/users", flow.path());
    assert_eq!(outcome_of(&acme.john.client.get(&flow.path()).await), "404 flow");
    let reply = acme.jane.client.post(&path, json!({ "id": acme.john.number })).await;
    assert_eq!(reply.header("flowdock-user"), Some(&*acme.jane.number.to_string()));
    assert_eq!(reply.json(200), json!({}));
    let seen = acme.john.client.get(&flow.path()).await.json(200);
    assert_eq!((&seen["joined"], &seen["open"]), (&json!(true), &json!(true)));
    assert_eq!(each(&acme.john.client.get("/flows").await.array(200), "id"), [&*flow.id]);
    assert_eq!(
        numbers(&acme.john.client.get("/users").await.array(200)),
        [acme.john.number, acme.jane.number]
    );

    // Users in it add others, and nothing changes for those already in it.
    let fourth = acme.member("fourth").await;
    for client in [&acme.john.client, &acme.jane.client, &fourth.client] {
        assert_eq!(client.post(&path, json!({ "id": fourth.number })).await.json(200), json!({}));
    }
    let expected = [&acme.jane, &acme.john, &fourth].map(|person| (person.number, false));
    assert_eq!(acme.users_of(&flow).await, expected);
}

#[tokio::test]
async fn accepts_the_number_in_any_form() {
    let acme = Acme::new().await;
    let john = acme.john.number.to_string();
    for form in 0..6 {
        let flow = acme.flow("invitation").await;
        let (client, path) = (&acme.jane.client, format!("{}/users", flow.path()));
        let reply = match form {
            0 => client.post(&path, json!({ "id": acme.john.number })).await,
            1 => client.post(&path, json!({ "id": john })).await,
            2 => client.post_form(&path, &[("id", &john)]).await,
            3 => client.send("POST", &format!("{path}?id={john}"), None).await,
            4 => client.post(&format!("/v1{path}?id=7"), json!({ "id": acme.john.number })).await,
            _ => client.post_form(&format!("{path}?id={john}"), &[]).await,
        };
        assert_eq!(reply.json(200), json!({}), "{form}");
        assert_eq!(acme.users_of(&flow).await.len(), 2, "{form}");
    }
}

#[tokio::test]
async fn cannot_add_a_non_member() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    let path = format!("{}/users", flow.path());
    let gone = acme.member("gone").await;
    acme.add(&flow, &[&gone]).await;
    acme.remove(&gone).await;
    for id in [
        json!(acme.stranger.number),
        json!(acme.stranger.number.to_string()),
        json!(gone.number),
        json!(999_999),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!("9223372036854775808"),
        json!(1.5),
        json!("jane"),
        json!(""),
        json!(acme.jane.email),
        json!(null),
        json!(true),
        json!([acme.john.number]),
    ] {
        let reply = acme.jane.client.post(&path, json!({ "id": id })).await;
        assert_eq!(broken(reply), ["id"], "{id}");
    }
    assert_eq!(broken(acme.jane.client.post(&path, json!({})).await), ["id"]);
    assert_eq!(broken(acme.jane.client.send("POST", &path, None).await), ["id"]);
    // Whether a number exists is not revealed.
    let refused =
        async |id: i64| refusal(acme.jane.client.post(&path, json!({ "id": id })).await, 400, "bad_request");
    assert_eq!(refused(acme.stranger.number).await, refused(999_999).await);
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
}

/// The person of the column adds the person of the row.
const ADDING: &str = "
invitation, link
              | outsider         | member   | joined | blocked     | admin  | joined admin | blocked admin
outsider      | 404 organization | 404 flow | 400 id | 403 blocked | 400 id | 400 id       | 403 blocked
member        | 404 organization | 404 flow | yes    | 403 blocked | yes    | yes          | 403 blocked
joined        | 404 organization | 404 flow | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked       | 404 organization | 404 flow | yes    | 403 blocked | yes    | yes          | 403 blocked
admin         | 404 organization | 404 flow | yes    | 403 blocked | yes    | yes          | 403 blocked
joined admin  | 404 organization | 404 flow | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked admin | 404 organization | 404 flow | yes    | 403 blocked | yes    | yes          | 403 blocked

organization
              | outsider         | member           | joined | blocked     | admin  | joined admin | blocked admin
outsider      | 404 organization | 403 not_a_member | 400 id | 403 blocked | 400 id | 400 id       | 403 blocked
member        | 404 organization | 403 not_a_member | yes    | 403 blocked | yes    | yes          | 403 blocked
joined        | 404 organization | 403 not_a_member | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked       | 404 organization | 403 not_a_member | yes    | 403 blocked | yes    | yes          | 403 blocked
admin         | 404 organization | 403 not_a_member | yes    | 403 blocked | yes    | yes          | 403 blocked
joined admin  | 404 organization | 403 not_a_member | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked admin | 404 organization | 403 not_a_member | yes    | 403 blocked | yes    | yes          | 403 blocked

archived invitation, archived organization
              | outsider         | member   | joined   | blocked  | admin             | joined admin      | blocked admin
outsider      | 404 organization | 404 flow | 404 flow | 404 flow | 400 id            | 400 id            | 403 blocked
member        | 404 organization | 404 flow | 404 flow | 404 flow | 409 flow_archived | 409 flow_archived | 403 blocked
joined        | 404 organization | 404 flow | 404 flow | 404 flow | 409 flow_archived | 409 flow_archived | 403 blocked
blocked       | 404 organization | 404 flow | 404 flow | 404 flow | 409 flow_archived | 409 flow_archived | 403 blocked
admin         | 404 organization | 404 flow | 404 flow | 404 flow | 409 flow_archived | 409 flow_archived | 403 blocked
joined admin  | 404 organization | 404 flow | 404 flow | 404 flow | 409 flow_archived | 409 flow_archived | 403 blocked
blocked admin | 404 organization | 404 flow | 404 flow | 404 flow | 409 flow_archived | 409 flow_archived | 403 blocked
";

#[tokio::test]
async fn checks_who_may_add_users() {
    let crowd = Crowd::new().await;
    let mut wrong = Vec::new();
    for (kind, cells) in cells(ADDING) {
        for asking in super::acme::EVERYBODY {
            let (flow, _) = crowd.flow(kind).await;
            let mut moved = Vec::new();
            for (whom, _, expected) in cells.iter().filter(|(_, column, _)| *column == asking) {
                let body = json!({ "id": crowd.person(whom).number });
                let reply = crowd.person(asking).client.post(&format!("{}/users", flow.path()), body).await;
                let found = outcome_of(&reply);
                if found != *expected {
                    wrong.push(format!("{kind} | {asking} adds {whom}: {found}, not {expected}"));
                }
                if found == "yes" && ["member", "admin"].contains(whom) {
                    moved.push((*whom, false));
                }
            }
            assert_eq!(crowd.acme.users_of(&flow).await, crowd.places(&moved), "{kind} | {asking}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn adding_does_not_lift_a_block() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    acme.add(&flow, &[&acme.john]).await;
    acme.block(&flow, &acme.john, true).await;
    for adding in [&acme.jane, &acme.admin] {
        let body = json!({ "id": acme.john.number });
        let reply = adding.client.post(&format!("{}/users", flow.path()), body).await;
        assert_eq!(reply.json(200), json!({}));
        assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false), (acme.john.number, true)]);
        assert_eq!(outcome_of(&acme.john.client.get(&flow.path()).await), "403 blocked");
    }
}

#[tokio::test]
async fn adds_a_user_to_flows_of_several_organizations() {
    let acme = Acme::new().await;
    let both = new_person(&acme.people, "both@example.com", json!({})).await;
    for workspace in ["acme", "other"] {
        acme.people
            .server
            .operator(&["workspaces", "add", &both.email, "--workspace", workspace, "--json"])
            .await;
    }
    let flow = acme.flow("invitation").await;
    acme.add(&flow, &[&both]).await;
    acme.stranger.client.post("/flows/other", json!({ "name": "Theirs" })).await.is(201);
    let body = json!({ "id": both.number });
    acme.stranger.client.post("/flows/other/theirs/users", body.clone()).await.is(200);
    // Neither organization sees the flows of the other.
    assert_eq!(
        outcome_of(&acme.stranger.client.post("/flows/acme/my-flow/users", body.clone()).await),
        "404 organization"
    );
    let reply = acme.jane.client.post("/flows/acme/theirs/users", body).await;
    assert_eq!(outcome_of(&reply), "404 flow");
    assert_eq!(each(&both.client.get("/flows").await.array(200), "name"), ["My flow", "Theirs"]);
    let seen = numbers(&both.client.get("/users").await.array(200));
    assert_eq!(seen, [both.number, acme.jane.number, acme.stranger.number]);
}
