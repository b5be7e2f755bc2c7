//! Tests of flows and their changes. `access/tests.rs` tests the access rules.

use uuid::Uuid;

use super::*;
use crate::primitives::{RandomIds, Reason, SequentialIds};

/// Returns the flow that the tables name by its access mode, after `archived` if it is.
pub(super) fn flow(state: &str) -> Flow {
    let (is_archived, mode) = match state.strip_prefix("archived ") {
        Some(mode) => (true, mode),
        None => (false, state),
    };
    Flow {
        id: FlowId::from_uuid(Uuid::from_u128(7)),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(1)),
        slug: Slug::parse("my-flow").unwrap(),
        name: FlowName::parse("My flow").unwrap(),
        description: FlowDescription::parse("What we talk about").unwrap(),
        access_mode: mode.parse().unwrap(),
        is_archived,
        join_code: JoinCode::from_stored("the code of the link".to_owned()),
        created_at: at(0),
        updated_at: at(1),
    }
}

/// Returns the cells of a table, each with its row's and its column's header.
pub(super) fn cells(table: &str) -> Vec<(&str, &str, &str)> {
    let mut lines = table.trim().lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let mut cells = Vec::new();
    for row in lines {
        assert_eq!(row.len(), head.len(), "{row:?}");
        cells.extend(head.iter().zip(&row).skip(1).map(|(column, cell)| (row[0], *column, *cell)));
    }
    cells
}

fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_unix_microseconds(microseconds).unwrap()
}

/// Returns the flow after a change at 2.
fn changed(flow: &Flow, changes: FlowChanges) -> Flow {
    let mut changed = flow.clone();
    changes.apply_to(&mut changed, &SequentialIds::default(), at(2));
    changed
}

fn description(text: &str) -> FlowDescription {
    FlowDescription::parse(text).unwrap()
}

#[test]
fn a_name_is_visible_and_not_too_long() {
    for name in ["A", "My flow", "pwd/whoami", "Ünïcode 🙂", &"🙂".repeat(100)] {
        assert_eq!(FlowName::parse(name).unwrap().as_str(), name);
    }
    for (name, reason) in [
        ("", Reason::Required),
        (" \u{a0} ", Reason::Required),
        ("My\nflow", Reason::InvalidCharacters),
        ("My\0flow", Reason::InvalidCharacters),
        (&"x".repeat(101), Reason::TooLong),
    ] {
        assert_eq!(FlowName::parse(name).unwrap_err().reason, reason, "{name:?}");
    }
}

#[test]
fn names_sort_without_case() {
    let folded = |name: &str| FlowName::parse(name).unwrap().folded();
    assert_eq!(folded("STRASSE"), folded("Straße"));
    assert!(folded("apples") < folded("Bananas") && folded("Bananas") < folded("cherries"));
}

#[test]
fn a_description_may_be_empty_but_not_too_long() {
    for text in ["", "two\nlines", &"🙂".repeat(1000)] {
        assert_eq!(description(text).as_str(), text);
    }
    assert_eq!(FlowDescription::parse(&"x".repeat(1001)).unwrap_err().reason, Reason::TooLong);
}

#[test]
fn access_modes_have_the_codes_of_the_contract() {
    for (mode, code) in [
        (AccessMode::Invitation, "invitation"),
        (AccessMode::Link, "link"),
        (AccessMode::Organization, "organization"),
    ] {
        assert_eq!(mode.to_string(), code);
        assert_eq!(code.parse(), Ok(mode));
        assert_eq!(serde_json::to_value(mode).unwrap(), code);
    }
    assert_eq!(AccessMode::ALL.len(), 3);
    assert_eq!(AccessMode::default(), AccessMode::Invitation);
    for wrong in ["", "Link", "link ", "public"] {
        assert_eq!(wrong.parse::<AccessMode>().unwrap_err().reason, Reason::Unknown, "{wrong:?}");
    }
}

#[test]
fn a_join_code_is_random_and_hidden() {
    let (one, other) = (JoinCode::generate(&RandomIds), JoinCode::generate(&RandomIds));
    assert_ne!(one, other);
    assert_eq!(one.expose().len(), 43, "256 bits");
    assert_eq!(format!("{one:?}"), "JoinCode(…)");
    let flow = Flow { join_code: one.clone(), ..flow("link") };
    assert!(!format!("{flow:?}").contains(one.expose()));
}

#[test]
fn a_join_code_matches_only_itself() {
    let code = JoinCode::from_stored("the code".to_owned());
    assert_eq!(code, JoinCode::from_stored(code.expose().to_owned()));
    assert!(code.is("the code"));
    for wrong in ["", "the", "the code ", "the Code", "other co"] {
        assert!(!code.is(wrong), "{wrong:?}");
        assert_ne!(code, JoinCode::from_stored(wrong.to_owned()));
    }
}

#[test]
fn only_unarchived_flows_that_links_may_join_have_a_link() {
    let table = "
                      | has a link
invitation            | no
link                  | yes
organization          | yes
archived invitation   | no
archived link         | no
archived organization | no
";
    for (state, _, expected) in cells(table) {
        let flow = flow(state);
        let open = flow.open_join_code();
        assert_eq!(if open.is_some() { "yes" } else { "no" }, expected, "{state}");
        assert!(open.is_none_or(|code| *code == flow.join_code));
    }
}

#[test]
fn a_change_without_effect_keeps_the_time() {
    let flow = flow("link");
    let same_again = FlowChanges {
        name: Some(flow.name.clone()),
        description: Patch::Value(flow.description.clone()),
        access_mode: Some(flow.access_mode),
        is_archived: Some(flow.is_archived),
    };
    assert!(FlowChanges::default().is_empty());
    assert!(!same_again.is_empty());
    for without_effect in [FlowChanges::default(), same_again] {
        assert_eq!(changed(&flow, without_effect), flow);
    }
    let plain = Flow { description: description(""), ..flow };
    let emptied_again = FlowChanges { description: Patch::Null, ..FlowChanges::default() };
    assert_eq!(changed(&plain, emptied_again), plain);
}

#[test]
fn each_field_changes_alone_and_moves_the_time() {
    let (before, none) = (flow("link"), FlowChanges::default());
    let name = FlowName::parse("Renamed").unwrap();
    let after = Flow { updated_at: at(2), ..before.clone() };
    for (changes, expected) in [
        (FlowChanges { name: Some(name.clone()), ..none.clone() }, Flow { name, ..after.clone() }),
        (
            FlowChanges { description: Patch::Value(description("Other")), ..none.clone() },
            Flow { description: description("Other"), ..after.clone() },
        ),
        (
            FlowChanges { description: Patch::Null, ..none.clone() },
            Flow { description: description(""), ..after.clone() },
        ),
        (
            FlowChanges { access_mode: Some(AccessMode::Invitation), ..none.clone() },
            Flow { access_mode: AccessMode::Invitation, ..after.clone() },
        ),
        (FlowChanges { is_archived: Some(true), ..none }, Flow { is_archived: true, ..after }),
    ] {
        assert!(!changes.is_empty());
        assert_eq!(changed(&before, changes.clone()), expected, "{changes:?}");
    }
}

#[test]
fn a_flow_gets_a_new_link_whenever_it_becomes_joinable_by_link() {
    // From the row's state to the column's.
    let table = "
                      | invitation | link | organization | archived invitation | archived link | archived organization
invitation            | kept       | new  | new          | kept                | kept          | kept
link                  | kept       | kept | kept         | kept                | kept          | kept
organization          | kept       | kept | kept         | kept                | kept          | kept
archived invitation   | kept       | new  | new          | kept                | kept          | kept
archived link         | kept       | new  | new          | kept                | kept          | kept
archived organization | kept       | new  | new          | kept                | kept          | kept
";
    assert_eq!(cells(table).len(), 36);
    for (from, to, expected) in cells(table) {
        let (before, wanted) = (flow(from), flow(to));
        let changes = FlowChanges {
            access_mode: Some(wanted.access_mode),
            is_archived: Some(wanted.is_archived),
            ..FlowChanges::default()
        };
        let after = changed(&before, changes);
        let code = if after.join_code == before.join_code { "kept" } else { "new" };
        assert_eq!(code, expected, "from {from} to {to}");
        let updated_at = if from == to { before.updated_at } else { at(2) };
        assert_eq!(after, Flow { join_code: after.join_code.clone(), updated_at, ..wanted });
    }
}
