//! `PUT /flows/:organization/:flow`, and who may change a flow.

use denizen_tests::{Flow, Reply, Value, json};

use super::acme::{Acme, Crowd, cells, link_of, outcome_of};
use crate::support::{each, text};

/// Who may do what with a flow. `read` covers the flow, its users and its invitations.
const DEEDS: &str = "
invitation, link
              | read             | rename           | invite           | open
outsider      | 404 organization | 404 organization | 404 organization | 404 organization
member        | 404 flow         | 404 flow         | 404 flow         | 404 flow
joined        | yes              | 403 not_admin    | yes              | yes
blocked       | 403 blocked      | 403 not_admin    | 403 blocked      | 403 blocked
admin         | yes              | yes              | yes              | yes
joined admin  | yes              | yes              | yes              | yes
blocked admin | 403 blocked      | yes              | 403 blocked      | 403 blocked

organization
              | read             | rename           | invite           | open
outsider      | 404 organization | 404 organization | 404 organization | 404 organization
member        | 403 not_a_member | 403 not_admin    | 403 not_a_member | yes
joined        | yes              | 403 not_admin    | yes              | yes
blocked       | 403 blocked      | 403 not_admin    | 403 blocked      | 403 blocked
admin         | yes              | yes              | yes              | yes
joined admin  | yes              | yes              | yes              | yes
blocked admin | 403 blocked      | yes              | 403 blocked      | 403 blocked

archived invitation, archived link, archived organization
              | read             | rename           | invite            | open
outsider      | 404 organization | 404 organization | 404 organization  | 404 organization
member        | 404 flow         | 404 flow         | 404 flow          | 404 flow
joined        | 404 flow         | 404 flow         | 404 flow          | 404 flow
blocked       | 404 flow         | 404 flow         | 404 flow          | 404 flow
admin         | yes              | yes              | 409 flow_archived | 409 flow_archived
joined admin  | yes              | yes              | 409 flow_archived | 409 flow_archived
blocked admin | 403 blocked      | yes              | 403 blocked       | 403 blocked
";

#[tokio::test]
async fn checks_who_may_change_a_flow() {
    let crowd = Crowd::new().await;
    let mut wrong = Vec::new();
    for (kind, cells) in cells(DEEDS) {
        let (flow, _) = crowd.flow(kind).await;
        // Opening comes last, since it joins the flow.
        for deed in ["read", "rename", "invite", "open"] {
            for (who, _, expected) in cells.iter().filter(|(_, column, _)| *column == deed) {
                let before = state(&crowd.acme, &flow).await;
                let replies = attempts(&crowd, &flow, deed, who).await;
                let is_changed = state(&crowd.acme, &flow).await != before;
                let is_absent = ["member", "admin"].contains(who);
                let changes = *expected == "yes" && deed != "read" && (deed != "open" || is_absent);
                let told = format!("{kind} | {deed} | {who}:");
                let words = replies.iter().map(outcome_of).filter(|word| word != expected);
                wrong.extend(words.map(|word| format!("{told} {word}, not {expected}")));
                wrong.extend((is_changed != changes).then(|| format!("{told} changed: {is_changed}")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// All that an administrator sees of a flow.
async fn state(acme: &Acme, flow: &Flow) -> [Value; 2] {
    let path = flow.path();
    let invitations = acme.admin.client.get(&format!("{path}/invitations")).await.json(200);
    [acme.admin.client.get(&path).await.json(200), invitations]
}

async fn attempts(crowd: &Crowd, flow: &Flow, deed: &str, who: &str) -> Vec<Reply> {
    let (client, path) = (&crowd.person(who).client, flow.path());
    match deed {
        "read" => vec![
            client.get(&path).await,
            client.get(&format!("{path}/users")).await,
            client.get(&format!("{path}/invitations")).await,
        ],
        "rename" => vec![client.put(&path, json!({ "name": format!("Renamed by {who}") })).await],
        "invite" => {
            let (one, two) = (format!("{who}-1@example.com"), format!("{who}-2@example.com"));
            let (one, two) = (one.replace(' ', "-"), two.replace(' ', "-"));
            vec![
                client.post(&format!("{path}/invitations"), json!({ "email": one })).await,
                client.post(&format!("{path}/invitations/import"), json!({ "list": two })).await,
            ]
        }
        _ => vec![client.put(&path, json!({ "open": true })).await],
    }
}

#[tokio::test]
async fn only_administrators_change_more_than_open() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    let before = state(&acme, &flow).await;
    for fields in [
        json!({ "name": "Jane's" }),
        json!({ "name": "my flow" }),
        json!({ "description": "Jane's" }),
        json!({ "access_mode": "invitation" }),
        json!({ "disabled": true }),
        json!({ "open": true, "name": "Jane's" }),
        json!({ "open": false, "disabled": true }),
    ] {
        for member in [&acme.jane, &acme.john] {
            let reply = member.client.put(&flow.path(), fields.clone()).await;
            assert_eq!(outcome_of(&reply), "403 not_admin", "{fields}");
        }
    }
    assert_eq!(state(&acme, &flow).await, before, "nothing changed, and nobody joined");
    assert_eq!(acme.jane.client.get(&flow.path()).await.json(200)["open"], true);
}

#[tokio::test]
async fn accepts_the_unchanged_record() {
    let acme = Acme::new().await;
    let flow =
        acme.flow_of(&acme.jane, json!({ "access_mode": "organization", "description": "Ours" })).await;
    let before = state(&acme, &flow).await;
    for viewer in [&acme.jane, &acme.admin] {
        let read = viewer.client.get(&flow.path()).await.json(200);
        let mut sent_back = viewer.client.put(&flow.path(), read.clone()).await.json(200);
        sent_back["users"] = read["users"].clone();
        assert_eq!(sent_back, read);
    }
    for fields in
        [json!({}), json!({ "name": "My flow", "disabled": false }), json!({ "email": "x", "id": 7 })]
    {
        for member in [&acme.jane, &acme.john] {
            member.client.put(&flow.path(), fields.clone()).await.is(200);
        }
    }
    assert_eq!(state(&acme, &flow).await, before);
    // Without access, even an empty change is refused.
    acme.block(&flow, &acme.jane, true).await;
    for fields in [json!({}), json!({ "open": false })] {
        assert_eq!(outcome_of(&acme.jane.client.put(&flow.path(), fields.clone()).await), "403 blocked");
        assert_eq!(outcome_of(&acme.stranger.client.put(&flow.path(), fields).await), "404 organization");
    }
}

#[tokio::test]
async fn renaming_keeps_the_slug() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let read = acme.admin.client.get("/flows/acme/my-flow").await.json(200);
    let renamed = acme.change(&flow, json!({ "name": "My new flow" })).await;
    let mut expected = read.clone();
    expected["name"] = json!("My new flow");
    expected.as_object_mut().unwrap().remove("users");
    assert_eq!(renamed, expected, "nothing but the name is new");
    acme.admin.client.get("/flows/acme/my-new-flow").await.error(404, "not_found");

    let second = acme.flow("invitation").await;
    assert_eq!(second.slug, "my-flow-2", "the name in addresses is still taken");
    let third = acme.flow_of(&acme.jane, json!({ "name": "My new flow" })).await;
    assert_eq!(third.slug, "my-new-flow");
    acme.change(&second, json!({ "name": "My new flow" })).await;
    let names = acme.jane.client.get("/flows").await.array(200);
    assert_eq!(each(&names, "name"), ["My new flow"; 3]);
}

#[tokio::test]
async fn changes_one_or_several_fields_in_any_form() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let (client, path) = (&acme.admin.client, flow.path());
    let mut expected = client.put(&path, json!({})).await.json(200);
    for (fields, changed) in [
        (json!({ "description": "Ours" }), json!({ "description": "Ours" })),
        (json!({ "name": "Two", "description": "" }), json!({ "name": "Two", "description": "" })),
        (json!({ "description": "two\nlines" }), json!({ "description": "two\nlines" })),
        (json!({ "description": null }), json!({ "description": "" })),
        (json!({ "disabled": "1" }), json!({ "disabled": true })),
        (json!({ "disabled": "false" }), json!({ "disabled": false })),
    ] {
        expected.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        assert_eq!(client.put(&path, fields).await.json(200), expected);
    }
    let form = [("name", "From a form"), ("description", "a & b"), ("disabled", "0")];
    let changed = client.put_form(&path, &form).await.json(200);
    assert_eq!((&changed["name"], &changed["description"]), (&json!("From a form"), &json!("a & b")));
    let changed = client.send("PUT", &format!("/v1{path}?name=From%20a+query&open=1"), None).await.json(200);
    assert_eq!((&changed["name"], &changed["joined"]), (&json!("From a query"), &json!(true)));
    let read = client.get(&path).await.json(200);
    assert_eq!(read["name"], "From a query");
}

#[tokio::test]
async fn an_archived_flow_is_hidden_and_restorable() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    acme.add(&flow, &[&acme.john]).await;
    acme.block(&flow, &acme.john, true).await;
    acme.admin.client.put(&flow.path(), json!({ "open": true })).await.is(200);
    let before = acme.admin.client.get(&flow.path()).await.json(200);
    let lists = ["/flows", "/flows/all", "/flows/acme"];

    let archived = acme.change(&flow, json!({ "disabled": true })).await;
    assert_eq!((&archived["disabled"], archived.get("join_url")), (&json!(true), None));
    for path in [&flow.path(), &format!("{}/users", flow.path()), &format!("/flows/find?id={}", flow.id)] {
        acme.jane.client.get(path).await.error(404, "not_found");
        acme.admin.client.get(path).await.is(200);
    }
    for (path, shown) in lists.into_iter().zip([0, 1, 1]) {
        assert!(acme.jane.client.get(path).await.array(200).is_empty());
        assert_eq!(acme.admin.client.get(path).await.array(200).len(), shown, "{path}");
    }
    let seen = acme.jane.client.get("/users").await.array(200);
    assert_eq!(seen.len(), 1, "nobody shares it");

    // Nobody joins, but its users can be blocked.
    let users = format!("{}/users", flow.path());
    for reply in [
        acme.admin.client.post(&users, json!({ "id": acme.stranger.number })).await,
        acme.admin.client.post(&users, json!({ "id": acme.jane.number })).await,
        acme.admin.client.put(&flow.path(), json!({ "open": true })).await,
    ] {
        assert!(["409 flow_archived", "400 id"].contains(&&*outcome_of(&reply)), "{reply}");
    }
    acme.block(&flow, &acme.jane, true).await;
    acme.block(&flow, &acme.jane, false).await;

    let back = acme.change(&flow, json!({ "disabled": false })).await;
    assert_ne!(back["join_url"], before["join_url"], "its old link is invalid");
    let mut expected = before;
    expected["join_url"] = back["join_url"].clone();
    assert_eq!(acme.admin.client.get(&flow.path()).await.json(200), expected);
    assert_eq!(acme.jane.client.get("/flows").await.array(200).len(), 1);
    assert_eq!(acme.jane.client.get("/users").await.array(200).len(), 2);
}

#[tokio::test]
async fn members_open_and_close_their_flows() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    acme.add(&flow, &[&acme.john]).await;
    let (jane, john, path) = (&acme.jane.client, &acme.john.client, flow.path());
    let state = |flow: &Value| (flow["open"].as_bool().unwrap(), flow["joined"].as_bool().unwrap());
    for is_open in [false, false, true, true, false] {
        let change = json!({ "open": is_open });
        assert_eq!(state(&jane.put(&path, change).await.json(200)), (is_open, true));
        assert_eq!(state(&jane.get(&path).await.json(200)), (is_open, true));
        assert_eq!(state(&jane.get("/flows").await.array(200)[0]), (is_open, true), "it stays in the list");
        assert_eq!(state(&john.get(&path).await.json(200)), (true, true), "others stay unaffected");
    }
    acme.add(&flow, &[&acme.jane]).await;
    assert_eq!(state(&jane.get(&path).await.json(200)), (false, true), "adding changes nothing");
}

#[tokio::test]
async fn opening_an_organizations_flow_joins_it() {
    let acme = Acme::new().await;
    let flow = acme.flow("organization").await;
    let (john, path) = (&acme.john.client, flow.path());
    let state = |flow: &Value| (flow["open"].as_bool().unwrap(), flow["joined"].as_bool().unwrap());
    // Closing a flow does not join it.
    for fields in [json!({ "open": false }), json!({})] {
        assert_eq!(state(&john.put(&path, fields).await.json(200)), (false, false));
    }
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false)]);
    let joined = john.put(&path, json!({ "open": true })).await.json(200);
    assert_eq!(state(&joined), (true, true));
    assert_eq!(acme.users_of(&flow).await, [(acme.jane.number, false), (acme.john.number, false)]);
    john.get(&path).await.is(200);

    // Administrators join any flow.
    let secret = acme.flow("invitation").await;
    let admin = &acme.admin.client;
    assert_eq!(state(&admin.get(&secret.path()).await.json(200)), (false, false));
    assert_eq!(state(&admin.put(&secret.path(), json!({ "open": true })).await.json(200)), (true, true));
    assert_eq!(acme.users_of(&secret).await, [(acme.admin.number, false), (acme.jane.number, false)]);
    assert_eq!(each(&admin.get("/flows").await.array(200), "id"), [secret.id]);
}

#[tokio::test]
async fn a_flow_has_a_link_unless_invitation_only() {
    let acme = Acme::new().await;
    let flow = acme.flow("link").await;
    let first = link_of(&acme.jane.client.get(&flow.path()).await.json(200));
    assert!(first.starts_with("/flows/acme/my-flow/join/"), "{first}");
    let listed = acme.jane.client.get("/flows").await.array(200);
    assert_eq!(link_of(&listed[0]), first);

    // It stays the same until it is closed, and is then gone for good.
    let mut known = vec![first];
    for (fields, link) in [
        (json!({ "name": "Another name" }), "as before"),
        (json!({ "access_mode": "organization" }), "as before"),
        (json!({ "access_mode": "link" }), "as before"),
        (json!({ "access_mode": "invitation" }), "none"),
        (json!({ "access_mode": "organization" }), "new"),
        (json!({ "disabled": true }), "none"),
        (json!({ "access_mode": "link" }), "none"),
        (json!({ "disabled": false }), "new"),
        (json!({ "disabled": true, "access_mode": "invitation" }), "none"),
        (json!({ "disabled": false }), "none"),
        (json!({ "access_mode": "link" }), "new"),
    ] {
        let changed = acme.change(&flow, fields.clone()).await;
        let read = acme.admin.client.get(&flow.path()).await.json(200);
        assert_eq!(read.get("join_url"), changed.get("join_url"), "{fields}");
        if link == "none" {
            assert_eq!(changed.get("join_url"), None, "{fields}");
            continue;
        }
        let now = link_of(&changed);
        assert_eq!(known.last() == Some(&now), link == "as before", "{fields}: {known:?}, {now}");
        if link == "new" {
            assert!(!known.contains(&now), "{fields}: {now} is reused");
            known.push(now);
        }
    }
    let another = acme.flow("link").await;
    let another = acme.jane.client.get(&another.path()).await.json(200);
    assert_ne!(text(&another, "join_url").rsplit('/').next(), known.last().unwrap().rsplit('/').next());
}
