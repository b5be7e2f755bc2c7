//! Stories across contracts: FlowMate creates tenants and accounts, Flowdock organizes them, and an operator helps.

use denizen_tests::{Client, TestServer, Value, json};

use super::acme::{link_of, outcome_of};
use super::numbers;
use crate::people::assert_names;
use crate::support::{each, text};

/// The fields of an account with this password.
fn newcomer(username: &str, firstname: &str) -> Value {
    json!({ "username": username, "firstname": firstname, "lastname": "Doe", "password": "changed soon" })
}

fn emails(users: &[Value]) -> Vec<String> {
    each(users, "email")
}

async fn own_number(client: &Client) -> i64 {
    client.get("/user").await.json(200)["id"].as_i64().unwrap()
}

/// Creates a tenant and its administrator, and returns its id.
async fn company(server: &TestServer, administrator: &Client) -> String {
    let tenant = json!({ "name": "Acme Inc" });
    let tenant = text(&administrator.post("/api/tenants", tenant).await.json(200), "id");
    let roles = administrator.get("/api/roles").await.array(200);
    let role = text(roles.iter().find(|role| role["name"] == "TENANT_ADMIN").unwrap(), "id");
    let mut boss = newcomer("boss@acme.example", "Boss");
    (boss["tenant"], boss["roles"]) = (json!(tenant), json!([role]));
    administrator.post("/api/users", boss).await.is(200);
    let add = ["workspaces", "add", "boss@acme.example", "--workspace", "acme-inc", "--admin", "--json"];
    assert_eq!(server.operator(&add).await["isAdmin"], true);
    tenant
}

#[tokio::test]
async fn a_company_moves_in() {
    // The administrator makes a tenant and its admin, and the operator lets them administer the organization, too.
    let server = TestServer::start().await;
    let administrator = server.as_administrator().await;
    let tenant = company(&server, &administrator).await;

    // The boss makes two accounts through the one API, and two flows through the other, with the same password.
    let boss = server.log_in("boss@acme.example", "changed soon").await;
    for (username, firstname) in [("jane@acme.example", "Jane"), ("john@acme.example", "John")] {
        boss.post("/api/users", newcomer(username, firstname)).await.is(200);
    }
    let boss = server.basic("boss@acme.example", "changed soon");
    boss.post("/flows/acme-inc", json!({ "name": "Everybody", "access_mode": "organization" })).await.is(201);
    let secret = boss.post("/flows/acme-inc", json!({ "name": "Board room" })).await.json(201);
    assert_eq!(secret["parameterized_name"], "board-room");
    let list = "\"Doe, Jane\" <jane@acme.example>, auditor@example.com";
    let imported = boss.post("/flows/acme-inc/board-room/invitations/import", json!({ "list": list })).await;
    let imported = imported.json(200);
    assert_eq!(imported["added_users"][0]["name"], "Jane Doe");
    assert_eq!(imported["invitations"][0]["email"], "auditor@example.com");

    // Jane is in it; John finds only the open flow.
    let jane = server.basic("jane@acme.example", "changed soon");
    let john = server.basic("john@acme.example", "changed soon");
    assert_names(&jane.get("/flows").await.array(200), "name", &["Board room"]);
    assert_names(&john.get("/flows/all").await.array(200), "name", &["Everybody"]);
    assert_eq!(outcome_of(&john.get("/flows/acme-inc/board-room").await), "404 flow");
    john.put("/flows/acme-inc/everybody", json!({ "open": true })).await.is(200);
    jane.put("/flows/acme-inc/everybody", json!({ "open": true })).await.is(200);
    assert_eq!(emails(&john.get("/users").await.array(200)).len(), 3, "those who are there with him");

    // The invited auditor joins as soon as there is an account.
    administrator.post("/api/users", newcomer("auditor@example.com", "Auditor")).await.is(200);
    let auditor = server.basic("auditor@example.com", "changed soon");
    assert_names(&auditor.get("/flows").await.array(200), "name", &["Board room"]);
    let own = format!("/users/{}", own_number(&auditor).await);
    auditor.put(&own, json!({ "nick": "The auditor" })).await.is(200);
    let users = jane.get("/flows/acme-inc/board-room/users").await.array(200);
    assert_eq!(each(&users, "nick"), ["Boss", "Jane", "The auditor"]);
    let members = boss.get("/organizations/acme-inc/users").await.array(200);
    assert_names(
        &members,
        "email",
        &["boss@acme.example", "jane@acme.example", "john@acme.example", "auditor@example.com"],
    );

    // The audit ends. The account remains, but sees nothing here.
    boss.delete(&format!("/organizations/acme-inc{own}")).await.is(204);
    assert_eq!(auditor.get("/organizations").await.json(200), json!([]));
    assert_eq!(emails(&auditor.get("/users").await.array(200)), ["auditor@example.com"]);
    assert_eq!(boss.get("/flows/acme-inc/board-room/users").await.array(200).len(), 2);
    let flows = server.operator(&["flows", "list", "--workspace", "acme-inc", "--json"]).await;
    let counts: Vec<_> =
        flows.as_array().unwrap().iter().map(|flow| (&flow["slug"], &flow["userCount"])).collect();
    assert_eq!(counts, [(&json!("board-room"), &json!(2)), (&json!("everybody"), &json!(3))]);
    assert_names(
        &administrator.get(&format!("/api/tenants/{tenant}/users")).await.array(200),
        "username",
        &["boss@acme.example", "jane@acme.example", "john@acme.example"],
    );

    // And in the end the company leaves.
    administrator.delete(&format!("/api/tenants/{tenant}")).await.is(200);
    assert_eq!(outcome_of(&jane.get("/flows").await), "401 basic");
    assert_eq!(auditor.get("/flows").await.json(200), json!([]));
}

#[tokio::test]
async fn a_member_makes_trouble() {
    let server = TestServer::start().await;
    let acme = server.new_workspace("Acme").await;
    let mut clients = Vec::new();
    for email in ["admin@acme.example", "jane@acme.example", "troll@acme.example"] {
        let account = server.new_account(email, Some(&acme), &[]).await;
        clients.push((account.number, server.basic(email, &account.password)));
    }
    let [(_, admin), (jane_number, jane), (troll_number, troll)] = &clients[..] else { unreachable!() };
    server.add_to_workspace("admin@acme.example", &acme, true).await;
    let flow = server.new_flow(&acme, "Town square", "organization").await;
    for client in [jane, troll] {
        client.put(&flow.path(), json!({ "open": true })).await.is(200);
    }

    // They block each other; Jane is first.
    let place = |number: &i64| format!("{}/users/{number}", flow.path());
    jane.put(&place(troll_number), json!({ "disabled": true })).await.is(200);
    assert_eq!(outcome_of(&troll.put(&place(jane_number), json!({ "disabled": true })).await), "403 blocked");
    assert_eq!(numbers(&troll.get("/users").await.array(200)), [*troll_number]);

    // No other way in: not opening, the link, an invitation, being added, nor a new address.
    let link = link_of(&jane.get(&flow.path()).await.json(200));
    assert_eq!(outcome_of(&troll.put(&flow.path(), json!({ "open": true })).await), "403 blocked");
    assert_eq!(outcome_of(&troll.send("POST", &link, None).await), "403 blocked");
    jane.post(&format!("{}/users", flow.path()), json!({ "id": troll_number })).await.is(200);
    let body = json!({ "email": "troll@acme.example" });
    assert_eq!(outcome_of(&jane.post(&format!("{}/invitations", flow.path()), body).await), "400 email");
    troll.put(&format!("/users/{troll_number}"), json!({ "email": "nice@acme.example" })).await.is(200);
    let troll = server.basic("nice@acme.example", "password of troll@acme.example");
    assert_eq!(outcome_of(&troll.get(&flow.path()).await), "403 blocked");

    // They may still have their own flow, and others may leave it.
    troll.post("/flows/acme", json!({ "name": "Under the bridge" })).await.is(201);
    assert_eq!(outcome_of(&jane.get("/flows/acme/under-the-bridge").await), "404 flow");
    assert_names(&admin.get("/flows/all").await.array(200), "name", &["Town square", "Under the bridge"]);
    admin.put("/flows/acme/under-the-bridge", json!({ "disabled": true })).await.is(200);
    assert_eq!(troll.get("/flows").await.json(200), json!([]));

    // The operator removes them, which lifts the block; they join again.
    let remove =
        ["flows", "remove", "nice@acme.example", "--workspace", "acme", "--flow", &flow.slug, "--json"];
    assert_eq!(server.operator(&remove).await["removed"], true);
    assert_eq!(outcome_of(&troll.get(&flow.path()).await), "403 not_a_member");
    troll.put(&flow.path(), json!({ "open": true })).await.is(200);
    assert_eq!(numbers(&jane.get("/users").await.array(200)), [*jane_number, *troll_number]);
}

#[tokio::test]
async fn a_consultant_works_for_two_organizations() {
    let server = TestServer::start().await;
    let mut admins = Vec::new();
    for name in ["Acme", "Umbrella"] {
        let workspace = server.new_workspace(name).await;
        let email = format!("admin@{}.example", workspace.slug);
        let account = server.new_account(&email, Some(&workspace), &[]).await;
        server.add_to_workspace(&email, &workspace, true).await;
        admins.push((account.number, server.basic(&email, &account.password)));
    }
    let [(acme_number, acme), (umbrella_number, umbrella)] = &admins[..] else { unreachable!() };
    let consultant = server.new_account("consultant@example.com", None, &[]).await;
    let client = server.basic(&consultant.username, &consultant.password);

    // One sends a link, the other asks the operator.
    let project = json!({ "name": "Project", "access_mode": "link" });
    let link = link_of(&acme.post("/flows/acme", project.clone()).await.json(201));
    client.send("POST", &link, None).await.is(200);
    umbrella.post("/flows/umbrella", project).await.is(201);
    let add =
        ["flows", "add", &consultant.username, "--workspace", "umbrella", "--flow", "project", "--json"];
    server.operator(&add).await;
    let flows = client.get("/flows?users=1").await.array(200);
    assert_eq!(each(&flows, "name"), ["Project"; 2]);
    assert_names(&client.get("/organizations").await.array(200), "name", &["Acme", "Umbrella"]);

    // The consultant sees both, but they do not see each other.
    let everybody = [consultant.number, *acme_number, *umbrella_number];
    assert_eq!(numbers(&client.get("/users").await.array(200)), everybody);
    for (own, admin, other) in
        [(acme_number, acme, umbrella_number), (umbrella_number, umbrella, acme_number)]
    {
        assert_eq!(numbers(&admin.get("/users").await.array(200)), [*own, consultant.number]);
        assert_eq!(outcome_of(&admin.get(&format!("/users/{other}")).await), "404 user");
    }
    assert_eq!(outcome_of(&acme.get("/flows/umbrella/project").await), "404 organization");

    // A block or removal by one does not affect the other.
    let place = format!("/flows/acme/project/users/{}", consultant.number);
    acme.put(&place, json!({ "disabled": true })).await.is(200);
    assert_eq!(each(&client.get("/flows").await.array(200), "url").len(), 1);
    client.get("/flows/umbrella/project").await.is(200);
    let member = format!("/organizations/acme/users/{}", consultant.number);
    assert_eq!(outcome_of(&umbrella.delete(&member).await), "404 organization");
    acme.delete(&member).await.is(204);
    assert_names(&client.get("/organizations").await.array(200), "name", &["Umbrella"]);
    let tenant = client.get("/api/users/me").await;
    tenant.error(401, "unauthenticated");
    let logged_in = server.as_account(&consultant).await;
    assert_eq!(logged_in.get("/api/users/me").await.json(200)["tenant"], Value::Null);
}
