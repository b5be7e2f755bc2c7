//! One row for every operation of organizations and flows: a valid request, who may send it, and how members without the
//! right and the administrator of another organization are refused. Each row applies to the root and to `/v1`.

use denizen_tests::{Client, Reply, Value, is_on_postgres, json};

use super::document::Document;
use crate::people::{People, Person};
use crate::support::{text, with};

/// A row.
#[derive(Clone, Copy)]
pub(super) struct FlowdockGuard {
    /// The operation, without its base.
    operation: &'static str,
    /// The query of the request. `<organization>`, `<flow>` (an id) and `<bystander>` are the victim's, here and in the body.
    query: &'static str,
    /// The body of the request, as JSON.
    body: Option<&'static str>,
    /// Who may send it.
    may: Who,
    /// Who may not, and how they are refused.
    may_not: &'static [(Who, Refusal)],
    /// How the administrator of another organization is refused, who knows all names and numbers, but only their own link.
    stranger: Refusal,
}

/// A person's relation to the victim's flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// An administrator of the organization.
    Boss,
    /// A member who is in the flow.
    Mate,
    /// A member in the flow, who is the subject of the requests.
    Subject,
    /// A member who is not in the flow.
    Bystander,
    /// A member who is blocked from the flow.
    Blocked,
    /// A person in no organization, who has the link.
    Outsider,
}

/// How a request is refused.
#[derive(Debug, Clone, Copy)]
enum Refusal {
    /// 403, with this reason.
    Forbidden(&'static str),
    /// 404, with this resource.
    NotFound(&'static str),
    /// A list without the victim's objects, which others get with them.
    List,
    /// 200, with the caller's own data only.
    Own,
}

use Refusal::{Forbidden, List, NotFound, Own};
use Who::{Blocked, Boss, Bystander, Mate, Outsider, Subject};

/// The bases of a row.
const BASES: [&str; 2] = ["", "/v1"];

const NAME: Option<&str> = Some(r#"{ "name": "Another name" }"#);
const NICK: Option<&str> = Some(r#"{ "nick": "Steve", "website": null }"#);
const EMAIL: Option<&str> = Some(r#"{ "email": "invited-later@example.com" }"#);
const LIST: Option<&str> = Some(r#"{ "list": "invited-later@example.com" }"#);

const NOBODY: &[(Who, Refusal)] = &[];
const NOT_OWN: &[(Who, Refusal)] =
    &[(Boss, Forbidden("not_own_account")), (Mate, Forbidden("not_own_account"))];
const NOT_ADMINS: &[(Who, Refusal)] = &[(Mate, Forbidden("not_admin")), (Subject, Forbidden("not_admin"))];
const UNLISTED: &[(Who, Refusal)] = &[(Bystander, List), (Blocked, List)];
const NOT_IN_FLOW: &[(Who, Refusal)] = &[(Bystander, NotFound("flow")), (Blocked, Forbidden("blocked"))];
const NOT_ADMINS_OF_FLOW: &[(Who, Refusal)] =
    &[(Mate, Forbidden("not_admin")), (Blocked, Forbidden("not_admin")), (Bystander, NotFound("flow"))];
const SHUT_OUT: &[(Who, Refusal)] = &[(Blocked, Forbidden("blocked"))];

const fn row(
    operation: &'static str,
    body: Option<&'static str>,
    may: Who,
    may_not: &'static [(Who, Refusal)],
    stranger: Refusal,
) -> FlowdockGuard {
    FlowdockGuard { operation, query: "", body, may, may_not, stranger }
}

const fn with_query(query: &'static str, row: FlowdockGuard) -> FlowdockGuard {
    FlowdockGuard { query, ..row }
}

const ORGANIZATION: Refusal = NotFound("organization");
const FLOW: Refusal = NotFound("flow");
const USER: Refusal = NotFound("user");

/// The rows.
#[rustfmt::skip]
pub(super) const FLOWDOCK_GUARDS: [FlowdockGuard; 28] = [
    row("GET /users", None, Mate, UNLISTED, List),
    row("GET /user", None, Subject, NOBODY, Own),
    row("GET /users/{id}", None, Bystander, NOBODY, USER),
    row("PUT /users/{id}", NICK, Subject, NOT_OWN, USER),
    row("GET /organizations", None, Bystander, NOBODY, List),
    with_query("?id=<organization>", row("GET /organizations/find", None, Bystander, NOBODY, ORGANIZATION)),
    row("GET /organizations/{organization}", None, Bystander, NOBODY, ORGANIZATION),
    row("PUT /organizations/{organization}", NAME, Boss, NOT_ADMINS, ORGANIZATION),
    row("GET /organizations/{organization}/users", None, Bystander, NOBODY, ORGANIZATION),
    row("PUT /organizations/{organization}/users/{id}", Some(r#"{ "admin": true }"#), Boss, NOT_ADMINS, ORGANIZATION),
    row("DELETE /organizations/{organization}/users/{id}", None, Boss, NOT_ADMINS, ORGANIZATION),
    row("GET /flows", None, Mate, UNLISTED, List),
    with_query("?users=1", row("GET /flows/all", None, Mate, UNLISTED, List)),
    with_query("?id=<flow>", row("GET /flows/find", None, Mate, NOT_IN_FLOW, FLOW)),
    row("GET /flows/{organization}", None, Mate, UNLISTED, ORGANIZATION),
    row("POST /flows/{organization}", NAME, Bystander, NOBODY, ORGANIZATION),
    row("GET /flows/{organization}/{flow}", None, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("PUT /flows/{organization}/{flow}", NAME, Boss, NOT_ADMINS_OF_FLOW, ORGANIZATION),
    row("GET /flows/{organization}/{flow}/users", None, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("POST /flows/{organization}/{flow}/users", Some(r#"{ "id": <bystander> }"#), Mate, NOT_IN_FLOW, ORGANIZATION),
    row("PUT /flows/{organization}/{flow}/users/{id}", Some(r#"{ "disabled": true }"#), Mate, NOT_IN_FLOW, ORGANIZATION),
    row("GET /flows/{organization}/{flow}/invitations", None, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("POST /flows/{organization}/{flow}/invitations", EMAIL, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("POST /flows/{organization}/{flow}/invitations/import", LIST, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("GET /flows/{organization}/{flow}/invitations/{id}", None, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("DELETE /flows/{organization}/{flow}/invitations/{id}", None, Mate, NOT_IN_FLOW, ORGANIZATION),
    row("GET /flows/{organization}/{flow}/join/{code}", None, Outsider, SHUT_OUT, FLOW),
    row("POST /flows/{organization}/{flow}/join/{code}", None, Outsider, SHUT_OUT, FLOW),
];

/// Every row with each of its bases.
pub(super) fn flowdock_guards() -> impl Iterator<Item = (&'static str, &'static FlowdockGuard)> {
    BASES.into_iter().flat_map(|base| FLOWDOCK_GUARDS.iter().map(move |guard| (base, guard)))
}

impl FlowdockGuard {
    fn method_and_path(&self) -> (&'static str, &'static str) {
        self.operation.split_once(' ').unwrap()
    }

    fn only_reads(&self) -> bool {
        self.operation.starts_with("GET ")
    }

    /// The operation as the document names it.
    pub(super) fn operation(&self, base: &str) -> String {
        let (method, path) = self.method_and_path();
        format!("{method} {base}{path}")
    }
}

/// An organization with a flow, and people around it.
struct Victim {
    slug: String,
    number: i64,
    flow: Value,
    invitation: i64,
    people: [(Who, Person); 6],
}

impl Victim {
    async fn new(people: &People, slug: &str) -> Self {
        let home = json!({ "tenant": people.tenant(slug).await });
        let person = async |name: &str, home: &Value| {
            people.person(&format!("{name}@{slug}.example"), home.clone()).await
        };
        let cast = [
            (Boss, person("boss", &home).await),
            (Mate, person("mate", &home).await),
            (Subject, person("subject", &home).await),
            (Bystander, person("bystander", &home).await),
            (Blocked, person("blocked", &home).await),
            (Outsider, person("outsider", &json!({})).await),
        ];
        let boss = &cast[0].1;
        let arguments = ["workspaces", "add", &boss.username, "--workspace", slug, "--admin", "--json"];
        people.server.operator(&arguments).await;
        let found = boss.client.get(&format!("/organizations/{slug}")).await.json(200);
        let mut victim = Self {
            slug: slug.to_owned(),
            number: found["id"].as_i64().unwrap(),
            flow: Value::Null,
            invitation: 0,
            people: cast,
        };
        victim.make_flow().await;
        victim
    }

    async fn make_flow(&mut self) {
        let mate = self.client(Mate).clone();
        let body = json!({ "name": "Theirs", "access_mode": "link" });
        self.flow = mate.post(&format!("/flows/{}", self.slug), body).await.json(201);
        let path = self.flow_path();
        for who in [Subject, Blocked] {
            let body = json!({ "id": self.person(who).number().await });
            mate.post(&format!("{path}/users"), body).await.json(200);
        }
        let blocked = self.person(Blocked).number().await;
        mate.put(&format!("{path}/users/{blocked}"), json!({ "disabled": true })).await.json(200);
        let email = json!({ "email": format!("invited@{}.example", self.slug) });
        let invitation = mate.post(&format!("{path}/invitations"), email).await.json(201);
        self.invitation = invitation["id"].as_i64().unwrap();
    }

    fn person(&self, who: Who) -> &Person {
        let found = self.people.iter().find(|(of, _)| *of == who);
        &found.unwrap_or_else(|| panic!("there is no {who:?}")).1
    }

    fn client(&self, who: Who) -> &Client {
        &self.person(who).client
    }

    fn flow_path(&self) -> String {
        format!("/flows/{}/{}", self.slug, text(&self.flow, "parameterized_name"))
    }

    /// The code in the flow's link.
    fn code(&self) -> String {
        let url = text(&self.flow, "join_url");
        url.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// A query or body of the table, filled in for the victim.
    async fn fill(&self, template: &str) -> String {
        let bystander = self.person(Bystander).number().await;
        template
            .replace("<organization>", &self.number.to_string())
            .replace("<flow>", &text(&self.flow, "id"))
            .replace("<bystander>", &bystander.to_string())
    }

    /// The path of a request, with this link.
    async fn path(&self, (base, guard): (&str, &FlowdockGuard), code: &str) -> String {
        let (_, path) = guard.method_and_path();
        let is_of_invitation = path.contains("invitations");
        let id = if is_of_invitation { self.invitation } else { self.person(Subject).number().await };
        let path = path
            .replace("{organization}", &self.slug)
            .replace("{flow}", &text(&self.flow, "parameterized_name"))
            .replace("{id}", &id.to_string())
            .replace("{code}", code);
        format!("{base}{path}{}", self.fill(guard.query).await)
    }

    async fn body(&self, guard: &FlowdockGuard) -> Option<Value> {
        Some(self.fill(guard.body?).await.parse().unwrap())
    }

    /// All data of the victim.
    async fn state(&self) -> Value {
        let see = async |who: Who, path: &str| self.client(who).get(path).await.json(200);
        let path = self.flow_path();
        json!({
            "organization": see(Boss, &format!("/organizations/{}", self.slug)).await,
            "flows": see(Boss, &format!("/flows/{}?users=1", self.slug)).await,
            "invitations": see(Mate, &format!("{path}/invitations")).await,
            "subject": see(Subject, "/user").await,
            "flows of the subject": see(Subject, "/flows").await,
            "flows of the bystander": see(Bystander, "/flows").await,
        })
    }

    /// Whether an answer reveals data of the victim.
    fn shows_in(&self, reply: &Reply) -> bool {
        let names =
            [format!("\"{}\"", self.slug), self.person(Subject).username.clone(), text(&self.flow, "id")];
        names.iter().any(|name| reply.text.contains(name))
    }
}

/// Sends the request of a row with this link, and asserts that the document lists the status of the answer.
async fn send(
    document: &Document,
    row: (&str, &FlowdockGuard),
    client: &Client,
    victim: &Victim,
    code: &str,
) -> Reply {
    let (base, guard) = row;
    let (method, path) = guard.method_and_path();
    let reply = client.send(method, &victim.path(row, code).await, victim.body(guard).await).await;
    document.describes(method, &format!("{base}{path}"), &reply);
    reply
}

#[track_caller]
fn check_refusal(refusal: Refusal, reply: Reply, victim: &Victim, name: &str) {
    match refusal {
        Forbidden(reason) => {
            assert_eq!(reply.error(403, "forbidden"), json!({ "reason": reason }), "{name}");
        }
        NotFound(resource) => assert_eq!(reply.error(404, "not_found")["resource"], resource, "{name}"),
        List => {
            // Members see themselves and the organization.
            let flow = text(&victim.flow, "id");
            let of_victim = [&victim.person(Mate).username, &victim.person(Subject).username, &flow];
            assert!(!of_victim.iter().any(|name| reply.text.contains(*name)), "{name}:\n{reply}");
            reply.array(200);
        }
        Own => {
            assert!(!victim.shows_in(&reply), "{name}:\n{reply}");
            reply.json(200);
        }
    }
}

#[tokio::test]
async fn every_operation_of_organizations_and_flows_is_guarded() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let elsewhere = Victim::new(&people, "elsewhere").await;
    // Shared by the operations that only read.
    let unchanged = Victim::new(&people, "unchanged").await;
    let unchanged_state = unchanged.state().await;
    for (index, row) in flowdock_guards().enumerate() {
        let (base, guard) = row;
        let name = guard.operation(base);
        let own;
        let (victim, before) = if guard.only_reads() {
            (&unchanged, unchanged_state.clone())
        } else {
            own = Victim::new(&people, &format!("victim-{index}")).await;
            (&own, own.state().await)
        };
        let code = victim.code();

        for nobody in [people.server.anonymous(), people.server.flowra_bearer(), people.server.zaia()] {
            let details = send(&document, row, &nobody, victim, &code).await.error(401, "unauthenticated");
            assert_eq!(details["auth"], "basic", "{name}");
        }
        for (who, refusal) in guard.may_not {
            let reply = send(&document, row, victim.client(*who), victim, &code).await;
            check_refusal(*refusal, reply, victim, &format!("{name} by {who:?}"));
        }
        // Rights in the rest of the directory do not count here.
        for stranger in [elsewhere.client(Boss), &people.administrator] {
            let reply = send(&document, row, stranger, victim, &elsewhere.code()).await;
            assert!(!matches!(guard.stranger, List) || !victim.shows_in(&reply), "{name}:\n{reply}");
            check_refusal(guard.stranger, reply, victim, &name);
        }
        assert_eq!(victim.state().await, before, "{name} failed but changed something");

        // The refused request was valid: it succeeds with the right.
        let reply = send(&document, row, victim.client(guard.may), victim, &code).await;
        assert!((200..300).contains(&reply.status), "{name} fails\n{reply}");
        let is_list =
            matches!(guard.stranger, List) || guard.may_not.iter().any(|(_, got)| matches!(got, List));
        assert!(!is_list || victim.shows_in(&reply), "{name} lists nothing:\n{reply}");
    }
}

/// The operations whose rows have a body.
pub(super) fn operations_with_bodies() -> Vec<String> {
    let with_body = FLOWDOCK_GUARDS.iter().filter(|guard| guard.body.is_some());
    with_body.map(|guard| guard.operation("")).collect()
}

#[tokio::test]
async fn every_body_and_form_of_flowdock_refuses_unknown_fields() {
    if is_on_postgres() {
        return;
    }
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let victim = Victim::new(&people, "strict").await;
    let before = victim.state().await;
    for guard in FLOWDOCK_GUARDS.iter().filter(|guard| guard.body.is_some()) {
        let body = with(victim.body(guard).await.unwrap(), json!({ "unheardOf": 1 }));
        let (method, path) = guard.method_and_path();
        let sent = victim.path(("", guard), &victim.code()).await;
        let client = victim.client(guard.may);
        for body in [("application/json", body.to_string().into_bytes()), form(&body)] {
            let reply = client.send_bytes(method, &sent, Some(body)).await;
            document.describes(method, path, &reply);
            let expected = json!({ "unheardOf": ["is not a field of this operation"] });
            assert_eq!(reply.body["errors"], expected, "{}\n{reply}", guard.operation);
        }
        let reply = client.send(method, &format!("{sent}?unheardOf=1"), victim.body(guard).await).await;
        reply.error(400, "bad_request");
    }
    assert_eq!(victim.state().await, before);
}

#[tokio::test]
async fn documents_account_credentials_and_the_user_header() {
    let people = People::new().await;
    let document = Document::served_by(&people.server).await;
    let operations = document.operations();
    for (base, guard) in flowdock_guards() {
        let (method, path) = guard.method_and_path();
        let schemes = document.schemes(method, &format!("{base}{path}"));
        assert_eq!(schemes, ["basic", "account_token"], "{method} {base}{path}");

        let name = format!("{method} {}", document.described(&format!("{base}{path}")));
        let (_, operation) = operations.iter().find(|(found, _)| *found == name).unwrap();
        for (status, response) in operation["responses"].as_object().unwrap() {
            let header = &document.resolved(response)["headers"]["flowdock-user"];
            let names_caller = document.resolved(header)["schema"]["type"] == "integer";
            assert_eq!(names_caller, status != "401", "{name}: {status}");
        }
        let content = &operation["requestBody"]["content"];
        let schema = |content_type: &str| content[content_type]["schema"].clone();
        assert_eq!(schema("application/json").is_object(), guard.body.is_some(), "{name}");
        assert_eq!(schema("application/json"), schema("application/x-www-form-urlencoded"), "{name}");
    }
}

#[tokio::test]
async fn every_example_of_organizations_and_flows_works() {
    for base in BASES {
        let people = People::new().await;
        let document = Document::served_by(&people.server).await;
        let mut shown = 0;
        for (index, guard) in FLOWDOCK_GUARDS.iter().enumerate() {
            let (method, path) = guard.method_and_path();
            for example in document.body_examples(method, &format!("{base}{path}")) {
                shown += 1;
                let victim = Victim::new(&people, &format!("example-{index}")).await;
                let mut body = example;
                if body.get("id").is_some() {
                    body = with(body, json!({ "id": victim.person(Bystander).number().await }));
                }
                let path = victim.path((base, guard), &victim.code()).await;
                let client = victim.client(guard.may);
                let reply = client.send(method, &path, Some(body.clone())).await;
                assert!((200..300).contains(&reply.status), "{}'s example:\n{reply}", guard.operation(base));
                let as_form = client.send_bytes(method, &path, Some(form(&body))).await;
                assert_eq!(as_form.status, reply.status, "{}'s as a form:\n{as_form}", guard.operation(base));
            }
        }
        assert_eq!(shown, FLOWDOCK_GUARDS.iter().filter(|guard| guard.body.is_some()).count());
    }
}

/// A body as a form, whose values contain nothing else to encode. Forms have no null.
fn form(body: &Value) -> (&'static str, Vec<u8>) {
    let encoded = |value: &Value| match value {
        Value::String(text) => text.replace('+', "%2B").replace('&', "%26").replace(' ', "+"),
        other => other.to_string(),
    };
    let fields: Vec<_> = body
        .as_object()
        .unwrap()
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(key, value)| format!("{key}={}", encoded(value)))
        .collect();
    ("application/x-www-form-urlencoded", fields.join("&").into_bytes())
}
