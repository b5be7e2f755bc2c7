//! Revoking access stops requests under way.

use denizen_tests::{Flow, RawConnection, Reply, Value, json};

use super::acme::{Acme, User, cells, outcome_of};
use super::credentials;
use crate::people::password_of;
use crate::support::text;

/// A write whose head the server has read, with a credential valid at that time. Its body is not sent yet.
pub(super) struct Held {
    connection: RawConnection,
    body: String,
}

impl Held {
    pub(super) async fn begin(
        acme: &Acme,
        authorization: &str,
        (method, path, body): (&str, String, Value),
    ) -> Self {
        let mut connection = acme.people.server.connect().await;
        let body = body.to_string();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nauthorization: {authorization}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        );
        connection.send(head).await;
        // The server requests the body after checking the credential.
        assert_eq!(connection.answer().await.status, 100);
        Self { connection, body }
    }

    pub(super) async fn end(mut self) -> Reply {
        self.connection.send(self.body).await;
        self.connection.reply().await
    }
}

/// The writes of an administrator in a flow, and their outcome if this happened meanwhile.
const UNDER_WAY: &str = "
blocked
       | becomes
add    | 403 blocked
block  | 403 blocked
invite | 403 blocked
import | 403 blocked
open   | 403 blocked
rename | yes
make   | yes

demoted
       | becomes
add    | yes
block  | yes
invite | yes
import | yes
open   | yes
rename | 403 not_admin
make   | yes

removed, deleted, organization out of use
       | becomes
add    | 404 organization
block  | 404 organization
invite | 404 organization
import | 404 organization
open   | 404 organization
rename | 404 organization
make   | 404 organization

disabled, token revoked, password changed
       | becomes
add    | 401 basic
block  | 401 basic
invite | 401 basic
import | 401 basic
open   | 401 basic
rename | 401 basic
make   | 401 basic

archived
       | becomes
add    | 409 flow_archived
block  | yes
invite | 409 flow_archived
import | 409 flow_archived
open   | 409 flow_archived
rename | yes
make   | yes
";

#[tokio::test]
async fn revoking_access_stops_requests_under_way() {
    let acme = Acme::new().await;
    let mut wrong = Vec::new();
    for (round, (event, cells)) in cells(UNDER_WAY).into_iter().enumerate() {
        for (number, (deed, _, expected)) in cells.into_iter().enumerate() {
            let boss = acme.further_admin(&format!("boss-{round}-{number}")).await;
            let newcomer = acme.member(&format!("newcomer-{round}-{number}")).await;
            let flow = acme.flow("invitation").await;
            acme.add(&flow, &[&boss]).await;
            let token = new_token(&acme, &boss).await;
            let authorization = format!("Bearer {}", text(&token, "token"));
            let held = Held::begin(&acme, &authorization, write(&acme, &flow, &newcomer, deed)).await;
            apply(&acme, event, &flow, &boss, &token).await;
            let before = everything(&acme, event, &flow).await;
            let found = outcome_of(&held.end().await);
            let is_done = everything(&acme, event, &flow).await != before;
            set_active(&acme, true).await;
            // Opening one's own flow is not visible to others.
            let does = expected == "yes" && deed != "open";
            if found != expected || is_done != does {
                wrong.push(format!("{event} | {deed}: {found}, not {expected}; done: {is_done}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn write(acme: &Acme, flow: &Flow, newcomer: &User, deed: &str) -> (&'static str, String, Value) {
    let path = flow.path();
    let invitations = format!("{path}/invitations");
    match deed {
        "add" => ("POST", format!("{path}/users"), json!({ "id": newcomer.number })),
        "block" => ("PUT", acme.jane.in_flow(flow), json!({ "disabled": true })),
        "invite" => ("POST", invitations, json!({ "email": "person@example.com" })),
        "import" => ("POST", format!("{invitations}/import"), json!({ "list": newcomer.email })),
        "open" => ("PUT", path, json!({ "open": true })),
        "rename" => ("PUT", path, json!({ "name": "Renamed" })),
        _ => ("POST", "/flows/acme".to_owned(), json!({ "name": "Another flow" })),
    }
}

async fn new_token(acme: &Acme, holder: &User) -> Value {
    let request = json!({ "accountId": holder.id, "expiresIn": -1, "description": "holds on", "new": true });
    acme.people.administrator.post("/api/tokens", request).await.json(200)
}

async fn apply(acme: &Acme, event: &str, flow: &Flow, boss: &User, token: &Value) {
    let administrator = &acme.people.administrator;
    match event {
        "blocked" => acme.block(flow, boss, true).await,
        "demoted" => {
            acme.admin.client.put(&acme.path_of(boss), json!({ "admin": false })).await.is(200);
        }
        "removed" => acme.remove(boss).await,
        "deleted" => {
            administrator.delete(&format!("/api/users/{}", boss.id)).await.is(200);
        }
        "disabled" => {
            acme.people.change(&boss.id, json!({ "status": "DISABLED" })).await;
        }
        "password changed" => {
            acme.people.change(&boss.id, json!({ "password": "another password" })).await;
        }
        "token revoked" => {
            administrator.delete(&format!("/api/tokens/{}", text(token, "id"))).await.is(200);
        }
        "organization out of use" => set_active(acme, false).await,
        _ => {
            acme.change(flow, json!({ "disabled": true })).await;
        }
    }
}

async fn set_active(acme: &Acme, in_use: bool) {
    let status = json!({ "status": if in_use { "ACTIVE" } else { "DISABLED" } });
    let path = format!("/api/tenants/{}", acme.workspace.id);
    acme.people.administrator.patch(&path, status).await.is(200);
}

/// All that an administrator sees of a flow, and how many flows there are.
async fn everything(acme: &Acme, event: &str, flow: &Flow) -> [Value; 3] {
    let is_out_of_use = event == "organization out of use";
    if is_out_of_use {
        set_active(acme, true).await;
    }
    let path = flow.path();
    let mut seen = [Value::Null, Value::Null, Value::Null];
    for (seen, path) in seen.iter_mut().zip([&path, &format!("{path}/invitations"), "/flows/acme"]) {
        *seen = acme.admin.client.get(path).await.json(200);
    }
    if is_out_of_use {
        set_active(acme, false).await;
    }
    seen[2] = json!(seen[2].as_array().unwrap().len());
    seen
}

#[tokio::test]
async fn a_changed_password_stops_requests_under_way() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let changes = json!({ "tenant": acme.workspace.id });
    let id = acme.people.account_with_password("boss@acme.example", changes).await;
    acme.people.server.add_to_flow("boss@acme.example", &flow).await;
    let basic = |password: &str| acme.people.server.basic("boss@acme.example", password);
    let old = password_of("boss@acme.example");
    let body = json!({ "email": "person@example.com" });
    let invitations = format!("{}/invitations", flow.path());
    let authorization = credentials::basic(format!("boss@acme.example:{old}"));
    let held = Held::begin(&acme, &authorization, ("POST", invitations.clone(), body.clone())).await;
    acme.people.change(&id, json!({ "password": "another password" })).await;
    assert_eq!(outcome_of(&held.end().await), "401 basic");
    assert_eq!(outcome_of(&basic(&old).post(&invitations, body.clone()).await), "401 basic");
    assert_eq!(acme.jane.client.get(&invitations).await.json(200), json!([]));
    basic("another password").post(&invitations, body).await.is(201);
}
