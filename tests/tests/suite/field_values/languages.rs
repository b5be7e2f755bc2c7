//! Languages and time zones, in the spellings of many programs.

use denizen_tests::{TestServer, Value, json};

use super::broken;
use crate::support::{create, path_of};

/// Sends a value through Zaia and Notiflows, and returns what they answer and what the list of Flowra shows.
async fn stored(server: &TestServer, user: &Value, key: &str, value: &str) -> [Value; 3] {
    let of_zaia = server.zaia().patch(&path_of(user), json!({ key: value })).await.json(200);
    server.notiflows().put("/admin/users/user_12345", json!({ key: null })).await.is(200);
    let of_notiflows =
        server.notiflows().put("/admin/users/user_12345", json!({ key: value })).await.json(200);
    let listed = server.flowra().get("/api/v1/external-users").await.json(200);
    [&of_zaia, &of_notiflows, &listed[0]].map(|answer| answer[key].clone())
}

/// Asserts that both contracts reject a value.
async fn is_rejected(server: &TestServer, user: &Value, key: &str, value: &str) {
    let replies = [
        server.zaia().patch(&path_of(user), json!({ key: value })).await,
        server.notiflows().put("/admin/users/user_12345", json!({ key: value })).await,
        server.notiflows().put("/admin/users/new", json!({ key: value })).await,
    ];
    for reply in replies {
        assert_eq!(broken(&reply), [key], "{value:?}");
    }
}

#[tokio::test]
async fn languages_are_stored_in_their_usual_case() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "user_12345" })).await;
    for (sent, tag) in [
        ("en-US", "en-US"),
        ("en_US", "en-US"),
        ("en-us", "en-US"),
        ("EN", "en"),
        ("zh_hans_cn", "zh-Hans-CN"),
        ("ZH-HANT-HK", "zh-Hant-HK"),
        ("pt_br", "pt-BR"),
        ("es_419", "es-419"),
        ("sr_Latn_RS", "sr-Latn-RS"),
        ("de-ch-1996", "de-CH-1996"),
        ("ar_EG.UTF-8", "ar-EG"),
        ("ja_JP.eucJP", "ja-JP"),
        ("fr_FR@euro", "fr-FR"),
        ("nl_NL.ISO8859-15@euro", "nl-NL"),
        ("sr_RS@latin", "sr-Latn-RS"),
        ("zh_TW_#Hant", "zh-Hant-TW"),
    ] {
        assert_eq!(stored(&server, &user, "locale", sent).await, [tag, tag, tag], "{sent}");
    }
    for wrong in [
        "C",
        "POSIX",
        "C.UTF-8",
        "",
        "_",
        "en_",
        "_US",
        "en__US",
        "en US",
        "english!",
        "en-US\n",
        "ca_ES@valencia",
    ] {
        is_rejected(&server, &user, "locale", wrong).await;
    }
}

#[tokio::test]
async fn time_zones_are_stored_as_their_database_writes_them() {
    let server = TestServer::start().await;
    let user = create(&server, json!({ "externalId": "user_12345" })).await;
    for (sent, name) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("EUROPE/LONDON", "Europe/London"),
        ("america/new_york", "America/New_York"),
        ("America/Argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
        ("america/port-au-prince", "America/Port-au-Prince"),
        ("antarctica/mcmurdo", "Antarctica/McMurdo"),
        ("asia/kolkata", "Asia/Kolkata"),
        ("asia/ho_chi_minh", "Asia/Ho_Chi_Minh"),
        ("africa/dar_es_salaam", "Africa/Dar_es_Salaam"),
        ("utc", "UTC"),
        ("etc/gmt+5", "Etc/GMT+5"),
    ] {
        assert_eq!(stored(&server, &user, "timezone", sent).await, [name, name, name], "{sent}");
    }
    for wrong in [
        "",
        "Europe",
        "Europe/",
        "berlin",
        "Europe/Berlin ",
        "Europe-Berlin",
        "+01:00",
        "ＵＴＣ",
        "ıst",
        "Europe/Be\u{200B}rlin",
    ] {
        is_rejected(&server, &user, "timezone", wrong).await;
    }
}
