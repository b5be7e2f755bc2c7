//! The verifiers of access tokens in `docs/verifying-tokens.md`, run as they stand there.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use denizen_tests::{ForeignClient, RunningProgram, TestServer, Value, build_go, is_on_postgres, json};
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use crate::support::{create, pem, pkcs8, text};

const DOCUMENT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/verifying-tokens.md"));

/// The issuer of the tests' tokens.
const ISSUER: &str = "https://users.example.com";

/// Returns the only program of a language in the document.
fn program(language: &str) -> &'static str {
    let mut blocks = DOCUMENT.split(&format!("\n```{language}\n")).skip(1).collect::<Vec<_>>();
    let block = blocks.pop().unwrap_or_else(|| panic!("no block in {language}"));
    assert!(blocks.is_empty(), "several blocks in {language}");
    block.split_once("\n```\n").unwrap().0
}

#[tokio::test]
async fn the_verifier_in_python_works() {
    if is_on_postgres() {
        return;
    }
    let Some(python) = ForeignClient::python("verifier_in_python").await else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("verify.py");
    fs::write(&file, program("python")).unwrap();
    verifies(|environment| python.start(&file, environment)).await;
}

#[tokio::test]
async fn the_verifier_in_javascript_works() {
    if is_on_postgres() {
        return;
    }
    let Some(node) = ForeignClient::node("verifier_in_javascript").await else { return };
    let folder = tempfile::tempdir().unwrap();
    node.link_packages(folder.path());
    let file = folder.path().join("verify.mjs");
    fs::write(&file, program("javascript")).unwrap();
    verifies(|environment| node.start(&file, environment)).await;
}

#[tokio::test]
async fn the_verifier_in_go_works() {
    if is_on_postgres() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("verify.go");
    fs::write(&file, program("go")).unwrap();
    let Some(program) = build_go(&file).await else { return };
    verifies(|environment| RunningProgram::start(&program, &[], environment)).await;
}

/// Asserts that a program accepts what the server issues, also after a rotation, and nothing else.
async fn verifies(start: impl Fn(&[(&str, &str)]) -> RunningProgram) {
    let server = TestServer::with(&["--token-issuer", ISSUER]).await;
    let user = create(&server, json!({ "externalId": "u-1" })).await;
    let token = text(&user, "accessToken");
    let mut verifier = verifier_of(&server, &server.workspace.id, &start);
    assert_eq!(verifier.answer(&token).await, text(&user, "id"));
    let other = server.new_workspace("other").await;
    let mut of_other = verifier_of(&server, &other.id, &start);
    is_refused(&mut of_other, "the user of another workspace", &token).await;

    server.operator(&["signing-keys", "rotate", "--now", "--json"]).await;
    let after = create(&server.another().await, json!({ "externalId": "u-2" })).await;
    let answer = verifier.answer(&text(&after, "accessToken")).await;
    assert_eq!(answer, text(&after, "id"), "the next key was in the set already");
    refuses_what_is_forged(&start).await;
}

/// Asserts that a program refuses tokens that the server did not issue, or no longer stands by.
async fn refuses_what_is_forged(start: &impl Fn(&[(&str, &str)]) -> RunningProgram) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    fs::write(&file, pem(1)).unwrap();
    let key_file = format!("--signing-key-file={}", file.display());
    let server = TestServer::with(&["--token-issuer", ISSUER, &key_file]).await;
    let set = server.anonymous().get("/.well-known/jwks.json").await.json(200);
    let kid = text(&set["keys"][0], "kid");
    let forge = Forge { kid: &kid, audience: &server.workspace.id };
    let mut verifier = verifier_of(&server, &server.workspace.id, start);
    for (what, changes) in
        [("in force", json!({})), ("ended within the skew", json!({ "exp": seconds(-30) }))]
    {
        assert_eq!(verifier.answer(&forge.token(&changes)).await, "somebody", "{what}");
    }
    for (what, changes) in [
        ("expired", json!({ "exp": seconds(-90) })),
        ("without an end", json!({ "exp": null })),
        ("of another issuer", json!({ "iss": "https://users.example.org" })),
        ("of no issuer", json!({ "iss": null })),
        ("for others", json!({ "aud": "another" })),
        ("for nobody", json!({ "aud": null })),
        ("about nobody", json!({ "sub": null })),
    ] {
        is_refused(&mut verifier, what, &forge.token(&changes)).await;
    }
    let stranger = EncodingKey::from_ed_der(&pkcs8(2));
    let shared = EncodingKey::from_secret(text(&set["keys"][0], "x").as_bytes());
    let unsigned = forge.token(&json!({}));
    let claims = unsigned.split('.').nth(1).unwrap();
    let none = BASE64_URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "kid": kid }).to_string());
    for (what, token) in [
        ("signed by others", forge.signed(Algorithm::EdDSA, &kid, &stranger)),
        ("signed by an unknown key", forge.signed(Algorithm::EdDSA, "another", &stranger)),
        ("signed with what is public", forge.signed(Algorithm::HS256, &kid, &shared)),
        ("unsigned", format!("{none}.{claims}.")),
        ("nothing", String::new()),
        ("no token", "a.b.c".to_owned()),
    ] {
        is_refused(&mut verifier, what, &token).await;
    }
}

fn verifier_of(
    server: &TestServer,
    audience: &str,
    start: &impl Fn(&[(&str, &str)]) -> RunningProgram,
) -> RunningProgram {
    let url = format!("http://{}/.well-known/jwks.json", server.address);
    start(&[("JWKS_URL", &url), ("ISSUER", ISSUER), ("AUDIENCE", audience)])
}

async fn is_refused(verifier: &mut RunningProgram, what: &str, token: &str) {
    let answer = verifier.answer(token).await;
    assert!(answer.starts_with("refused: "), "{what}: {answer}");
}

/// Makes tokens as the server would, with the key of [`pkcs8`] and 1.
struct Forge<'a> {
    kid: &'a str,
    audience: &'a str,
}

impl Forge<'_> {
    /// A token with these claims in place of its own; null leaves one out.
    fn token(&self, changes: &Value) -> String {
        let key = EncodingKey::from_ed_der(&pkcs8(1));
        let mut claims = self.claims();
        let claims_of = claims.as_object_mut().unwrap();
        claims_of.extend(changes.as_object().unwrap().clone());
        claims_of.retain(|_, value| !value.is_null());
        encode(Algorithm::EdDSA, self.kid, &key, &claims)
    }

    fn signed(&self, algorithm: Algorithm, kid: &str, key: &EncodingKey) -> String {
        encode(algorithm, kid, key, &self.claims())
    }

    fn claims(&self) -> Value {
        json!({ "iss": ISSUER, "aud": self.audience, "sub": "somebody", "iat": seconds(-3_600), "exp": seconds(60) })
    }
}

fn encode(algorithm: Algorithm, kid: &str, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: Some(kid.to_owned()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// So many seconds from now, since 1970.
fn seconds(from_now: i64) -> i64 {
    i64::try_from(jsonwebtoken::get_current_timestamp()).unwrap() + from_now
}
