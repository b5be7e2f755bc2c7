//! Which accounts a caller may change, take over, delete or create tokens for.

use super::*;

#[test]
fn who_may_change_and_open_which_accounts() {
    // For a caller with a right over all accounts, only rights beyond a workspace prevent a change, but every right
    // prevents taking an account over.
    let tables = "
change           | administrator | tenant admin | user    | manager | service | operator
newcomer         | ok            | ok           | missing | ok      | ok      | ok
user             | ok            | ok           | missing | greater | ok      | ok
tenant admin     | ok            | ok           | missing | greater | ok      | ok
auditor          | ok            | greater      | missing | greater | greater | ok
administrator    | ok            | greater      | missing | greater | greater | ok
service          | ok            | border       | missing | border  | ok      | ok
newcomer of W2   | ok            | border       | missing | border  | ok      | ok
user of W2       | ok            | border       | missing | border  | ok      | ok
newcomer of none | ok            | border       | missing | border  | ok      | ok

open             | administrator | tenant admin | user    | manager | service | operator
newcomer         | ok            | ok           | missing | ok      | ok      | ok
user             | ok            | ok           | missing | greater | greater | ok
tenant admin     | ok            | ok           | missing | greater | greater | ok
auditor          | ok            | greater      | missing | greater | greater | ok
administrator    | ok            | greater      | missing | greater | greater | ok
service          | ok            | border       | missing | border  | ok      | ok
newcomer of W2   | ok            | border       | missing | border  | ok      | ok
user of W2       | ok            | border       | missing | border  | greater | ok
newcomer of none | ok            | border       | missing | border  | ok      | ok

open             | administrator | tenant admin | user    | manager | service | homeless
oneself          | ok            | ok           | missing | ok      | ok      | missing
";
    check(tables, |what, whom, asking| {
        let before = target(whom, asking);
        word(change(asking, &before, &before, what == "open"), CHANGE)
    });
}

#[test]
fn removing_rights_does_not_allow_opening_in_the_same_change() {
    let before = another("tenant admin");
    let after = Account { roles: Vec::new(), ..before.clone() };
    assert_eq!(word(change("service", &before, &after, false), CHANGE), "ok");
    assert_eq!(word(change("service", &before, &after, true), CHANGE), "greater");
}

#[test]
fn granting_a_roles_permission_directly_is_a_new_grant() {
    let before = account_with("mixed", Some(W1), &["TENANT_ADMIN", "Auditor of W1"], "");
    let after = Account { permissions: set("iam.account.read"), ..before.clone() };
    let mixed = Authority::of(&before, &PermissionSet::empty());
    let decision = mixed.require_may_change(Reach::Workspace(W1), &before, &after);
    assert_eq!(word(decision, CHANGE), "not held");
}

#[test]
fn callers_cannot_deactivate_themselves() {
    for status in [Status::Pending, Status::Disabled] {
        let disabled = |account: Account| Account { status, ..account };
        for asking in ["administrator", "tenant admin", "manager", "service"] {
            let before = account(asking);
            let after = disabled(before.clone());
            assert_eq!(word(change(asking, &before, &after, false), CHANGE), "own", "{asking}");
        }
        let (own, other) = (account("tenant admin"), another("tenant admin"));
        assert_eq!(word(change("tenant admin", &other, &disabled(other.clone()), false), CHANGE), "ok");
        // Forbidden changes fail before conflicts.
        let greedy = given("all", disabled(own.clone()));
        assert_eq!(word(change("tenant admin", &own, &greedy, false), CHANGE), "not held");
    }
}

#[test]
fn who_may_delete_which_accounts() {
    let tables = "
delete           | administrator | tenant admin | user    | manager | eraser  | operator
newcomer         | ok            | ok           | missing | missing | ok      | ok
user             | ok            | ok           | missing | missing | ok      | ok
tenant admin     | ok            | ok           | missing | missing | ok      | ok
auditor          | ok            | greater      | missing | missing | greater | ok
administrator    | ok            | greater      | missing | missing | greater | ok
service          | ok            | border       | missing | missing | greater | ok
user of W2       | ok            | border       | missing | missing | ok      | ok
newcomer of none | ok            | border       | missing | missing | ok      | ok

delete           | administrator | tenant admin | user    | manager | eraser
oneself          | own           | own          | missing | missing | own
";
    check(tables, |_, whom, asking| {
        let authority = authority(asking);
        let decision = authority
            .reach(REMOVE)
            .and_then(|reach| authority.require_may_delete(reach, &target(whom, asking)));
        word(decision, REMOVE)
    });
}

#[test]
fn who_may_create_tokens_for_whom() {
    // The top left cell contains the permissions that the token adds.
    let tables = "
-                   | administrator | tenant admin | user     | token maker | operator
newcomer            | ok            | ok           | ok       | ok          | ok
user                | ok            | ok           | ok       | ok          | ok
tenant admin        | ok            | ok           | greater  | greater     | ok
token maker         | ok            | greater      | greater  | ok          | ok
auditor             | ok            | greater      | greater  | greater     | ok
administrator       | ok            | greater      | greater  | greater     | ok

tenant.profile.read | administrator | tenant admin | user     | token maker | operator
newcomer            | ok            | ok           | ok       | ok          | ok
administrator       | ok            | greater      | greater  | greater     | ok

tenant.flows.read   | administrator | tenant admin | user     | token maker | operator
user                | ok            | ok           | not held | not held    | ok

iam.token.create    | administrator | tenant admin | user     | token maker | operator
newcomer            | ok            | not held     | not held | not held    | ok

-                   | administrator | tenant admin | user     | token maker
oneself             | ok            | ok           | ok       | ok

tenant.flows.read   | administrator | tenant admin | user     | token maker
oneself             | ok            | ok           | not held | not held

all                 | administrator | tenant admin | user     | token maker
oneself             | ok            | not held     | not held | not held
";
    check(tables, |more, whom, asking| {
        let more = set(more.trim_matches('-'));
        word(authority(asking).require_may_stand_in_for(&target(whom, asking), &more, &[]), MAKE)
    });
}

#[test]
fn rights_for_one_workspace_end_there_even_with_a_right_over_all_accounts() {
    let direct = "iam.account.create iam.account.update iam.token.create";
    let both = account_with("both", Some(W1), &["TENANT_ADMIN"], direct);
    let asking = Authority::of(&both, &PermissionSet::empty());
    let everywhere = Reach::Everywhere;
    let admin_of = |home| account_with("admin of it", Some(home), &["TENANT_ADMIN"], "");
    let (here, there) = (admin_of(W1), admin_of(W2));
    for (account, expected) in [(&here, "ok"), (&there, "not held")] {
        let stripped = Account { roles: Vec::new(), ..account.clone() };
        assert_eq!(word(asking.require_may_make(everywhere, account), CHANGE), expected);
        assert_eq!(word(asking.require_may_change(everywhere, &stripped, account), CHANGE), expected);
    }
    for (account, expected) in [(&here, "ok"), (&there, "greater")] {
        assert_eq!(word(asking.require_may_open(everywhere, account, false, &[]), CHANGE), expected);
        let stands_in = asking.require_may_stand_in_for(account, &PermissionSet::empty(), &[]);
        assert_eq!(word(stands_in, CHANGE), expected);
    }
    let more = set("tenant.all");
    let newcomer = account("newcomer of W2");
    assert_eq!(word(asking.require_may_stand_in_for(&newcomer, &more, &[]), CHANGE), "not held");
    let moved = Account { home: Some(W2), permissions: PermissionSet::empty(), ..both.clone() };
    assert_eq!(word(asking.require_may_change(everywhere, &both, &moved), CHANGE), "not held");
}

#[test]
fn a_right_over_one_workspace_does_not_open_members_of_others() {
    let (own, newcomer) = (account("tenant admin"), another("newcomer"));
    let asking = Authority::of(&own, &PermissionSet::empty());
    let open =
        |reach, account, elsewhere| word(asking.require_may_open(reach, account, elsewhere, &[]), CHANGE);
    assert_eq!(open(Reach::Workspace(W1), &newcomer, false), "ok");
    assert_eq!(open(Reach::Workspace(W1), &newcomer, true), "greater");
    assert_eq!(open(Reach::Everywhere, &newcomer, true), "ok");
    assert_eq!(open(Reach::Workspace(W1), &own, true), "ok");
}

#[test]
fn a_tokens_temporary_permissions_cannot_become_permanent() {
    let user = account("user");
    let asking = Authority::of(&user, &set("all"));
    let greedy = given("tenant.all", user.clone());
    assert_eq!(word(asking.require_may_change(Reach::Everywhere, &user, &greedy), CHANGE), "not held");
    let another_token = asking.require_may_stand_in_for(&user, &set("tenant.all"), &[]);
    assert_eq!(word(another_token, CHANGE), "not held");
}

#[test]
fn opening_an_administrator_requires_every_permission_in_its_workspace() {
    let user = another("user");
    let outcomes = |asking: &str, administers: &[WorkspaceId]| {
        let asking = authority(asking);
        let opens = asking.require_may_open(Reach::Everywhere, &user, false, administers);
        let stands_in = asking.require_may_stand_in_for(&user, &PermissionSet::empty(), administers);
        assert_eq!(opens.is_ok(), stands_in.is_ok());
        word(opens, CHANGE)
    };
    // The caller, and the decisions if the account administers nothing more than the caller; W1; W2; both.
    for (asking, nothing, w1, w2, both) in [
        ("administrator", "ok", "ok", "ok", "ok"),
        ("tenant admin", "ok", "ok", "greater", "greater"),
        ("user", "ok", "greater", "greater", "greater"),
    ] {
        let found = [&[][..], &[W1], &[W2], &[W1, W2]].map(|administers| outcomes(asking, administers));
        assert_eq!(found, [nothing, w1, w2, both], "{asking}");
    }
}

#[test]
fn changing_an_administrator_requires_every_permission_in_the_workspace() {
    // The caller, and the decisions within W1 if the account administers W1, and if it administers W2.
    for (asking, w1, w2) in
        [("administrator", "ok", "ok"), ("tenant admin", "ok", "ok"), ("user", "greater", "ok")]
    {
        let touches = |administers| {
            word(authority(asking).require_may_touch_admin_of(Reach::Workspace(W1), administers), CHANGE)
        };
        assert_eq!((touches(&[W1]), touches(&[W2]), touches(&[])), (w1, w2, "ok"), "{asking}");
        assert!(authority(asking).require_may_touch_admin_of(Reach::Everywhere, &[W1]).is_ok());
    }
}
