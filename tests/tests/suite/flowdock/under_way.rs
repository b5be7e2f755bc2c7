//! Revoking an administrator's rights stops their requests under way about an organization and themselves.

use denizen_tests::{Value, json};

use super::acme::{Acme, User, cells, outcome_of};
use super::effects::Held;
use crate::people::password_of;
use crate::support::text;

/// The outcome of a write if this happened meanwhile.
const UNDER_WAY: &str = "
demoted
        | becomes
nick    | yes
rename  | 403 not_admin
promote | 403 not_admin

removed
        | becomes
nick    | yes
rename  | 404 organization
promote | 404 organization

deleted
        | becomes
nick    | 401 basic
rename  | 404 organization
promote | 404 organization

disabled, password changed, token revoked
        | becomes
nick    | 401 basic
rename  | 401 basic
promote | 401 basic
";

/// A write, its path and its body.
fn write(deed: &str, boss: &User, member: &User) -> (&'static str, String, Value) {
    match deed {
        "nick" => ("PUT", format!("/users/{}", boss.number), json!({ "nick": "Steve" })),
        "rename" => ("PUT", "/organizations/acme".to_owned(), json!({ "name": "Renamed" })),
        _ => ("PUT", format!("/organizations/acme/users/{}", member.number), json!({ "admin": true })),
    }
}

async fn apply(acme: &Acme, event: &str, boss: &User, token: &Value) {
    let administrator = &acme.people.administrator;
    match event {
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
        _ => {
            administrator.delete(&format!("/api/tokens/{}", text(token, "id"))).await.is(200);
        }
    }
}

#[tokio::test]
async fn revoking_an_administrator_stops_requests_under_way() {
    let acme = Acme::new().await;
    let mut wrong = Vec::new();
    for (round, (event, cells)) in cells(UNDER_WAY).into_iter().enumerate() {
        for (number, (deed, _, expected)) in cells.into_iter().enumerate() {
            let boss = acme.further_admin(&format!("boss-{round}-{number}")).await;
            let request =
                json!({ "accountId": boss.id, "expiresIn": -1, "description": "holds on", "new": true });
            let token = acme.people.administrator.post("/api/tokens", request).await.json(200);
            let authorization = format!("Bearer {}", text(&token, "token"));
            let held = Held::begin(&acme, &authorization, write(deed, &boss, &acme.jane)).await;
            apply(&acme, event, &boss, &token).await;
            let before = acme.admin.client.get("/organizations/acme").await.json(200);
            let found = outcome_of(&held.end().await);
            let is_done = acme.admin.client.get("/organizations/acme").await.json(200) != before;
            // A former member's change is not visible to others.
            let does = expected == "yes" && event != "removed";
            if found != expected || is_done != does {
                wrong.push(format!("{event} | {deed}: {found}, not {expected}; done: {is_done}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_changed_password_stops_requests_under_way() {
    let acme = Acme::new().await;
    let boss = "boss@acme.example";
    let id = acme.people.account_with_password(boss, json!({ "tenant": acme.workspace.id })).await;
    acme.people.server.add_to_workspace(boss, &acme.workspace, true).await;
    let authorization = super::credentials::basic(format!("{boss}:{}", password_of(boss)));
    let rename = ("PUT", "/organizations/acme".to_owned(), json!({ "name": "Renamed" }));
    let held = Held::begin(&acme, &authorization, rename).await;
    acme.people.change(&id, json!({ "password": "another password" })).await;
    assert_eq!(outcome_of(&held.end().await), "401 basic");
    let organization = acme.admin.client.get("/organizations/acme").await.json(200);
    assert_eq!(organization["name"], "Acme");
}
