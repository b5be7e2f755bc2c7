//! The bodies of tiers, groups, keys and bulk writes.

use denizen_tests::{Client, TestServer, Value, json};

use super::Write;
use crate::support::{ALL_SCOPES, text, with};

/// Two tiers, groups and keys, none of which may change.
pub(super) struct Surroundings {
    /// Its key has every scope.
    pub(super) client: Client,
    /// The header line of its credential.
    head: String,
    tier: String,
    group: String,
    key: String,
}

impl Surroundings {
    pub(super) async fn new(server: &TestServer) -> Self {
        let key = server.new_key(&ALL_SCOPES).await;
        let head = format!("authorization: {}\r\n", key.secret);
        let client = server.zaia().with_key(&key);
        let make = async |path: &str, body: Value| text(&client.post(path, body).await.json(200), "id");
        let (mut tier, mut group, mut key) = <(String, String, String)>::default();
        for name in ["first", "second"] {
            tier = make("/api/v1/tiers", with(tier_body(), json!({ "name": name }))).await;
            let body = json!({ "externalId": null, "name": name, "tierId": tier });
            group = make("/api/v1/external-user-groups", body).await;
            key = make("/api/v1/api-keys", json!({ "name": name })).await;
        }
        Self { client, head, tier, group, key }
    }

    /// All their data, and the last event of the workspace.
    pub(super) async fn state(&self) -> Value {
        let mut all = json!({});
        for path in ["/api/v1/tiers", "/api/v1/external-user-groups", "/api/v1/audit-events?limit=1"] {
            all[path] = self.client.get(path).await.json(200);
        }
        all
    }

    /// Every write that takes a body, with a valid one.
    pub(super) fn writes(&self, server: &TestServer) -> Vec<Write> {
        let zaia =
            |method, path: &str, body| Write::new((self.client.clone(), &self.head), method, path, body, 400);
        let key = &server.workspace.key;
        let pair =
            format!("x-notiflows-api-key: {}\r\nx-notiflows-secret-key: {}\r\n", key.public, key.secret);
        let many = json!({ "users": [{ "external_id": "somebody else", "first_name": "John" }] });
        let group = json!({ "externalId": "group_1", "name": "a company", "tierId": self.tier });
        let new_key = json!({
            "name": "a program", "scopes": ["external_users:read"], "expiresAt": "2999-01-01T00:00:00Z",
        });
        vec![
            zaia("POST", "/api/v1/external-user-groups", group.clone()),
            zaia("PATCH", &format!("/api/v1/external-user-groups/{}", self.group), group),
            zaia("POST", "/api/v1/tiers", tier_body()),
            zaia("PATCH", &format!("/api/v1/tiers/{}", self.tier), tier_body()),
            zaia("POST", "/api/v1/api-keys", new_key),
            zaia("POST", &format!("/api/v1/api-keys/{}/rotate", self.key), json!({ "overlapSeconds": 60 })),
            zaia("POST", "/api/v1/external-users/lookup", json!({ "externalIds": ["the first"] })),
            Write::new((server.notiflows(), &pair), "POST", "/admin/users/bulk", many, 422),
        ]
    }
}

fn tier_body() -> Value {
    json!({ "name": "a plan", "description": "for shops", "prompt": "be brief", "maxAssistantMessages": 100 })
}
