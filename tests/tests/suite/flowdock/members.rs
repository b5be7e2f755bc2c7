//! `/organizations/{organization}/users`: who is a member, who leaves, and who administers it.

use denizen_tests::{Client, Reply, Value, Workspace, json};
use tokio::task::JoinSet;

use super::{broken, numbers};
use crate::people::{People, Person, password_of};
use crate::support::{each, keys, text};

/// How often two conflicting requests are sent at once.
const ROUNDS: usize = 20;

/// An organization, its administrator and a member.
struct Scene {
    people: People,
    acme: Workspace,
    boss: Person,
    jane: Person,
}

const USERS: &str = "/organizations/acme/users";

impl Scene {
    async fn new() -> Self {
        let people = People::new().await;
        let acme = people.server.new_workspace("Acme").await;
        let boss = people.member("boss@example.com", &acme, true).await;
        let jane = people.member("jane@example.com", &acme, false).await;
        Self { people, acme, boss, jane }
    }

    /// Its administrators, by number.
    async fn administrators(&self, viewer: &Client) -> Vec<i64> {
        let members = viewer.get(USERS).await.array(200);
        let administrators: Vec<_> = members.into_iter().filter(|member| member["admin"] == true).collect();
        numbers(&administrators)
    }
}

/// The path of a member of Acme.
async fn member_path(person: &Person) -> String {
    format!("{USERS}/{}", person.number().await)
}

#[track_caller]
fn is_empty(reply: Reply) {
    let reply = reply.is(204);
    assert_eq!((reply.text.as_str(), reply.header("transfer-encoding")), ("", None), "{reply}");
}

#[tokio::test]
async fn lists_all_members_by_number() {
    let scene = Scene::new().await;
    let late = scene.people.person("late@example.com", json!({})).await;
    let john = scene.people.member("john@example.com", &scene.acme, false).await;
    scene.people.server.add_to_workspace(&late.username, &scene.acme, false).await;
    for base in ["", "/v1"] {
        for person in [&scene.boss, &scene.jane, &john, &late] {
            for name in [&scene.acme.slug, &scene.acme.number.to_string()] {
                let path = format!("{base}/organizations/{name}/users");
                let members = person.client.get(&path).await.array(200);
                let expected =
                    ["boss@example.com", "jane@example.com", "late@example.com", "john@example.com"];
                assert_eq!(each(&members, "email"), expected);
                assert!(numbers(&members).is_sorted());
                let of_organization =
                    scene.boss.client.get("/organizations/acme").await.json(200)["users"].clone();
                assert_eq!(of_organization, Value::from(members));
            }
        }
    }
    let members = scene.jane.client.get(USERS).await.array(200);
    for (member, person) in members.iter().zip([&scene.boss, &scene.jane, &late, &john]) {
        assert_eq!(keys(member), ["admin", "avatar", "email", "id", "name", "nick", "website"]);
        let mut user = member.clone();
        let is_admin = user.as_object_mut().unwrap().remove("admin").unwrap();
        assert_eq!(person.client.get("/user").await.json(200), user);
        assert_eq!(is_admin, person.username == "boss@example.com");
    }
}

#[tokio::test]
async fn a_removed_member_leaves_all_flows() {
    let scene = Scene::new().await;
    let (boss, jane) = (&scene.boss, &scene.jane);
    let mut paths = Vec::new();
    for name in ["One", "Two"] {
        let made = jane.client.post("/flows/acme", json!({ "name": name })).await.json(201);
        paths.push(format!("/flows/acme/{}", made["parameterized_name"].as_str().unwrap()));
    }
    let boss_number = json!({ "id": boss.number().await });
    jane.client.post(&format!("{}/users", paths[0]), boss_number).await.is(200);
    assert_eq!(jane.client.get("/flows").await.array(200).len(), 2);
    let number = jane.number().await;

    is_empty(boss.client.delete(&member_path(jane).await).await);

    let own = jane.client.get("/user").await;
    assert_eq!(own.json(200)["id"], number, "the account is still there, and so are its tokens");
    for path in ["/flows", "/flows/all", "/organizations"] {
        assert_eq!(jane.client.get(path).await.array(200), Vec::<Value>::new(), "{path}");
    }
    assert_eq!(numbers(&jane.client.get("/users").await.array(200)), [number]);
    for path in ["/organizations/acme", USERS, "/flows/acme", &paths[0], &paths[1]] {
        jane.client.get(path).await.error(404, "not_found");
    }
    assert_eq!(numbers(&boss.client.get(USERS).await.array(200)), [boss.number().await]);
    for path in &paths {
        let in_flow = boss.client.get(&format!("{path}/users")).await.array(200);
        assert!(!numbers(&in_flow).contains(&number), "{path}");
    }
    boss.client.get(&format!("/users/{number}")).await.error(404, "not_found");
    boss.client.delete(&format!("{USERS}/{number}")).await.error(404, "not_found");

    // Joining again restores nothing.
    scene.people.server.add_to_workspace(&jane.username, &scene.acme, false).await;
    assert_eq!(jane.client.get("/flows").await.array(200), Vec::<Value>::new());
}

#[tokio::test]
async fn a_removed_member_gets_the_next_home() {
    let people = People::new().await;
    let server = &people.server;
    let names = ["First", "Second", "Third"];
    let mut workspaces = Vec::new();
    for name in names {
        workspaces.push(server.new_workspace(name).await);
    }
    let [first, second, third] = &workspaces[..] else { panic!("three workspaces") };
    let boss = people.member("boss@example.com", first, true).await;
    let roles = [people.role("TENANT_ADMIN").await];
    let given = json!({
        "tenant": first.id, "roles": roles, "permissions": ["tenant.profile.read", "iam.tenant.read"],
        "password": password_of("jane@example.com"),
    });
    let jane = people.person("jane@example.com", given).await;
    for (workspace, is_admin) in [(third, true), (second, false)] {
        server.add_to_workspace(&boss.username, workspace, true).await;
        server.add_to_workspace(&jane.username, workspace, is_admin).await;
    }
    let leave = async |workspace: &Workspace| {
        let path = format!("/organizations/{}/users/{}", workspace.slug, jane.number().await);
        is_empty(boss.client.delete(&path).await);
        people.get_account(&jane.id).await
    };
    let left = leave(first).await;
    assert_eq!(left["tenant"], *third.id, "the oldest membership");
    assert_eq!(left["roles"], json!([]), "rights in the old home are dropped");
    assert_eq!(left["permissions"], json!(["iam.tenant.read"]), "global rights stay");
    let left = leave(second).await;
    assert_eq!(left["tenant"], *third.id, "a foreign tenant is not a home");
    assert_eq!(leave(third).await["tenant"], Value::Null);
    server.log_in("jane@example.com", &password_of("jane@example.com")).await.get("/user").await.is(200);
}

/// A home has power over its people, which a link does not give.
#[tokio::test]
async fn joining_by_link_gives_no_home() {
    let scene = Scene::new().await;
    let (server, jane) = (&scene.people.server, &scene.jane);
    let other = server.new_workspace("Other").await;
    let host = scene.people.member("host@example.com", &other, true).await;
    let flow = json!({ "name": "Open to all", "access_mode": "link" });
    let flow = host.client.post("/flows/other", flow).await.json(201);
    jane.client.post(&text(&flow, "join_url"), json!({})).await.is(200);
    is_empty(scene.boss.client.delete(&member_path(jane).await).await);
    assert_eq!(scene.people.get_account(&jane.id).await["tenant"], Value::Null);
    let organizations = jane.client.get("/organizations").await.array(200);
    assert_eq!(each(&organizations, "parameterized_name"), ["other"], "a member still");
}

#[tokio::test]
async fn an_administrator_may_leave_if_another_stays() {
    let scene = Scene::new().await;
    let (boss, jane) = (&scene.boss, &scene.jane);
    scene.people.server.add_to_workspace(&jane.username, &scene.acme, true).await;
    is_empty(boss.client.delete(&member_path(boss).await).await);
    boss.client.get("/organizations/acme").await.error(404, "not_found");
    assert_eq!(scene.administrators(&jane.client).await, [jane.number().await]);
}

#[tokio::test]
async fn the_last_administrator_cannot_leave() {
    let scene = Scene::new().await;
    let (boss, jane) = (&scene.boss, &scene.jane);
    let path = member_path(boss).await;
    let before = boss.client.get("/organizations/acme").await.json(200);
    let conflict = json!({ "reason": "last_admin" });
    assert_eq!(boss.client.delete(&path).await.error(409, "conflict"), conflict);
    assert_eq!(boss.client.put(&path, json!({ "admin": false })).await.error(409, "conflict"), conflict);
    assert_eq!(boss.client.get("/organizations/acme").await.json(200), before);
    // With another administrator, both may leave.
    let of_jane = member_path(jane).await;
    assert_eq!(boss.client.put(&of_jane, json!({ "admin": true })).await.json(200), json!({}));
    assert_eq!(jane.client.put(&path, json!({ "admin": false })).await.json(200), json!({}));
    assert_eq!(jane.client.delete(&of_jane).await.error(409, "conflict"), conflict);
    is_empty(jane.client.delete(&path).await);
    assert_eq!(jane.client.put(&of_jane, json!({ "admin": true })).await.json(200), json!({}));
}

#[tokio::test]
async fn the_last_active_administrator_cannot_leave() {
    let scene = Scene::new().await;
    let (people, boss, jane) = (&scene.people, &scene.boss, &scene.jane);
    people.server.add_to_workspace(&jane.username, &scene.acme, true).await;
    let (path, of_jane) = (member_path(boss).await, member_path(jane).await);
    let stays = async || {
        for reply in
            [boss.client.delete(&path).await, boss.client.put(&path, json!({ "admin": false })).await]
        {
            assert_eq!(reply.error(409, "conflict"), json!({ "reason": "last_admin" }));
        }
    };
    for status in ["DISABLED", "PENDING"] {
        people.change(&jane.id, json!({ "status": status })).await;
        stays().await;
    }
    // One who cannot log in may leave.
    boss.client.put(&of_jane, json!({ "admin": false })).await.is(200);
    boss.client.put(&of_jane, json!({ "admin": true })).await.is(200);
    stays().await;
    people.change(&jane.id, json!({ "status": "ACTIVE" })).await;
    is_empty(boss.client.delete(&path).await);
}

#[tokio::test]
async fn an_administrator_from_a_disabled_home_does_not_count() {
    let scene = Scene::new().await;
    let (people, boss) = (&scene.people, &scene.boss);
    let other = people.server.new_workspace("Other").await;
    let far = people.member("far@example.com", &other, false).await;
    people.server.add_to_workspace(&far.username, &scene.acme, true).await;
    let tenant = format!("/api/tenants/{}", other.id);
    people.administrator.patch(&tenant, json!({ "status": "DISABLED" })).await.is(200);
    far.client.get("/user").await.error(401, "unauthenticated");
    let path = member_path(boss).await;
    let details = boss.client.delete(&path).await.error(409, "conflict");
    assert_eq!(details, json!({ "reason": "last_admin" }));
    people.administrator.patch(&tenant, json!({ "status": "ACTIVE" })).await.is(200);
    is_empty(boss.client.delete(&path).await);
}

#[tokio::test]
async fn administrator_rights_change_at_once() {
    let scene = Scene::new().await;
    let (boss, jane) = (&scene.boss, &scene.jane);
    let path = member_path(jane).await;
    let renames = async |person: &Person| {
        person.client.put("/organizations/acme", json!({ "name": person.username })).await
    };
    for _ in 0..2 {
        renames(jane).await.error(403, "forbidden");
        for _ in 0..2 {
            assert_eq!(boss.client.put(&path, json!({ "admin": true })).await.json(200), json!({}));
            renames(jane).await.is(200);
        }
        let both = [boss.number().await, jane.number().await];
        assert_eq!(scene.administrators(&jane.client).await, both);
        // An unchanged value for oneself is accepted.
        assert_eq!(jane.client.put(&path, json!({ "admin": true })).await.json(200), json!({}));
        for _ in 0..2 {
            assert_eq!(boss.client.put(&path, json!({ "admin": false })).await.json(200), json!({}));
        }
    }
    assert_eq!(scene.administrators(&jane.client).await, [boss.number().await]);
}

#[tokio::test]
async fn requires_the_admin_field() {
    let scene = Scene::new().await;
    let path = member_path(&scene.jane).await;
    for body in [json!({}), json!({ "admin": null }), json!({ "admin": "yes" }), json!({ "admin": [true] })] {
        assert_eq!(broken(scene.boss.client.put(&path, body.clone()).await), ["admin"], "{body}");
    }
    assert_eq!(broken(scene.boss.client.send("PUT", &path, None).await), ["admin"]);
    assert_eq!(scene.administrators(&scene.jane.client).await, [scene.boss.number().await]);
}

#[tokio::test]
async fn only_administrators_manage_members() {
    let scene = Scene::new().await;
    let (boss, jane) = (&scene.boss, &scene.jane);
    let john = scene.people.member("john@example.com", &scene.acme, false).await;
    let tenant_admin = scene.people.tenant_admin("tenant-admin@example.com", &scene.acme.id).await;
    let before = boss.client.get(USERS).await.array(200);
    let nobody = format!("{USERS}/1000000");
    for person in [jane, &tenant_admin] {
        // For another member, themselves, and an unknown one alike.
        for path in [&member_path(&john).await, &member_path(boss).await, &member_path(person).await, &nobody]
        {
            for reply in [
                person.client.delete(path).await,
                person.client.put(path, json!({ "admin": true })).await,
                person.client.put(path, json!({})).await,
            ] {
                assert_eq!(reply.error(403, "forbidden"), json!({ "reason": "not_admin" }), "{path}");
            }
        }
    }
    assert_eq!(boss.client.get(USERS).await.array(200), before);
}

#[tokio::test]
async fn a_non_member_is_404() {
    let scene = Scene::new().await;
    let other = scene.people.server.new_workspace("Other").await;
    let foreigner = scene.people.member("foreigner@example.com", &other, true).await;
    // Nor is a person whom the administrator knows from elsewhere.
    let acquaintance = scene.people.member("acquaintance@example.com", &other, false).await;
    scene.people.server.add_to_workspace(&scene.boss.username, &other, false).await;
    let far = scene.people.person("far@example.com", json!({})).await;
    for number in [
        foreigner.number().await.to_string(),
        acquaintance.number().await.to_string(),
        far.number().await.to_string(),
        "1000000".to_owned(),
        "0".to_owned(),
        "jane@example.com".to_owned(),
    ] {
        let path = format!("{USERS}/{number}");
        for reply in [
            scene.boss.client.delete(&path).await,
            scene.boss.client.put(&path, json!({ "admin": true })).await,
        ] {
            let message = reply.body["message"].clone();
            let details = reply.error(404, "not_found");
            assert_eq!(message, "User not found.");
            assert_eq!(details, json!({ "resource": "user", "id": number }));
        }
    }
    assert_eq!(foreigner.client.get("/organizations/other/users").await.array(200).len(), 3);
}

/// Sends two requests at once, and returns their statuses, sorted.
async fn at_once(one: (&Client, &str, &str), other: (&Client, &str, &str)) -> Vec<u16> {
    let requests: JoinSet<_> = [one, other]
        .map(|(client, method, path)| {
            let (client, method, path) = (client.clone(), method.to_owned(), path.to_owned());
            let body = (method == "PUT").then(|| json!({ "admin": false }));
            async move { client.send(&method, &path, body).await.status }
        })
        .into_iter()
        .collect();
    let mut statuses = requests.join_all().await;
    statuses.sort_unstable();
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_cannot_remove_each_other() {
    let scene = Scene::new().await;
    let (boss, jane, server) = (&scene.boss, &scene.jane, &scene.people.server);
    let (of_boss, of_jane) = (member_path(boss).await, member_path(jane).await);
    server.add_to_workspace(&jane.username, &scene.acme, true).await;
    for round in 0..ROUNDS {
        let statuses = at_once((&boss.client, "DELETE", &of_jane), (&jane.client, "DELETE", &of_boss)).await;
        assert_eq!(statuses, [204, 404], "round {round}: a removed member is a stranger");
        let boss_is_out = boss.client.get("/organizations/acme").await.status == 404;
        let (out, stays) = if boss_is_out { (boss, jane) } else { (jane, boss) };
        assert_eq!(numbers(&stays.client.get(USERS).await.array(200)), [stays.number().await]);
        assert_eq!(scene.administrators(&stays.client).await, [stays.number().await], "round {round}");
        server.add_to_workspace(&out.username, &scene.acme, true).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_last_two_administrators_cannot_both_resign() {
    let scene = Scene::new().await;
    let (boss, jane) = (&scene.boss, &scene.jane);
    let (of_boss, of_jane) = (member_path(boss).await, member_path(jane).await);
    let both = json!({ "admin": true });
    boss.client.put(&of_jane, both.clone()).await.is(200);
    for round in 0..ROUNDS {
        let statuses = at_once((&boss.client, "PUT", &of_boss), (&jane.client, "PUT", &of_jane)).await;
        assert_eq!(statuses, [200, 409], "round {round}");
        let left = scene.administrators(&boss.client).await;
        assert_eq!(left.len(), 1, "round {round}");
        let boss_stays = left[0] == boss.number().await;
        let (stays, path) = if boss_stays { (boss, &of_jane) } else { (jane, &of_boss) };
        stays.client.put(path, both.clone()).await.is(200);
    }
}
