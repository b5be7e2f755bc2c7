//! Tables of the rules: every rank and place, for every kind of flow. The cells contain the decisions, in the words of
//! [`word`] or as yes and no. Accounts in a flow, or blocked from it, are members of its workspace, which leaves seven
//! kinds of accounts.

mod pairs;

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::flow::tests::{cells, flow};

/// Returns a decision's word in the tables: the HTTP status of the response, and the reason.
fn word(decision: Result<(), Error>) -> &'static str {
    match decision {
        Ok(()) => "yes",
        Err(Error::NotFound { resource: Resource::Flow, id: Some(id) }) if id == "my-flow" => "404",
        Err(Error::NotFound { resource: Resource::Account, .. }) => "404 user",
        Err(Error::Forbidden(Forbidden::BlockedFromFlow)) => "403 blocked",
        Err(Error::Forbidden(Forbidden::NotInFlow)) => "403 not in",
        Err(Error::Forbidden(Forbidden::NotAdmin)) => "403 no admin",
        Err(Error::Forbidden(Forbidden::OwnBlock)) => "403 own",
        Err(Error::Forbidden(Forbidden::GreaterRights)) => "403 greater",
        Err(Error::Conflict(Conflict::FlowArchived)) => "409",
        Err(Error::Invalid(broken)) if is_unknown_id(&broken) => "400 id",
        Err(error) => panic!("{error:?}"),
    }
}

fn is_unknown_id(broken: &Violations) -> bool {
    matches!(broken.fields(), [only] if only.field == "id" && only.reason == Reason::Unknown)
}

fn yes_or_no(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

/// Checks every cell of tables. Empty lines separate the tables, and a line above each names its kinds of flow. `decide`
/// gets a kind, the row's header and the column's header. `count` is the number of cells over all kinds.
fn check(count: usize, tables: &str, decide: impl Fn(&str, &str, &str) -> &'static str) {
    let mut checked = BTreeSet::new();
    let mut wrong = Vec::new();
    for table in tables.trim().split("\n\n") {
        let (kinds, table) = table.split_once('\n').unwrap();
        for kind in kinds.split(", ") {
            for (row, column, expected) in cells(table) {
                assert!(checked.insert((kind, row, column)), "{kind} | {row} | {column} appears twice");
                let decided = decide(kind, row, column);
                if decided != expected {
                    wrong.push(format!("{kind} | {row} | {column}: {decided}, not {expected}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(checked.len(), count);
}

/// Checks tables of all kinds of accounts, for all six kinds of flow.
fn check_everybody(tables: &str, decide: impl Fn(&Flow, Participant) -> &'static str) {
    check(7 * 6, tables, |use_of_it, who, mode| {
        let kind = if use_of_it == "archived" { format!("archived {mode}") } else { mode.to_owned() };
        decide(&flow(&kind), person(who))
    });
}

fn rank(name: &str) -> Rank {
    match name {
        "outsider" => Rank::Outsider,
        "member" => Rank::Member,
        "admin" => Rank::Admin,
        _ => panic!("no rank {name}"),
    }
}

fn place(name: &str) -> Place {
    match name {
        "absent" => Place::Absent,
        "joined" => Place::Joined,
        "blocked" => Place::Blocked,
        _ => panic!("no place {name}"),
    }
}

/// Returns an account of the tables. By default, accounts are members of the workspace and absent from the flow.
fn person(name: &str) -> Participant {
    let (rank, place) = match name {
        "joined" | "blocked" => (Rank::Member, place(name)),
        "joined admin" => (Rank::Admin, Place::Joined),
        "blocked admin" => (Rank::Admin, Place::Blocked),
        _ => (rank(name), Place::Absent),
    };
    Participant { account_id: AccountId::from_uuid(Uuid::from_u128(1)), rank, place }
}

#[test]
fn who_sees_whom() {
    // The column's account looks at the row's.
    let tables = "
they share no flow
         | outsider | member | admin
outsider | no       | no     | no
member   | no       | no     | yes
admin    | no       | no     | yes

they share a flow
         | outsider | member | admin
outsider | no       | no     | no
member   | no       | yes    | yes
admin    | no       | yes    | yes
";
    check(18, tables, |flows, other, viewer| {
        yes_or_no(may_see(rank(viewer), rank(other), flows == "they share a flow"))
    });
}

#[test]
fn who_looks_up_whom() {
    let table = "
all
         | outsider | member | admin
outsider | no       | no     | no
member   | no       | yes    | yes
admin    | no       | yes    | yes
";
    check(9, table, |_, other, viewer| yes_or_no(may_look_up(rank(viewer), rank(other))));
}

#[test]
fn who_shares_a_flow() {
    let tables = "
invitation, link, organization
        | absent | joined | blocked
absent  | no     | no     | no
joined  | no     | yes    | no
blocked | no     | no     | no

archived invitation, archived link, archived organization
        | absent | joined | blocked
absent  | no     | no     | no
joined  | no     | no     | no
blocked | no     | no     | no
";
    check(9 * 6, tables, |kind, one, other| yes_or_no(flow(kind).is_shared(place(one), place(other))));
}

#[test]
fn who_may_know_that_a_flow_exists() {
    let tables = "
in use
              | invitation | link | organization
outsider      | 404        | 404  | 404
member        | 404        | 404  | yes
joined        | yes        | yes  | yes
blocked       | yes        | yes  | yes
admin         | yes        | yes  | yes
joined admin  | yes        | yes  | yes
blocked admin | yes        | yes  | yes

archived
              | invitation | link | organization
outsider      | 404        | 404  | 404
member        | 404        | 404  | 404
joined        | 404        | 404  | 404
blocked       | 404        | 404  | 404
admin         | yes        | yes  | yes
joined admin  | yes        | yes  | yes
blocked admin | yes        | yes  | yes
";
    check_everybody(tables, |flow, who| word(flow.require_shown(who)));
    check_everybody(tables, |flow, who| if flow.shows_to(who) { "yes" } else { "404" });
}

#[test]
fn which_lists_contain_a_flow() {
    let tables = "
in use
              | invitation | link | organization
outsider      | no         | no   | no
member        | no         | no   | yes
joined        | yes        | yes  | yes
blocked       | no         | no   | no
admin         | yes        | yes  | yes
joined admin  | yes        | yes  | yes
blocked admin | no         | no   | no

archived
              | invitation | link | organization
outsider      | no         | no   | no
member        | no         | no   | no
joined        | no         | no   | no
blocked       | no         | no   | no
admin         | yes        | yes  | yes
joined admin  | yes        | yes  | yes
blocked admin | no         | no   | no
";
    check_everybody(tables, |flow, who| yes_or_no(flow.is_listed_for(who)));
}

#[test]
fn who_has_a_flow_in_their_list() {
    let tables = "
in use
              | invitation  | link        | organization
outsider      | 404         | 404         | 404
member        | 404         | 404         | yes
joined        | yes         | yes         | yes
blocked       | 403 blocked | 403 blocked | 403 blocked
admin         | yes         | yes         | yes
joined admin  | yes         | yes         | yes
blocked admin | 403 blocked | 403 blocked | 403 blocked

archived
              | invitation  | link        | organization
outsider      | 404         | 404         | 404
member        | 404         | 404         | 404
joined        | 404         | 404         | 404
blocked       | 404         | 404         | 404
admin         | yes         | yes         | yes
joined admin  | yes         | yes         | yes
blocked admin | 403 blocked | 403 blocked | 403 blocked
";
    check_everybody(tables, |flow, who| word(flow.require_listed(who)));
}

#[test]
fn who_has_access() {
    let tables = "
in use
              | invitation  | link        | organization
outsider      | 404         | 404         | 404
member        | 404         | 404         | 403 not in
joined        | yes         | yes         | yes
blocked       | 403 blocked | 403 blocked | 403 blocked
admin         | yes         | yes         | yes
joined admin  | yes         | yes         | yes
blocked admin | 403 blocked | 403 blocked | 403 blocked

archived
              | invitation  | link        | organization
outsider      | 404         | 404         | 404
member        | 404         | 404         | 404
joined        | 404         | 404         | 404
blocked       | 404         | 404         | 404
admin         | yes         | yes         | yes
joined admin  | yes         | yes         | yes
blocked admin | 403 blocked | 403 blocked | 403 blocked
";
    check_everybody(tables, |flow, who| word(flow.require_access(who)));
}

#[test]
fn who_administers_a_flow() {
    let tables = "
in use
              | invitation   | link         | organization
outsider      | 404          | 404          | 404
member        | 404          | 404          | 403 no admin
joined        | 403 no admin | 403 no admin | 403 no admin
blocked       | 403 no admin | 403 no admin | 403 no admin
admin         | yes          | yes          | yes
joined admin  | yes          | yes          | yes
blocked admin | yes          | yes          | yes

archived
              | invitation   | link         | organization
outsider      | 404          | 404          | 404
member        | 404          | 404          | 404
joined        | 404          | 404          | 404
blocked       | 404          | 404          | 404
admin         | yes          | yes          | yes
joined admin  | yes          | yes          | yes
blocked admin | yes          | yes          | yes
";
    check_everybody(tables, |flow, who| word(flow.require_may_administer(who)));
}

#[test]
fn who_administers_a_workspace() {
    for (who, expected) in [("outsider", "403 no admin"), ("member", "403 no admin"), ("admin", "yes")] {
        assert_eq!(word(rank(who).require_admin()), expected, "{who}");
    }
}

#[test]
fn who_may_join_on_their_own() {
    let tables = "
in use
              | invitation  | link        | organization
outsider      | 404         | 404         | 404
member        | 404         | 404         | yes
joined        | yes         | yes         | yes
blocked       | 403 blocked | 403 blocked | 403 blocked
admin         | yes         | yes         | yes
joined admin  | yes         | yes         | yes
blocked admin | 403 blocked | 403 blocked | 403 blocked

archived
              | invitation  | link        | organization
outsider      | 404         | 404         | 404
member        | 404         | 404         | 404
joined        | 404         | 404         | 404
blocked       | 404         | 404         | 404
admin         | 409         | 409         | 409
joined admin  | 409         | 409         | 409
blocked admin | 403 blocked | 403 blocked | 403 blocked
";
    check_everybody(tables, |flow, who| word(flow.require_may_join(who)));
}

#[test]
fn who_may_join_by_link() {
    let tables = "
in use
              | invitation | link        | organization
outsider      | 404        | yes         | yes
member        | 404        | yes         | yes
joined        | 404        | yes         | yes
blocked       | 404        | 403 blocked | 403 blocked
admin         | 404        | yes         | yes
joined admin  | 404        | yes         | yes
blocked admin | 404        | 403 blocked | 403 blocked

archived
              | invitation | link        | organization
outsider      | 404        | 404         | 404
member        | 404        | 404         | 404
joined        | 404        | 404         | 404
blocked       | 404        | 404         | 404
admin         | 404        | 404         | 404
joined admin  | 404        | 404         | 404
blocked admin | 404        | 404         | 404
";
    check_everybody(tables, |flow, who| word(flow.require_may_join_by_link(who, flow.join_code.expose())));
}

#[test]
fn rejects_a_wrong_join_link() {
    let tables = "
in use
              | invitation | link | organization
outsider      | 404        | 404  | 404
member        | 404        | 404  | 404
joined        | 404        | 404  | 404
blocked       | 404        | 404  | 404
admin         | 404        | 404  | 404
joined admin  | 404        | 404  | 404
blocked admin | 404        | 404  | 404

archived
              | invitation | link | organization
outsider      | 404        | 404  | 404
member        | 404        | 404  | 404
joined        | 404        | 404  | 404
blocked       | 404        | 404  | 404
admin         | 404        | 404  | 404
joined admin  | 404        | 404  | 404
blocked admin | 404        | 404  | 404
";
    for code in ["", "my-flow", "the code of the lin", "the code of the link "] {
        check_everybody(tables, |flow, who| word(flow.require_may_join_by_link(who, code)));
    }
}

#[test]
fn memberships_determine_rank_and_place() {
    for (is_admin, expected) in [(false, Rank::Member), (true, Rank::Admin)] {
        assert_eq!(Rank::of_member(is_admin), expected);
    }
    for (is_blocked, expected) in [(false, Place::Joined), (true, Place::Blocked)] {
        assert_eq!(Place::of_participant(is_blocked), expected);
    }
}
