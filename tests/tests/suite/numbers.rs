//! Numbers come back as they were written, and whole numbers are accepted in every notation.

use denizen_tests::{Client, Reply, TestServer, json};

use crate::support::{ALL_SCOPES, create, path_of, text};

const USERS: &str = "/api/v1/external-users";

/// Numbers that a float, or a writer with notions of its own, would change.
const NUMBERS: [&str; 20] = [
    "123456789012345678901234567890",
    "10.10",
    "0.1000000000000000055",
    "1e3",
    "1E+2",
    "1e-7",
    "-0",
    "-0.0",
    "0e0",
    "1.0",
    "100000000000000000000000",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "3.141592653589793238462643383279",
    "1e400",
    "-2.50E-400",
    "0.30000000000000004",
    "1e007",
    "5e-324",
];

/// An object with all of them, at several levels.
fn all_numbers() -> String {
    let members = NUMBERS.iter().enumerate().map(|(index, number)| format!("\"n{index}\":{number}"));
    let members = members.collect::<Vec<_>>().join(",");
    format!("{{{members},\"deep\":{{\"list\":[{}],\"text\":\"1e3\"}}}}", NUMBERS.join(","))
}

/// Sends a body as it is written.
async fn send(client: &Client, method: &str, path: &str, body: &str) -> Reply {
    client.send_bytes(method, path, Some(("application/json", body.as_bytes().to_vec()))).await
}

/// Asserts that an answer shows an object, written like this, under a key. Blanks between tokens do not count.
#[track_caller]
fn assert_shows(place: &str, answer: &str, key: &str, object: &str) {
    let answer = answer.replace([' ', '\n'], "");
    assert!(answer.contains(&format!("\"{key}\":{object}")), "{place} shows other numbers:\n{answer}");
}

#[tokio::test]
async fn custom_fields_keep_numbers_as_they_are_written() {
    let server = TestServer::start().await;
    let (flowra, zaia, notiflows) = (server.flowra(), server.zaia(), server.notiflows());
    let fields = all_numbers();
    let put = format!("{{\"custom_fields\": {fields}, \"email\": \"jane@example.com\"}}");
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let put = send(&notiflows, "PUT", "/admin/users/u-1", &put).await.is(200);
    assert_shows("the answer to PUT", &put.text, "custom_fields", &fields);
    for path in ["/admin/users/u-1", "/admin/v1/users/u-1", "/admin/users", "/admin/users?limit=1"] {
        assert_shows(path, &notiflows.get(path).await.is(200).text, "custom_fields", &fields);
    }
    let path = path_of(&user);
    for (client, path) in [
        (&flowra, USERS),
        (&flowra, &format!("{USERS}?page=1&limit=1")),
        (&flowra, &format!("{USERS}/username/u-1")),
        (&zaia, USERS),
        (&zaia, &path),
        (&flowra.with("x-username", "u-1"), &format!("{USERS}/me")),
    ] {
        assert_shows(path, &client.get(path).await.is(200).text, "customFields", &fields);
    }
    let lookup = json!({ "emails": ["jane@example.com"] });
    let lookup = zaia.post(&format!("{USERS}/lookup"), lookup).await.is(200);
    assert_shows("lookup", &lookup.text, "customFields", &fields);
    let claim = json!({
        "channelId": user["channelId"], "externalId": "u-1", "id": null, "identifier": null,
    });
    let claimed = zaia.post(&format!("{USERS}/authenticate"), claim).await.is(200);
    assert_shows("authenticate", &claimed.text, "customFields", &fields);
    for method in ["PUT", "PUT"] {
        let toggled = flowra.send(method, &format!("{path}/toggle-active"), None).await.is(200);
        assert_shows("toggle-active", &toggled.text, "customFields", &fields);
    }
    zaia.delete(&path).await.is(204);
    let restored = zaia.send("POST", &format!("{path}/restore"), None).await.is(200);
    assert_shows("restore", &restored.text, "customFields", &fields);
    let shown =
        server.operator_text(&["external-users", "get", "u-1", "--workspace", "default", "--json"]).await;
    assert_shows("denizen external-users get", &shown, "customFields", &fields);
    let listed = server.operator_text(&["external-users", "list", "--workspace", "default", "--json"]).await;
    assert_shows("denizen external-users list", &listed, "customFields", &fields);
    let shown = server.operator_text(&["external-users", "get", "u-1", "--workspace", "default"]).await;
    assert!(shown.contains(&fields), "denizen external-users get prints other numbers:\n{shown}");
}

#[tokio::test]
async fn new_users_and_bulk_requests_keep_numbers_as_they_are_written() {
    let server = TestServer::start().await;
    let (zaia, notiflows) = (server.zaia(), server.notiflows());
    let fields = all_numbers();
    let channel = &server.workspace.channel_id;
    let body = format!(
        "{{\"channelId\": \"{channel}\", \"externalId\": \"u-1\", \"externalUserGroupId\": null, \"identifier\": null, \
         \"name\": null, \"tierId\": null, \"customFields\": {fields}}}"
    );
    let keyed = zaia.with("idempotency-key", "numbers");
    let made = send(&keyed, "POST", USERS, &body).await.is(200);
    assert_shows("the answer to POST", &made.text, "customFields", &fields);
    let replayed = send(&keyed, "POST", USERS, &body).await.is(200);
    assert_eq!(replayed.header("idempotency-replayed"), Some("true"));
    assert_eq!(replayed.text, made.text);

    let bulk = format!(
        "{{\"users\": [{{\"external_id\": \"u-2\", \"custom_fields\": {fields}}}, {{\"external_id\": \"u-1\", \
         \"custom_fields\": {{\"n1\": 10.100}}}}]}}"
    );
    send(&notiflows, "POST", "/admin/users/bulk", &bulk).await.is(200);
    let second = notiflows.get("/admin/users/u-2").await.is(200);
    assert_shows("a new user of a bulk request", &second.text, "custom_fields", &fields);
    let first = notiflows.get("/admin/users/u-1").await.is(200);
    let changed = fields.replace("\"n1\":10.10,", "\"n1\":10.100,");
    assert_shows("a changed user of a bulk request", &first.text, "custom_fields", &changed);
}

#[tokio::test]
async fn a_merge_and_its_audit_event_keep_numbers_as_they_are_written() {
    let server = TestServer::start().await;
    let zaia = server.zaia().with_key(&server.new_key(&ALL_SCOPES).await);
    let path = path_of(&create(&server, json!({ "externalId": "u-1" })).await);
    let patch =
        async |fields: &str| send(&zaia, "PATCH", &path, &format!("{{\"customFields\":{fields}}}")).await;
    let fields = all_numbers();
    patch(&fields).await.is(200);
    patch(&fields).await.is(200);
    let changed = patch("{\"deep\":{\"more\":7.70},\"n0\":null,\"n3\":1e4}").await.is(200);
    let expected = fields
        .replace("\"n0\":123456789012345678901234567890,", "")
        .replace("\"n3\":1e3", "\"n3\":1e4")
        .replace("\"text\":\"1e3\"", "\"text\":\"1e3\",\"more\":7.70");
    assert_shows("the answer to PATCH", &changed.text, "customFields", &expected);
    assert_shows("GET", &zaia.get(&path).await.is(200).text, "customFields", &expected);

    let events = zaia.get("/api/v1/audit-events?action=external_user.update").await.is(200);
    let count = events.text.matches("\"external_user.update\"").count();
    assert_eq!(count, 2, "the same numbers again are no change:\n{events}");
    let in_log = server.operator_text(&["audit", "list", "--workspace", "default", "--json"]).await;
    for (place, events) in [("the log", events.text), ("denizen audit list", in_log)] {
        assert_shows(place, &events, "customFields.n3", "{\"old\":1e3,\"new\":1e4}");
        assert_shows(place, &events, "customFields.deep.more", "{\"old\":null,\"new\":7.70}");
        assert_shows(place, &events, "customFields.n8", "{\"old\":null,\"new\":0e0}");
        let zero = "{\"old\":123456789012345678901234567890,\"new\":null}";
        assert_shows(place, &events, "customFields.n0", zero);
    }
}

#[tokio::test]
async fn a_number_of_more_than_a_thousand_characters_is_refused() {
    let server = TestServer::start().await;
    let (zaia, notiflows) = (server.zaia(), server.notiflows());
    let longest = format!("0.{}", "3".repeat(998));
    let path = path_of(&create(&server, json!({ "externalId": "u-1" })).await);
    let of = |key: &str, number: &str| format!("{{\"{key}\": {{\"a\": [{{\"b\": {number}}}]}}}}");
    send(&notiflows, "PUT", "/admin/users/u-1", &of("custom_fields", &longest)).await.is(200);
    let before = zaia.get(&path).await.is(200).text;
    assert_shows("GET", &before, "customFields", &format!("{{\"a\":[{{\"b\":{longest}}}]}}"));
    for number in
        [format!("{longest}3"), "7".repeat(1_001), format!("-1e{}", "0".repeat(1_000)), "1".repeat(50_000)]
    {
        let put = send(&notiflows, "PUT", "/admin/users/u-1", &of("custom_fields", &number)).await;
        assert_eq!(put.broken_fields(422, "validation_failed"), ["custom_fields"]);
        let patch = send(&zaia, "PATCH", &path, &of("customFields", &number)).await;
        assert_eq!(patch.broken_fields(400, "bad_request"), ["customFields"]);
        let item = of("custom_fields", &number).replacen('{', "{\"external_id\": \"u-1\", ", 1);
        let bulk = send(&notiflows, "POST", "/admin/users/bulk", &format!("{{\"users\": [{item}]}}")).await;
        assert_eq!(bulk.is(207).body["failed"][0]["fields"][0]["field"], "custom_fields");
    }
    assert_eq!(zaia.get(&path).await.is(200).text, before);
}

#[tokio::test]
async fn text_that_is_not_unicode_is_refused_in_custom_fields() {
    let server = TestServer::start().await;
    for fields in [r#"{"a":"\ud800"}"#, r#"{"\udc00":1}"#, r#"{"a":[["\ud83d\u0041"]]}"#] {
        let body = format!("{{\"custom_fields\":{fields}}}");
        let reply = send(&server.notiflows(), "PUT", "/admin/users/u-1", &body).await;
        assert_eq!(reply.broken_fields(422, "validation_failed"), ["custom_fields"], "{fields}");
    }
    server.notiflows().get("/admin/users/u-1").await.error(404, "not_found");
}

/// Notations of 5.
const FIVE: [&str; 11] = [
    "5",
    "5.0",
    "5.00",
    "5e0",
    "5E0",
    "5e+0",
    "50e-1",
    "0.5e1",
    "0.05E+2",
    "500.0E-2",
    "5.0000000000000000000000",
];

/// What is no whole number of 64 bits.
const NOT_WHOLE: [&str; 10] = [
    "5.5",
    "5e-1",
    "1e400",
    "1e19",
    "9223372036854775808",
    "-9223372036854775809",
    "0.1",
    "5.01",
    "1E-400",
    "true",
];

#[tokio::test]
async fn whole_numbers_are_accepted_in_every_notation_in_json() {
    let server = TestServer::start().await;
    let manager = server.zaia().with_key(&server.new_key(&ALL_SCOPES).await);
    let tier = |number: &str| {
        format!(
            "{{\"name\": \"Gold\", \"description\": \"A plan\", \"prompt\": null, \"maxAssistantMessages\": {number}}}"
        )
    };
    let key = manager.post("/api/v1/api-keys", json!({ "name": "another" })).await.json(200);
    let rotation = format!("/api/v1/api-keys/{}/rotate", text(&key, "id"));
    for number in FIVE {
        let made = send(&manager, "POST", "/api/v1/tiers", &tier(number)).await.json(200);
        assert_eq!(made["maxAssistantMessages"], 5, "{number}");
        let path = format!("/api/v1/tiers/{}", text(&made, "id"));
        let change = format!("{{\"maxAssistantMessages\": {number}}}");
        assert_eq!(
            send(&manager, "PATCH", &path, &change).await.json(200)["maxAssistantMessages"],
            5,
            "{number}"
        );
    }
    for number in ["0", "0.0", "0e0", "-0", "0E5", "0.00e-3"] {
        let overlap = format!("{{\"overlapSeconds\": {number}}}");
        send(&manager, "POST", &rotation, &overlap).await.json(200);
    }
    let tiers = manager.get("/api/v1/tiers?pageSize=100").await.is(200).text;
    for number in NOT_WHOLE {
        let refused = send(&manager, "POST", "/api/v1/tiers", &tier(number)).await;
        assert_eq!(refused.broken_fields(400, "bad_request"), ["maxAssistantMessages"], "{number}");
        let overlap = format!("{{\"overlapSeconds\": {number}}}");
        let refused = send(&manager, "POST", &rotation, &overlap).await;
        assert_eq!(refused.broken_fields(400, "bad_request"), ["overlapSeconds"], "{number}");
    }
    assert_eq!(manager.get("/api/v1/tiers?pageSize=100").await.is(200).text, tiers);
}

#[tokio::test]
async fn whole_numbers_are_accepted_in_every_notation_in_forms_and_queries() {
    let server = TestServer::start().await;
    let administrator = server.as_administrator().await;
    let number = server.workspace.number;
    let notations = [
        format!("{number}"),
        format!("{number}.0"),
        format!("{number}e0"),
        format!("{number}E0"),
        format!("{number}0e-1"),
        format!("{number}.000"),
    ];
    for id in notations {
        let found = administrator.get(&format!("/organizations/find?id={id}")).await.json(200);
        assert_eq!(found["id"], number, "{id}");
    }
    let flow = server.new_flow(&server.workspace, "Main", "organization").await;
    let members = format!("{}/users", flow.path());
    for (index, end) in [".0", "e0", ".00E0", "0e-1"].into_iter().enumerate() {
        let joining =
            server.new_account(&format!("u{index}@example.com"), Some(&server.workspace), &[]).await;
        server.add_to_flow(&server.administrator.id, &flow).await;
        let id = format!("{}{end}", joining.number);
        administrator.post_form(&members, &[("id", &id)]).await.json(200);
        send(&administrator, "POST", &members, &format!("{{\"id\": {id}}}")).await.json(200);
        let listed = administrator.get(&members).await.array(200);
        assert!(listed.iter().any(|user| user["id"] == joining.number), "{id}: {listed:#?}");
    }
    for wrong in ["5.5", "1e400", "1e19", "x"] {
        let refused = administrator.post_form(&members, &[("id", wrong)]).await;
        assert_eq!(refused.broken_fields(400, "bad_request"), ["id"], "{wrong}");
    }
    for index in 0..7 {
        create(&server, json!({ "externalId": format!("u-{index}") })).await;
    }
    let (flowra, zaia, notiflows) = (server.flowra(), server.zaia(), server.notiflows());
    for five in FIVE.map(|five| five.replace('+', "%2B")) {
        assert_eq!(flowra.get(&format!("{USERS}?limit={five}")).await.array(200).len(), 5, "{five}");
        assert_eq!(zaia.get(&format!("{USERS}?pageSize={five}")).await.array(200).len(), 5, "{five}");
        let page = zaia.get(&format!("{USERS}?pageSize=1&pageNumber={five}")).await.array(200);
        assert_eq!(page[0]["externalId"], "u-4", "{five}");
        let page = notiflows.get(&format!("/admin/users?limit={five}")).await.json(200);
        assert_eq!(page["items"].as_array().map(Vec::len), Some(5), "{five}");
        assert_eq!(page["page"]["limit"], 5, "{five}");
    }
    for wrong in NOT_WHOLE {
        notiflows.get(&format!("/admin/users?limit={wrong}")).await.error(400, "bad_request");
        zaia.get(&format!("{USERS}?pageNumber={wrong}")).await.error(400, "bad_request");
    }
}
