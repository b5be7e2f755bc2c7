//! `POST /flows/:organization/:flow/invitations/import`.

use denizen_tests::{Flow, Value, json};

use super::acme::{Acme, place_of};
use super::invitations::invite;
use super::{broken, numbers};
use crate::support::{each, keys};

async fn import(acme: &Acme, flow: &Flow, list: &str) -> Value {
    let path = format!("{}/invitations/import", flow.path());
    acme.jane.client.post(&path, json!({ "list": list })).await.json(200)
}

/// The invited addresses, the added ones, and the invalid entries.
#[track_caller]
fn outcome(imported: &Value) -> [Vec<String>; 3] {
    assert_eq!(keys(imported), ["added_users", "erroneous_emails", "invitations"]);
    let [invitations, added, erroneous] = ["invitations", "added_users", "erroneous_emails"]
        .map(|key| imported[key].as_array().unwrap_or_else(|| panic!("{imported:#}")));
    assert!(invitations.iter().all(|invitation| invitation["state"] == "pending"), "{imported:#}");
    assert!(added.iter().all(|user| !place_of(user).1), "{imported:#}");
    let entry = |erroneous: &Value| {
        let entries = erroneous.as_object().unwrap();
        let [(entry, problem)] = &entries.iter().collect::<Vec<_>>()[..] else { panic!("{erroneous:#}") };
        assert!(problem.as_str().is_some_and(|problem| !problem.is_empty()), "{erroneous:#}");
        (*entry).clone()
    };
    [each(invitations, "email"), each(added, "email"), erroneous.iter().map(entry).collect()]
}

#[tokio::test]
async fn parses_lists_as_people_write_them() {
    let acme = Acme::new().await;
    for (list, expected) in [
        ("a@example.com", &["a@example.com"][..]),
        ("a@example.com,b@example.com", &["a@example.com", "b@example.com"]),
        ("a@example.com\nb@example.com", &["a@example.com", "b@example.com"]),
        (
            "a@example.com\r\n b@example.com \r c@example.com",
            &["a@example.com", "b@example.com", "c@example.com"],
        ),
        (" ,, a@example.com ,\n\n,b@example.com,", &["a@example.com", "b@example.com"]),
        ("Joe <joe@example.com>", &["joe@example.com"]),
        ("\"Joe Smith\" <joe@example.com>, <x@example.com>", &["joe@example.com", "x@example.com"]),
        ("\"Smith, Joe\" <joe@example.com>, b@example.com", &["joe@example.com", "b@example.com"]),
        ("\"Smith <joe@example.com>\" < Jane@Example.com >", &["jane@example.com"]),
        ("A@Example.com, a@example.com\n\"A\" <a@EXAMPLE.com>", &["a@example.com"]),
    ] {
        let flow = acme.flow("invitation").await;
        let imported = import(&acme, &flow, list).await;
        let expected: Vec<_> = expected.iter().map(|&address| address.to_owned()).collect();
        assert_eq!(outcome(&imported), [expected, vec![], vec![]], "{list:?}");
        let listed = acme.jane.client.get(&format!("{}/invitations", flow.path())).await.json(200);
        assert_eq!(listed, imported["invitations"], "{list:?}");
    }
}

#[tokio::test]
async fn parses_lists_as_programs_paste_them() {
    let acme = Acme::new().await;
    let both = &["a@example.com", "b@example.com"][..];
    let flow = acme.flow("invitation").await;
    for (list, expected, erroneous) in [
        ("a@example.com; b@example.com;", both, &[][..]),
        ("a@example.com\tb@example.com", both, &[]),
        ("a@example.com\rb@example.com\r", both, &[]),
        ("a@example.com b@example.com", both, &[]),
        ("\u{FEFF}a@example.com\r\nb@example.com", both, &[]),
        ("a@example.com\u{200B}, \u{200B}b@example.com", both, &[]),
        ("a@example.com\u{200B}b@example.com", both, &[]),
        ("a@example.com\u{A0};\u{A0}b@example.com", both, &[]),
        ("a@example.com；b@example.com", both, &[]),
        ("a@example.com，b@example.com、", both, &[]),
        ("Doe, Jane <a@example.com>; Roe, Rick <b@example.com>", both, &[]),
        ("Doe, Jane <a@example.com>, Roe, Rick <b@example.com>", both, &[]),
        ("\"Doe, Jane\" <a@example.com>;\"Roe; Rick\" <b@example.com>", both, &[]),
        ("'a@example.com' <a@example.com>, \"b@example.com\"", both, &[]),
        ("mailto:a@example.com, <MAILTO:b@example.com?subject=Hi>", both, &[]),
        ("Jane\ta@example.com\nRick\tb@example.com", both, &["Jane", "Rick"]),
        ("<a@example.com> <b@example.com>, a@EXAMPLE.com, A@exam\u{200B}ple.com", both, &[]),
        (
            "a@example.com, nobody, joe smith@example.com; b@example.com",
            both,
            &["nobody", "joe smith@example.com"],
        ),
        (
            "user..x@example.com\ta@example.com\tDoe <none>\tb@example.com",
            both,
            &["user..x@example.com", "none"],
        ),
        ("jane@m\u{FC}ller.de;jane@xn--mller-kva.de", &["jane@m\u{FC}ller.de"], &[]),
    ] {
        let imported = import(&acme, &flow, list).await;
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        assert_eq!(outcome(&imported), [owned(expected), vec![], owned(erroneous)], "{list:?}");
    }
}

#[tokio::test]
async fn reports_the_outcome_of_every_entry() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let blocked = acme.member("blocked").await;
    acme.add(&flow, &[&blocked]).await;
    acme.block(&flow, &blocked, true).await;
    let before = invite(&acme, &flow, "before@example.com").await;
    let list = format!(
        "new@example.com, {john}, nobody, before@example.com\n{jane}\nBlocked <{blocked}>, {stranger}, nobody, \
         \"open quote, {admin}\nno@body@example.com",
        john = acme.john.email,
        jane = acme.jane.email,
        blocked = blocked.email,
        stranger = acme.stranger.email,
        admin = acme.admin.email,
    );
    let imported = import(&acme, &flow, &list).await;
    let [invited, added, erroneous] = outcome(&imported);
    assert_eq!(invited, ["new@example.com", "before@example.com", &acme.stranger.email]);
    assert_eq!(added, [&*acme.john.email], "Jane was in it already");
    let open_quote = format!("\"open quote, {}", acme.admin.email);
    assert_eq!(erroneous, ["nobody", &open_quote, "no@body@example.com", &blocked.email]);
    assert_eq!(imported["invitations"][1], before, "the same address has the same invitation");
    assert_eq!(numbers(imported["added_users"].as_array().unwrap()), [acme.john.number]);
    let expected = [(acme.jane.number, false), (acme.john.number, false), (blocked.number, true)];
    assert_eq!(acme.users_of(&flow).await, expected);

    // A second import adds nobody.
    let [invited_again, added, erroneous_again] = outcome(&import(&acme, &flow, &list).await);
    assert_eq!((invited_again, added, erroneous_again), (invited, vec![], erroneous));
    let listed = acme.jane.client.get(&format!("{}/invitations", flow.path())).await.array(200);
    assert_eq!(listed.len(), 3);
}

#[tokio::test]
async fn limits_a_list_to_1000_entries() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/invitations/import", flow.path());
    let list = |count: usize| {
        let addresses: Vec<_> = (0..count).map(|number| format!("person-{number}@example.com")).collect();
        addresses.join("\n")
    };
    let reply = acme.jane.client.post(&path, json!({ "list": list(1001) })).await;
    assert_eq!(broken(reply), ["list"]);
    let reply = acme.jane.client.post(&path, json!({ "list": format!("{}, nobody", list(1000)) })).await;
    assert_eq!(broken(reply), ["list"], "invalid addresses count, too");
    let invitations = format!("{}/invitations", flow.path());
    assert_eq!(acme.jane.client.get(&invitations).await.json(200), json!([]), "nobody was invited");

    // A repeated address counts once.
    let [invited, ..] =
        outcome(&import(&acme, &flow, &format!("{}, {}", list(1000), list(1000).to_uppercase())).await);
    assert_eq!(invited.len(), 1000);
    assert_eq!(acme.jane.client.get(&invitations).await.array(200).len(), 1000);
}

#[tokio::test]
async fn requires_a_list_and_limits_the_message() {
    let acme = Acme::new().await;
    let flow = acme.flow("invitation").await;
    let path = format!("{}/invitations/import", flow.path());
    let (just, long) = ("🙂".repeat(1000), "🙂".repeat(1001));
    for (body, expected) in [
        (json!({}), &["list"][..]),
        (json!({ "list": null }), &["list"]),
        (json!({ "list": "" }), &["list"]),
        (json!({ "list": " ,\n, " }), &["list"]),
        (json!({ "list": ["a@example.com"] }), &["list"]),
        (json!({ "list": "a@example.com", "message": long }), &["message"]),
        (json!({ "list": 1, "message": 2 }), &["list", "message"]),
        (json!({ "email": "a@example.com" }), &["email", "list"]),
    ] {
        assert_eq!(broken(acme.jane.client.post(&path, body.clone()).await), expected, "{body}");
    }
    let invitations = format!("{}/invitations", flow.path());
    assert_eq!(acme.jane.client.get(&invitations).await.json(200), json!([]), "nobody was invited");

    let fields = [("list", "a@example.com\r\nb@example.com"), ("message", &*just)];
    let imported = acme.jane.client.post_form(&path, &fields).await.json(200);
    assert_eq!(outcome(&imported)[0], ["a@example.com", "b@example.com"]);
    let query = format!("/v1{path}?list=c@example.com%2C%22D%22+%3Cd@example.com%3E");
    let imported = acme.jane.client.send("POST", &query, None).await.json(200);
    assert_eq!(outcome(&imported)[0], ["c@example.com", "d@example.com"]);
    let [_, added, erroneous] = outcome(&import(&acme, &flow, "nobody").await);
    assert_eq!((added, erroneous), (vec![], vec!["nobody".to_owned()]), "all entries may be invalid");
}
