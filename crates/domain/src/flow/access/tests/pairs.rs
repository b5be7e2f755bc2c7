//! Which accounts may add each other to a flow, and block each other from it.

use super::*;

#[test]
fn who_may_add_whom() {
    let tables = "
invitation, link
              | outsider | member | joined | blocked     | admin  | joined admin | blocked admin
outsider      | 404      | 404    | 400 id | 403 blocked | 400 id | 400 id       | 403 blocked
member        | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked
joined        | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked       | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked
admin         | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked
joined admin  | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked admin | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked
oneself       | 404      | 404    | yes    | 403 blocked | yes    | yes          | 403 blocked

organization
              | outsider | member     | joined | blocked     | admin  | joined admin | blocked admin
outsider      | 404      | 403 not in | 400 id | 403 blocked | 400 id | 400 id       | 403 blocked
member        | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked
joined        | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked       | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked
admin         | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked
joined admin  | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked
blocked admin | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked
oneself       | 404      | 403 not in | yes    | 403 blocked | yes    | yes          | 403 blocked

archived invitation, archived link, archived organization
              | outsider | member | joined | blocked | admin  | joined admin | blocked admin
outsider      | 404      | 404    | 404    | 404     | 400 id | 400 id       | 403 blocked
member        | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
joined        | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
blocked       | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
admin         | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
joined admin  | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
blocked admin | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
oneself       | 404      | 404    | 404    | 404     | 409    | 409          | 403 blocked
";
    check_pairs(tables, Flow::require_may_add);
}

#[test]
fn who_may_block_whom() {
    let tables = "
invitation, link
              | outsider | member | joined      | blocked     | admin    | joined admin | blocked admin
outsider      | 404      | 404    | 404 user    | 403 blocked | 404 user | 404 user     | 403 blocked
member        | 404      | 404    | 404 user    | 403 blocked | 404 user | 404 user     | 403 blocked
joined        | 404      | 404    | yes         | 403 blocked | yes      | yes          | 403 blocked
blocked       | 404      | 404    | yes         | 403 blocked | yes      | yes          | 403 blocked
admin         | 404      | 404    | 403 greater | 403 blocked | yes      | yes          | 403 blocked
joined admin  | 404      | 404    | 403 greater | 403 blocked | yes      | yes          | 403 blocked
blocked admin | 404      | 404    | 403 greater | 403 blocked | yes      | yes          | 403 blocked
oneself       | 404      | 404    | 403 own     | 403 blocked | 403 own  | 403 own      | 403 blocked

organization
              | outsider | member     | joined      | blocked     | admin    | joined admin | blocked admin
outsider      | 404      | 403 not in | 404 user    | 403 blocked | 404 user | 404 user     | 403 blocked
member        | 404      | 403 not in | yes         | 403 blocked | yes      | yes          | 403 blocked
joined        | 404      | 403 not in | yes         | 403 blocked | yes      | yes          | 403 blocked
blocked       | 404      | 403 not in | yes         | 403 blocked | yes      | yes          | 403 blocked
admin         | 404      | 403 not in | 403 greater | 403 blocked | yes      | yes          | 403 blocked
joined admin  | 404      | 403 not in | 403 greater | 403 blocked | yes      | yes          | 403 blocked
blocked admin | 404      | 403 not in | 403 greater | 403 blocked | yes      | yes          | 403 blocked
oneself       | 404      | 403 not in | 403 own     | 403 blocked | 403 own  | 403 own      | 403 blocked

archived invitation, archived link
              | outsider | member | joined | blocked | admin    | joined admin | blocked admin
outsider      | 404      | 404    | 404    | 404     | 404 user | 404 user     | 403 blocked
member        | 404      | 404    | 404    | 404     | 404 user | 404 user     | 403 blocked
joined        | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
blocked       | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
admin         | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
joined admin  | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
blocked admin | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
oneself       | 404      | 404    | 404    | 404     | 403 own  | 403 own      | 403 blocked

archived organization
              | outsider | member | joined | blocked | admin    | joined admin | blocked admin
outsider      | 404      | 404    | 404    | 404     | 404 user | 404 user     | 403 blocked
member        | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
joined        | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
blocked       | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
admin         | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
joined admin  | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
blocked admin | 404      | 404    | 404    | 404     | yes      | yes          | 403 blocked
oneself       | 404      | 404    | 404    | 404     | 403 own  | 403 own      | 403 blocked
";
    check_pairs(tables, Flow::require_may_block);
}

/// Checks tables in which the column's account acts on the row's, in all six kinds of flow. `oneself` is the acting
/// account.
fn check_pairs(tables: &str, decide: impl Fn(&Flow, Participant, Participant) -> Result<(), Error>) {
    check(7 * 8 * 6, tables, |kind, whom, asking| {
        let who = person(asking);
        let other = if whom == "oneself" { who } else { another(whom) };
        word(decide(&flow(kind), who, other))
    });
}

/// Returns another account that differs only in the id.
fn another(name: &str) -> Participant {
    Participant { account_id: AccountId::from_uuid(Uuid::from_u128(2)), ..person(name) }
}
