//! Searches by index and without find the same users.

use std::time::Duration;

use denizen_domain::{
    DisplayName, EmailAddress, ExternalId, ExternalUserChanges, ExternalUserFilter, ExternalUserOrder, Patch,
    SearchText, Slug, Window, WorkspaceId, WorkspaceName, fold_for_search,
};
use denizen_persistence::{Backend, Database, external_users, workspaces};

use crate::{Fixture, on_both};

/// More than fit into the sample by which searches are planned.
const USERS: usize = 600;

/// Texts that many users have, few or none: parts of words, beginnings, several words, and signs.
const TEXTS: [&str; 39] = [
    "user-7",
    "user-577",
    "person0123",
    "@example9.com",
    "example",
    "00",
    "7",
    "us",
    "p",
    "r",
    "%o\"b",
    "100%",
    "0% S",
    "_1",
    "a_b",
    "\\x",
    "O'N",
    "Straße",
    "STRASS",
    "山田太",
    "山田",
    "山",
    "田",
    "Ω",
    "Ωμ",
    "ada smith",
    "a smi",
    "...",
    ". .",
    "🙂",
    "🙂🙂🙂",
    "nobody",
    "zz",
    " ad",
    "a \"",
    "* AND",
    "NEAR(",
    "e+",
    "!?.",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_whoever_has_the_text() {
    on_both(async |fixture| {
        let (slug, name) = (Slug::parse("other").unwrap(), WorkspaceName::parse("Other").unwrap());
        let other =
            workspaces::create(&mut fixture.write().await, &fixture.origin, &slug, &name).await.unwrap();
        for workspace_id in [fixture.workspace_id, other.0.id] {
            fill(fixture, workspace_id).await;
        }
        for text in TEXTS {
            let expected: Vec<_> = (0..USERS).filter(|number| has(*number, text)).map(external_id).collect();
            let found = found(fixture, &fixture.database, text).await;
            assert_eq!(found, expected, "{text:?} on {}", fixture.database.backend());
        }
        if fixture.database.backend() == Backend::Sqlite {
            return;
        }
        // PostgreSQL learns how many users there are, and a server that starts then knows that this workspace has most.
        fixture.execute("ANALYZE external_users").await;
        let another = fixture.another().await;
        for text in TEXTS {
            let expected = found(fixture, &fixture.database, text).await;
            assert_eq!(
                found(fixture, &another, text).await,
                expected,
                "{text:?} with the workspace compared"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_new_texts_at_once_and_old_ones_no_more() {
    on_both(async |fixture| {
        fill(fixture, fixture.workspace_id).await;
        assert!(found(fixture, &fixture.database, "queen").await.is_empty());
        assert!(found(fixture, &fixture.database, "qu").await.is_empty());
        upsert(fixture, fixture.workspace_id, &[(external_id(3), named("Ada Queen"))]).await;
        for text in ["queen", "qu", "q"] {
            assert_eq!(found(fixture, &fixture.database, text).await, [external_id(3)], "{text}");
        }
        upsert(fixture, fixture.workspace_id, &[(external_id(3), named("Ada King"))]).await;
        for text in ["queen", "qu", "q"] {
            assert!(found(fixture, &fixture.database, text).await.is_empty(), "{text}");
        }
    })
    .await;
}

async fn found(fixture: &Fixture, database: &Database, text: &str) -> Vec<String> {
    let filter = ExternalUserFilter {
        search: Some(SearchText::parse(text).unwrap()),
        ..ExternalUserFilter::default()
    };
    let connection = &mut database.read().await.unwrap();
    let (id, order) = (fixture.workspace_id, ExternalUserOrder::CreatedAt);
    let window = Window::first(u32::try_from(USERS).unwrap());
    let users = external_users::list(connection, id, &filter, order, &window).await.unwrap().items;
    let count = external_users::count(connection, id, &filter).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), users.len(), "{text:?}");
    users.into_iter().filter_map(|user| user.external_id).map(|id| id.to_string()).collect()
}

/// Whether a user has a text, by the rule of the contract.
fn has(number: usize, text: &str) -> bool {
    let text = fold_for_search(text);
    let texts = [external_id(number), email(number), name(number).to_owned()];
    texts.iter().map(|field| fold_for_search(field)).any(|field| match text.chars().count() {
        1 | 2 => field.split(' ').any(|word| word.starts_with(text.trim())),
        _ => field.contains(&text),
    })
}

fn external_id(number: usize) -> String {
    format!("user-{number}")
}

fn email(number: usize) -> String {
    format!("person{number:04}@example{}.com", number % 10)
}

/// Common names, and some that only one user has.
fn name(number: usize) -> &'static str {
    const RARE: [&str; 14] = [
        "the %o\"boss\"",
        "100% sure",
        "_1 a_b",
        "C:\\x",
        "O'Neil",
        "Straße",
        "山田太郎",
        "山 田",
        "Ωμέγα",
        "a.b ... c",
        "🙂🙂🙂 party",
        "a*b AND c NEAR(d)",
        "e+f !?.",
        "one a \"quote\"",
    ];
    if number.is_multiple_of(40) { RARE[number / 40 % RARE.len()] } else { "Ada Smith" }
}

async fn fill(fixture: &Fixture, workspace_id: WorkspaceId) {
    for numbers in (0..USERS).collect::<Vec<_>>().chunks(100) {
        let users: Vec<_> = numbers
            .iter()
            .map(|number| {
                let email = EmailAddress::parse(&email(*number)).unwrap();
                (
                    external_id(*number),
                    ExternalUserChanges { email: Patch::Value(email), ..named(name(*number)) },
                )
            })
            .collect();
        upsert(fixture, workspace_id, &users).await;
        fixture.clock.advance(Duration::from_secs(1));
    }
}

fn named(name: &str) -> ExternalUserChanges {
    ExternalUserChanges {
        display_name: Patch::Value(DisplayName::parse(name).unwrap()),
        ..ExternalUserChanges::default()
    }
}

async fn upsert(fixture: &Fixture, workspace_id: WorkspaceId, users: &[(String, ExternalUserChanges)]) {
    let users: Vec<_> =
        users.iter().map(|(id, changes)| (ExternalId::parse(id).unwrap(), changes.clone())).collect();
    let connection = &mut fixture.write().await;
    let outcomes =
        external_users::upsert_all(connection, &fixture.origin, workspace_id, &users).await.unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}
