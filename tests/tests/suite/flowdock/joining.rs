//! `GET` and `POST` of a flow's `join_url`.

use denizen_tests::{Value, json};
use tokio::task::JoinSet;

use super::acme::{Acme, Crowd, EVERYBODY, cells, link_of, outcome_of};
use super::{numbers, refusal};
use crate::support::{each, with};

/// Who may join by a flow's current or former link.
const JOINING: &str = "
link, organization
              | link
outsider      | yes
member        | yes
joined        | yes
blocked       | 403 blocked
admin         | yes
joined admin  | yes
blocked admin | 403 blocked

invitation, archived invitation, archived link, archived organization
              | link
outsider      | 404 flow
member        | 404 flow
joined        | 404 flow
blocked       | 404 flow
admin         | 404 flow
joined admin  | 404 flow
blocked admin | 404 flow
";

#[tokio::test]
async fn checks_who_may_join_by_link() {
    let mut crowd = Crowd::new().await;
    let mut wrong = Vec::new();
    for (kind, cells) in cells(JOINING) {
        // After joining, the account is no outsider.
        let outsider = crowd.acme.outsider(&kind.replace(' ', "-")).await;
        crowd.add_person("outsider", outsider);
        let (flow, link) = crowd.flow(kind).await;
        let mut moved = Vec::new();
        assert_eq!(cells.len(), EVERYBODY.len());
        for (who, _, expected) in cells {
            let client = &crowd.person(who).client;
            for method in ["GET", "POST", "POST"] {
                let reply = client.send(method, &link, None).await;
                assert_eq!(reply.header("flowdock-user"), Some(&*crowd.person(who).number.to_string()));
                let found = outcome_of(&reply);
                if found != expected {
                    wrong.push(format!("{kind} | {who} | {method}: {found}, not {expected}"));
                }
                if found == "yes" && method == "POST" {
                    assert_eq!((&reply.body["joined"], &reply.body["open"]), (&json!(true), &json!(true)));
                    moved.push((who, false));
                }
            }
        }
        assert_eq!(crowd.acme.users_of(&flow).await, crowd.places(&moved), "{kind}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn an_outsider_becomes_a_plain_member() {
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let (open, secret) = (acme.flow("organization").await, acme.flow("invitation").await);
    let read = acme.jane.client.get(&flow.path()).await.json(200);
    let link = link_of(&read);

    // GET does not join.
    let mut expected = with(read, json!({ "open": false, "joined": false }));
    expected.as_object_mut().unwrap().remove("users");
    for path in [&link, &format!("/v1{link}")] {
        assert_eq!(acme.stranger.client.get(path).await.json(200), expected);
    }
    assert_eq!(outcome_of(&acme.stranger.client.get(&flow.path()).await), "404 organization");
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);

    expected = with(expected, json!({ "open": true, "joined": true }));
    expected["organization"]["user_count"] = json!(4);
    let joined = acme.stranger.client.send("POST", &format!("/v1{link}"), None).await;
    assert_eq!(joined.header("content-type"), Some(super::CONTENT_TYPE));
    assert_eq!(joined.json(200), expected);
    let mut found = acme.stranger.client.get(&flow.path()).await.json(200);
    let users = found.as_object_mut().unwrap().remove("users").unwrap();
    assert_eq!(numbers(users.as_array().unwrap()), [acme.jane.number, acme.stranger.number]);
    assert_eq!(found, expected);

    // A member like any other.
    let members = acme.stranger.client.get("/organizations/acme/users").await.array(200);
    let own = members.iter().find(|member| acme.stranger.is(member)).unwrap();
    assert_eq!(own["admin"], false);
    assert_eq!(outcome_of(&acme.stranger.client.get(&secret.path()).await), "404 flow");
    assert_eq!(outcome_of(&acme.stranger.client.get(&open.path()).await), "403 not_a_member");
    assert_eq!(
        outcome_of(&acme.stranger.client.put(&flow.path(), json!({ "name": "x" })).await),
        "403 not_admin"
    );
    let organizations = acme.stranger.client.get("/organizations").await.array(200);
    assert_eq!(each(&organizations, "parameterized_name"), ["acme", "other"]);
    assert_eq!(
        acme.people.get_account(&acme.stranger.id).await["tenant"],
        *acme.other,
        "at home where they were"
    );
}

#[tokio::test]
async fn joining_again_changes_nothing() {
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let link = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    acme.jane.client.put(&flow.path(), json!({ "open": false })).await.is(200);
    let joined = acme.jane.client.send("POST", &link, None).await.json(200);
    assert_eq!((&joined["joined"], &joined["open"]), (&json!(true), &json!(false)));
    // An administrator stays one.
    acme.admin.client.send("POST", &link, None).await.is(200);
    let members = acme.jane.client.get("/organizations/acme/users").await.array(200);
    assert!(members.iter().all(|member| member["admin"] == acme.admin.is(member)), "{members:#?}");
    assert_eq!(acme.users_of(&flow).await, [(acme.admin.number, false), (acme.jane.number, false)]);
}

#[tokio::test]
async fn a_wrong_link_is_404() {
    let acme = Acme::new().await;
    let (flow, other) = (acme.flow("link").await, acme.flow("link").await);
    let link = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    let code = link.rsplit('/').next().unwrap();
    let unnamed = |mut refusal: Value| {
        refusal["error"]["details"]["id"] = Value::Null;
        refusal
    };
    let nothing = acme.stranger.client.get(&format!("/flows/acme/nothing/join/{code}")).await;
    let nothing = unnamed(refusal(nothing, 404, "not_found"));
    for path in [
        format!("{link}x"),
        link[..link.len() - 1].to_owned(),
        format!("{}/join/{}", flow.path(), code.to_lowercase()),
        format!("{}/join/my-flow", flow.path()),
        format!("{}/join/{}", flow.path(), flow.id),
        format!("{}/join/%20{code}", flow.path()),
        format!("{}/join/{code}", other.path()),
        format!("/flows/other/my-flow/join/{code}"),
        format!("/flows/nowhere/my-flow/join/{code}"),
    ] {
        for client in [&acme.stranger.client, &acme.john.client, &acme.jane.client, &acme.admin.client] {
            for method in ["GET", "POST"] {
                let reply = client.send(method, &path, None).await;
                assert_eq!(unnamed(refusal(reply, 404, "not_found")), nothing, "{method} {path}");
            }
        }
    }
    let anonymous = acme.people.server.anonymous();
    assert_eq!(outcome_of(&anonymous.send("POST", &link, None).await), "401 basic");
    for flow in [&flow, &other] {
        assert_eq!(acme.users_of(flow).await, [(acme.jane.number, false)]);
    }
    assert_eq!(acme.admin.client.get("/organizations/acme/users").await.array(200).len(), 3);
}

#[tokio::test]
async fn an_old_link_stays_invalid() {
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let first = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    let mut old = vec![first];
    for closed_and_open in [
        [json!({ "access_mode": "invitation" }), json!({ "access_mode": "link" })],
        [json!({ "access_mode": "invitation" }), json!({ "access_mode": "organization" })],
        [json!({ "disabled": true }), json!({ "disabled": false })],
    ] {
        let [closed, open] = closed_and_open;
        acme.change(&flow, closed).await;
        let now = link_of(&acme.change(&flow, open).await);
        for link in &old {
            assert_eq!(outcome_of(&acme.stranger.client.send("POST", link, None).await), "404 flow");
        }
        assert_eq!(acme.stranger.client.get(&now).await.json(200)["joined"], false);
        old.push(now);
    }
    acme.stranger.client.send("POST", old.last().unwrap(), None).await.is(200);
}

#[tokio::test]
async fn a_removed_member_cannot_rejoin_by_link() {
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let link = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    let (server, stranger) = (&acme.people.server, &acme.stranger.client);
    stranger.send("POST", &link, None).await.is(200);
    for way in ["Flowdock", "FlowMate", "the operator"] {
        match way {
            "Flowdock" => acme.remove(&acme.stranger).await,
            "FlowMate" => {
                let path = format!("/api/tenants/{}/user/{}", acme.workspace.id, acme.stranger.id);
                acme.people.administrator.delete(&path).await.is(200);
            }
            _ => {
                let remove = ["workspaces", "remove", &acme.stranger.email, "--workspace", "acme", "--json"];
                server.operator(&remove).await;
            }
        }
        for _ in 0..2 {
            assert_eq!(outcome_of(&stranger.send("POST", &link, None).await), "403 removed", "by {way}");
        }
        assert_eq!(outcome_of(&stranger.get(&flow.path()).await), "404 organization");
        assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
        // Those added again start anew.
        server.add_to_workspace(&acme.stranger.email, &acme.workspace, false).await;
        stranger.send("POST", &link, None).await.is(200);
        assert_eq!(acme.users_of(&flow).await.len(), 2);
    }
}

#[tokio::test]
async fn a_disabled_organization_admits_nobody() {
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let link = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    let path = format!("/api/tenants/{}", acme.workspace.id);
    acme.people.administrator.patch(&path, json!({ "status": "DISABLED" })).await.is(200);
    for method in ["GET", "POST"] {
        assert_eq!(outcome_of(&acme.stranger.client.send(method, &link, None).await), "404 flow");
    }
    acme.people.administrator.patch(&path, json!({ "status": "ACTIVE" })).await.is(200);
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
    acme.stranger.client.send("POST", &link, None).await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_join_in_parallel() {
    const COUNT: usize = 10;
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let link = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    let mut expected = vec![(acme.jane.number, false)];
    let mut requests = JoinSet::new();
    for number in 0..COUNT {
        let outsider = acme.outsider(&format!("outsider-{number}")).await;
        expected.push((outsider.number, false));
        for _ in 0..3 {
            let (client, link) = (outsider.client.clone(), link.clone());
            requests.spawn(async move { client.send("POST", &link, None).await });
        }
    }
    for reply in requests.join_all().await {
        assert_eq!(reply.json(200)["joined"], true);
    }
    assert_eq!(acme.users_of(&flow).await, expected);
    let organization = acme.jane.client.get("/organizations/acme").await.json(200);
    assert_eq!(organization["user_count"], 3 + COUNT);
    assert_eq!(organization["users"].as_array().unwrap().len(), 3 + COUNT);
}
