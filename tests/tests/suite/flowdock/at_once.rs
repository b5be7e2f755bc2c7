//! Parallel requests for one flow or person keep the data consistent.

use std::collections::{BTreeMap, BTreeSet};

use denizen_tests::{Client, Reply, Value, json};
use tokio::task::JoinSet;

use super::acme::{Acme, link_of, outcome_of};
use super::invitations::{invite, path_of};
use super::numbers;
use crate::people::new_user;
use crate::support::{each, text, with};

const ROUNDS: usize = 12;
const AT_ONCE: usize = 20;

/// A request: its client, method, path and body.
type Request = (Client, &'static str, String, Value);

async fn at_once(requests: impl Iterator<Item = Request>) -> Vec<Reply> {
    let all: JoinSet<_> = requests
        .map(|(client, method, path, body)| async move { client.send(method, &path, Some(body)).await })
        .collect();
    all.join_all().await
}

/// How often each outcome occurred.
#[track_caller]
fn outcomes(replies: &[Reply]) -> BTreeMap<String, usize> {
    let mut words = BTreeMap::new();
    for reply in replies {
        *words.entry(outcome_of(reply)).or_default() += 1;
    }
    words
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn adding_while_blocking_leaves_the_user_blocked() {
    let acme = Acme::new().await;
    for _ in 0..ROUNDS {
        let flow = acme.flow("organization").await;
        let (users, john) = (format!("{}/users", flow.path()), acme.john.in_flow(&flow));
        let requests = (0..AT_ONCE).map(|number| match number % 2 {
            0 => (acme.jane.client.clone(), "POST", users.clone(), json!({ "id": acme.john.number })),
            _ => (acme.admin.client.clone(), "PUT", john.clone(), json!({ "disabled": true })),
        });
        assert_eq!(outcomes(&at_once(requests).await), BTreeMap::from([("yes".to_owned(), AT_ONCE)]));
        assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false), (acme.john.number, true)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn flows_of_one_name_get_unique_slugs() {
    let acme = Acme::new().await;
    let body = json!({ "name": "My flow" });
    let makers = [&acme.jane, &acme.john, &acme.admin];
    let requests = (0..AT_ONCE)
        .map(|number| (makers[number % 3].client.clone(), "POST", "/flows/acme".to_owned(), body.clone()));
    let made: Vec<_> = at_once(requests).await.into_iter().map(|reply| reply.json(201)).collect();
    for key in ["id", "parameterized_name", "url"] {
        assert_eq!(each(&made, key).into_iter().collect::<BTreeSet<_>>().len(), AT_ONCE, "{key}");
    }
    assert!(each(&made, "parameterized_name").contains(&"my-flow".to_owned()));
    assert_eq!(acme.admin.client.get("/flows/acme").await.array(200).len(), AT_ONCE);
    for flow in made {
        let found = acme.admin.client.get(&text(&flow, "url")).await.json(200);
        assert_eq!((&found["id"], &found["users"]), (&flow["id"], &flow["users"]));
    }
}

/// A user in a flow is a member of its organization, in any order.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn leaving_while_being_added_wins() {
    let acme = Acme::new().await;
    for round in 0..ROUNDS {
        let flow = acme.flow("organization").await;
        let leaving = acme.member(&format!("leaving-{round}")).await;
        let (path, users) = (flow.path(), format!("{}/users", flow.path()));
        let invitations = format!("{path}/invitations");
        let (admin, jane, own) = (&acme.admin.client, &acme.jane.client, &leaving.client);
        let (number, email) = (leaving.number, &leaving.email);
        let requests = (0..AT_ONCE).map(|index| match index % 6 {
            0 => (jane.clone(), "POST", users.clone(), json!({ "id": number })),
            1 => (jane.clone(), "POST", invitations.clone(), json!({ "email": email })),
            2 => (jane.clone(), "PUT", leaving.in_flow(&flow), json!({ "disabled": index % 4 == 0 })),
            3 => (own.clone(), "PUT", path.clone(), json!({ "open": true })),
            4 => (own.clone(), "POST", "/flows/acme".to_owned(), json!({ "name": format!("Left {round}") })),
            _ => (jane.clone(), "POST", format!("{invitations}/import"), json!({ "list": email })),
        });
        // Half of them before the removal, half after.
        let (before, after): (Vec<_>, Vec<_>) = requests.enumerate().partition(|(index, _)| index % 2 == 0);
        let removal = (admin.clone(), "DELETE", acme.path_of(&leaving), json!({}));
        let all = before.into_iter().chain([(0, removal)]).chain(after).map(|(_, request)| request);
        for reply in at_once(all).await {
            let expected = [
                "yes",
                "400 id",
                "400 email",
                "403 blocked",
                "403 not_a_member",
                "404 flow",
                "404 organization",
                "404 user",
            ];
            assert!(expected.contains(&&*outcome_of(&reply)), "round {round}: {reply}");
        }
        let members = admin.get("/organizations/acme/users").await.array(200);
        assert!(!numbers(&members).contains(&number), "round {round}");
        for flow in admin.get("/flows/acme?users=1").await.array(200) {
            let users = numbers(flow["users"].as_array().unwrap());
            assert!(!users.contains(&number), "round {round}: {flow:#}");
        }
        assert_eq!(outcome_of(&own.get(&path).await), "404 organization");
        assert_eq!(own.get("/flows").await.json(200), json!([]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn deletion_while_being_added_wins() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    for round in 0..ROUNDS {
        let leaving = acme.member(&format!("leaving-{round}")).await;
        let users = format!("{}/users", flow.path());
        let (admin, jane) = (&acme.admin.client, &acme.jane.client);
        let mut requests: Vec<_> = (0..6)
            .map(|index| match index % 2 {
                0 => (jane.clone(), "POST", users.clone(), json!({ "id": leaving.number })),
                _ => (admin.clone(), "PUT", leaving.in_flow(&flow), json!({ "disabled": true })),
            })
            .collect();
        let path = format!("/api/users/{}", leaving.id);
        requests.insert(3, (acme.people.administrator.clone(), "DELETE", path, json!({})));
        for reply in at_once(requests.into_iter()).await {
            assert!(["yes", "400 id", "404 user"].contains(&&*outcome_of(&reply)), "round {round}: {reply}");
        }
        assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)], "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_invitations_of_an_address_create_one() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/invitations", flow.path());
    let requests = (0..AT_ONCE).map(|number| {
        let email = if number % 2 == 0 { "person@example.com" } else { "Person@Example.com" };
        let inviting = if number % 3 == 0 { &acme.admin } else { &acme.jane };
        (inviting.client.clone(), "POST", path.clone(), json!({ "email": email }))
    });
    let replies = at_once(requests).await;
    let invitation = acme.jane.client.get(&path).await.array(200);
    assert_eq!(invitation.len(), 1);
    for reply in replies {
        assert_eq!(reply.json(201), invitation[0]);
    }
    // Many revoke it, and one succeeds.
    let path = path_of(&flow, &invitation[0]);
    let requests = (0..6).map(|_| (acme.jane.client.clone(), "DELETE", path.clone(), json!({})));
    let expected = BTreeMap::from([("404 invitation".to_owned(), 5), ("yes".to_owned(), 1)]);
    assert_eq!(outcomes(&at_once(requests).await), expected);
}

/// No invitation succeeds after the block, as its number shows.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_blocked_user_cannot_invite_afterwards() {
    let acme = Acme::new().await;
    let mut refused = 0;
    for round in 0..ROUNDS {
        let flow = acme.flow("invitation").await;
        acme.add(&flow, &[&acme.john]).await;
        let path = format!("{}/invitations", flow.path());
        let requests: JoinSet<_> = (0..8)
            .map(|number| {
                let (client, path) = (acme.john.client.clone(), path.clone());
                let body = json!({ "email": format!("person-{round}-{number}@example.com") });
                async move { client.post(&path, body).await }
            })
            .collect();
        acme.block(&flow, &acme.john, true).await;
        let later = invite(&acme, &flow, "later@example.com").await;
        for reply in requests.join_all().await {
            if reply.status == 201 {
                let invitation = reply.json(201);
                let (made, later) = (invitation["id"].as_i64(), later["id"].as_i64());
                assert!(made < later, "round {round}: {made:?}, and the right was gone at {later:?}");
            } else {
                assert_eq!(outcome_of(&reply), "403 blocked", "round {round}");
                refused += 1;
            }
        }
    }
    assert_ne!(refused, 0, "some were too late");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_former_administrator_cannot_rename() {
    let acme = Acme::new().await;
    let boss = acme.further_admin("boss").await;
    for round in 0..ROUNDS {
        let flow = acme.flow("invitation").await;
        acme.admin.client.put(&acme.path_of(&boss), json!({ "admin": true })).await.is(200);
        let requests: JoinSet<_> = (0..8)
            .map(|number| {
                let (client, path) = (boss.client.clone(), flow.path());
                let body = json!({ "name": format!("Renamed {number}") });
                async move { client.put(&path, body).await }
            })
            .collect();
        acme.admin.client.put(&acme.path_of(&boss), json!({ "admin": false })).await.is(200);
        acme.change(&flow, json!({ "name": "Mine" })).await;
        for reply in requests.join_all().await {
            assert!(["yes", "404 flow"].contains(&&*outcome_of(&reply)), "round {round}: {reply}");
        }
        assert_eq!(acme.admin.client.get(&flow.path()).await.json(200)["name"], "Mine", "round {round}");
    }
}

/// Of two mutual blocks, one is first.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_mutual_blocks_one_succeeds() {
    let acme = Acme::new().await;
    for round in 0..ROUNDS {
        let flow = acme.flow("invitation").await;
        acme.add(&flow, &[&acme.john]).await;
        let requests = [(&acme.jane, &acme.john), (&acme.john, &acme.jane)].map(|(one, other)| {
            (one.client.clone(), "PUT", other.in_flow(&flow), json!({ "disabled": true }))
        });
        let words = outcomes(&at_once(requests.into_iter()).await);
        let expected = [("403 blocked".to_owned(), 1), ("yes".to_owned(), 1)];
        assert_eq!(words, BTreeMap::from(expected), "round {round}");
        let blocked = acme.users_of(&flow).await.into_iter().filter(|(_, is_blocked)| *is_blocked).count();
        assert_eq!(blocked, 1, "round {round}");
    }
}

/// A closed link has admitted exactly those whom it confirmed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn closing_a_link_keeps_every_confirmed_join() {
    let acme = Acme::new().await;
    let mut outsiders = Vec::new();
    for number in 0..8 {
        outsiders.push(acme.outsider(&format!("outsider-{number}")).await);
    }
    for round in 0..ROUNDS {
        let flow = acme.flow("link").await;
        let link = link_of(&acme.admin.client.get(&flow.path()).await.json(200));
        let requests: JoinSet<_> = outsiders
            .iter()
            .map(|outsider| {
                let (client, link, number) = (outsider.client.clone(), link.clone(), outsider.number);
                async move { (number, client.send("POST", &link, None).await) }
            })
            .collect();
        acme.change(&flow, json!({ "access_mode": "invitation" })).await;
        let mut expected = BTreeSet::from([(acme.jane.number, false)]);
        for (number, reply) in requests.join_all().await {
            assert!(["yes", "404 flow"].contains(&&*outcome_of(&reply)), "round {round}: {reply}");
            if reply.status == 200 {
                expected.insert((number, false));
            }
        }
        assert!(acme.users_of(&flow).await.into_iter().eq(expected), "round {round}");
    }
}

/// Whether the invitation or the account is first: an invited member is in the flow.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_new_member_invited_meanwhile_is_in_the_flow() {
    const FLOWS: usize = 4;
    let acme = Acme::new().await;
    let mut flows = Vec::new();
    for _ in 0..FLOWS {
        flows.push(acme.flow("invitation").await);
    }
    for round in 0..ROUNDS {
        let email = format!("person-{round}@example.com");
        let account = with(new_user(&email), json!({ "tenant": acme.workspace.id }));
        let mut requests: Vec<_> = flows
            .iter()
            .map(|flow| {
                let path = format!("{}/invitations", flow.path());
                (acme.jane.client.clone(), "POST", path, json!({ "email": email }))
            })
            .collect();
        requests
            .insert(round % FLOWS, (acme.people.administrator.clone(), "POST", "/api/users".into(), account));
        for reply in at_once(requests.into_iter()).await {
            assert_eq!(outcome_of(&reply), "yes", "round {round}");
        }
        for flow in &flows {
            let users = acme.admin.client.get(&format!("{}/users", flow.path())).await.array(200);
            let is_in = each(&users, "email").contains(&email);
            let pending = acme.admin.client.get(&format!("{}/invitations", flow.path())).await.array(200);
            assert!(is_in && pending.is_empty(), "round {round}: in the flow: {is_in}, {pending:#?}");
        }
    }
}

/// All operations on flows at once. None fails, and every user of a flow is a member.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_busy_day_leaves_consistent_data() {
    let acme = Acme::new().await;
    let flows = [acme.flow("organization").await, acme.flow("link").await];
    let mut members = Vec::new();
    for number in 0..4 {
        members.push(acme.member(&format!("member-{number}")).await);
    }
    let everybody: Vec<_> = members.iter().map(|member| member.email.as_str()).collect();
    let everybody = everybody.join(",");
    for round in 0..ROUNDS {
        let requests = (0..3 * AT_ONCE).map(|number| {
            let (flow, member) = (&flows[number % 2], &members[(number / 2 + round) % 4]);
            let (path, admin, own) = (flow.path(), acme.admin.client.clone(), member.client.clone());
            let invitations = format!("{path}/invitations");
            match number % 11 {
                0 => (admin, "POST", format!("{path}/users"), json!({ "id": member.number })),
                1 | 2 => (admin, "PUT", member.in_flow(flow), json!({ "disabled": number % 2 == 0 })),
                3 => (own, "PUT", path, json!({ "open": true })),
                4 => (admin, "POST", format!("{invitations}/import"), json!({ "list": everybody })),
                5 => (admin, "POST", invitations, json!({ "email": format!("person-{number}@example.com") })),
                6 => (admin, "PUT", path, json!({ "disabled": number % 4 == 0 })),
                7 => (admin, "PUT", path, json!({ "access_mode": "link", "name": format!("Flow {number}") })),
                8 => {
                    (own, "PUT", format!("/users/{}", member.number), json!({ "nick": format!("N{number}") }))
                }
                9 => (admin, "PUT", acme.path_of(member), json!({ "admin": number % 4 == 1 })),
                _ => (own, "POST", "/flows/acme".to_owned(), json!({ "name": "My flow" })),
            }
        });
        let mut requests: Vec<_> = requests.collect();
        let leaving = &members[round % 4];
        requests.insert(AT_ONCE, (acme.admin.client.clone(), "DELETE", acme.path_of(leaving), json!({})));
        for reply in at_once(requests.into_iter()).await {
            assert_ne!(outcome_of(&reply), "409 concurrent_change", "round {round}");
        }
        let organization = acme.admin.client.get("/organizations/acme").await.json(200);
        let known = numbers(organization["users"].as_array().unwrap());
        assert!(known.is_sorted_by(|one, other| one < other) && !known.contains(&leaving.number));
        for flow in acme.admin.client.get("/flows/acme?users=1").await.array(200) {
            let users = numbers(flow["users"].as_array().unwrap());
            assert!(users.is_sorted_by(|one, other| one < other), "round {round}: {users:?}");
            assert!(
                users.iter().all(|user| known.contains(user)),
                "round {round}: {users:?}, not in {known:?}"
            );
        }
        acme.people.server.add_to_workspace(&leaving.email, &acme.workspace, false).await;
    }
}
