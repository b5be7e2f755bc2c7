//! Who may grant what to whom, and take over whom: every way to escalate.
//!
//! The rules are tables in `denizen-domain`; these tests try them by request.

use denizen_tests::{Reply, Value, json};

use crate::people::{People, Person, new_user};
use crate::support::{text, with};

const NOBODY: &str = "7d444840-9dc0-41d1-b245-5ffdce74fad2";

/// Two tenants, and accounts of the first.
struct House {
    people: People,
    acme: String,
    other: String,
    /// Has all rights over Acme.
    tenant_admin: Person,
    /// May create and change accounts of Acme, and nothing else.
    deputy: Person,
    /// May create and change all accounts, and nothing else.
    service: Person,
    /// May create and change all accounts, and everything in Acme.
    local_service: Person,
    /// An account of Acme without rights.
    user: String,
    /// A role of Acme.
    own_role: String,
    /// A role of Acme with a right beyond it.
    auditor_role: String,
    /// A role of the other tenant.
    foreign_role: String,
}

impl House {
    async fn new() -> Self {
        let people = People::new().await;
        let (acme, other) = (people.tenant("Acme").await, people.tenant("Other").await);
        let tenant_admin = people.tenant_admin("admin@acme.example", &acme).await;
        let deputy = ["tenant.account.create", "tenant.account.update"];
        let deputy = people.with_permissions("deputy@acme.example", Some(&acme), &deputy).await;
        let service = ["iam.account.create", "iam.account.update"];
        let all_of_acme = [people.role("TENANT_ADMIN").await];
        let local_service = json!({ "tenant": acme, "roles": all_of_acme, "permissions": service });
        let local_service = people.person("local@acme.example", local_service).await;
        let service = people.with_permissions("service@example.com", None, &service).await;
        let user = people.account("user@acme.example", json!({ "tenant": acme })).await;
        people.account("taken@example.com", json!({})).await;
        let own_role = json!({ "name": "Own", "permissions": ["tenant.flows.read"] });
        let own_role = text(&tenant_admin.client.post("/api/roles", own_role).await.json(200), "id");
        let root = people.with_role("root@acme.example", Some(&acme), "ADMIN").await;
        let auditor_role = json!({ "name": "Auditor", "permissions": ["iam.account.read"] });
        let auditor_role = text(&root.client.post("/api/roles", auditor_role).await.json(200), "id");
        let rival = people.tenant_admin("admin@other.example", &other).await;
        let foreign_role = json!({ "name": "Foreign", "permissions": ["tenant.flows.read"] });
        let foreign_role = text(&rival.client.post("/api/roles", foreign_role).await.json(200), "id");
        Self {
            people,
            acme,
            other,
            tenant_admin,
            deputy,
            service,
            local_service,
            user,
            own_role,
            auditor_role,
            foreign_role,
        }
    }

    /// All accounts with their rights.
    async fn state(&self) -> Vec<Value> {
        self.people.administrator.get("/api/users").await.array(200)
    }
}

/// Asserts a refusal with this reason.
#[track_caller]
fn assert_forbidden(reply: Reply, reason: &str, attempt: &str) {
    assert_eq!(reply.status, 403, "{attempt}\n{reply}");
    assert_eq!(reply.error(403, "forbidden"), json!({ "reason": reason }), "{attempt}");
}

#[tokio::test]
async fn cannot_grant_rights_one_does_not_hold() {
    let house = House::new().await;
    let people = &house.people;
    let (admin, tenant_admin, user) =
        (people.role("ADMIN").await, people.role("TENANT_ADMIN").await, people.role("USER").await);
    let (own, foreign) = (&house.own_role, &house.foreign_role);
    let before = house.state().await;
    for (who, given, reason) in [
        (&house.tenant_admin, json!({ "roles": [admin] }), "not_held"),
        (&house.tenant_admin, json!({ "roles": [own, admin] }), "not_held"),
        (&house.tenant_admin, json!({ "roles": [{ "_id": admin }] }), "not_held"),
        (&house.tenant_admin, json!({ "permissions": ["all"] }), "not_held"),
        (&house.tenant_admin, json!({ "permissions": ["iam.account.read"] }), "not_held"),
        (&house.tenant_admin, json!({ "permissions": ["tenant.all", "iam.token.create"] }), "not_held"),
        (&house.tenant_admin, json!({ "permissions": ["nonsense"] }), "not_held"),
        (&house.tenant_admin, json!({ "roles": [house.auditor_role] }), "not_held"),
        (&house.tenant_admin, json!({ "roles": [foreign] }), "foreign_role"),
        (&house.tenant_admin, json!({ "roles": [NOBODY] }), "foreign_role"),
        (&house.tenant_admin, json!({ "tenant": house.other }), "foreign_workspace"),
        (&house.tenant_admin, json!({ "tenant": NOBODY }), "foreign_workspace"),
        (&house.tenant_admin, json!({ "tenant": null }), "foreign_workspace"),
        (&house.deputy, json!({ "roles": [user] }), "not_held"),
        (&house.deputy, json!({ "roles": [own] }), "not_held"),
        (&house.deputy, json!({ "roles": [tenant_admin] }), "not_held"),
        (&house.deputy, json!({ "permissions": ["tenant.flows.read"] }), "not_held"),
        (&house.deputy, json!({ "permissions": ["tenant.all"] }), "not_held"),
        (&house.service, json!({ "roles": [admin] }), "not_held"),
        (&house.service, json!({ "permissions": ["tenant.flows.read"] }), "not_held"),
        (&house.service, json!({ "permissions": ["iam.account.create"] }), "not_held"),
        (&house.service, json!({ "permissions": ["all"] }), "not_held"),
        (&house.service, json!({ "roles": [NOBODY] }), "foreign_role"),
        (&house.service, json!({ "permissions": ["nonsense"] }), "not_held"),
        (&house.local_service, json!({ "permissions": ["iam.account.update"] }), "not_held"),
    ] {
        let path = format!("/api/users/{}", house.user);
        // Once as is, and once with a taken username: the missing right is reported first.
        for username in ["new@acme.example", "taken@example.com"] {
            let body = with(new_user(username), given.clone());
            let attempt = format!("{} gives {given} to {username}", who.username);
            assert_forbidden(who.client.post("/api/users", body.clone()).await, reason, &attempt);
            assert_forbidden(who.client.patch(&path, body.clone()).await, reason, &attempt);
            assert_forbidden(who.client.put(&path, body).await, reason, &attempt);
        }
    }
    assert_eq!(house.state().await, before, "nothing was given");
}

#[tokio::test]
async fn can_grant_rights_one_holds() {
    let house = House::new().await;
    let user = house.people.role("USER").await;
    let tenant_admin = house.people.role("TENANT_ADMIN").await;
    let mut number = 0;
    for (who, given) in [
        (&house.tenant_admin, json!({})),
        (&house.tenant_admin, json!({ "tenant": house.acme })),
        (&house.tenant_admin, json!({ "roles": [user, tenant_admin, house.own_role] })),
        (&house.tenant_admin, json!({ "permissions": ["tenant.all", "tenant.account.delete"] })),
        (&house.deputy, json!({ "permissions": ["tenant.account.create", "tenant.account.update"] })),
        (&house.local_service, json!({ "tenant": house.acme, "roles": [tenant_admin] })),
        (&house.service, json!({ "tenant": house.other })),
    ] {
        number += 1;
        let body = with(new_user(&format!("new-{number}@acme.example")), given.clone());
        let reply = who.client.post("/api/users", body).await;
        assert_eq!(reply.status, 200, "{} gives {given}\n{reply}", who.username);
        let made = house.people.get_account(&text(&reply.body, "id")).await;
        if who.username != "service@example.com" {
            assert_eq!(made["tenant"], *house.acme, "{} gives {given}", who.username);
        }
    }
}

/// Rights in one tenant do not count in another.
#[tokio::test]
async fn cannot_grant_tenant_rights_elsewhere() {
    let house = House::new().await;
    let role = house.people.role("TENANT_ADMIN").await;
    let target = house.people.account("target@other.example", json!({ "tenant": house.other })).await;
    let path = format!("/api/users/{target}");
    let who = &house.local_service;
    for given in [json!({ "permissions": ["tenant.all"] }), json!({ "roles": [role] })] {
        let body = with(with(new_user("new@other.example"), json!({ "tenant": house.other })), given.clone());
        assert_forbidden(who.client.post("/api/users", body).await, "not_held", &given.to_string());
        assert_forbidden(who.client.patch(&path, given.clone()).await, "not_held", &given.to_string());
    }
    // Nor by moving an account that has it, nor oneself.
    let roles = json!({ "tenant": house.acme, "roles": [role] });
    let mover = house.people.account("mover@acme.example", roles).await;
    let body = json!({ "tenant": house.other, "roles": [role] });
    for id in [&mover, &who.id] {
        assert_forbidden(who.client.patch(&format!("/api/users/{id}"), body.clone()).await, "not_held", id);
    }
    assert_eq!(house.people.get_account(&mover).await["tenant"], *house.acme);
}

#[tokio::test]
async fn cannot_raise_own_rights() {
    let house = House::new().await;
    let admin = house.people.role("ADMIN").await;
    let before = house.state().await;
    for who in [&house.tenant_admin, &house.deputy, &house.service, &house.local_service] {
        for given in [
            json!({ "roles": [admin] }),
            json!({ "permissions": ["all"] }),
            json!({ "permissions": ["iam.account.delete"] }),
        ] {
            let attempt = format!("{} takes {given}", who.username);
            assert_forbidden(who.client.patch(&who.path(), given.clone()).await, "not_held", &attempt);
            let whole = with(new_user(&who.username), given.clone());
            assert_forbidden(who.client.put(&who.path(), whole).await, "not_held", &attempt);
            who.client.patch("/api/users/me", given).await.error(403, "forbidden");
        }
    }
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn cannot_take_over_greater_rights() {
    let house = House::new().await;
    let people = &house.people;
    let root = people.with_role("root@example.com", Some(&house.acme), "ADMIN").await;
    let auditor =
        people.with_permissions("auditor@acme.example", Some(&house.acme), &["iam.account.read"]).await;
    let flows =
        people.with_permissions("flows@acme.example", Some(&house.acme), &["tenant.flows.read"]).await;
    let peer = people.tenant_admin("peer@acme.example", &house.acme).await;
    let rival = people.tenant_admin("rival@other.example", &house.other).await;
    let before = house.state().await;
    let password = || json!({ "password": "a password of mine" });
    let username = || json!({ "username": "mine@example.com" });
    let taken = || json!({ "username": "taken@example.com", "password": "a password of mine" });
    for (who, whom, change) in [
        (&house.tenant_admin, &root, password()),
        (&house.tenant_admin, &root, username()),
        (&house.tenant_admin, &root, taken()),
        (&house.tenant_admin, &root, json!({ "status": "DISABLED" })),
        (&house.tenant_admin, &root, json!({ "roles": [] })),
        (&house.tenant_admin, &root, json!({ "firstname": "X" })),
        (&house.tenant_admin, &auditor, password()),
        (&house.tenant_admin, &auditor, username()),
        (&house.tenant_admin, &auditor, json!({ "permissions": [] })),
        (&house.deputy, &flows, password()),
        (&house.deputy, &flows, taken()),
        (&house.deputy, &house.tenant_admin, password()),
        (&house.deputy, &house.tenant_admin, json!({ "status": "DISABLED" })),
        (&house.service, &root, password()),
        (&house.service, &root, json!({ "status": "DISABLED" })),
        (&house.service, &root, json!({ "roles": [] })),
        (&house.service, &root, json!({ "tenant": null })),
        (&house.service, &auditor, username()),
        (&house.service, &peer, password()),
        (&house.service, &peer, username()),
        (&house.service, &peer, taken()),
        (&house.service, &flows, password()),
        (&house.local_service, &rival, password()),
        (&house.local_service, &rival, username()),
        (&house.local_service, &root, password()),
    ] {
        let attempt = format!("{} changes {}: {change}", who.username, whom.username);
        assert_forbidden(who.client.patch(&whom.path(), change.clone()).await, "greater_rights", &attempt);
        let whole = with(new_user("mine@example.com"), change);
        assert_forbidden(who.client.put(&whom.path(), whole).await, "greater_rights", &attempt);
    }
    assert_eq!(house.state().await, before);

    for (who, whom) in [
        (&house.tenant_admin, &peer),
        (&house.tenant_admin, &flows),
        (&house.local_service, &peer),
        (&house.local_service, &flows),
    ] {
        let reply = who.client.patch(&whom.path(), password()).await;
        assert_eq!(reply.status, 200, "{} changes {}\n{reply}", who.username, whom.username);
    }
    let renamed = house.service.client.patch(&peer.path(), json!({ "firstname": "Peer" })).await.json(200);
    assert_eq!(renamed["firstname"], "Peer", "a change of the name takes nothing over");
}

#[tokio::test]
async fn cannot_act_beyond_the_tenant() {
    let house = House::new().await;
    let people = &house.people;
    let theirs = people.person("theirs@other.example", json!({ "tenant": house.other })).await;
    let nowhere = people.person("nowhere@example.com", json!({})).await;
    let before = house.state().await;
    for whom in [&theirs, &nowhere] {
        for (method, body) in [
            ("GET", None),
            ("PATCH", Some(json!({ "password": "a password of mine" }))),
            ("PATCH", Some(json!({ "tenant": house.acme }))),
            ("PATCH", Some(json!({ "username": "taken@example.com" }))),
            ("PUT", Some(new_user("mine@example.com"))),
        ] {
            let reply = house.tenant_admin.client.send(method, &whom.path(), body).await;
            let details = reply.error(404, "not_found");
            assert_eq!(details, json!({ "resource": "user", "id": whom.id }), "{method} {}", whom.username);
        }
        let details = house.tenant_admin.client.delete(&whom.path()).await.error(403, "forbidden");
        assert_eq!(details, json!({ "required_scope": "iam.account.delete" }));
    }
    assert_eq!(house.state().await, before);
}

#[tokio::test]
async fn unknown_references_are_invalid_fields() {
    let house = House::new().await;
    let administrator = &house.people.administrator;
    let path = format!("/api/users/{}", house.user);
    for (given, field) in [
        (json!({ "roles": [NOBODY] }), "roles"),
        (json!({ "roles": [house.own_role, NOBODY] }), "roles"),
        (json!({ "permissions": ["iam.everything"] }), "permissions"),
        (json!({ "tenant": NOBODY }), "tenant"),
    ] {
        let body = with(new_user("new@example.com"), given.clone());
        for reply in [
            administrator.post("/api/users", body.clone()).await,
            administrator.patch(&path, given.clone()).await,
            administrator.put(&path, body).await,
        ] {
            assert_eq!(reply.broken_fields(400, "bad_request"), [field], "{given}");
        }
    }
    // A role applies only in its own tenant, even if an administrator grants it.
    let given = json!({ "roles": [house.foreign_role] });
    assert_forbidden(administrator.patch(&path, given.clone()).await, "foreign_role", "PATCH");
    let homeless = with(new_user("new@example.com"), given);
    assert_forbidden(administrator.post("/api/users", homeless).await, "foreign_role", "POST");
}

#[tokio::test]
async fn checks_who_may_delete() {
    let house = House::new().await;
    let people = &house.people;
    let remover = people.with_permissions("remover@example.com", None, &["iam.account.delete"]).await;
    let root = people.with_role("root@example.com", None, "ADMIN").await;
    let auditor = people.with_permissions("auditor@example.com", None, &["iam.account.read"]).await;
    for whom in [&root, &auditor] {
        let reply = remover.client.delete(&whom.path()).await;
        assert_forbidden(reply, "greater_rights", &whom.username);
    }
    let details = house.tenant_admin.client.delete(&house.deputy.path()).await.error(403, "forbidden");
    assert_eq!(details, json!({ "required_scope": "iam.account.delete" }), "a member is removed instead");
    remover.client.delete(&house.tenant_admin.path()).await.is(200);
    people.administrator.delete(&root.path()).await.is(200);
}

/// What is no role and no permission.
fn no_rights() -> Vec<Value> {
    let mut lists = vec![Value::Null, json!("all"), json!(7), json!(true), json!({ "0": "all" })];
    for entry in [
        Value::Null,
        json!(7),
        json!(0),
        json!(false),
        json!([]),
        json!({}),
        json!({ "id": null }),
        json!({ "name": "USER" }),
        json!(""),
        json!("null"),
        json!("undefined"),
        json!("5f5f5f5f5f5f5f5f5f5f5f5f"),
        json!("ALL"),
        json!("tenant.everything"),
    ] {
        lists.push(json!([entry]));
        lists.push(json!([entry, null]));
    }
    lists
}

#[tokio::test]
async fn what_is_no_right_is_forbidden_before_other_fields_are_checked() {
    let house = House::new().await;
    let people = &house.people;
    let issuer = ["iam.token.create", "iam.token.update"];
    let issuer = people.with_permissions("issuer@example.com", None, &issuer).await;
    let root = people.with_role("another-root@example.com", Some(&house.acme), "ADMIN").await;
    let user = format!("/api/users/{}", house.user);
    let role = format!("/api/roles/{}", house.own_role);
    let before = house.state().await;
    for (who, method, path, field, reason) in [
        (&house.deputy, "POST", "/api/users", "roles", "foreign_role"),
        (&house.deputy, "PATCH", &*user, "roles", "foreign_role"),
        (&house.deputy, "PUT", &*user, "roles", "foreign_role"),
        (&house.tenant_admin, "POST", "/api/v1/users", "permissions", "not_held"),
        (&house.service, "PATCH", &*user, "permissions", "not_held"),
        (&house.local_service, "PUT", &*user, "permissions", "not_held"),
        (&house.deputy, "PATCH", "/api/users/me", "permissions", "not_held"),
        (&house.tenant_admin, "POST", "/api/roles", "permissions", "not_held"),
        (&house.tenant_admin, "PATCH", &*role, "permissions", "not_held"),
        (&issuer, "POST", "/api/tokens", "customPermissions", "not_held"),
    ] {
        for given in no_rights() {
            // Every other field is wrong or missing.
            let body =
                json!({ field: given, "username": 7, "firstname": "", "name": [], "accountId": "nope" });
            let reply = who.client.send(method, path, Some(body.clone())).await;
            assert_forbidden(reply, reason, &format!("{} {method} {path} {field} {given}", who.username));
            let reply = root.client.send(method, path, Some(body)).await;
            assert_eq!(reply.status, 400, "{method} {path} {field} {given}\n{reply}");
            let fields = reply.broken_fields(400, "bad_request");
            assert!(
                fields.contains(&field.to_owned()) && fields.len() > 1,
                "{method} {path} {given}: {fields:?}"
            );
        }
    }
    assert_eq!(house.state().await, before);
}
