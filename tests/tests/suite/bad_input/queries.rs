//! Parameters of lists.

use denizen_tests::{Client, Reply, json};

use super::Directory;
use crate::support::{ALL_SCOPES, text};

/// A list, with the names of its parameters.
struct List {
    client: Client,
    path: &'static str,
    size: &'static str,
    largest: u32,
    /// The page number, if pages have numbers.
    number: Option<&'static str>,
    /// The cursors of a page.
    cursors: &'static [&'static str],
    search: Option<&'static str>,
    ids: &'static [&'static str],
    can_be_counted: bool,
}

fn lists(directory: &Directory) -> [List; 9] {
    let server = &directory.server;
    let flowra = List {
        client: server.flowra(),
        path: "/api/v1/external-users",
        size: "limit",
        largest: 1000,
        number: Some("page"),
        cursors: &["cursor"],
        search: Some("q"),
        ids: &[],
        can_be_counted: true,
    };
    let zaia = |path, ids| List {
        client: directory.surroundings.client.clone(),
        path,
        size: "pageSize",
        largest: 100,
        number: Some("pageNumber"),
        cursors: &["cursor"],
        search: Some("search"),
        ids,
        can_be_counted: true,
    };
    let notiflows = |path| List {
        client: server.notiflows(),
        path,
        size: "limit",
        largest: 1000,
        number: None,
        cursors: &["after", "before"],
        search: None,
        ids: &[],
        can_be_counted: true,
    };
    let events = zaia("/api/v1/audit-events", &[]);
    [
        flowra,
        zaia(
            "/api/v1/external-users",
            &["channelIds", "externalUserGroupIds", "superIdentityIds", "tierIds"],
        ),
        zaia("/api/v1/channels", &["ids"]),
        notiflows("/admin/users"),
        notiflows("/admin/v1/users"),
        zaia("/api/v1/external-user-groups", &["ids", "tierIds"]),
        zaia("/api/v1/tiers", &["ids"]),
        List { search: None, ..zaia("/api/v1/api-keys", &[]) },
        List { size: "limit", number: None, search: None, can_be_counted: false, ..events },
    ]
}

impl List {
    async fn get(&self, query: &str) -> Reply {
        self.client.get(&format!("{}?{query}", self.path)).await
    }

    /// Asserts that one parameter is refused with this reason.
    async fn refuses(&self, query: &str, parameter: &str, reason: &str) {
        let reply = self.get(query).await;
        assert_eq!(reply.status, 400, "{}?{query}:\n{reply}", self.path);
        assert_eq!(reply.clone().broken_fields(400, "bad_request"), [parameter], "{}?{query}", self.path);
        let details = reply.error(400, "bad_request");
        assert_eq!(details["reason"], reason, "{}?{query}: {details:#}", self.path);
        assert_eq!(details["param"], parameter, "{}?{query}: {details:#}", self.path);
    }

    /// The cursor of the page after the first entry.
    async fn cursor(&self) -> String {
        let reply = self.get(&format!("{}=1", self.size)).await.is(200);
        let next = reply.next().unwrap_or_else(|| panic!("{} has no next page:\n{reply}", self.path));
        let (_, query) = next.split_once('?').unwrap();
        let cursor = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{}=", self.cursors[0])));
        cursor.unwrap().to_owned()
    }
}

#[tokio::test]
async fn limits_the_page_size() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        let too_many = (list.largest + 1).to_string();
        for wrong in
            ["0", &too_many, "-1", "", "1.5", "15e-1", "ten", "4294967297", "99999999999999999999", "1%00"]
        {
            list.refuses(&format!("{}={wrong}", list.size), list.size, "invalid_param").await;
        }
        for right in [1, list.largest] {
            list.get(&format!("{}={right}", list.size)).await.is(200);
        }
    }
}

#[tokio::test]
async fn limits_the_page_number() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        let Some(number) = list.number else { continue };
        for wrong in ["0", "-1", "", "1.5", "1e9", "1000000000", "100001", "first", "18446744073709551616"] {
            list.refuses(&format!("{number}={wrong}"), number, "invalid_param").await;
        }
        let beyond_the_end = list.get(&format!("{number}=100000")).await;
        assert!(beyond_the_end.array(200).is_empty(), "{}", list.path);
    }
}

#[tokio::test]
async fn rejects_a_tampered_cursor() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        let cursor = list.cursor().await;
        for parameter in list.cursors {
            list.get(&format!("{parameter}={cursor}")).await.is(200);
            for at in 0..cursor.len() {
                let letter = if cursor.as_bytes()[at] == b'A' { 'B' } else { 'A' };
                let changed = format!("{}{letter}{}", &cursor[..at], &cursor[at + 1..]);
                list.refuses(&format!("{parameter}={changed}"), parameter, "invalid_param").await;
            }
            let shorter = &cursor[..cursor.len() - 4];
            let longer = format!("{cursor}AAAA");
            for wrong in ["", "1", "null", "%00", "%F0%9F%99%82", shorter, &longer, &"A".repeat(4_000)] {
                list.refuses(&format!("{parameter}={wrong}"), parameter, "invalid_param").await;
            }
        }
    }
}

#[tokio::test]
async fn a_cursor_is_bound_to_list_and_workspace() {
    let directory = Directory::new().await;
    let server = &directory.server;
    let elsewhere = server.new_workspace("elsewhere").await;
    let strangers_key = server.new_key_of(&elsewhere, &ALL_SCOPES).await;
    for (name, body) in [("one", json!({ "name": "one" })), ("two", json!({ "name": "two" }))] {
        server.flowra().with_key(&elsewhere.key).post("/api/v1/external-users", body).await.is(201);
        let channel = json!({ "name": name, "description": null, "prompt": null });
        server.zaia().with_key(&elsewhere.key).post("/api/v1/channels", channel).await.is(200);
    }
    let [flowra, zaia, channels, admin, admin_v1, ..] = lists(&directory);
    for (of, list) in [
        (&flowra, &zaia),
        (&flowra, &channels),
        (&flowra, &admin),
        (&zaia, &flowra),
        (&zaia, &channels),
        (&channels, &zaia),
        (&admin, &zaia),
        (&admin_v1, &flowra),
    ] {
        let cursor = of.cursor().await;
        list.refuses(&format!("{}={cursor}", list.cursors[0]), list.cursors[0], "invalid_param").await;
    }
    let sorted = format!("sortBy=name&cursor={}", flowra.cursor().await);
    flowra.refuses(&sorted, "cursor", "invalid_param").await;
    for list in lists(&directory) {
        let cursor = list.cursor().await;
        let parameter = list.cursors[0];
        let stranger = List { client: list.client.with_key(&strangers_key), ..list };
        stranger.refuses(&format!("{parameter}={cursor}"), parameter, "invalid_param").await;
    }
}

#[tokio::test]
async fn rejects_two_starts_of_a_page() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        let cursor = list.cursor().await;
        if let Some(number) = list.number {
            list.refuses(&format!("cursor={cursor}&{number}=1"), "cursor", "invalid_param").await;
        }
        if let [after, before] = list.cursors {
            list.refuses(&format!("{after}={cursor}&{before}={cursor}"), before, "invalid_param").await;
        }
    }
}

#[tokio::test]
async fn rejects_a_repeated_parameter() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        let cursor = list.cursor().await;
        let mut parameters = vec![(list.size, "1")];
        parameters.extend(list.can_be_counted.then_some(("count", "true")));
        parameters.extend(list.number.map(|number| (number, "1")));
        parameters.extend(list.search.map(|search| (search, "jane")));
        parameters.extend(list.cursors.iter().map(|name| (*name, cursor.as_str())));
        for (name, value) in parameters {
            list.get(&format!("{name}={value}")).await.is(200);
            list.refuses(&format!("{name}={value}&{name}={value}"), name, "invalid_param").await;
        }
    }
    let [flowra, _, _, admin, ..] = lists(&directory);
    for (name, value) in [("isActive", "true"), ("sortBy", "name"), ("sortOrder", "asc")] {
        flowra.refuses(&format!("{name}={value}&{name}={value}"), name, "invalid_param").await;
    }
    for name in ["created_after", "created_before"] {
        let query = format!("{name}=2024-01-15T10:30:00Z");
        admin.refuses(&format!("{query}&{query}"), name, "invalid_param").await;
    }
}

#[tokio::test]
async fn rejects_an_unknown_value() {
    let directory = Directory::new().await;
    let [flowra, _, _, admin, admin_v1, ..] = lists(&directory);
    for (name, words) in [
        ("sortBy", ["age", "CREATEDAT", "created_at", ""]),
        ("sortOrder", ["up", "ASC", "descending", ""]),
        ("isActive", ["yes", "2", "t", ""]),
    ] {
        for word in words {
            flowra.refuses(&format!("{name}={word}"), name, "invalid_param").await;
        }
    }
    for list in lists(&directory).iter().filter(|list| list.can_be_counted) {
        for word in ["yes", "2", "t", ""] {
            list.refuses(&format!("count={word}"), "count", "invalid_param").await;
        }
    }
    for list in [admin, admin_v1] {
        for name in ["created_after", "created_before"] {
            for word in
                ["yesterday", "2024-1-15", "2024-13-15", "2024-13-15T10:30:00Z", "1705314600", "", "%00"]
            {
                list.refuses(&format!("{name}={word}"), name, "invalid_param").await;
            }
            list.get(&format!("{name}=9999-12-31T23:59:59Z")).await.is(200);
            list.get(&format!("{name}=0001-01-01T00:00:00%2B14:00")).await.is(200);
        }
    }
}

#[tokio::test]
async fn limits_the_search_text() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        let Some(search) = list.search else { continue };
        let long = "x".repeat(251);
        for wrong in [&long, "%FF", "a%00b", "%F0%9F", "%ED%A0%80"] {
            list.refuses(&format!("{search}={wrong}"), search, "invalid_param").await;
        }
        for right in ["%25", "_", "%5C", "'%3B--", "%F0%9F%99%82", "a+b", "%", "%zz"] {
            list.get(&format!("{search}={right}")).await.is(200);
        }
        assert!(!list.get(&format!("{search}=")).await.array(200).is_empty(), "an empty text is no filter");
    }
}

#[tokio::test]
async fn rejects_a_parameter_name_that_is_not_utf8() {
    let directory = Directory::new().await;
    for list in lists(&directory) {
        list.get("%FF=1").await.error(400, "bad_request");
        list.get("_=1&&=&utm_a").await.is(200);
    }
}

#[tokio::test]
async fn reports_an_invalid_id() {
    let directory = Directory::new().await;
    let id = text(&directory.user, "id");
    for list in lists(&directory) {
        for name in list.ids {
            for wrong in ["nope", "", &id[1..], "%00", &format!("{id},{id}")] {
                list.refuses(&format!("{name}={wrong}"), name, "invalid_uuid").await;
                list.refuses(&format!("{name}={id}&{name}={wrong}"), name, "invalid_uuid").await;
            }
            let many = vec![format!("{name}={id}"); 101].join("&");
            list.refuses(&many, name, "invalid_param").await;
            list.get(&many[..many.len() - id.len() - name.len() - 2]).await.is(200);
        }
    }
}

#[tokio::test]
async fn reports_all_invalid_parameters() {
    let directory = Directory::new().await;
    let [flowra, zaia, channels, admin, ..] = lists(&directory);
    for (list, query, broken) in [
        (
            &flowra,
            "limit=0&page=0&sortBy=age&isActive=maybe&sortOrder=up",
            &["isActive", "limit", "page", "sortBy", "sortOrder"][..],
        ),
        (
            &zaia,
            "pageSize=0&pageNumber=0&channelIds=nope&tierIds=nope",
            &["channelIds", "pageNumber", "pageSize", "tierIds"],
        ),
        (&channels, "pageSize=101&ids=nope&count=maybe", &["count", "ids", "pageSize"]),
        (
            &admin,
            "limit=0&created_after=now&created_before=now",
            &["created_after", "created_before", "limit"],
        ),
    ] {
        assert_eq!(list.get(query).await.broken_fields(400, "bad_request"), broken, "{}?{query}", list.path);
    }
}
