//! Which rights callers may grant: the top left cell names the receiver, the rows the grants.

use super::*;

const GIVING: &str = "
a new one in W1       | administrator | tenant admin | user    | manager  | service  | homeless | operator
-                     | ok            | ok           | missing | ok       | ok       | missing  | ok
tenant.account.create | ok            | ok           | missing | ok       | not held | missing  | ok
tenant.flows.read     | ok            | ok           | missing | not held | not held | missing  | ok
flows.write           | ok            | ok           | missing | not held | not held | missing  | ok
tenant.all            | ok            | ok           | missing | not held | not held | missing  | ok
iam.account.read      | ok            | not held     | missing | not held | not held | missing  | ok
iam.account.update    | ok            | not held     | missing | not held | not held | missing  | ok
all                   | ok            | not held     | missing | not held | not held | missing  | ok
role USER             | ok            | ok           | missing | not held | not held | missing  | ok
role TENANT_ADMIN     | ok            | ok           | missing | not held | not held | missing  | ok
role ADMIN            | ok            | not held     | missing | not held | not held | missing  | ok
role Helper of W1     | ok            | ok           | missing | ok       | not held | missing  | ok
role Auditor of W1    | ok            | not held     | missing | not held | not held | missing  | ok
role Helper of W2     | role          | role         | missing | role     | role     | missing  | role

a new one in W2       | administrator | tenant admin | user    | manager  | service  | homeless | operator
-                     | ok            | border       | missing | border   | ok       | missing  | ok
tenant.account.create | ok            | border       | missing | border   | not held | missing  | ok
tenant.flows.read     | ok            | border       | missing | border   | not held | missing  | ok
flows.write           | ok            | border       | missing | border   | not held | missing  | ok
tenant.all            | ok            | border       | missing | border   | not held | missing  | ok
iam.account.read      | ok            | border       | missing | border   | not held | missing  | ok
iam.account.update    | ok            | border       | missing | border   | not held | missing  | ok
all                   | ok            | border       | missing | border   | not held | missing  | ok
role USER             | ok            | border       | missing | border   | not held | missing  | ok
role TENANT_ADMIN     | ok            | border       | missing | border   | not held | missing  | ok
role ADMIN            | ok            | border       | missing | border   | not held | missing  | ok
role Helper of W1     | role          | border       | missing | border   | role     | missing  | role
role Auditor of W1    | role          | border       | missing | border   | role     | missing  | role
role Helper of W2     | ok            | border       | missing | border   | not held | missing  | ok

a new one in none     | administrator | tenant admin | user    | manager  | service  | homeless | operator
-                     | ok            | border       | missing | border   | ok       | missing  | ok
tenant.account.create | ok            | border       | missing | border   | not held | missing  | ok
tenant.flows.read     | ok            | border       | missing | border   | not held | missing  | ok
flows.write           | ok            | border       | missing | border   | not held | missing  | ok
tenant.all            | ok            | border       | missing | border   | not held | missing  | ok
iam.account.read      | ok            | border       | missing | border   | not held | missing  | ok
iam.account.update    | ok            | border       | missing | border   | not held | missing  | ok
all                   | ok            | border       | missing | border   | not held | missing  | ok
role USER             | ok            | border       | missing | border   | not held | missing  | ok
role TENANT_ADMIN     | ok            | border       | missing | border   | not held | missing  | ok
role ADMIN            | ok            | border       | missing | border   | not held | missing  | ok
role Helper of W1     | role          | border       | missing | border   | role     | missing  | role
role Auditor of W1    | role          | border       | missing | border   | role     | missing  | role
role Helper of W2     | role          | border       | missing | border   | role     | missing  | role

user                  | administrator | tenant admin | user    | manager  | service  | homeless | operator
-                     | ok            | ok           | missing | greater  | ok       | missing  | ok
tenant.account.create | ok            | ok           | missing | greater  | not held | missing  | ok
tenant.flows.read     | ok            | ok           | missing | greater  | not held | missing  | ok
flows.write           | ok            | ok           | missing | greater  | not held | missing  | ok
tenant.all            | ok            | ok           | missing | greater  | not held | missing  | ok
iam.account.read      | ok            | not held     | missing | greater  | not held | missing  | ok
iam.account.update    | ok            | not held     | missing | greater  | not held | missing  | ok
all                   | ok            | not held     | missing | greater  | not held | missing  | ok
role TENANT_ADMIN     | ok            | ok           | missing | greater  | not held | missing  | ok
role ADMIN            | ok            | not held     | missing | greater  | not held | missing  | ok
role Helper of W1     | ok            | ok           | missing | greater  | not held | missing  | ok
role Auditor of W1    | ok            | not held     | missing | greater  | not held | missing  | ok
role Helper of W2     | role          | role         | missing | greater  | role     | missing  | role

administrator         | administrator | tenant admin | user    | manager  | service  | homeless | operator
-                     | ok            | greater      | missing | greater  | greater  | missing  | ok
tenant.account.create | ok            | greater      | missing | greater  | greater  | missing  | ok
tenant.flows.read     | ok            | greater      | missing | greater  | greater  | missing  | ok
flows.write           | ok            | greater      | missing | greater  | greater  | missing  | ok
tenant.all            | ok            | greater      | missing | greater  | greater  | missing  | ok
iam.account.read      | ok            | greater      | missing | greater  | greater  | missing  | ok
iam.account.update    | ok            | greater      | missing | greater  | greater  | missing  | ok
all                   | ok            | greater      | missing | greater  | greater  | missing  | ok
role USER             | ok            | greater      | missing | greater  | greater  | missing  | ok
role TENANT_ADMIN     | ok            | greater      | missing | greater  | greater  | missing  | ok
role Helper of W1     | ok            | greater      | missing | greater  | greater  | missing  | ok
role Auditor of W1    | ok            | greater      | missing | greater  | greater  | missing  | ok
role Helper of W2     | role          | greater      | missing | greater  | greater  | missing  | role

oneself               | administrator | tenant admin | user    | manager  | service  | homeless
-                     | ok            | ok           | missing | ok       | ok       | missing
tenant.account.create | ok            | ok           | missing | ok       | not held | missing
tenant.flows.read     | ok            | ok           | missing | not held | not held | missing
flows.write           | ok            | ok           | missing | not held | not held | missing
tenant.all            | ok            | ok           | missing | not held | not held | missing
iam.account.read      | ok            | not held     | missing | not held | not held | missing
iam.account.update    | ok            | not held     | missing | not held | ok       | missing
all                   | ok            | not held     | missing | not held | not held | missing
role USER             | ok            | ok           | missing | not held | not held | missing
role TENANT_ADMIN     | ok            | ok           | missing | not held | not held | missing
role ADMIN            | ok            | not held     | missing | not held | not held | missing
role Helper of W1     | ok            | ok           | missing | ok       | role     | missing
role Auditor of W1    | ok            | not held     | missing | not held | role     | missing
role Helper of W2     | role          | role         | missing | role     | role     | missing
";

#[test]
fn who_may_grant_what_to_whom() {
    check(GIVING, |whom, gift, asking| match whom {
        "a new one in W1" => word(make(asking, &given(gift, another("newcomer"))), MAKE),
        "a new one in W2" => word(make(asking, &given(gift, another("newcomer of W2"))), MAKE),
        "a new one in none" => word(make(asking, &given(gift, another("newcomer of none"))), MAKE),
        _ => {
            let before = target(whom, asking);
            word(change(asking, &before, &given(gift, before.clone()), false), CHANGE)
        }
    });
}

#[test]
fn all_rights_of_a_workspace_leave_those_of_workflows_out() {
    let before = another("newcomer");
    for gift in ["flows.read", "webhooks.execute", "role USER", "role TENANT_ADMIN"] {
        let after = given(gift, before.clone());
        assert_eq!(word(change("director", &before, &after, false), CHANGE), "not held", "{gift}");
        assert_eq!(word(change("tenant admin", &before, &after, false), CHANGE), "ok", "{gift}");
    }
}

#[test]
fn unknown_roles_are_broken_fields_for_holders_of_all_and_forbidden_for_others() {
    for asking in ["administrator", "operator"] {
        let Error::Invalid(violations) = authority(asking).unknown("roles", Forbidden::ForeignRole) else {
            panic!("{asking} sees everything");
        };
        let [violation] = violations.fields() else { panic!("{violations}") };
        assert_eq!((violation.field.as_str(), violation.reason), ("roles", Reason::Unknown));
    }
    for asking in ["tenant admin", "user", "manager", "service", "homeless"] {
        for forbidden in [Forbidden::ForeignRole, Forbidden::NotHeld, Forbidden::ForeignWorkspace] {
            let error = authority(asking).unknown("roles", forbidden);
            assert!(matches!(error, Error::Forbidden(found) if found == forbidden), "{asking}: {error:?}");
        }
    }
}
