//! Invalid requests: each gets the documented refusal, and nothing is written.

mod accounts;
mod bodies;
mod fields;
mod names;
mod paths;
mod queries;
mod surroundings;

use denizen_tests::{Client, Reply, TestServer, Value, json};

use self::accounts::Residents;
use self::surroundings::Surroundings;
use crate::support::{create, create_channel, path_of, text, with};

/// A workspace with users, channels, accounts and more, none of which may change.
struct Directory {
    server: TestServer,
    user: Value,
    channel_id: String,
    residents: Residents,
    surroundings: Surroundings,
    before: Value,
}

impl Directory {
    async fn new() -> Self {
        Self::on(TestServer::start().await).await
    }

    async fn on(server: TestServer) -> Self {
        let user = create(&server, json!({ "externalId": "the first", "identifier": "jane" })).await;
        for external_id in ["the second", "the third"] {
            create(&server, json!({ "externalId": external_id })).await;
        }
        let channel_id = create_channel(&server, "mobile app").await;
        let residents = Residents::new(&server).await;
        let surroundings = Surroundings::new(&server).await;
        let mut directory = Self { server, user, channel_id, residents, surroundings, before: Value::Null };
        directory.before = directory.state().await;
        directory
    }

    /// Asserts that nothing changed.
    async fn is_unchanged(&self, after: &str) {
        assert_eq!(self.state().await, self.before, "{after} wrote something");
    }

    /// Everything in the workspace, with the totals.
    async fn state(&self) -> Value {
        let Self { server, .. } = self;
        let users = server.flowra().get("/api/v1/external-users?count=true").await.is(200);
        let channels = server.zaia().get("/api/v1/channels?pageSize=100&count=true").await.is(200);
        json!({
            "numbers of users and channels": [users.header("x-total-count"), channels.header("x-total-count")],
            "users": users.body,
            "channels": channels.body,
            "accounts": self.residents.state().await,
            "surroundings": self.surroundings.state().await,
        })
    }

    /// Every write that takes a body, with a valid one.
    fn writes(&self) -> Vec<Write> {
        let mut writes = self.writes_by_key();
        writes.extend(self.residents.writes(&self.server));
        writes.extend(self.surroundings.writes(&self.server));
        writes.push(self.residents.key_write());
        writes
    }

    fn writes_by_key(&self) -> Vec<Write> {
        let server = &self.server;
        let key = &server.workspace.key;
        let zaia = |method, path: &str, body| {
            let head = format!("authorization: {}\r\n", key.secret);
            Write::new((server.zaia(), &head), method, path, body, 400)
        };
        let pair =
            format!("x-notiflows-api-key: {}\r\nx-notiflows-secret-key: {}\r\n", key.public, key.secret);
        let notiflows =
            |path: &str| Write::new((server.notiflows(), &pair), "PUT", path, profile_in_snake_case(), 422);
        let flowra = (server.flowra(), &*format!("x-api-key: {}\r\n", key.secret));
        let user = path_of(&self.user);
        let channel = format!("/api/v1/channels/{}", self.channel_id);
        vec![
            Write::new(flowra, "POST", "/api/v1/external-users", json!({ "name": "john" }), 422),
            zaia("POST", "/api/v1/external-users", self.new_user()),
            zaia("POST", "/api/v1/external-users/authenticate", self.claim()),
            zaia("PATCH", &user, self.changes()),
            zaia("POST", "/api/v1/channels", channel_body()),
            zaia("PATCH", &channel, with(channel_body(), json!({ "isRemoved": true }))),
            notiflows("/admin/users/new"),
            notiflows("/admin/v1/users/new"),
        ]
    }

    fn new_user(&self) -> Value {
        let names = json!({
            "channelId": self.channel_id,
            "externalId": "user_12345",
            "externalUserGroupId": null,
            "identifier": "john",
            "name": "John Doe",
            "tierId": null,
        });
        with(names, profile())
    }

    fn claim(&self) -> Value {
        json!({ "channelId": self.channel_id, "externalId": "user_12345", "id": null, "identifier": "john" })
    }

    fn changes(&self) -> Value {
        let names = json!({
            "externalId": "user_12345",
            "externalUserGroupId": null,
            "identifier": "john",
            "name": "John Doe",
            "tierId": null,
            "channelId": self.user["channelId"],
            "superIdentityId": self.user["superIdentityId"],
        });
        with(names, profile())
    }
}

/// A write that takes a body.
struct Write {
    client: Client,
    /// The header lines of the client's credential, for raw requests.
    head: String,
    method: &'static str,
    path: String,
    /// A valid body.
    valid: Value,
    /// The keys whose texts have no rule: presented secrets.
    secrets: &'static [&'static str],
    /// The answer to a body that breaks a rule.
    broken: (u16, &'static str),
}

impl Write {
    fn new(
        (client, head): (Client, &str),
        method: &'static str,
        path: &str,
        valid: Value,
        broken: u16,
    ) -> Self {
        let code = if broken == 400 { "bad_request" } else { "validation_failed" };
        let (head, path) = (head.to_owned(), path.to_owned());
        Self { client, head, method, path, valid, secrets: &[], broken: (broken, code) }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    async fn send(&self, body: Value) -> Reply {
        self.client.send(self.method, &self.path, Some(body)).await
    }

    async fn send_bytes(&self, content_type: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.client.send_bytes(self.method, &self.path, Some((content_type, body.into()))).await
    }

    /// Sends the valid body with these keys replaced.
    async fn send_with(&self, changes: Value) -> Reply {
        self.send(with(self.valid.clone(), changes)).await
    }

    /// Sends the valid body with one key replaced, and asserts that only this key is refused. Returns the reason.
    async fn refuses(&self, key: &str, value: &Value) -> String {
        let reply = self.send_with(json!({ key: value })).await;
        assert_eq!(reply.status, self.broken.0, "{} with {key} {value}:\n{reply}", self.name());
        let details = reply.body["error"]["details"].clone();
        let fields = reply.broken_fields(self.broken.0, self.broken.1);
        assert_eq!(fields, [key], "{} with {key} {value}", self.name());
        text(&details["fields"][0], "reason")
    }

    /// The keys of the valid body.
    fn keys(&self) -> Vec<String> {
        self.valid.as_object().unwrap().keys().cloned().collect()
    }

    /// The keys of the valid body whose texts have a rule.
    fn keys_with_a_rule(&self) -> Vec<String> {
        self.keys().into_iter().filter(|key| !self.secrets.contains(&&**key)).collect()
    }
}

fn profile() -> Value {
    json!({
        "displayName": "John Doe",
        "firstName": "John",
        "lastName": "Doe",
        "email": "john@example.com",
        "phone": "+15551234567",
        "avatar": "https://example.com/john.jpg",
        "locale": "en-US",
        "timezone": "America/New_York",
        "customFields": { "plan": "premium" },
        "blocked": true,
    })
}

fn profile_in_snake_case() -> Value {
    json!({
        "avatar": "https://example.com/john.jpg",
        "custom_fields": { "plan": "premium" },
        "email": "john@example.com",
        "external_id": "new",
        "first_name": "John",
        "last_name": "Doe",
        "locale": "en-US",
        "phone": "+15551234567",
        "timezone": "America/New_York",
    })
}

fn channel_body() -> Value {
    json!({ "name": "a shop", "description": "customers of the shop", "prompt": "they like tea" })
}

#[tokio::test]
async fn every_valid_request_succeeds() {
    let count = Directory::new().await.writes().len();
    for index in 0..count {
        let directory = Directory::new().await;
        let write = &directory.writes()[index];
        let reply = write.send(write.valid.clone()).await;
        assert!((200..300).contains(&reply.status), "{}:\n{reply}", write.name());
        let only_reads = ["/introspect", "/lookup"].iter().any(|end| write.path.ends_with(end));
        assert_eq!(directory.state().await == directory.before, only_reads, "{}", write.name());
    }
}
