//! What a user directory is, without a database, a network or a runtime.
//!
//! This crate holds the words and rules of Denizen: typed ids, workspaces, channels, external users and accounts and
//! the rule of every field, keys and scopes, roles and permissions, paging, time. The other layers translate their own
//! formats into these types and call these functions; a rule that is here is nowhere else.
//!
//! # Recipes
//!
//! ## Validating a user that comes from outside
//! 1. Parse every field with its type: [`EmailAddress::parse`], [`PhoneNumber::parse`], …
//! 2. Collect what fails in [`Violations`], so that all broken fields are reported at once.
//! 3. Put what holds into [`ExternalUserChanges`] and apply it to an [`ExternalUser`].
//!
//! ## Adding a field to the external user
//! 1. Give it a type with a `parse` function in `external_user/fields.rs`, with a table of good and bad values below it.
//! 2. Add it to [`ExternalUser`] and [`ExternalUserChanges`]; the compiler names every place that has to decide.
//!
//! ## Deciding who may do what to an account
//! 1. [`Authority`] is who asks; [`Authority::reach`] says how far a [`Right`] reaches.
//! 2. Its `require_…` functions decide about one account each, before and after a change.
//!
//! ## Deciding who sees whom, and who is let into a flow
//! 1. [`Rank`] is what an account is in a workspace, [`Place`] what it is in a flow.
//! 2. [`may_see`] decides who shows in whose list of users; the `require_…` functions of [`Flow`] decide the rest.
//!
//! ## Adding a scope
//! 1. Add the variant to [`Scope`]; its wire code is next to it.
//! 2. Decide whether a key that is made without scopes has it, in [`ScopeSet::default`].
//!
//! ## Adding a permission
//! 1. Add it to the list of [`Permission`], with its wire code: before those of workspaces, unless it is one of them.
//! 2. Where an operation asks for it, name it in a [`Right`].

mod account;
mod api_key;
mod audit;
mod audit_records;
mod directory;
mod error;
mod fields;
mod flow;
mod primitives;
mod rights;
mod workspace;

pub use account::{
    Account, AccountChanges, AccountToken, Authority, DEFAULT_MINIMUM_PASSWORD_LENGTH, Membership,
    NewAccount, NewAccountToken, Nick, Password, PasswordHash, Profile, Role, RoleChanges, RoleDescription,
    RoleName, TokenKind, TokenLife, TokenRequest, Username, Website,
};
pub use api_key::{ApiKey, KeyHolder, KeyRequest, NewApiKey, PublicKey};
pub use audit::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, FieldChanges, ObjectKind, Origin, Recorded, Verb,
};
pub use directory::{
    AccessChange, AccessFilter, Block, BlockReason, Channel, ChannelChanges, CustomFields, DisplayName,
    ExternalId, ExternalUser, ExternalUserChanges, ExternalUserFilter, ExternalUserGroup,
    ExternalUserGroupChanges, ExternalUserOrder, Identifier, IdentityClaim, Locale, SearchText,
    SuperIdentity, Tier, TierChanges, TimeZone,
};
pub use error::{BadRequest, Conflict, Error, Forbidden, Resource, Result, Unauthenticated};
pub use fields::{Avatar, EmailAddress, PersonName, PhoneNumber, Slug, Status};
pub use flow::{
    AccessMode, Flow, FlowChanges, FlowDescription, FlowMembership, FlowName, Invitation, InvitationState,
    JoinCode, ListedAddress, NewFlow, Participant, Place, Rank, may_look_up, may_see,
};
pub use primitives::{
    AccountId, AccountNumber, AccountTokenId, ApiKeyId, AuditEventId, ChannelId, Clock, CodeSet, Coded,
    CursorSeal, Direction, ExternalUserGroupId, ExternalUserId, FieldViolation, FlowId, IdSource, InvalidId,
    InvalidNumber, InvalidTimestamp, InvitationNumber, ManualClock, Page, PageNumber, Patch, Position,
    RandomIds, Reason, RoleId, Secret, SecretHash, SequentialIds, Slice, SortKey, Source, SuperIdentityId,
    SystemClock, TierId, Timestamp, Violation, Violations, Window, WorkspaceId, WorkspaceNumber, fold,
    fold_for_search,
};
pub use rights::{Permission, PermissionSet, Reach, Right, Scope, ScopeSet};
pub use workspace::{Workspace, WorkspaceChanges, WorkspaceName};
