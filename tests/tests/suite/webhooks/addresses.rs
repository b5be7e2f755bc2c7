//! Nothing is sent inside the operator's network, unless the operator has opened it.

use denizen_tests::{Answer, Receiver, TestServer, json};

use super::{Endpoint, PATH, manager};
use crate::support::{create, text};

/// Opens a network in which nobody is, so that `http` is allowed.
const ANOTHER_NETWORK: &str = "--webhook-allow-network=192.0.2.0/24";

/// Hosts that lead to addresses that are not public, in the spellings that parsers take.
const NOT_PUBLIC: [&str; 50] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7F.1",
    "0177.0.0.1",
    "017700000001",
    "00000177.1",
    "%31%32%37.0.0.1",
    "127。0。0。1",
    "１２７.0.0.1",
    "0",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "012.1",
    "0xa.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.0.1",
    "0300.0250.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::10.0.0.1]",
    "[2001:db8::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[ff02::1]",
];

#[tokio::test]
async fn a_url_with_an_address_that_is_not_public_is_refused() {
    let server = TestServer::with(&[ANOTHER_NETWORK]).await;
    let manager = manager(&server).await;
    let kept = json!({ "url": "https://hooks.example/", "disabled": true });
    let kept = manager.post(PATH, kept).await.json(200);
    let path = format!("{PATH}/{}", text(&kept, "id"));
    for host in NOT_PUBLIC {
        for url in [format!("https://{host}/hooks"), format!("http://{host}:8080/")] {
            let body = json!({ "url": url });
            let fields = manager.post(PATH, body.clone()).await.broken_fields(400, "bad_request");
            assert_eq!(fields, ["url"], "{url}");
            let fields = manager.patch(&path, body).await.broken_fields(400, "bad_request");
            assert_eq!(fields, ["url"], "{url}");
        }
    }
    let listed = manager.get(PATH).await.array(200);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["url"], "https://hooks.example/");
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_when_it_is_connected_to() {
    let server = TestServer::with(&[ANOTHER_NETWORK]).await;
    let manager = manager(&server).await;
    let mut receiver = Receiver::start().await;
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://localhost:{}/", receiver.port());
        let created = manager.post(PATH, json!({ "url": url, "disabled": true })).await.json(200);
        let test = format!("{PATH}/{}/test", text(&created, "id"));
        let attempt = manager.send("POST", &test, None).await.json(200);
        assert_eq!((&attempt["status"], &attempt["answer"]), (&json!(null), &json!("")));
        assert_eq!(
            text(&attempt, "error"),
            "the host localhost cannot be found, or has an address that is not public"
        );
    }
    assert!(receiver.arrived().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let server = TestServer::start().await;
    let manager = manager(&server).await;
    let mut endpoint = Endpoint::of_users(&manager).await;
    let mut elsewhere = Receiver::start().await;
    for status in [301, 302, 303, 307, 308] {
        endpoint.receiver.will_answer([Answer::status(status).with("location", elsewhere.url())]);
        let test = format!("{}/test", endpoint.path());
        let attempt = manager.send("POST", &test, None).await.json(200);
        assert_eq!(attempt["status"], status);
    }
    endpoint.receiver.arrived();
    endpoint.receiver.will_answer([Answer::status(307).with("location", elsewhere.url())]);
    create(&server, json!({ "name": "Jane" })).await;
    let id = endpoint.next().await.id().to_owned();
    let delivery = endpoint.after_attempts(&id, 1).await;
    assert_eq!(delivery["state"], "pending", "it is a failure");
    assert!(elsewhere.arrived().is_empty());
}

#[tokio::test]
async fn http_needs_an_open_network() {
    let server = TestServer::with(&["--webhook-allow-network=127.0.0.1/32"]).await;
    let manager = manager(&server).await;
    for url in ["http://93.184.215.14/", "http://127.0.0.2/", "https://127.0.0.2/"] {
        let reply = manager.post(PATH, json!({ "url": url })).await;
        assert_eq!(reply.broken_fields(400, "bad_request"), ["url"], "{url}");
    }
    let mut endpoint = Endpoint::of_users(&manager).await;
    create(&server, json!({ "name": "Jane" })).await;
    endpoint.next().await;
}
