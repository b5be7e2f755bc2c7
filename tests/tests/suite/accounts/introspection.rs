//! `POST /api/tokens/introspect`: whose a token is.

use std::time::Duration;

use denizen_tests::json;

use crate::people::People;
use crate::support::{text, with};

const PATH: &str = "/api/tokens/introspect";
const JANE: &str = "jane@example.com";

#[tokio::test]
async fn shows_the_account_with_all_permissions() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let roles = [people.role("USER").await];
    let given = json!({ "tenant": acme, "roles": roles, "permissions": ["tenant.flows.read"] });
    let jane = people.account(JANE, given).await;
    let request = json!({ "accountId": jane, "customPermissions": ["tenant.account.read"] });
    let issued = people.administrator.post("/api/tokens", request).await.json(200);
    let looker = people.with_permissions("looker@example.com", None, &["iam.token.introspect"]).await;
    for base in ["/api", "/api/v1"] {
        let body = json!({ "token": issued["token"] });
        let found = looker.client.post(&format!("{base}/tokens/introspect"), body).await.json(200);
        let all = [
            "tenant.profile.read",
            "tenant.roles.read",
            "tenant.flows.read",
            "tenant.account.read",
            "flows.read",
            "templates.read",
        ];
        assert_eq!(found, with(people.get_account(&jane).await, json!({ "permissions": all })));
        assert_eq!(found["roles"][0]["name"], "USER");
    }
}

#[tokio::test]
async fn an_invalid_token_is_inactive() {
    let people = People::with_fixed_time().await;
    let introspect = async |token: &str| people.administrator.post(PATH, json!({ "token": token })).await;
    let jane = people.account(JANE, json!({})).await;
    let issue = async |life: &str| {
        let request = json!({ "accountId": jane, "expiresIn": life });
        people.administrator.post("/api/tokens", request).await.json(200)
    };
    let (short, long) = (issue("1m").await, issue("2h").await);
    let (short, long) = (text(&short, "token"), text(&long, "token"));
    introspect(&short).await.is(200);
    people.server.advance(Duration::from_mins(1));
    let key = people.server.workspace.key.clone();
    for nothing in [&short, &key.secret, &key.public, "", "nonsense", "tok_", &format!("{long}x"), &long[4..]]
    {
        let reply = introspect(nothing).await;
        assert_eq!(reply.error(404, "not_found"), json!({ "resource": "token" }), "{nothing}");
    }
    people.change(&jane, json!({ "status": "DISABLED" })).await;
    introspect(&long).await.error(404, "not_found");
    people.change(&jane, json!({ "status": "ACTIVE" })).await;
    introspect(&long).await.is(200);
}

/// An introspection does not count as use.
#[tokio::test]
async fn does_not_prolong_the_token() {
    let people = People::with_fixed_time().await;
    let administrator = &people.server.administrator;
    let body = json!({ "username": administrator.username, "password": administrator.password });
    let token = text(&people.server.anonymous().post("/login", body).await.json(200), "token");
    people.server.advance(Duration::from_hours(2));
    people.administrator.post(PATH, json!({ "token": token })).await.is(200);
    people.server.advance(Duration::from_hours(1));
    people.server.bearer(&token).get("/api/users/me").await.error(401, "unauthenticated");
}
