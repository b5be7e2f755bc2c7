//! What happens to an account's rights when its home changes.

use super::*;
use crate::account::AccountChanges;
use crate::primitives::Patch;

fn moved(before: &Account, home: Patch<WorkspaceId>) -> Account {
    let mut after = before.clone();
    AccountChanges { home, ..AccountChanges::default() }.apply_to(&mut after, None, at(1));
    after
}

#[test]
fn moving_drops_rights_at_home() {
    let roles = ["USER", "Directory reader", "Helper of W1", "Auditor of W1", "ADMIN"];
    let before = account_with("mover", Some(W1), &roles, "tenant.all tenant.flows.read iam.token.create");
    for (change, home) in [(Patch::Value(W2), Some(W2)), (Patch::Null, None)] {
        let after = moved(&before, change);
        assert_eq!((after.home, after.updated_at), (home, at(1)));
        assert_eq!(after.roles, [role("ADMIN")]);
        assert_eq!(after.permissions, set("iam.token.create"));
    }
    for same in [Patch::Absent, Patch::Value(W1)] {
        assert_eq!(moved(&before, same), before);
    }
    let nowhere = account_with("mover", None, &roles, "tenant.all");
    assert_eq!(moved(&nowhere, Patch::Value(W1)).roles, [role("ADMIN")]);
}

/// The rows name the account's rights; the top left cell names the move.
#[test]
fn rights_that_move_to_another_home_are_granted_there() {
    let tables = "
stays and keeps       | administrator | tenant admin | manager  | service  | operator
-                     | ok            | ok           | ok       | ok       | ok
tenant.account.create | ok            | ok           | ok       | ok       | ok
tenant.flows.read     | ok            | ok           | greater  | ok       | ok
iam.account.update    | ok            | greater      | greater  | ok       | ok
role USER             | ok            | ok           | greater  | ok       | ok
role Helper of W1     | ok            | ok           | ok       | ok       | ok

leaves for W2         | administrator | tenant admin | manager  | service  | operator
-                     | ok            | border       | border   | ok       | ok
tenant.account.create | ok            | border       | border   | ok       | ok
tenant.flows.read     | ok            | border       | greater  | ok       | ok
iam.account.update    | ok            | greater      | greater  | not held | ok
role USER             | ok            | border       | greater  | ok       | ok
role Helper of W1     | ok            | border       | border   | ok       | ok
role Directory reader | ok            | greater      | greater  | greater  | ok
role ADMIN            | ok            | greater      | greater  | greater  | ok

leaves for none       | administrator | tenant admin | manager  | service  | operator
-                     | ok            | border       | border   | ok       | ok
role USER             | ok            | border       | greater  | ok       | ok
iam.account.update    | ok            | greater      | greater  | not held | ok

takes all to W2       | administrator | tenant admin | manager  | service  | operator
tenant.account.create | ok            | border       | border   | not held | ok
tenant.flows.read     | ok            | border       | greater  | not held | ok
iam.account.update    | ok            | greater      | greater  | not held | ok
role USER             | ok            | border       | greater  | not held | ok
role Helper of W1     | role          | border       | border   | role     | role
role Helper of W2     | ok            | border       | border   | not held | ok
";
    check(tables, |how, gift, asking| {
        let before = given(gift, another("newcomer"));
        let home = if how == "leaves for none" { Patch::Null } else { Patch::Value(W2) };
        let left = moved(&before, home);
        let after = match how {
            "stays and keeps" => before.clone(),
            "takes all to W2" => Account { home: left.home, ..before.clone() },
            _ => left,
        };
        word(change(asking, &before, &after, false), CHANGE)
    });
}

#[test]
fn callers_cannot_move_foreign_accounts_into_their_workspace() {
    for whom in ["newcomer of W2", "user of W2", "newcomer of none"] {
        let before = another(whom);
        let after = moved(&before, Patch::Value(W1));
        for (asking, expected) in [("tenant admin", "border"), ("manager", "border"), ("service", "ok")] {
            assert_eq!(word(change(asking, &before, &after, false), CHANGE), expected, "{asking} {whom}");
        }
    }
}
