//! Names that nobody could read, and texts that would garble what surrounds them.

use denizen_tests::json;

use super::Directory;

/// The fields that are names: write, key.
const NAMES: [(usize, &str); 28] = [
    (0, "name"),
    (1, "name"),
    (1, "displayName"),
    (1, "firstName"),
    (1, "lastName"),
    (1, "identifier"),
    (2, "identifier"),
    (3, "name"),
    (3, "firstName"),
    (3, "identifier"),
    (4, "name"),
    (5, "name"),
    (6, "first_name"),
    (6, "last_name"),
    (9, "firstname"),
    (9, "lastname"),
    (10, "firstname"),
    (11, "lastname"),
    (12, "firstname"),
    (13, "name"),
    (14, "name"),
    (15, "name"),
    (16, "name"),
    (17, "name"),
    (21, "name"),
    (22, "name"),
    (23, "name"),
    (25, "name"),
];

/// The fields that may have several lines: write, key.
const TEXTS: [(usize, &str); 8] = [
    (4, "description"),
    (4, "prompt"),
    (5, "description"),
    (13, "description"),
    (18, "description"),
    (20, "description"),
    (23, "description"),
    (24, "prompt"),
];

#[tokio::test]
async fn rejects_a_name_that_cannot_be_seen() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    for (index, key) in NAMES {
        for blank in [
            "   ",
            "\t\t\t",
            "\r\n ",
            "\u{A0}\u{A0}\u{A0}",
            "\u{2003} \u{2003}",
            "\u{3000}\u{3000}\u{3000}",
            "\u{200B}\u{200B}\u{200B}",
            "\u{FEFF}\u{2060}\u{200D}",
            "\u{AD}\u{AD}\u{AD}",
            "\u{3164}\u{115F}\u{FFA0}",
            "\u{2800}\u{2800}\u{2800}",
            "\u{200E}\u{200F}\u{61C}",
        ] {
            let reason = writes[index].refuses(key, &json!(blank)).await;
            // Blanks around identifiers are dropped, and nothing is left.
            let expected = ["required", if blank.trim().is_empty() { "too_short" } else { "required" }];
            assert!(expected.contains(&&*reason), "{} {key} {blank:?}: {reason}", writes[index].name());
        }
    }
    directory.is_unchanged("blank names").await;
}

#[tokio::test]
async fn rejects_control_characters_in_names() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    for (index, key) in NAMES {
        for name in [
            "a\tb\u{202E}",
            "Jane\nDoe",
            "Ja\rne",
            "\u{1B}[31mJane",
            "Jane\u{7F}",
            "Ja\u{85}ne",
            "Ja\u{9F}ne",
            "Jane\u{2028}Doe",
            "\u{202A}Jane\u{202C}",
            "\u{202D}Jane",
            "\u{2066}Jane\u{2069}",
            "Jane\u{2068}",
        ] {
            let reason = writes[index].refuses(key, &json!(name)).await;
            assert_eq!(reason, "invalid_characters", "{} {key} {name:?}", writes[index].name());
        }
    }
    directory.is_unchanged("names with control characters").await;
}

#[tokio::test]
async fn rejects_control_characters_in_texts_besides_line_breaks() {
    let directory = Directory::new().await;
    let writes = directory.writes();
    for (index, key) in TEXTS {
        let write = &writes[index];
        for text in
            ["a\u{8}text", "\u{1B}]0;text", "text\u{7F}", "a\u{80}text", "a text\u{202E}", "\u{2067}text"]
        {
            let reason = write.refuses(key, &json!(text)).await;
            assert_eq!(reason, "invalid_characters", "{} {key} {text:?}", write.name());
        }
    }
    directory.is_unchanged("texts with control characters").await;
    for (index, key) in TEXTS {
        let reply = writes[index].send_with(json!({ key: "two\nlines,\r\n\ta tab" })).await;
        assert!((200..300).contains(&reply.status), "{} {key}:\n{reply}", writes[index].name());
    }
}
