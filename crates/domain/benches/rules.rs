//! What the rules that run with most requests cost: folding, merging custom fields, entity tags, sealing cursors.
//!
//! `cargo bench --package denizen-domain`

use denizen_domain::{
    ChannelId, Clock as _, CursorSeal, CustomFields, ExternalUser, ExternalUserId, IdSource as _, JsonObject,
    Position, RandomIds, SuperIdentityId, SystemClock, Violation, WorkspaceId, fold, fold_for_search,
};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// Texts whose folding takes different ways.
const TEXTS: [&str; 3] = ["Jane.Doe@Example.com", "Jürgen Ångström", "Ｆｕｌｌ ﬁgures ①"];

#[divan::bench(args = TEXTS)]
fn folded(text: &str) -> String {
    fold(black_box(text))
}

#[divan::bench(args = TEXTS)]
fn folded_for_search(text: &str) -> String {
    fold_for_search(black_box(text))
}

/// Custom fields of usual size, and a change of one.
const FIELDS: &str = r#"{"plan":"team","seats":12,"company":{"name":"Company 7","size":50},"tags":["a","b"],"note":"Met at the fair; asked for a call back. Met at the fair; asked for a call back."}"#;

const CHANGE: &str = r#"{"seats":13,"company":{"size":null,"city":"Kraków"}}"#;

#[divan::bench]
fn read_change() -> Result<JsonObject, Violation> {
    CustomFields::parse_change(black_box(CHANGE))
}

#[divan::bench]
#[expect(clippy::expect_used, reason = "both are JSON objects")]
fn merge_custom_fields(bencher: Bencher<'_, '_>) {
    let fields = CustomFields::from_stored(FIELDS.to_owned()).expect("a JSON object");
    let change = CustomFields::parse_change(CHANGE).expect("a JSON object");
    bencher.with_inputs(|| change.clone()).bench_values(|change| fields.merged(change));
}

#[divan::bench]
fn entity_tag(bencher: Bencher<'_, '_>) {
    let (id, now) = (RandomIds.uuid(), SystemClock.now());
    let (workspace, channel) = (WorkspaceId::from_uuid(id), ChannelId::from_uuid(id));
    let person = SuperIdentityId::from_uuid(id);
    let user = ExternalUser::blank(ExternalUserId::from_uuid(id), workspace, channel, person, now);
    bencher.bench(|| black_box(&user).entity_tag(now));
}

const LIST: &str = "external users of a workspace";

fn position() -> Position {
    Position::at(SystemClock.now(), RandomIds.uuid())
}

#[divan::bench]
fn seal_cursor(bencher: Bencher<'_, '_>) {
    let (seal, position) = (CursorSeal::new(&[7; 32]), position());
    bencher.bench(|| seal.seal(LIST, black_box(&position)));
}

#[divan::bench]
fn open_cursor(bencher: Bencher<'_, '_>) {
    let seal = CursorSeal::new(&[7; 32]);
    let cursor = seal.seal(LIST, &position());
    bencher.bench(|| seal.open(LIST, black_box(&cursor)));
}
