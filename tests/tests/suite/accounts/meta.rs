//! `?meta`, which wraps every answer below `/api` and `/api/v1`.

use denizen_tests::{Value, json};

use crate::people::{People, new_user};
use crate::support::{keys, text};

#[tokio::test]
async fn wraps_every_answer() {
    let people = People::new().await;
    let acme = people.tenant("Acme").await;
    let jane = people.account("jane@example.com", json!({ "tenant": acme })).await;
    let role = people.role("USER").await;
    let client = &people.administrator;
    client.post("/api/tokens/personal", json!({ "expiresIn": "2h" })).await.is(200);
    let token = text(&client.get("/api/tokens").await.array(200)[0], "id");
    for base in ["/api", "/api/v1"] {
        for path in [
            "users".to_owned(),
            "users/me".to_owned(),
            format!("users/{jane}"),
            "roles".to_owned(),
            format!("roles/{role}"),
            "permissions".to_owned(),
            "tenants".to_owned(),
            format!("tenants/{acme}"),
            format!("tenants/{acme}/profile"),
            format!("tenants/{acme}/users"),
            "tokens".to_owned(),
            format!("tokens/{token}"),
            "tokens/refresh".to_owned(),
            "tokens/personal".to_owned(),
        ] {
            let path = format!("{base}/{path}");
            let bare = client.get(&path).await.json(200);
            for unwrapped in ["meta=false", "meta=0", "_"] {
                assert_eq!(client.get(&format!("{path}?{unwrapped}")).await.json(200), bare, "{path}");
            }
            let meta = match bare.as_array() {
                Some(list) => json!({ "total": list.len() }),
                None => json!({}),
            };
            for wrapped in ["meta", "meta=", "meta=true", "meta=1", "meta=yes", "_=b&meta&utm_c"] {
                let answer = client.get(&format!("{path}?{wrapped}")).await.json(200);
                assert_eq!(answer, json!({ "data": bare, "meta": meta }), "{path}?{wrapped}");
            }
        }
    }
}

#[tokio::test]
async fn wraps_answers_to_writes() {
    let people = People::new().await;
    let client = &people.administrator;
    let unwrapped = |answer: Value| {
        assert_eq!(keys(&answer), ["data", "meta"]);
        assert_eq!(answer["meta"], json!({}));
        answer["data"].clone()
    };
    for base in ["/api", "/api/v1"] {
        let send = async |method: &str, path: &str, body: Value| {
            unwrapped(client.send(method, &format!("{base}/{path}?meta=true"), Some(body)).await.json(200))
        };
        let user = text(&send("POST", "users", new_user("jane@example.com")).await, "id");
        let path = format!("users/{user}");
        assert_eq!(send("PATCH", &path, json!({ "firstname": "Jane" })).await["firstname"], "Jane");
        assert_eq!(send("PUT", &path, new_user("jane@example.com")).await["firstname"], "First");
        let token = send("POST", "tokens", json!({ "accountId": user })).await;
        let found = send("POST", "tokens/introspect", json!({ "token": token["token"] })).await;
        assert_eq!(found["id"], *user);
        send("DELETE", &format!("tokens/{}", text(&token, "id")), json!({})).await;
        send("DELETE", &path, json!({})).await;
        assert_eq!(send("PATCH", "users/me", json!({ "lastname": "Root" })).await["lastname"], "Root");

        let role = text(&send("POST", "roles", json!({ "name": "Support" })).await, "id");
        let path = format!("roles/{role}");
        assert_eq!(send("PATCH", &path, json!({ "name": "Help" })).await["name"], "Help");
        send("DELETE", &path, json!({})).await;

        let tenant = text(&send("POST", "tenants", json!({ "name": "Acme" })).await, "id");
        let path = format!("tenants/{tenant}");
        assert_eq!(send("PATCH", &path, json!({ "name": "Acme Inc" })).await["name"], "Acme Inc");
        assert_eq!(send("PUT", &path, json!({ "name": "Acme" })).await["name"], "Acme");
        let member = people.account(&format!("member@{tenant}.example"), json!({ "tenant": tenant })).await;
        send("DELETE", &format!("{path}/user/{member}"), json!({})).await;
        send("DELETE", &path, json!({})).await;

        let personal = text(&send("POST", "tokens/personal", json!({})).await, "id");
        send("DELETE", &format!("tokens/personal/{personal}"), json!({})).await;
        send("DELETE", "tokens/personal", json!({})).await;
    }
}

#[tokio::test]
async fn errors_are_never_wrapped() {
    let people = People::new().await;
    for path in ["/api/users/nobody", "/api/users/nobody?meta"] {
        people.administrator.get(path).await.error(404, "not_found");
        people.server.anonymous().get(path).await.error(401, "unauthenticated");
    }
}
