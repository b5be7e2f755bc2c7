//! The client library that Flowdock published for Node.js, pointed at this server.

use denizen_tests::{ForeignClient, TestServer, Value, json};

use super::numbers;
use crate::support::{each, keys, text};

#[tokio::test]
async fn flowdocks_own_client_works() {
    let Some(node) = ForeignClient::node("flowdock").await else { return };
    let server = TestServer::start().await;
    let acme = server.new_workspace("Acme").await;
    let mut people = Vec::new();
    for email in ["admin@acme.example", "jane@acme.example", "john@acme.example", "leaving@acme.example"] {
        people.push(server.new_account(email, Some(&acme), &[]).await);
    }
    let [admin, jane, john, leaving] = &people[..] else { unreachable!() };
    server.add_to_workspace(&admin.username, &acme, true).await;
    let flow = server.new_flow(&acme, "My flow", "invitation").await;
    for participant in [admin, jane, leaving] {
        server.add_to_flow(&participant.username, &flow).await;
    }
    let token = ["tokens", "create", "--account", &admin.username, "--expires-in", "1h", "--json"];
    let token = text(&server.operator(&token).await, "token");

    // With a token and any password, and with an e-mail address and its password.
    let url = format!("http://{}", server.address);
    let credentials = [(&*token, "X"), (&*admin.username, &*admin.password)];
    for (round, (user, password)) in credentials.into_iter().enumerate() {
        let (removed, invited) = ([leaving, jane][round], format!("person-{round}@example.com"));
        let printed = node
            .run(
                "organize.js",
                &[
                    ("FLOWDOCK_API_URL", &url),
                    ("USER", user),
                    ("PASSWORD", password),
                    ("NICK", &format!("Chief {round}")),
                    ("ADDED", &john.number.to_string()),
                    ("REMOVED", &removed.number.to_string()),
                    ("INVITED", &invited),
                ],
            )
            .await;
        let before: Vec<_> = match round {
            0 => vec![(admin.number, false), (jane.number, false), (leaving.number, false)],
            _ => vec![(admin.number, false), (jane.number, false), (john.number, false)],
        };
        let expected =
            Expected { number: admin.number, added: john.number, removed: removed.number, round, before };
        expected.check(&printed, &url, &flow.id, &invited);
    }

    // The flow as the server shows it now.
    let client = server.basic(&admin.username, &admin.password);
    assert_eq!(client.get("/user").await.json(200)["nick"], "Chief 1");
    let users = client.get(&format!("{}/users", flow.path())).await.array(200);
    assert_eq!(numbers(&users), [admin.number, john.number]);
    let members = client.get("/organizations/acme/users").await.array(200);
    assert_eq!(numbers(&members), [admin.number, john.number]);
    let invitations = client.get(&format!("{}/invitations", flow.path())).await.array(200);
    assert_eq!(each(&invitations, "email"), ["person-0@example.com", "person-1@example.com"]);
}

/// The expected output of the script.
struct Expected {
    number: i64,
    added: i64,
    removed: i64,
    round: usize,
    /// The initial users of the flow, each with whether it is blocked.
    before: Vec<(i64, bool)>,
}

impl Expected {
    fn check(&self, printed: &Value, url: &str, flow_id: &str, invited: &str) {
        let Self { number, added, removed, round, before } = self;
        let [flow] = &printed["flows"].as_array().unwrap()[..] else { panic!("{printed:#}") };
        assert_eq!(
            (&flow["id"], &flow["url"]),
            (&json!(flow_id), &json!(format!("{url}/flows/acme/my-flow")))
        );
        assert_eq!(places(&flow["users"]), *before, "the library asks for users with the flows");
        assert_eq!(printed["found"]["id"], *flow_id);
        assert_eq!(printed["statusOfFlows"], 200);
        assert_eq!(printed["flowdockUser"], number.to_string());
        assert_eq!(places(&printed["flowUsers"]), *before);

        let all: Vec<_> = numbers(printed["users"].as_array().unwrap());
        assert_eq!(all[0], *number, "oneself first");
        assert!(all.contains(added) && all.contains(removed), "an administrator sees everybody: {all:?}");
        assert_eq!(keys(&printed["user"]), ["avatar", "email", "id", "name", "nick", "website"]);
        assert_eq!(printed["user"]["id"], *added);
        assert_eq!(printed["user"]["nick"], "First");
        assert_eq!(printed["nickBefore"], if *round == 0 { "First" } else { "Chief 0" });
        assert_eq!(
            (&printed["changed"], &printed["nickAfter"]),
            (&json!({}), &json!(format!("Chief {round}")))
        );

        assert_eq!(printed["added"], json!({}));
        let is_blocked = |key: &str| places(&printed[key]).into_iter().find(|(number, _)| number == added);
        assert_eq!(is_blocked("afterAdding"), Some((*added, false)));
        assert_eq!((&printed["blocked"], &printed["unblocked"]), (&json!({}), &json!({})));
        assert_eq!(is_blocked("afterBlocking"), Some((*added, true)));
        assert_eq!(is_blocked("afterUnblocking"), Some((*added, false)));

        let invitation = &printed["invitation"];
        assert_eq!((&invitation["email"], &invitation["state"]), (&json!(invited), &json!("pending")));
        assert_eq!((&printed["statusOfRemoval"], printed.get("removal")), (&json!(204), None));
        let left = numbers(printed["members"].as_array().unwrap());
        assert!(!left.contains(removed), "{left:?}");

        // An unknown path gives the caller an error, and an event.
        assert_eq!(printed["error"], "Received status 404");
        assert_eq!(printed["errorEvents"], json!(["Received status 404"]));
    }
}

fn places(users: &Value) -> Vec<(i64, bool)> {
    let users = users.as_array().unwrap_or_else(|| panic!("no list: {users}"));
    users.iter().map(super::acme::place_of).collect()
}
