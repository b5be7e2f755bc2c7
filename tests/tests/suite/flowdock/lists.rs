//! `GET /flows`, `/flows/all` and `/flows/:organization`.

use std::collections::BTreeSet;

use denizen_tests::{Value, json};

use super::acme::{Acme, Crowd, cells, new_person, outcome_of};
use super::broken;
use crate::support::{each, text};

const LISTS: [&str; 3] = ["/flows", "/flows/all", "/flows/acme"];

/// Whose lists show a flow.
const LISTED: &str = "
invitation, link
              | /flows | /flows/all | /flows/acme
outsider      | no     | no         | 404 organization
member        | no     | no         | no
joined        | yes    | yes        | yes
blocked       | no     | no         | no
admin         | no     | yes        | yes
joined admin  | yes    | yes        | yes
blocked admin | no     | no         | no

organization
              | /flows | /flows/all | /flows/acme
outsider      | no     | no         | 404 organization
member        | no     | yes        | yes
joined        | yes    | yes        | yes
blocked       | no     | no         | no
admin         | no     | yes        | yes
joined admin  | yes    | yes        | yes
blocked admin | no     | no         | no

archived invitation, archived link, archived organization
              | /flows | /flows/all | /flows/acme
outsider      | no     | no         | 404 organization
member        | no     | no         | no
joined        | no     | no         | no
blocked       | no     | no         | no
admin         | no     | yes        | yes
joined admin  | no     | yes        | yes
blocked admin | no     | no         | no
";

#[tokio::test]
async fn lists_show_flows_by_caller() {
    let crowd = Crowd::new().await;
    let cells = cells(LISTED);
    for (kind, _) in &cells {
        let (flow, _) = crowd.flow(kind).await;
        crowd.acme.change(&flow, json!({ "name": kind })).await;
    }
    let mut wrong = Vec::new();
    for (kind, cells) in cells {
        for (who, list, expected) in cells {
            let reply = crowd.person(who).client.get(list).await;
            let found = match reply.status {
                200 if each(&reply.clone().array(200), "name").contains(&kind.to_owned()) => "yes".to_owned(),
                200 => "no".to_owned(),
                _ => outcome_of(&reply),
            };
            if found != expected {
                wrong.push(format!("{kind} | {who} | {list}: {found}, not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_list_shows_flows_as_get_does() {
    let acme = Acme::new().await;
    let own = acme.flow_of(&acme.john, json!({ "access_mode": "link", "description": "Ours" })).await;
    let open = acme.flow("organization").await;
    acme.add(&own, &[&acme.jane]).await;
    acme.block(&own, &acme.jane, true).await;
    acme.john.client.put(&own.path(), json!({ "open": false })).await.is(200);
    for path in LISTS {
        let listed = acme.john.client.get(path).await.array(200);
        let with_users = acme.john.client.get(&format!("{path}?users=1")).await.array(200);
        let mut expected = acme.john.client.get(&own.path()).await.json(200);
        assert_eq!((&expected["joined"], &expected["open"]), (&json!(true), &json!(false)));
        assert_eq!(expected["users"].as_array().unwrap().len(), 2);
        let entry = |flows: &[Value]| flows.iter().find(|flow| flow["id"] == *own.id).cloned();
        assert_eq!(entry(&with_users), Some(expected.clone()), "{path}");
        expected.as_object_mut().unwrap().remove("users");
        assert_eq!(entry(&listed), Some(expected), "{path}");
    }
    // He sees a flow that he could join, with its users on request.
    let mut expected = acme.jane.client.get(&open.path()).await.json(200);
    (expected["joined"], expected["open"]) = (json!(false), json!(false));
    for path in ["/flows/all?users=true", "/v1/flows/acme?users=1"] {
        let listed = acme.john.client.get(path).await.array(200);
        assert_eq!(listed.iter().find(|flow| flow["id"] == *open.id), Some(&expected), "{path}");
    }
}

#[tokio::test]
async fn includes_users_on_request() {
    let acme = Acme::new().await;
    acme.flow("invitation").await;
    for list in LISTS {
        for (query, with_users) in [
            ("", false),
            ("?users=0", false),
            ("?users=false", false),
            ("?users=1", true),
            ("?users=true", true),
            ("?users=1&_=7", true),
        ] {
            let flows = acme.jane.client.get(&format!("{list}{query}")).await.array(200);
            assert_eq!(flows.len(), 1, "{list}{query}");
            assert_eq!(flows[0].get("users").is_some(), with_users, "{list}{query}");
        }
        for query in ["?users=", "?users=2", "?users=yes", "?users=1&users=1"] {
            assert_eq!(broken(acme.jane.client.get(&format!("{list}{query}")).await), ["users"], "{query}");
        }
    }
}

#[tokio::test]
async fn lists_flows_of_all_organizations_by_name() {
    let acme = Acme::new().await;
    let (john, theirs) = (&acme.john, &acme.stranger);
    acme.people.server.operator(&["workspaces", "add", &john.email, "--workspace", "other", "--json"]).await;
    for name in ["cherries", "Bananas", "apples", "Äpfel"] {
        acme.flow_of(john, json!({ "name": name })).await;
    }
    for name in ["Cherries", "apple pie", "BANANA SPLIT", "bananas", "Zucchini"] {
        let made = theirs.client.post("/flows/other", json!({ "name": name })).await.json(201);
        let path = format!("/flows/other/{}/users", text(&made, "parameterized_name"));
        theirs.client.post(&path, json!({ "id": john.number })).await.is(200);
    }
    let expected = [
        "apple pie",
        "apples",
        "BANANA SPLIT",
        "bananas",
        "bananas",
        "cherries",
        "cherries",
        "Zucchini",
        "Äpfel",
    ];
    for path in ["/flows", "/flows/all"] {
        let flows = john.client.get(path).await.array(200);
        let names = each(&flows, "name");
        let is_in_order =
            names.iter().zip(&expected).all(|(name, expected)| name.eq_ignore_ascii_case(expected));
        assert!(is_in_order && names.len() == expected.len(), "{path}: {names:?}");
        for flow in flows {
            let of_acme = ["cherries", "Bananas", "apples", "Äpfel"].contains(&&*text(&flow, "name"));
            let organization = if of_acme { "acme" } else { "other" };
            assert_eq!(flow["organization"]["parameterized_name"], organization, "{flow:#}");
            assert_eq!(flow["organization"]["user_count"], if of_acme { 3 } else { 2 }, "{flow:#}");
        }
    }
    for (path, expected) in [
        ("/flows/acme", &["apples", "Bananas", "cherries", "Äpfel"][..]),
        ("/flows/other", &["apple pie", "BANANA SPLIT", "bananas", "Cherries", "Zucchini"]),
    ] {
        assert_eq!(each(&john.client.get(path).await.array(200), "name"), expected);
    }
}

/// Several batches of the database, with many equal names.
#[tokio::test]
async fn a_long_list_has_every_flow_once() {
    const COUNT: usize = 450;
    let acme = Acme::new().await;
    let mut made = BTreeSet::new();
    for number in 0..COUNT {
        let name = if number % 2 == 0 { "The Flow" } else { "the flow" };
        let fields = json!({ "name": format!("{name} {}", number / 7) });
        made.insert(acme.flow_of(&acme.jane, fields).await.id);
    }
    for path in LISTS {
        let flows = acme.jane.client.get(path).await.array(200);
        assert_eq!(flows.len(), COUNT, "{path}");
        assert_eq!(each(&flows, "id").into_iter().collect::<BTreeSet<_>>(), made, "{path}");
        let names: Vec<_> = each(&flows, "name").iter().map(|name| name.to_lowercase()).collect();
        assert!(names.is_sorted(), "{path}: {names:?}");
        let with_users = acme.jane.client.get(&format!("{path}?users=1")).await.array(200);
        assert_eq!(each(&with_users, "id"), each(&flows, "id"), "{path}");
        let all_have_users = with_users.iter().all(|flow| flow["users"][0]["id"] == acme.jane.number);
        assert!(all_have_users, "{path}");
    }
}

#[tokio::test]
async fn lists_are_empty_without_flows() {
    let acme = Acme::new().await;
    acme.flow("invitation").await;
    let homeless = new_person(&acme.people, "homeless@example.com", json!({})).await;
    for path in ["/flows", "/flows/all", "/flows?users=1"] {
        for client in [&homeless.client, &acme.john.client, &acme.stranger.client] {
            assert_eq!(client.get(path).await.json(200), json!([]));
        }
    }
    assert_eq!(acme.john.client.get("/flows/acme").await.json(200), json!([]));
    for (client, path) in [(&homeless.client, "/flows/acme"), (&acme.john.client, "/flows/other")] {
        assert_eq!(outcome_of(&client.get(path).await), "404 organization");
    }
}
