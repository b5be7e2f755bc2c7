//! Bodies of every form, whole and broken.

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;

use super::*;

const XML: &str = "application/xml";
const FORM: &str = "application/x-www-form-urlencoded";

fn read(content_type: &str, body: impl AsRef<[u8]>) -> ApiResult<Json> {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())]);
    json_of(&headers, body.as_ref())
}

/// The JSON of a body.
fn taken(content_type: &str, body: &str) -> String {
    match read(content_type, body) {
        Ok(json) => json.to_string(),
        Err(error) => panic!("{content_type}: {body}: {error:?}"),
    }
}

/// Why a body is refused.
fn refused(content_type: &str, body: impl AsRef<[u8]>) -> String {
    match read(content_type, body) {
        Err(ApiError::Domain(error)) => match &*error {
            Error::BadRequest(problem) => problem.to_string(),
            error => panic!("{error:?}"),
        },
        Err(ApiError::UnsupportedMediaType(Unsupported::Charset(charset))) => format!("charset {charset}"),
        Err(ApiError::UnsupportedMediaType(_)) => "type".to_owned(),
        Err(ApiError::PayloadTooLarge { limit }) => format!("longer than {limit}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_content_type_tells_the_form() {
    for (content_type, body, expected) in [
        ("application/json", r#" {"a":[1.50,null]} "#, r#"{"a":[1.50,null]}"#),
        ("Application/JSON; Charset=UTF-8", "7", "7"),
        ("application/cloudevents+json", r#""a""#, r#""a""#),
        (FORM, "a=1&b=x+y%21", r#"{"a":"1","b":"x y!"}"#),
        ("application/x-www-form-urlencoded; charset=utf-8", "a", r#"{"a":""}"#),
        (XML, "<a>1</a>", r#"{"a":"1"}"#),
        ("text/xml;charset=\"utf-8\"", "<a>1</a>", r#"{"a":"1"}"#),
        ("application/atom+xml", "<a>1</a>", r#"{"a":"1"}"#),
        ("text/plain", "<a> & 1\n", r#""<a> & 1\n""#),
        ("text/csv; charset=us-ascii; header=present", "a,b", r#""a,b""#),
    ] {
        assert_eq!(taken(content_type, body), expected, "{content_type}");
    }
    assert_eq!(json_of(&HeaderMap::new(), b"[1]").unwrap().to_string(), "[1]");
}

#[test]
fn an_empty_body_is_null() {
    for content_type in ["application/json", FORM, XML, "text/plain", "image/png"] {
        assert_eq!(taken(content_type, ""), "null", "{content_type}");
    }
    assert_eq!(json_of(&HeaderMap::new(), b"").unwrap(), Json::Null);
}

#[test]
fn other_types_and_character_sets_are_unsupported() {
    for (content_type, expected) in [
        ("image/png", "type"),
        ("multipart/form-data; boundary=x", "type"),
        ("application/octet-stream", "type"),
        ("xml", "type"),
        ("application/json; charset=iso-8859-1", "charset iso-8859-1"),
        ("text/plain; charset=utf-16", "charset utf-16"),
        ("text/xml; charset=windows-1252", "charset windows-1252"),
    ] {
        assert_eq!(refused(content_type, "1"), expected, "{content_type}");
    }
}

#[test]
fn broken_json_is_refused() {
    let message = refused("application/json", r#"{"a":1,}"#);
    assert!(message.starts_with("The body is not JSON: "), "{message}");
    for body in [" ", "{", "a=1", "\"\\ud800\"", "{\"a\": {\"b\": 01}}"] {
        assert!(refused("application/json", body).starts_with("The body is not JSON: "), "{body}");
    }
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    assert_eq!(taken("application/json", &nested(64)), nested(64));
    for levels in [65, 1_000, MAXIMUM_SIZE / 2] {
        assert_eq!(refused("application/json", nested(levels)), "The body has more than 64 levels.");
    }
    let zeros = |count: usize| format!("[{}]", vec!["0"; count].join(","));
    assert_eq!(taken("application/json", &zeros(49_999)), zeros(49_999));
    assert_eq!(refused("application/json", zeros(50_000)), "The body has more than 50,000 values.");
    let text = format!("[\"{}\"]", ",[\\\"".repeat(60_000));
    assert_eq!(taken("application/json", &text), text, "what stands in a string does not count");
}

#[test]
fn every_form_is_utf_8_of_a_mebibyte() {
    for content_type in ["application/json", FORM, XML, "text/plain"] {
        assert_eq!(refused(content_type, b"\"\xff\""), "The body must be UTF-8.", "{content_type}");
        let long = vec![b' '; MAXIMUM_SIZE + 1];
        assert_eq!(refused(content_type, long), "longer than 1048576", "{content_type}");
    }
    assert!(read("text/plain", vec![b' '; MAXIMUM_SIZE]).is_ok());
}

#[test]
fn repeated_fields_of_a_form_become_lists() {
    for (body, expected) in [
        ("b=1&a=2&b=&b=3", r#"{"b":["1","","3"],"a":"2"}"#),
        ("&&a=1&", r#"{"a":"1"}"#),
        ("a=b=c&=d", r#"{"a":"b=c","":"d"}"#),
        ("a%5B%5D=1&a[]=2", r#"{"a[]":["1","2"]}"#),
        ("name=J%C3%BCrgen", r#"{"name":"Jürgen"}"#),
    ] {
        assert_eq!(taken(FORM, body), expected, "{body}");
    }
    assert!(refused(FORM, "a=%ff").contains("UTF-8"));
    assert!(read(FORM, vec!["a"; 50_000].join("&")).is_ok());
    assert_eq!(refused(FORM, vec!["a"; 50_001].join("&")), "The form has more than 50,000 fields.");
}

#[test]
fn xml_becomes_json() {
    for (body, expected) in [
        ("<a/>", r#"{"a":""}"#),
        ("<a></a>", r#"{"a":""}"#),
        ("<a> x </a>", r#"{"a":" x "}"#),
        ("<a><b>1</b></a>", r#"{"a":{"b":"1"}}"#),
        ("<a><b>1</b><c/><b>2</b><b><d/></b></a>", r#"{"a":{"b":["1","2",{"d":""}],"c":""}}"#),
        (r#"<a b="1" c='"'/>"#, r#"{"a":{"@b":"1","@c":"\""}}"#),
        (r#"<a b="1">x</a>"#, r##"{"a":{"@b":"1","#text":"x"}}"##),
        (r#"<a b="1"> </a>"#, r#"{"a":{"@b":"1"}}"#),
        ("<a>\n  <b>1</b>\n</a>\n", r#"{"a":{"b":"1"}}"#),
        ("<p>Hello <b>big</b> world</p>", r##"{"p":{"b":"big","#text":"Hello  world"}}"##),
        (r#"<a b="1"><b>2</b></a>"#, r#"{"a":{"@b":"1","b":"2"}}"#),
        ("<n:a xmlns:n='urn:x'><n:b/></n:a>", r#"{"n:a":{"@xmlns:n":"urn:x","n:b":""}}"#),
        ("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F642;</a>", r#"{"a":"<>&\"'A🙂"}"#),
        ("<a b='&lt;&#9;&amp;amp;'/>", r#"{"a":{"@b":"<\t&amp;"}}"#),
        ("<a><![CDATA[<b>&amp;</b>]]>!</a>", r#"{"a":"<b>&amp;</b>!"}"#),
        ("<?xml version='1.0' encoding='utf-8'?><!-- c --><?go on?><a>1<!-- c -->2</a>", r#"{"a":"12"}"#),
        ("<a>1\r\n2</a>", r#"{"a":"1\n2"}"#),
        ("<größe-1.x>1</größe-1.x>", r#"{"größe-1.x":"1"}"#),
    ] {
        assert_eq!(taken(XML, body), expected, "{body}");
    }
}

#[test]
fn broken_xml_is_refused() {
    for body in [
        " ",
        "a",
        "<a>",
        "<a><b></a></b>",
        "</a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "text<a/>",
        "<a/>&amp;",
        "<a",
        "<a b/>",
        "<a b=1/>",
        "<a b='1/>",
        "<a b='1' b='2'/>",
        "<>x</>",
        "< a/>",
        "<1/>",
        "<a 1='x'/>",
        "<a>&</a>",
        "<a>&nbsp;</a>",
        "<a b='&nbsp;'/>",
        "<a>&#0;</a>",
        "<a>&#1;</a>",
        "<a b='&#1;'/>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a>\u{1}</a>",
        "<a><!-- -- --></a>",
        "<a><![CDATA[x</a>",
        "<!-- c --><?xml version='1.0'?><a/>",
        "<?xml version='2.0'?><a/>",
        "{\"a\":1}",
    ] {
        assert!(refused(XML, body).starts_with("The body is not XML: "), "{body}");
    }
    let latin = "<?xml version='1.0' encoding='ISO-8859-1'?><a/>";
    assert_eq!(refused(XML, latin), "charset ISO-8859-1");
    let long = format!("<{}>", "a".repeat(100_000));
    assert_eq!(refused(XML, long).chars().count(), MAXIMUM_MESSAGE);
}

#[test]
fn a_document_defines_no_entities() {
    let entity = |level: usize| {
        let ten = format!("&lol{};", level - 1).repeat(10);
        format!("<!ENTITY lol{level} \"{ten}\">")
    };
    let entities = (1..10).map(entity).collect::<Vec<_>>().concat();
    let laughs = format!("<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">{entities}]><lolz>&lol9;</lolz>");
    for body in [
        laughs.as_str(),
        "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM \"http://127.0.0.1/\">]><a>&b;</a>",
        "<!DOCTYPE html><html/>",
        "<!doctype a><a/>",
    ] {
        assert_eq!(refused(XML, body), "The body must not have a DOCTYPE.", "{body}");
    }
}

#[test]
fn a_document_has_at_most_64_levels() {
    let nested = |levels: usize| "<a>".repeat(levels) + &"</a>".repeat(levels);
    assert!(read(XML, nested(64)).is_ok());
    for levels in [65, 1_000, MAXIMUM_SIZE / 7] {
        assert_eq!(refused(XML, nested(levels)), "The body has more than 64 levels.");
    }
    // Each list is a level, too.
    let listed = |levels: usize| "<a><a/>".repeat(levels) + &"</a>".repeat(levels);
    assert!(read(XML, listed(32)).is_ok());
    assert_eq!(refused(XML, listed(40)), "The body has more than 64 levels.");
}

#[test]
fn a_document_has_at_most_50_000_nodes() {
    let elements = |number: usize| format!("<a>{}</a>", "<b/>".repeat(number - 1));
    let attributes = |number: usize| {
        let attributes = (1..number).map(|place| format!("a{place}=''")).collect::<Vec<_>>();
        format!("<a {}/>", attributes.join(" "))
    };
    for document in [elements(50_000), attributes(50_000)] {
        assert!(read(XML, document).is_ok());
    }
    for document in [elements(50_001), attributes(50_001)] {
        assert_eq!(refused(XML, document), "The body has more than 50,000 elements and attributes.");
    }
}
