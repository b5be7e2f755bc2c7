//! The keys that sign access tokens: the next one, rotation, and keys in a file.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use denizen_server::Timestamp;
use denizen_tests::{TestServer, Value, json};

use super::tokens::claims_of;
use crate::support::{create, each, keys, pem, text};

const ME: &str = "/api/v1/external-users/me";
const JWKS: &str = "/.well-known/jwks.json";

/// When a server with fixed time starts.
const START: &str = "2024-01-15T10:30:00Z";

/// The ids of the published keys.
async fn published(server: &TestServer) -> Vec<String> {
    let set = server.anonymous().get(JWKS).await.json(200);
    each(set["keys"].as_array().unwrap(), "kid")
}

/// A new token of a user.
async fn token(server: &TestServer) -> String {
    let claim = json!({
        "channelId": server.workspace.channel_id, "externalId": "u-1", "id": null, "identifier": null,
    });
    text(&server.zaia().post("/api/v1/external-users/authenticate", claim).await.json(200), "accessToken")
}

/// The id of the key that signed a token.
fn kid_of(token: &str) -> String {
    jsonwebtoken::decode_header(token).unwrap().kid.unwrap()
}

async fn rotate(server: &TestServer, more: &[&str]) -> Value {
    server.operator(&[&["signing-keys", "rotate", "--json"], more].concat()).await
}

async fn is_accepted(server: &TestServer, token: &str) {
    server.bearer(token).get(ME).await.is(200);
}

async fn is_refused(server: &TestServer, token: &str) {
    server.bearer(token).get(ME).await.error(401, "unauthenticated");
}

#[tokio::test]
async fn publishes_the_next_key_beside_the_current_one() {
    let mut server = TestServer::start().await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let reply = server.anonymous().get(JWKS).await;
    assert_eq!(reply.header("cache-control"), Some("public, max-age=30"), "{reply}");
    let set = reply.json(200);
    let shown = set["keys"].as_array().unwrap();
    assert_eq!(shown.len(), 2);
    for key in shown {
        assert_eq!(keys(key), ["alg", "crv", "kid", "kty", "use", "x"], "no private half");
        let fixed = ["alg", "crv", "kty", "use"].map(|name| text(key, name));
        assert_eq!(fixed, ["EdDSA", "Ed25519", "OKP", "sig"]);
        assert_eq!(text(key, "x").len(), 43, "32 bytes in base64url");
    }
    assert_ne!(shown[0]["kid"], shown[1]["kid"]);
    assert_eq!(kid_of(&token(&server).await), text(&shown[0], "kid"), "the current one comes first");
    assert_eq!(
        published(&server.another().await).await,
        published(&server).await,
        "the same on every server"
    );
    server.restart().await;
    assert_eq!(server.anonymous().get(JWKS).await.json(200), set, "and after a restart");
}

#[tokio::test]
async fn a_rotation_is_announced_and_surprises_no_cache() {
    let mut server = TestServer::with_fixed_time().await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let published_first = published(&server).await;
    let (first, second) = (published_first[0].as_str(), published_first[1].as_str());
    let rotated = rotate(&server, &[]).await;
    assert_eq!((&rotated["kid"], &rotated["use"]), (&json!(second), &json!("next")));
    assert_eq!(rotate(&server, &[]).await, rotated, "another rotation waits for this one");
    server.restart().await;
    let other = server.another().await;
    let third = published(&server).await[1].clone();
    assert_eq!(published(&server).await, [first, &third, second], "and the next one is there");
    assert_eq!(published(&other).await, [first, &third, second]);

    let start: Timestamp = START.parse().unwrap();
    let begin: Timestamp = text(&rotated, "signsFrom").parse().unwrap();
    server.advance(begin.minus(Duration::from_secs(1)).since(start));
    let before = token(&server).await;
    assert_eq!([kid_of(&before), kid_of(&token(&other).await)], [first, first]);
    server.advance(Duration::from_secs(1));
    for one in [&server, &other] {
        let after = token(one).await;
        assert_eq!(kid_of(&after), second, "at the same moment, without a restart");
        is_accepted(&other, &after).await;
        is_accepted(one, &before).await;
        assert_eq!(published(one).await, [second, &third, first]);
    }
    server.advance(Duration::from_secs(3_598));
    is_accepted(&server, &before).await;
    server.advance(Duration::from_secs(62));
    is_refused(&server, &before).await;
    assert_eq!(published(&server).await, [second, &third], "the old key goes with its last token");
}

#[tokio::test]
async fn several_rotations_at_once_are_one() {
    let server = TestServer::start().await;
    let ways =
        tokio::join!(rotate(&server, &[]), rotate(&server, &[]), rotate(&server, &[]), rotate(&server, &[]));
    let expected = &ways.0;
    for rotated in [&ways.1, &ways.2, &ways.3] {
        assert_eq!(rotated["kid"], expected["kid"]);
    }
    let listed = server.operator(&["signing-keys", "list", "--json"]).await;
    assert_eq!(each(listed.as_array().unwrap(), "use"), ["next", "next", "signing"]);
    tokio::join!(rotate(&server, &["--now"]), rotate(&server, &["--now"]));
    let listed = server.operator(&["signing-keys", "list", "--json"]).await;
    assert_eq!(each(listed.as_array().unwrap(), "use"), ["next", "signing"]);
}

#[tokio::test]
async fn in_an_emergency_the_next_key_signs_at_once_and_the_old_one_is_gone() {
    let mut server = TestServer::start().await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let old = token(&server).await;
    let second = published(&server).await[1].clone();
    let rotated = rotate(&server, &["--now"]).await;
    assert_eq!((&rotated["kid"], &rotated["use"]), (&json!(second), &json!("signing")));
    server.restart().await;
    let now_published = published(&server).await;
    assert_eq!((now_published.len(), &now_published[0]), (2, &second));
    is_refused(&server, &old).await;
    let new = token(&server).await;
    assert_eq!(kid_of(&new), second);
    claims_of(&server, &new).await;
    is_accepted(&server, &new).await;

    // Also while an announced rotation is under way.
    let pending = rotate(&server, &[]).await;
    let rotated = rotate(&server, &["--now"]).await;
    assert_eq!((&rotated["kid"], &rotated["use"]), (&pending["kid"], &json!("signing")));
    let listed = server.operator(&["signing-keys", "list", "--json"]).await;
    assert_eq!(each(listed.as_array().unwrap(), "use"), ["next", "signing"]);
    let log = ["audit", "list", "--server", "--json"];
    let log = server.operator(&log).await;
    let log: Vec<_> = each(log.as_array().unwrap(), "action");
    let count = |action: &str| log.iter().filter(|logged| *logged == action).count();
    assert_eq!((count("server_secret.rotate"), count("server_secret.revoke")), (3, 2));
}

#[tokio::test]
async fn another_server_finds_a_key_it_has_not_seen_despite_a_flood_of_unknown_ones() {
    let mut server = TestServer::start().await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let other = server.another().await;
    let new = token_of_unseen_key(&mut server, &other).await;
    let forged = |number: usize| {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": format!("forged{number}") }).to_string();
        let rest = new.split_once('.').unwrap().1;
        format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header))
    };
    // Not before the other server may look again.
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    let one_forged = forged(0);
    tokio::join!(
        is_accepted(&other, &new),
        is_refused(&other, &one_forged),
        is_accepted(&other, &new),
        is_accepted(&other, &new),
    );
    let newer = token_of_unseen_key(&mut server, &other).await;
    for number in 1..20 {
        is_refused(&other, &forged(number)).await;
    }
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    is_accepted(&other, &newer).await;
    is_refused(&other, &new).await;
}

/// Rotates so that the key that signs is one that the other server has not read, and returns a token of it.
async fn token_of_unseen_key(server: &mut TestServer, other: &TestServer) -> String {
    for _ in 0..2 {
        rotate(server, &["--now"]).await;
    }
    server.restart().await;
    let new = token(server).await;
    assert!(!published(other).await.contains(&kid_of(&new)));
    new
}

#[tokio::test]
async fn the_signing_key_is_configurable() {
    // The pair of RFC 8410, section 10.
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let private = "-----BEGIN PRIVATE KEY-----\n\
                   MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
    std::fs::write(&file, private).unwrap();
    let server = TestServer::on_empty_database(&[&format!("--signing-key-file={}", file.display())]).await;
    let set = server.anonymous().get(JWKS).await.json(200);
    assert_eq!(set["keys"].as_array().unwrap().len(), 1);
    assert_eq!(set["keys"][0]["x"], "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    assert_eq!(claims_of(&server, &text(&user, "accessToken")).await["sub"], user["id"]);
    is_accepted(&server, &text(&user, "accessToken")).await;
}

#[tokio::test]
async fn a_key_file_also_holds_the_next_and_the_previous_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.pem");
    let write = |keys: &[u8]| {
        let blocks: Vec<_> = keys.iter().map(|byte| format!("# key {byte}\n{}", pem(*byte))).collect();
        std::fs::write(&file, blocks.concat()).unwrap();
    };
    write(&[1, 2]);
    let mut server = TestServer::with(&[&format!("--signing-key-file={}", file.display())]).await;
    create(&server, json!({ "externalId": "u-1" })).await;
    let before = published(&server).await;
    let old = token(&server).await;
    assert_eq!((before.len(), kid_of(&old)), (2, before[0].clone()));
    write(&[2, 3, 1]);
    server.restart().await;
    let after = published(&server).await;
    assert_eq!((after.len(), &after[0]), (3, &before[1]));
    assert_eq!(kid_of(&token(&server).await), before[1]);
    is_accepted(&server, &old).await;
    write(&[2, 3]);
    server.restart().await;
    is_refused(&server, &old).await;
}
