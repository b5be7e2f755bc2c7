//! Parameters of queries and forms: booleans, times and arrays.

use denizen_tests::{Client, TestServer, Value, json};

use crate::support::{ALL_SCOPES, create, create_channel, each, text};
use crate::tiers::create_tier;

const USERS: &str = "/api/v1/external-users";

#[tokio::test]
async fn booleans_in_queries_are_read_in_any_case() {
    let server = TestServer::start().await;
    create(&server, json!({ "identifier": "active" })).await;
    let blocked = create(&server, json!({ "identifier": "blocked" })).await;
    server
        .flowra()
        .send("PUT", &format!("{USERS}/{}/toggle-active", text(&blocked, "id")), None)
        .await
        .is(200);
    let account = server.as_administrator().await;
    let (all, flowra) = (server.zaia().with_key(&server.new_key(&ALL_SCOPES).await), server.flowra());
    let basic = server.basic(&server.administrator.username, &server.administrator.password);
    account.post("/flows/default", json!({ "name": "Mine" })).await.is(201);
    for (truth, lie) in [
        ("true", "false"),
        ("True", "False"),
        ("TRUE", "FALSE"),
        ("tRUE", "fALSE"),
        ("trUe", "falSe"),
        ("1", "0"),
        ("%54rue", "%46alse"),
    ] {
        for (value, is_set) in [(truth, true), (lie, false)] {
            let names = each(&flowra.get(&format!("{USERS}?isActive={value}")).await.array(200), "name");
            assert_eq!(names, [if is_set { "active" } else { "blocked" }], "isActive={value}");
            for (client, path) in [
                (&flowra, USERS),
                (&all, USERS),
                (&all, "/api/v1/channels"),
                (&all, "/api/v1/tiers"),
                (&all, "/api/v1/external-user-groups"),
                (&all, "/api/v1/api-keys"),
                (&server.notiflows(), "/admin/users"),
            ] {
                let reply = client.get(&format!("{path}?count={value}")).await.is(200);
                assert_eq!(reply.header("x-total-count").is_some(), is_set, "{path}?count={value}");
            }
            all.get(&format!("/api/v1/api-keys?includeEnded={value}")).await.is(200);
            for path in ["/api/users", "/api/roles", "/api/users/me"] {
                let body = account.get(&format!("{path}?meta={value}")).await.json(200);
                assert_eq!(body["meta"].is_object(), is_set, "{path}?meta={value}");
            }
            let flows = basic.get(&format!("/flows?users={value}")).await.array(200);
            assert_eq!(flows[0]["users"].is_array(), is_set, "users={value}");
        }
    }
    for wrong in ["", "yes", "no", "on", "off", "2", "-1", "t", "truee", "null", "%20true", "true%00", "1.0"]
    {
        let details = flowra.get(&format!("{USERS}?isActive={wrong}")).await.error(400, "bad_request");
        assert_eq!(details["param"], "isActive", "{wrong}");
        assert_eq!(details["fields"][0]["message"], "must be true, false, 1 or 0", "{wrong}");
    }
}

#[tokio::test]
async fn booleans_in_forms_are_read_in_any_case() {
    let server = TestServer::start().await;
    let basic = server.basic(&server.administrator.username, &server.administrator.password);
    basic.post("/flows/default", json!({ "name": "Mine" })).await.is(201);
    for (value, is_archived) in [
        ("True", true),
        ("False", false),
        ("TRUE", true),
        ("FALSE", false),
        ("1", true),
        ("0", false),
        ("true", true),
        ("false", false),
        ("tRuE", true),
        ("fAlSe", false),
    ] {
        let flow = basic.put_form("/flows/default/mine", &[("disabled", value)]).await.json(200);
        assert_eq!(flow["disabled"], is_archived, "{value} in a form");
        let flow = basic.put("/flows/default/mine", json!({ "disabled": !is_archived })).await.json(200);
        assert_eq!(flow["disabled"], !is_archived);
        let flow = basic.put("/flows/default/mine", json!({ "disabled": value })).await.json(200);
        assert_eq!(flow["disabled"], is_archived, "{value} as a text in JSON");
    }
    for wrong in ["", "yes", "on", "2", "wahr"] {
        let reply = basic.put_form("/flows/default/mine", &[("disabled", wrong)]).await.is(400);
        assert_eq!(reply.body["errors"], json!({ "disabled": ["must be true, false, 1 or 0"] }), "{wrong}");
    }
}

/// The users and the audit events of a list between two times.
async fn between(server: &TestServer, events: &Client, after: &str, before: &str) -> [usize; 2] {
    let users = format!("/admin/users?created_after={after}&created_before={before}");
    let users = server.notiflows().get(&users).await.json(200);
    let log = format!(
        "/api/v1/audit-events?action=external_user.create&occurredAfter={after}&occurredBefore={before}"
    );
    let log = events.get(&log).await.array(200);
    [users["items"].as_array().unwrap().len(), log.len()]
}

#[tokio::test]
async fn times_in_queries_may_be_days_or_have_an_unencoded_plus() {
    let server = TestServer::with_fixed_time().await; // 2024-01-15T10:30:00Z
    let events = server.zaia().with_key(&server.new_key(&ALL_SCOPES).await);
    server.notiflows().put("/admin/users/e1", json!({})).await.is(201);
    for (after, before, found) in [
        ("2024-01-15", "2024-01-16", 1),
        ("2024-01-14", "2024-01-15", 0),
        ("2024-01-16", "2024-01-17", 0),
        ("1999-12-31", "9999-12-31", 1),
        ("2024-01-15T10:29:59+00:00", "2024-01-15T10:30:01+00:00", 1),
        ("2024-01-15T12:29:59+02:00", "2024-01-15T12:30:01+02:00", 1),
        ("2024-01-15T12:30:01+02:00", "2024-01-16", 0),
        ("2024-01-15T10:29:59%2B00:00", "2024-01-15T10:30:01%2b00:00", 1),
        ("2024-01-15T10:29:59%2000:00", "2024-01-15T10:30:01%2000:00", 1),
        ("2024-01-15+10:29:59+00:00", "2024-01-15%2010:30:01Z", 1),
        ("2024-01-15T05:29:59-05:00", "2024-01-15T05:30:01-05:00", 1),
        ("2024-01-15T10:29:59.5+00:00", "2024-01-15T10:30:00.000001+00:00", 1),
        ("2024-01-15t10:29:59z", "2024-01-16", 1),
    ] {
        assert_eq!(between(&server, &events, after, before).await, [found; 2], "{after} to {before}");
    }
    for wrong in [
        "2024-01-32",
        "2023-02-29",
        "2024-1-5",
        "20240115",
        "2024-01",
        "2024",
        "2024-01-15T10:30",
        "2024-01-15T10:30:00",
        "2024-01-15+00:00",
        "15.01.2024",
        "01/15/2024",
        "yesterday",
        "1705314600",
        "+024-01-15",
        "",
    ] {
        for (client, path, name) in [
            (server.notiflows(), "/admin/users", "created_after"),
            (server.notiflows(), "/admin/v1/users", "created_before"),
            (events.clone(), "/api/v1/audit-events", "occurredAfter"),
            (events.clone(), "/api/v1/audit-events", "occurredBefore"),
        ] {
            let details = client.get(&format!("{path}?{name}={wrong}")).await.error(400, "bad_request");
            assert_eq!(
                (&details["param"], &details["reason"]),
                (&json!(name), &json!("invalid_param")),
                "{wrong}"
            );
            assert!(
                text(&details["fields"][0], "message").contains("a day, such as 2024-01-15"),
                "{details:#}"
            );
        }
    }
}

#[tokio::test]
async fn a_command_takes_days() {
    let server = TestServer::start().await;
    server.notiflows().put("/admin/users/e1", json!({})).await.is(201);
    let list = async |more: &[&str]| {
        let command =
            ["audit", "list", "--workspace", "default", "--action", "external_user.create", "--json"];
        server.operator(&[&command, more].concat()).await.as_array().unwrap().len()
    };
    for (more, found) in [
        (["--after", "2024-01-15"], 1),
        (["--before", "2024-01-15"], 0),
        (["--after", "9999-12-31"], 0),
        (["--before", "9999-12-31"], 1),
        (["--after", "2024-01-15T00:00:00+02:00"], 1),
    ] {
        assert_eq!(list(&more).await, found, "{more:?}");
    }
}

/// Two users in a channel and a tier each, and the ids of these.
async fn two_users(server: &TestServer) -> [(String, String, String); 2] {
    let mut users = Vec::new();
    for name in ["one", "two"] {
        let (channel, tier) = (create_channel(server, name).await, create_tier(server, name).await);
        create(server, json!({ "channelId": channel, "tierId": tier, "externalId": format!("user {name}") }))
            .await;
        users.push((format!("user {name}"), channel, tier));
    }
    users.try_into().unwrap()
}

#[tokio::test]
async fn an_array_in_a_query_filters_like_the_repeated_parameter() {
    let server = TestServer::start().await;
    let [(one, channel, tier), (two, other_channel, other_tier)] = two_users(&server).await;
    let both = [one.clone(), two.clone()];
    for (query, found) in [
        (format!("channelIds={channel}"), &both[..1]),
        (format!("channelIds[]={channel}"), &both[..1]),
        (format!("channelIds[]={channel}&channelIds[]={other_channel}"), &both),
        (format!("channelIds[0]={channel}"), &both[..1]),
        (format!("channelIds[0]={channel}&channelIds[1]={other_channel}"), &both),
        (format!("channelIds[7]={other_channel}"), &both[1..]),
        (format!("channelIds%5B%5D={other_channel}"), &both[1..]),
        (format!("channelIds%5b0%5d={other_channel}&tierIds%5B%5D={other_tier}"), &both[1..]),
        (format!("tierIds[]={tier}&channelIds[]={channel}"), &both[..1]),
        (format!("tierIds[]={tier}&channelIds[]={other_channel}"), &[]),
        (format!("tierIds={tier}&tierIds[]={other_tier}"), &both),
        (format!("search[]=user%20one&channelIds[]={channel}"), &both[..1]),
        ("channelIds[]=7d444840-9dc0-41d1-b245-5ffdce74fad2".to_owned(), &[]),
    ] {
        let users = server.zaia().get(&format!("{USERS}?{query}")).await.array(200);
        assert_eq!(each(&users, "externalId"), found, "{query}");
    }
    let page = server.zaia().get(&format!("{USERS}?pageNumber[]=1&pageSize[]=1")).await;
    let next = page.next().unwrap();
    assert_eq!(each(&page.array(200), "externalId"), [one]);
    assert_eq!(each(&server.zaia().get(&next).await.array(200), "externalId"), [two], "{next}");
    for (query, param, reason) in [
        (format!("tierIds[]={tier}&tierIds[]=nope"), "tierIds", "invalid_uuid"),
        ("tierIds[0]=".to_owned(), "tierIds", "invalid_uuid"),
        ("pageSize[]=1&pageSize[]=2".to_owned(), "pageSize", "invalid_param"),
        ("pageSize=1&pageSize[0]=1".to_owned(), "pageSize", "invalid_param"),
        (format!("tierIds[]={tier}&TierIds={tier}"), "TierIds", "invalid_param"),
        (format!("tierIds[a]={tier}"), "tierIds[a]", "invalid_param"),
    ] {
        let details = server.zaia().get(&format!("{USERS}?{query}")).await.error(400, "bad_request");
        assert_eq!((&details["param"], &details["reason"]), (&json!(param), &json!(reason)), "{query}");
    }
}

#[tokio::test]
async fn accounts_are_filtered_by_arrays_of_names() {
    let server = TestServer::start().await;
    for name in ["jane", "john", "joe"] {
        server.new_account(&format!("{name}@example.com"), None, &[]).await;
    }
    let client = server.as_administrator().await;
    for (query, found) in [
        ("username[]=jane@example.com", &["jane@example.com"][..]),
        (
            "username[0]=jane@example.com&username[1]=joe@example.com",
            &["jane@example.com", "joe@example.com"],
        ),
        ("username[]=nobody@example.com", &[]),
        ("username[]=nobody", &[]),
        ("username%5B%5D=john%40example.com", &["john@example.com"]),
        ("userId[]=7d444840-9dc0-41d1-b245-5ffdce74fad2", &[]),
    ] {
        let users = client.get(&format!("/api/users?{query}")).await.array(200);
        assert_eq!(each(&users, "username"), found, "{query}");
    }
    let wrapped: Value = client.get("/api/users?meta[]=1&username[]=jane@example.com").await.json(200);
    assert_eq!(wrapped["meta"], json!({ "total": 1 }));
    for misspelt in
        ["usernames=jane@example.com", "userName[]=a", "user_id=a", "userIds[]=a", "Username=a", "usrename=a"]
    {
        let key = misspelt.split('=').next().unwrap();
        let details = client.get(&format!("/api/users?{misspelt}")).await.error(400, "bad_request");
        assert_eq!(details["param"], key, "{misspelt}");
    }
}

#[tokio::test]
async fn a_filter_of_the_other_contract_widens_nothing() {
    let server = TestServer::start().await;
    let [(_, channel, tier), _] = two_users(&server).await;
    for (client, query) in [
        (server.flowra(), format!("channelIds={channel}")),
        (server.flowra(), format!("channelIds[]={channel}&limit=1")),
        (server.flowra_bearer(), format!("tierIds[0]={tier}")),
        (server.flowra(), format!("tierIds%5B%5D={tier}")),
        (server.flowra(), format!("superIdentityIds={tier}")),
        (server.flowra(), format!("externalUserGroupIds={tier}")),
        (server.flowra(), "search=user%20one".to_owned()),
        (server.zaia(), "q=user".to_owned()),
        (server.zaia(), "q[]=user".to_owned()),
        (server.zaia(), "isActive=True".to_owned()),
        (server.zaia(), "isActive[0]=false".to_owned()),
        (server.flowra(), "pageNumber=1&pageSize=1".to_owned()),
        (server.zaia(), "limit=1".to_owned()),
    ] {
        let name = query.split(['=', '[', '%']).next().unwrap();
        let details = client.get(&format!("{USERS}?{query}")).await.error(400, "bad_request");
        assert_eq!(
            (&details["param"], &details["reason"]),
            (&json!(name), &json!("invalid_param")),
            "{query}"
        );
        let message = text(&details["fields"][0], "message");
        assert!(message.contains("'s list, not of this one"), "{query}: {message}");
    }
}
