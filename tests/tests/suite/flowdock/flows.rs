//! Creating and reading flows: `POST /flows/:organization`, `GET /flows/:organization/:flow` and `GET /flows/find`.

use denizen_tests::{Reply, Value, json};

use super::acme::{Acme, Crowd, EVERYBODY, outcome_of, place_of};
use super::{broken, refusal};
use crate::support::{assert_uuid, keys, text};

const FLOW: [&str; 13] = [
    "access_mode",
    "description",
    "disabled",
    "email",
    "id",
    "joined",
    "name",
    "open",
    "organization",
    "parameterized_name",
    "unread_mentions",
    "url",
    "web_url",
];

/// The keys of a flow, and these further ones.
fn flow_keys_and(more: &[&'static str]) -> Vec<&'static str> {
    let mut keys: Vec<_> = FLOW.iter().chain(more).copied().collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn the_creator_is_in_the_flow() {
    let acme = Acme::new().await;
    let reply = acme.jane.client.post("/flows/acme", json!({ "name": "My flow" })).await;
    assert_eq!(reply.header("flowdock-user"), Some(&*acme.jane.number.to_string()));
    let flow = reply.json(201);
    assert_eq!(keys(&flow), flow_keys_and(&["users"]));
    assert_uuid(&flow["id"]);
    let address = format!("http://{}", acme.people.server.address);
    let organization = json!({
        "id": acme.workspace.number, "name": "Acme", "parameterized_name": "acme", "user_limit": 0,
        "user_count": 3, "active": true, "url": format!("{address}/organizations/acme"),
    });
    for (key, value) in [
        ("name", json!("My flow")),
        ("parameterized_name", json!("my-flow")),
        ("organization", organization),
        ("unread_mentions", json!(0)),
        ("open", json!(true)),
        ("joined", json!(true)),
        ("url", json!(format!("{address}/flows/acme/my-flow"))),
        ("web_url", json!(format!("{address}/flows/acme/my-flow"))),
        ("access_mode", json!("invitation")),
        ("description", json!("")),
        ("disabled", json!(false)),
        ("email", Value::Null),
    ] {
        assert_eq!(flow[key], value, "{key}");
    }
    let [user] = &flow["users"].as_array().unwrap()[..] else { panic!("{flow:#}") };
    assert_eq!(place_of(user), (acme.jane.number, false));
    assert!(acme.jane.is(user), "{user:#}");
    assert_eq!((&user["name"], &user["nick"]), (&json!("First Last"), &json!("First")));

    // All operations show the same.
    let number = acme.workspace.number;
    for path in [
        "/flows/acme/my-flow".to_owned(),
        format!("/flows/{number}/my-flow"),
        format!("/flows/find?id={}", text(&flow, "id")),
        text(&flow, "url"),
    ] {
        for path in [path.replace("/flows/", "/v1/flows/"), path] {
            assert_eq!(acme.jane.client.get(&path).await.json(200), flow, "{path}");
        }
    }
}

#[tokio::test]
async fn derives_a_unique_slug_from_the_name() {
    let acme = Acme::new().await;
    let (letters, smileys) = ("x".repeat(100), "🙂".repeat(100));
    for (name, in_addresses) in [
        ("My flow", "my-flow"),
        ("My flow", "my-flow-2"),
        ("  my FLOW!", "my-flow-3"),
        ("pwd/whoami", "pwd-whoami"),
        ("Zürich", "zurich"),
        ("Größe 2", "grosse-2"),
        ("🙂🎉", "flow"),
        (&smileys, "flow-2"),
        ("日本語", "flow-3"),
        ("my-flow-2", "my-flow-2-2"),
        ("invitations", "invitations"),
        ("find", "find"),
        (&letters, &letters[..63]),
        (&letters, &format!("{}-2", &letters[..61])),
    ] {
        let made = acme.jane.client.post("/flows/acme", json!({ "name": name })).await.json(201);
        assert_eq!(
            (&made["name"], &made["parameterized_name"]),
            (&json!(name), &json!(in_addresses)),
            "{made:#}"
        );
        let found = acme.jane.client.get(&format!("/flows/acme/{in_addresses}")).await.json(200);
        assert_eq!(found, made);
    }
    // Other organizations have their own slugs.
    let theirs = acme.stranger.client.post("/flows/other", json!({ "name": "My flow" })).await.json(201);
    assert_eq!(theirs["parameterized_name"], "my-flow");
}

#[tokio::test]
async fn accepts_description_and_access_mode_in_any_form() {
    let acme = Acme::new().await;
    let client = &acme.jane.client;
    let json = json!({ "name": "My flow", "description": "Ours", "access_mode": "link" });
    let fields = [("name", "My flow"), ("description", "Ours"), ("access_mode", "link")];
    let query = "/flows/acme?name=My+flow&description=Ours&access_mode=link";
    for reply in [
        client.post("/flows/acme", json).await,
        client.post_form("/flows/acme", &fields).await,
        client.post_form(&format!("/v1/flows/{}", acme.workspace.number), &fields).await,
        client.send("POST", query, None).await,
    ] {
        let flow = reply.json(201);
        assert_eq!(keys(&flow), flow_keys_and(&["join_url", "users"]));
        for (key, value) in fields {
            assert_eq!(flow[key], value, "{flow:#}");
        }
    }
    for (access_mode, has_link) in [("invitation", false), ("link", true), ("organization", true)] {
        let body = json!({ "name": "x", "access_mode": access_mode, "description": null });
        let flow = client.post("/flows/acme", body).await.json(201);
        assert_eq!((&flow["access_mode"], &flow["description"]), (&json!(access_mode), &json!("")));
        assert_eq!(flow.get("join_url").is_some(), has_link, "{flow:#}");
        assert_eq!((&flow["open"], &flow["joined"]), (&json!(true), &json!(true)));
    }
}

#[tokio::test]
async fn rejects_an_invalid_flow() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let before = acme.admin.client.get(&flow.path()).await.json(200);
    let long = "x".repeat(101);
    for (fields, expected) in [
        (json!({ "name": "" }), &["name"][..]),
        (json!({ "name": " \u{a0}\t" }), &["name"]),
        (json!({ "name": null }), &["name"]),
        (json!({ "name": 7 }), &["name"]),
        (json!({ "name": ["x"] }), &["name"]),
        (json!({ "name": long }), &["name"]),
        (json!({ "name": "🙂".repeat(101) }), &["name"]),
        (json!({ "name": "two\nlines" }), &["name"]),
        (json!({ "name": "a\u{0}b" }), &["name"]),
        (json!({ "name": "x", "access_mode": "open" }), &["access_mode"]),
        (json!({ "name": "x", "access_mode": "Link" }), &["access_mode"]),
        (json!({ "name": "x", "access_mode": null }), &["access_mode"]),
        (json!({ "name": "x", "description": "x".repeat(1001) }), &["description"]),
        (json!({ "name": "x", "description": true }), &["description"]),
        (json!({ "name": "", "description": 1, "access_mode": 2 }), &["access_mode", "description", "name"]),
    ] {
        for reply in [
            acme.admin.client.post("/flows/acme", fields.clone()).await,
            acme.admin.client.put(&flow.path(), fields).await,
        ] {
            assert_eq!(broken(reply), expected);
        }
    }
    assert_eq!(broken(acme.admin.client.post("/flows/acme", json!({})).await), ["name"]);
    for fields in [json!({ "disabled": "yes" }), json!({ "disabled": null }), json!({ "disabled": 2 })] {
        let reply = acme.admin.client.put(&flow.path(), fields).await;
        assert_eq!(broken(reply), ["disabled"]);
    }
    let reply = acme.admin.client.put(&flow.path(), json!({ "open": "no", "disabled": [] })).await;
    assert_eq!(broken(reply), ["disabled", "open"]);

    let flows = acme.admin.client.get("/flows/acme").await.array(200);
    assert_eq!(flows.len(), 1, "no other flow was created");
    assert_eq!(acme.admin.client.get(&flow.path()).await.json(200), before, "and this one is unchanged");
}

#[tokio::test]
async fn only_members_create_flows() {
    let acme = Acme::new().await;
    let body = json!({ "name": "My flow" });
    for member in [&acme.jane, &acme.admin] {
        member.client.post("/flows/acme", body.clone()).await.is(201);
    }
    let missing = acme.stranger.client.post("/flows/nowhere", body.clone()).await;
    for stranger in [&acme.stranger.client, &acme.people.administrator] {
        let reply = stranger.post("/flows/acme", body.clone()).await;
        assert_eq!(outcome_of(&reply), "404 organization");
        assert_hidden(&reply, &missing);
    }
    let anonymous = acme.people.server.anonymous();
    assert_eq!(outcome_of(&anonymous.post("/flows/acme", body.clone()).await), "401 basic");
    let number = format!("/flows/{}", acme.workspace.number);
    assert_eq!(outcome_of(&acme.stranger.client.post(&number, body).await), "404 organization");
    assert_eq!(acme.admin.client.get("/flows/acme").await.array(200).len(), 2);
}

/// Asserts that a hidden flow is answered like an unknown one, except for the requested name.
#[track_caller]
fn assert_hidden(kept: &Reply, missing: &Reply) {
    let unnamed = |reply: &Reply| {
        let mut refusal = refusal(reply.clone(), 404, "not_found");
        refusal["error"]["details"]["id"] = Value::Null;
        refusal
    };
    assert_eq!(unnamed(kept), unnamed(missing));
}

#[tokio::test]
async fn an_unknown_flow_is_404() {
    let acme = Acme::new().await;
    let secret = acme.flow("invitation").await;
    acme.stranger.client.post("/flows/other", json!({ "name": "Theirs" })).await.is(201);
    let nowhere = "00000000-0000-4000-8000-000000000000";
    for (path, expected) in [
        ("/flows/acme/nothing", "404 flow"),
        ("/flows/acme/My-flow", "404 flow"),
        ("/flows/acme/my%2Dflow%20", "404 flow"),
        ("/flows/nowhere/my-flow", "404 organization"),
        ("/flows/999/my-flow", "404 organization"),
        ("/flows/other/theirs", "404 organization"),
        (&format!("/flows/find?id={nowhere}"), "404 flow"),
        ("/flows/find", "400 id"),
        ("/flows/find?id=", "400 id"),
        ("/flows/find?id=my-flow", "400 id"),
        (&format!("/flows/find?id={nowhere}&id={nowhere}"), "400 id"),
    ] {
        let reply = acme.jane.client.get(path).await;
        assert_eq!(reply.header("flowdock-user"), Some(&*acme.jane.number.to_string()));
        assert_eq!(outcome_of(&reply), expected, "{path}");
    }
    // A flow that is hidden from the caller is answered like an unknown one, in any organization.
    for (viewer, nothing) in [(&acme.john, "/flows/acme/nothing"), (&acme.stranger, "/flows/nowhere/my-flow")]
    {
        let missing = viewer.client.get(nothing).await;
        for below in ["", "/users", "/invitations", "/invitations/1"] {
            let reply = viewer.client.get(&format!("{}{below}", secret.path())).await;
            assert_hidden(&reply, &missing);
        }
        let missing = viewer.client.get(&format!("/flows/find?id={nowhere}")).await;
        let reply = viewer.client.get(&format!("/flows/find?id={}", secret.id)).await;
        assert_hidden(&reply, &missing);
        assert!(!reply.text.contains("my-flow"), "{reply}");
    }
}

#[tokio::test]
async fn finds_a_flow_by_id_with_access() {
    let crowd = Crowd::new().await;
    for kind in ["invitation", "organization"] {
        let (flow, _) = crowd.flow(kind).await;
        for who in EVERYBODY {
            let client = &crowd.person(who).client;
            let by_address = client.get(&flow.path()).await;
            let by_id = client.get(&format!("/flows/find?id={}", flow.id.to_uppercase())).await;
            let expected = outcome_of(&by_address).replace("404 organization", "404 flow");
            assert_eq!(outcome_of(&by_id), expected, "{kind} {who}");
            if by_id.status == 200 {
                assert_eq!(by_id.body, by_address.body);
            }
        }
    }
}
