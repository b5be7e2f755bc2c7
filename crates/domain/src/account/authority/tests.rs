//! Tables of the decisions: the columns name the callers, and the cells contain the decisions, in the words of [`word`].

mod changing;
mod giving;
mod moving;
mod properties;

use uuid::Uuid;

use super::*;
use crate::account::{RoleDescription, RoleName, Username};
use crate::fields::PersonName;
use crate::primitives::{AccountNumber, RoleId, Timestamp, Version};

const W1: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(1));
const W2: WorkspaceId = WorkspaceId::from_uuid(Uuid::from_u128(2));

const MAKE: Right =
    Right { everywhere: Permission::IamAccountCreate, at_home: Some(Permission::TenantAccountCreate) };
const CHANGE: Right =
    Right { everywhere: Permission::IamAccountUpdate, at_home: Some(Permission::TenantAccountUpdate) };
const REMOVE: Right =
    Right { everywhere: Permission::IamAccountDelete, at_home: Some(Permission::TenantAccountDelete) };

/// Returns a decision's word in the tables.
fn word(decision: Result<(), Error>, right: Right) -> &'static str {
    match decision {
        Ok(()) => "ok",
        Err(Error::Forbidden(Forbidden::MissingPermission(missing))) if Some(missing) == right.at_home => {
            "missing"
        }
        Err(Error::Forbidden(Forbidden::NotHeld)) => "not held",
        Err(Error::Forbidden(Forbidden::ForeignRole)) => "role",
        Err(Error::Forbidden(Forbidden::ForeignWorkspace)) => "border",
        Err(Error::Forbidden(Forbidden::GreaterRights)) => "greater",
        Err(Error::Conflict(Conflict::OwnAccount)) => "own",
        Err(error) => panic!("{error:?}"),
    }
}

/// Checks every cell of tables, which empty lines separate. `decide` gets the top left cell, the row's header and the
/// column's header.
fn check(tables: &str, decide: impl Fn(&str, &str, &str) -> &'static str) {
    let mut wrong = Vec::new();
    for table in tables.split("\n\n") {
        let mut lines = table.trim().lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let head = lines.next().unwrap();
        for row in lines {
            assert_eq!(row.len(), head.len(), "{row:?}");
            for (column, expected) in head.iter().zip(&row).skip(1) {
                let decided = decide(head[0], row[0], column);
                if decided != *expected {
                    wrong.push(format!("{} | {} | {column}: {decided}, not {expected}", head[0], row[0]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn set(codes: &str) -> PermissionSet {
    PermissionSet::from_stored(codes).unwrap()
}

fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_unix_microseconds(microseconds).unwrap()
}

/// Returns the id that the last 16 letters of a name encode.
fn id(name: &str) -> Uuid {
    Uuid::from_u128(name.bytes().fold(0, |number, byte| (number << 8) | u128::from(byte)))
}

fn role_with(name: &str, workspace_id: Option<WorkspaceId>, permissions: PermissionSet) -> Role {
    Role {
        id: RoleId::from_uuid(id(name)),
        workspace_id,
        name: RoleName::parse(name).unwrap(),
        description: RoleDescription::parse("").unwrap(),
        permissions,
        created_at: at(0),
        updated_at: at(0),
        version: Version::default(),
    }
}

fn role(name: &str) -> Role {
    let (workspace_id, permissions) = match name {
        "ADMIN" => (None, "all"),
        "TENANT_ADMIN" => (
            None,
            "tenant.all tenant.profile.read tenant.profile.update \
             tenant.roles.read tenant.roles.create tenant.roles.update tenant.roles.delete \
             tenant.flows.read tenant.flows.create tenant.flows.update tenant.flows.delete \
             flows.read flows.write flows.control flows.bulk templates.read templates.write webhooks.execute",
        ),
        "USER" => (None, "tenant.profile.read tenant.roles.read flows.read templates.read"),
        "Directory reader" => (None, "iam.account.read tenant.roles.read"),
        "Helper of W1" => (Some(W1), "tenant.account.create"),
        "Auditor of W1" => (Some(W1), "tenant.profile.read iam.account.read"),
        "Helper of W2" => (Some(W2), "tenant.account.create"),
        _ => panic!("no role {name}"),
    };
    role_with(name, workspace_id, set(permissions))
}

fn account_with(name: &str, home: Option<WorkspaceId>, roles: &[&str], permissions: &str) -> Account {
    Account {
        id: AccountId::from_uuid(id(name)),
        number: AccountNumber::from_stored(1),
        username: Username::parse("jane@example.com").unwrap(),
        first_name: PersonName::parse("Jane").unwrap(),
        last_name: PersonName::parse("Doe").unwrap(),
        status: Status::Active,
        home,
        roles: roles.iter().map(|name| role(name)).collect(),
        permissions: set(permissions),
        confirmed: true,
        avatar: None,
        phone: None,
        nick: None,
        website: None,
        created_at: at(0),
        updated_at: at(0),
        version: Version::default(),
    }
}

/// Returns an account of the tables.
fn account(name: &str) -> Account {
    let (home, roles, permissions): (_, &[&str], _) = match name {
        "administrator" => (Some(W1), &["ADMIN"], ""),
        "tenant admin" => (Some(W1), &["TENANT_ADMIN"], ""),
        "user" => (Some(W1), &["USER"], ""),
        "auditor" => (Some(W1), &["Auditor of W1"], ""),
        "newcomer" => (Some(W1), &[], ""),
        "manager" => (Some(W1), &[], "tenant.account.create tenant.account.update"),
        "service" => (None, &[], "iam.account.create iam.account.update"),
        "eraser" => (None, &[], "iam.account.delete"),
        "token maker" => (Some(W1), &["USER"], "iam.token.create"),
        "homeless" => (None, &[], "tenant.all"),
        "director" => (Some(W1), &[], "tenant.all"),
        "newcomer of W2" => (Some(W2), &[], ""),
        "user of W2" => (Some(W2), &["USER"], ""),
        "newcomer of none" => (None, &[], ""),
        _ => panic!("no account {name}"),
    };
    account_with(name, home, roles, permissions)
}

/// Returns another account that differs only in the id.
fn another(name: &str) -> Account {
    Account { id: AccountId::from_uuid(id("another")), ..account(name) }
}

/// Returns the account that a row names. `oneself` is the caller.
fn target(name: &str, asking: &str) -> Account {
    if name == "oneself" { account(asking) } else { another(name) }
}

fn authority(name: &str) -> Authority {
    match name {
        "operator" => Authority::operator(),
        _ => Authority::of(&account(name), &PermissionSet::empty()),
    }
}

/// Returns the account with additional permissions, or an additional role. `-` adds nothing.
fn given(gift: &str, mut account: Account) -> Account {
    match gift.strip_prefix("role ") {
        Some(name) => account.roles.push(role(name)),
        None => account.permissions = account.permissions.union(&set(gift.trim_matches('-'))),
    }
    account
}

fn make(asking: &str, account: &Account) -> Result<(), Error> {
    let authority = authority(asking);
    authority.require_may_make(authority.reach(MAKE)?, account)
}

fn change(asking: &str, before: &Account, after: &Account, opens: bool) -> Result<(), Error> {
    let authority = authority(asking);
    may_change(&authority, authority.reach(CHANGE)?, before, after, opens)
}

/// Decides whether the caller may make a change that, with `opens`, includes the password or the username.
fn may_change(
    authority: &Authority,
    reach: Reach,
    before: &Account,
    after: &Account,
    opens: bool,
) -> Result<(), Error> {
    authority.require_may_change(reach, before, after)?;
    if opens { authority.require_may_open(reach, before, false, &[]) } else { Ok(()) }
}

#[test]
fn checks_the_reach_of_rights() {
    let either = |everywhere, at_home| Right { everywhere, at_home };
    let (create, at_home) = (Permission::IamAccountCreate, Permission::TenantAccountCreate);
    let reach = |home, permissions, right| {
        let asking =
            Authority { account_id: None, home, permissions: set(permissions), lasting: set(permissions) };
        asking.reach(right).map_err(|error| match error {
            Error::Forbidden(Forbidden::MissingPermission(missing)) => missing,
            error => panic!("{error:?}"),
        })
    };
    let both = either(create, Some(at_home));
    for (home, permissions, right, expected) in [
        (None, "iam.account.create", both, Ok(Reach::Everywhere)),
        (Some(W1), "iam.account.create tenant.account.create", both, Ok(Reach::Everywhere)),
        (None, "all", both, Ok(Reach::Everywhere)),
        (Some(W1), "tenant.account.create", both, Ok(Reach::Workspace(W1))),
        (Some(W2), "tenant.all", both, Ok(Reach::Workspace(W2))),
        (None, "tenant.account.create", both, Err(at_home)),
        (None, "tenant.all", both, Err(at_home)),
        (Some(W1), "iam.account.update tenant.account.update", both, Err(at_home)),
        (Some(W1), "", both, Err(at_home)),
        (None, "iam.account.create", either(create, None), Ok(Reach::Everywhere)),
        (Some(W1), "tenant.all", either(create, None), Err(create)),
        (Some(W1), "", either(create, None), Err(create)),
    ] {
        assert_eq!(reach(home, permissions, right), expected, "{home:?} {permissions} {right:?}");
    }
    assert_eq!(Authority::operator().reach(both).unwrap(), Reach::Everywhere);
    assert!(Reach::Everywhere.includes(W2) && Reach::Workspace(W2).includes(W2));
    assert!(!Reach::Workspace(W1).includes(W2));
}

#[test]
fn a_token_adds_permissions_to_its_accounts() {
    let (user, more) = (account("user"), set("tenant.account.create"));
    assert!(authority("user").reach(MAKE).is_err());
    let asking = Authority::of(&user, &more);
    assert_eq!(asking.reach(MAKE).unwrap(), Reach::Workspace(W1));
    let both = "tenant.account.create tenant.profile.read tenant.roles.read flows.read templates.read";
    assert_eq!(asking.permissions, set(both));
}
