//! `GET /users`: the users of all one's organizations and flows.

use denizen_tests::{Client, TestServer, Value, Workspace, json};

use super::numbers;
use crate::people::{People, Person};

/// Three organizations, and people in them.
struct Scene {
    people: People,
    acme: Workspace,
    other: Workspace,
}

impl Scene {
    async fn new() -> Self {
        let people = People::new().await;
        let (acme, other) =
            (people.server.new_workspace("Acme").await, people.server.new_workspace("Other").await);
        Self { people, acme, other }
    }

    fn server(&self) -> &TestServer {
        &self.people.server
    }

    /// A member of Acme.
    async fn member(&self, username: &str) -> Person {
        self.people.member(username, &self.acme, false).await
    }

    /// A person without a home.
    async fn without_home(&self, username: &str) -> Person {
        self.people.person(username, json!({})).await
    }
}

/// Creates a flow with these people in it as the first of them, and returns its path.
async fn flow(organization: &Workspace, name: &str, members: &[&Person]) -> String {
    let [maker, others @ ..] = members else { panic!("a flow needs a creator") };
    let made = maker.client.post(&format!("/flows/{}", organization.slug), json!({ "name": name })).await;
    let made = made.json(201);
    let path = format!("/flows/{}/{}", organization.slug, made["parameterized_name"].as_str().unwrap());
    for other in others {
        add(&maker.client, &path, other).await;
    }
    path
}

async fn add(client: &Client, flow: &str, person: &Person) {
    let body = json!({ "id": person.number().await });
    client.post(&format!("{flow}/users"), body).await.json(200);
}

async fn block(client: &Client, flow: &str, person: &Person, is_blocked: bool) {
    let path = format!("{flow}/users/{}", person.number().await);
    client.put(&path, json!({ "disabled": is_blocked })).await.json(200);
}

/// Asserts that a person sees themselves first, then these others by number.
async fn assert_sees(viewer: &Person, others: &[&Person]) {
    let mut expected = Vec::new();
    for other in others {
        expected.push(other.number().await);
    }
    expected.sort_unstable();
    expected.insert(0, viewer.number().await);
    for path in ["/users", "/v1/users"] {
        let seen = viewer.client.get(path).await.array(200);
        assert_eq!(numbers(&seen), expected, "{} at {path}", viewer.username);
    }
}

#[tokio::test]
async fn everybody_sees_themselves() {
    let scene = Scene::new().await;
    let homeless = scene.without_home("homeless@example.com").await;
    let lonely = scene.member("lonely@example.com").await;
    for person in [&homeless, &lonely] {
        assert_sees(person, &[]).await;
        let own = person.client.get("/user").await.json(200);
        assert_eq!(person.client.get("/users").await.array(200), [own]);
    }
}

#[tokio::test]
async fn lists_users_as_get_does_the_caller_first() {
    let scene = Scene::new().await;
    let (first, second) = (scene.member("first@example.com").await, scene.member("second@example.com").await);
    let (third, fourth) = (scene.member("third@example.com").await, scene.member("fourth@example.com").await);
    flow(&scene.acme, "Backwards", &[&fourth, &third, &second, &first]).await;
    third.client.put(&format!("/users/{}", third.number().await), json!({ "nick": "3" })).await.is(200);
    assert_sees(&first, &[&second, &third, &fourth]).await;
    assert_sees(&second, &[&first, &third, &fourth]).await;
    assert_sees(&fourth, &[&first, &second, &third]).await;
    for shown in second.client.get("/users").await.array(200) {
        let path = format!("/users/{}", shown["id"]);
        assert_eq!(second.client.get(&path).await.json(200), shown);
    }
}

#[tokio::test]
async fn an_administrator_sees_all_members() {
    let scene = Scene::new().await;
    let boss = scene.people.member("boss@example.com", &scene.acme, true).await;
    let (jane, john) = (scene.member("jane@example.com").await, scene.member("john@example.com").await);
    let blocked = scene.member("blocked@example.com").await;
    let path = flow(&scene.acme, "A flow", &[&boss, &jane, &blocked]).await;
    block(&boss.client, &path, &blocked, true).await;
    scene.people.member("foreigner@example.com", &scene.other, true).await;
    assert_sees(&boss, &[&jane, &john, &blocked]).await;
    assert_sees(&john, &[]).await;

    // Rights in the rest of the directory do not count here.
    let home = Some(&*scene.acme.id);
    let tenant_admin = scene.people.tenant_admin("tenant-admin@example.com", &scene.acme.id).await;
    let reader = scene.people.with_permissions("reader@example.com", home, &["all"]).await;
    for person in [&tenant_admin, &reader] {
        assert_sees(person, &[]).await;
    }
    let seen = scene.people.administrator.get("/users").await.array(200);
    assert_eq!(numbers(&seen), [scene.server().administrator.number]);
}

#[tokio::test]
async fn a_member_sees_users_of_shared_flows_once() {
    let scene = Scene::new().await;
    let boss = scene.people.member("boss@example.com", &scene.acme, true).await;
    let jane = scene.member("jane@example.com").await;
    let (john, mary) = (scene.member("john@example.com").await, scene.member("mary@example.com").await);
    let elsewhere = scene.member("elsewhere@example.com").await;
    flow(&scene.acme, "One", &[&jane, &john, &boss]).await;
    flow(&scene.acme, "Two", &[&mary, &john, &jane]).await;
    flow(&scene.acme, "Three", &[&elsewhere, &mary]).await;
    assert_sees(&jane, &[&boss, &john, &mary]).await;
    assert_sees(&mary, &[&jane, &john, &elsewhere]).await;
    assert_sees(&elsewhere, &[&mary]).await;
    assert_sees(&boss, &[&jane, &john, &mary, &elsewhere]).await;
}

/// The caller is an administrator of one organization, a member of another, and not in a third.
#[tokio::test]
async fn combines_several_organizations() {
    let scene = Scene::new().await;
    let server = scene.server();
    let third = server.new_workspace("Third").await;
    let jane = scene.without_home("jane@example.com").await;
    server.add_to_workspace(&jane.username, &scene.acme, true).await;
    server.add_to_workspace(&jane.username, &scene.other, false).await;
    let colleague = scene.member("colleague@example.com").await;
    let mate = scene.people.member("mate@example.com", &scene.other, false).await;
    let boss_of_other = scene.people.member("boss@example.com", &scene.other, true).await;
    let in_third = scene.people.member("third@example.com", &third, true).await;
    // In both: visible as a member in one, and as a mate in the other.
    server.add_to_workspace(&colleague.username, &scene.other, false).await;
    flow(&scene.other, "Shared", &[&jane, &mate, &colleague]).await;
    assert_sees(&jane, &[&colleague, &mate]).await;
    assert_sees(&boss_of_other, &[&jane, &mate, &colleague]).await;
    assert_sees(&in_third, &[]).await;

    // Flows of another organization reveal nothing in the first.
    assert_sees(&colleague, &[&jane, &mate]).await;
    flow(&scene.acme, "Of Acme", &[&jane]).await;
    assert_sees(&mate, &[&jane, &colleague]).await;
}

#[tokio::test]
async fn a_blocked_user_shares_no_flow() {
    let scene = Scene::new().await;
    let boss = scene.people.member("boss@example.com", &scene.acme, true).await;
    let (jane, john) = (scene.member("jane@example.com").await, scene.member("john@example.com").await);
    let mary = scene.member("mary@example.com").await;
    let path = flow(&scene.acme, "A flow", &[&boss, &jane, &john, &mary]).await;
    assert_sees(&jane, &[&boss, &john, &mary]).await;
    block(&boss.client, &path, &john, true).await;
    assert_sees(&jane, &[&boss, &mary]).await;
    assert_sees(&john, &[]).await;
    assert_sees(&boss, &[&jane, &john, &mary]).await;
    // Nor do two users blocked from the same flow.
    block(&boss.client, &path, &mary, true).await;
    assert_sees(&john, &[]).await;
    assert_sees(&mary, &[]).await;

    // Another flow is not affected.
    let another = flow(&scene.acme, "Another", &[&jane, &john]).await;
    assert_sees(&john, &[&jane]).await;
    block(&jane.client, &another, &john, true).await;
    assert_sees(&john, &[]).await;
    block(&boss.client, &path, &john, false).await;
    assert_sees(&john, &[&boss, &jane]).await;
    assert_sees(&jane, &[&boss, &john]).await;
}

#[tokio::test]
async fn an_archived_flow_is_not_shared() {
    let scene = Scene::new().await;
    let boss = scene.people.member("boss@example.com", &scene.acme, true).await;
    let (jane, john) = (scene.member("jane@example.com").await, scene.member("john@example.com").await);
    let path = flow(&scene.acme, "A flow", &[&jane, &john]).await;
    assert_sees(&jane, &[&john]).await;
    boss.client.put(&path, json!({ "disabled": true })).await.is(200);
    assert_sees(&jane, &[]).await;
    assert_sees(&john, &[]).await;
    assert_sees(&boss, &[&jane, &john]).await;
    boss.client.put(&path, json!({ "disabled": false })).await.is(200);
    assert_sees(&jane, &[&john]).await;
}

#[tokio::test]
async fn a_disabled_organization_shows_nobody() {
    let scene = Scene::new().await;
    let server = scene.server();
    // A disabled home locks people out of everything: these have another home.
    let [boss, jane, john] =
        [("boss", true), ("jane", false), ("john", false)].map(async |(name, is_admin)| {
            let person = scene.people.member(&format!("{name}@example.com"), &scene.other, false).await;
            server.add_to_workspace(&person.username, &scene.acme, is_admin).await;
            person
        });
    let (boss, jane, john) = (boss.await, jane.await, john.await);
    flow(&scene.acme, "A flow", &[&jane, &john]).await;
    let tenant = format!("/api/tenants/{}", scene.acme.id);
    let administrator = &scene.people.administrator;
    for status in ["DISABLED", "PENDING"] {
        assert_sees(&jane, &[&john]).await;
        assert_sees(&boss, &[&jane, &john]).await;
        administrator.patch(&tenant, json!({ "status": status })).await.is(200);
        for person in [&boss, &jane] {
            assert_sees(person, &[]).await;
        }
        administrator.patch(&tenant, json!({ "status": "ACTIVE" })).await.is(200);
    }
    assert_sees(&boss, &[&jane, &john]).await;
    administrator.delete(&tenant).await.is(200);
    for person in [&boss, &jane, &john] {
        assert_sees(person, &[]).await;
    }
}

#[tokio::test]
async fn changes_show_at_once() {
    let scene = Scene::new().await;
    let boss = scene.people.member("boss@example.com", &scene.acme, true).await;
    let (jane, john) = (scene.member("jane@example.com").await, scene.member("john@example.com").await);
    let path = flow(&scene.acme, "A flow", &[&jane]).await;
    assert_sees(&jane, &[]).await;
    add(&jane.client, &path, &john).await;
    assert_sees(&jane, &[&john]).await;

    let organization = format!("/organizations/{}/users", scene.acme.slug);
    let of_jane = format!("{organization}/{}", jane.number().await);
    boss.client.put(&of_jane, json!({ "admin": true })).await.is(200);
    assert_sees(&jane, &[&boss, &john]).await;
    boss.client.put(&of_jane, json!({ "admin": false })).await.is(200);
    assert_sees(&jane, &[&john]).await;

    boss.client.delete(&format!("{organization}/{}", john.number().await)).await.is(204);
    assert_sees(&jane, &[]).await;
    assert_sees(&john, &[]).await;
    scene.people.administrator.delete(&jane.path()).await.is(200);
    assert_sees(&boss, &[]).await;
}

/// More than one batch of the database.
#[tokio::test]
async fn a_long_list_is_complete() {
    let people = People::new().await;
    let acme = people.server.new_workspace("Acme").await;
    let mut ids = Vec::new();
    for number in 0..450 {
        ids.push(people.account(&format!("user-{number}@example.com"), json!({ "tenant": acme.id })).await);
    }
    let client = people.client_of(&ids[225]).await;
    people.server.add_to_workspace(&ids[225], &acme, true).await;
    let own = client.get("/user").await.json(200)["id"].as_i64().unwrap();
    let everybody: Vec<i64> = (own - 225..own + 225).collect();
    let members = client.get(&format!("/organizations/{}/users", acme.slug)).await.array(200);
    assert_eq!(numbers(&members), everybody);
    let organization = client.get(&format!("/organizations/{}", acme.slug)).await.json(200);
    assert_eq!((&organization["user_count"], &organization["users"]), (&json!(450), &Value::from(members)));

    let seen = numbers(&client.get("/users").await.array(200));
    assert_eq!(seen[0], own);
    let others: Vec<_> = everybody.into_iter().filter(|number| *number != own).collect();
    assert_eq!(seen[1..], others);
}
