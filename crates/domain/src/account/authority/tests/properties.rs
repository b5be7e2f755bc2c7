//! Properties that hold for all combinations of rights.

use proptest::array::uniform3;
use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;
use crate::primitives::Coded as _;

/// Generates sets of up to `most` permissions.
fn permissions(most: usize) -> impl Strategy<Value = PermissionSet> {
    subsequence(Permission::ALL, 0..=most).prop_map(|some| some.into_iter().collect())
}

/// The rights of an account: three roles, and the held roles and direct permissions before and after a change.
#[derive(Debug, Clone)]
struct Rights {
    roles: [PermissionSet; 3],
    before: ([bool; 3], PermissionSet),
    after: ([bool; 3], PermissionSet),
}

impl Rights {
    fn any(most_before: usize, most_after: usize) -> impl Strategy<Value = Self> {
        let before = (any::<[bool; 3]>(), permissions(most_before));
        let after = (any::<[bool; 3]>(), permissions(most_after));
        (uniform3(permissions(1)), before, after).prop_map(|(roles, before, after)| Self {
            roles,
            before,
            after,
        })
    }

    fn account(&self, (held, permissions): &([bool; 3], PermissionSet)) -> Account {
        let named = ["first", "second", "third"].into_iter().zip(&self.roles).zip(held);
        let roles = named
            .filter(|(_, held)| **held)
            .map(|((name, permissions), _)| role_with(name, Some(W1), permissions.clone()));
        Account { roles: roles.collect(), permissions: permissions.clone(), ..account("newcomer") }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn callers_neither_grant_nor_take_over_more_than_they_hold(
        held in permissions(Permission::ALL.len()), holds_all: bool, rights in Rights::any(2, 2), opens: bool,
    ) {
        let all = set("all");
        let permissions = if holds_all { held.union(&all) } else { held.difference(&all) };
        let asking = Authority { lasting: permissions.clone(), permissions, ..authority("manager") };
        let (before, after) = (rights.account(&rights.before), rights.account(&rights.after));
        if may_change(&asking, Reach::Workspace(W1), &before, &after, opens).is_ok() {
            let before = before.permissions_in_effect();
            let gained = after.permissions_in_effect().difference(&before);
            prop_assert!(asking.permissions.cover(&gained), "gains {gained:?}");
            prop_assert!(holds_all || gained.restricted().is_empty(), "gains {gained:?}");
            prop_assert!(asking.permissions.cover(&before), "takes over {before:?}");
        }
    }

    #[test]
    fn callers_cannot_raise_their_own_rights(
        rights in Rights::any(18, 2), everywhere: bool, opens: bool,
    ) {
        let (before, after) = (rights.account(&rights.before), rights.account(&rights.after));
        let asking = Authority::of(&before, &PermissionSet::empty());
        let reach = if everywhere { Reach::Everywhere } else { Reach::Workspace(W1) };
        if may_change(&asking, reach, &before, &after, opens).is_ok() {
            let (before, after) = (before.permissions_in_effect(), after.permissions_in_effect());
            prop_assert!(before.cover(&after), "{before:?} becomes {after:?}");
        }
    }
}
