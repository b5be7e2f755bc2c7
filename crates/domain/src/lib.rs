//! The data model and rules of a user directory, without a database, a network or a runtime.
//!
//! Denizen's other crates build on this one: they translate requests and rows into its types, and call its functions for
//! every decision. Each rule exists here and nowhere else. Other programs can use the crate in the same way: every
//! function is pure, except for the clock and the random ids, which callers pass in as a [`Source`].
//!
//! # Three tasks
//!
//! **Read the changes to a user from JSON,** and report everything that is wrong with them at once:
//!
//! ```
//! use denizen_domain::{Clock as _, ExternalUserChanges, Patch, SystemClock};
//! use serde_json::json;
//!
//! let now = SystemClock.now();
//! let sound = json!({ "email": "jane@example.com", "phone": null, "customFields": { "plan": "team" } });
//! let changes = ExternalUserChanges::from_json(&sound, now)?;
//! assert_eq!((changes.phone, changes.locale), (Patch::Null, Patch::Absent));
//!
//! let broken = json!({ "emial": "jane@example.com", "phone": "555" });
//! assert_eq!(
//!     ExternalUserChanges::from_json(&broken, now).unwrap_err().to_string(),
//!     "emial is not a field of an external user; \
//!      phone must be a phone number in E.164 form, such as +15551234567",
//! );
//! # Ok::<(), denizen_domain::Error>(())
//! ```
//!
//! **Let types of your own check their fields:** every text type, id and code reads itself with serde, by `parse` and by
//! `try_from`, and refuses what breaks its rule:
//!
//! ```
//! use denizen_domain::{EmailAddress, ExternalId, Scope};
//!
//! #[derive(serde::Deserialize)]
//! struct Invitation {
//!     id: ExternalId,
//!     email: EmailAddress,
//!     scopes: Vec<Scope>,
//! }
//!
//! let text = r#"{ "id": "user_12345", "email": "jane@example.com", "scopes": ["events:read"] }"#;
//! let invitation: Invitation = serde_json::from_str(text)?;
//! assert_eq!(invitation.email, "jane@example.com".parse()?);
//! assert_eq!((invitation.id.as_str(), &invitation.scopes[..]), ("user_12345", &[Scope::ReadEvents][..]));
//!
//! let broken = serde_json::from_str::<Invitation>(&text.replace('@', " at ")).err().unwrap();
//! assert!(broken.to_string().starts_with("EmailAddress must be an e-mail address"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Decide who may do what:** the rules are functions of what the caller holds, and the error says what is missing:
//!
//! ```
//! use denizen_domain::{Authority, Permission, Reach, Right, Scope, ScopeSet};
//!
//! let scopes: ScopeSet = [Scope::ReadExternalUsers].into_iter().collect();
//! assert!(scopes.require(Scope::ReadExternalUsers).is_ok());
//! let refused = scopes.require(Scope::WriteExternalUsers).unwrap_err();
//! assert_eq!(refused.to_string(), "The credential lacks the scope external_users:write.");
//!
//! let right = Right { everywhere: Permission::IamAccountRead, at_home: None };
//! assert_eq!(Authority::operator().reach(right)?, Reach::Everywhere);
//! # Ok::<(), denizen_domain::Error>(())
//! ```
//!
//! `examples/validate_user.rs` shows the way from a JSON document to an [`ExternalUser`].
//!
//! # Features
//!
//! Both are on by default. Without them, the crate has 81 dependencies in place of 109.
//!
//! | feature | what it adds |
//! |---|---|
//! | `passwords` | `Password::hash` and `PasswordHash::check`, with Argon2id |
//! | `workflows` | the module `workflow`, with its parser of expressions |
//!
//! # Modules
//!
//! All items are exported at the root of the crate. Each module imports only from modules below it:
//!
//! | module | contents |
//! |---|---|
//! | `audit_records` | the fields that the audit log records of each object ([`Recorded`]) |
//! | `flow`, `workspace` | [`Flow`] with its access rules and [`Invitation`]s; [`Workspace`] |
//! | `workflow` | `Workflow` with its `Graph` and `Expression`s; `Execution` (feature `workflows`) |
//! | `connected_account` | [`ConnectedAccount`]s of external users with other systems, and the [`AuthConfig`]s that say how to connect |
//! | `account` | [`Account`], [`Role`], [`Password`], [`AccountToken`]; [`Authority`] decides who may change what |
//! | `directory` | [`ExternalUser`] with its [`Channel`], [`ExternalUserGroup`], [`Tier`] and [`SuperIdentity`] |
//! | `api_key` | [`ApiKey`] and its [`KeyHolder`] |
//! | `error` | [`Error`], with one variant for each kind of failure |
//! | `event` | [`Event`]s, which tell others of changes, and their [`EventType`]s |
//! | `audit` | [`AuditEvent`], [`FieldChanges`], and the [`Origin`] of a change |
//! | `fields` | field types that several objects share: [`EmailAddress`], [`PersonName`], [`Slug`], … |
//! | `rights` | the [`Scope`]s of keys, the [`Permission`]s of accounts, and their [`Reach`] |
//! | `primitives` | ids, [`Timestamp`], [`Secret`], [`Patch`], [`Json`], pages of lists, [`Violations`], text rules |
//!
//! # Recipes
//!
//! * **Add a field to the external user:** give it a type with a `parse` function and a table of good and bad values in
//!   `directory/external_user/fields.rs`, and declare it with `text_type!`, which gives it serde and the rest. Add it to
//!   [`ExternalUser`] and [`ExternalUserChanges`]; the compiler then names every place that must handle it.
//! * **Decide who may change an account:** create the caller's [`Authority`]. [`Authority::reach`] returns how far a
//!   [`Right`] reaches, and the `require_…` functions check one account before and after a change.
//! * **Decide who sees whom, and who joins a flow:** determine each account's [`Rank`] in the workspace and [`Place`] in
//!   the flow. [`may_see`] and the `require_…` functions of [`Flow`] decide.
//! * **Add a scope:** add the variant to [`Scope`], with its wire code, and decide in [`ScopeSet::default`] whether keys
//!   created without scopes get it.
//! * **Add a permission:** add it to the list of [`Permission`], with its wire code, before those of workspaces unless it
//!   is one. Its code begins with `iam.` if it reaches beyond one workspace, and only then. Name it in the [`Right`] of the
//!   operation that requires it.

mod account;
mod api_key;
mod audit;
mod audit_records;
mod connected_account;
mod directory;
mod error;
mod event;
mod fields;
mod flow;
mod job;
mod primitives;
mod rights;
mod signing_key;
mod webhook;
#[cfg(feature = "workflows")]
mod workflow;
mod workspace;

#[cfg(feature = "passwords")]
pub use account::PasswordMatch;
pub use account::{
    Account, AccountChanges, AccountToken, Authority, DEFAULT_MINIMUM_PASSWORD_LENGTH, Membership,
    NewAccount, NewAccountToken, Nick, Password, PasswordHash, Profile, Role, RoleChanges, RoleDescription,
    RoleName, TokenKind, TokenLife, TokenRequest, Username, Website,
};
pub use api_key::{ApiKey, KeyHolder, KeyRequest, NewApiKey, PublicKey};
pub use audit::{
    Actor, AuditAction, AuditEvent, AuditEventFilter, FieldChanges, ObjectKind, Origin, Recorded, Verb,
};
pub use connected_account::{
    AccessTokenLife, AuthConfig, AuthScheme, AuthSettings, ClientAuthentication, ConnectedAccount,
    ConnectedAccountChanges, ConnectedAccountFilter, Credentials, OAuthSettings, OAuthTokens, Toolkit,
};
pub use directory::{
    AccessChange, AccessFilter, Block, BlockReason, Channel, ChannelChanges, CustomFields,
    DeletedExternalUser, DisplayName, ExternalId, ExternalUser, ExternalUserChanges, ExternalUserFilter,
    ExternalUserGroup, ExternalUserGroupChanges, ExternalUserOrder, Identifier, IdentityClaim, Locale,
    SearchText, SuperIdentity, Tier, TierChanges, TimeZone,
};
pub use error::{BadRequest, Conflict, Error, Forbidden, NotConfigured, Resource, Result, Unauthenticated};
pub use event::{Event, EventFilter, EventType, EventVerb, previous_values};
pub use fields::{
    Avatar, ConnectionStatus, EmailAddress, PersonName, PhoneNumber, Slug, Status, WorkflowStatus,
};
pub use flow::{
    AccessMode, Flow, FlowChanges, FlowDescription, FlowMembership, FlowName, Invitation, InvitationState,
    JoinCode, ListedAddress, NewFlow, Participant, Place, Rank, may_look_up, may_see,
};
pub use job::{Job, JobFilter, JobKind, JobState, NewJob};
pub use primitives::{
    AccountId, AccountNumber, AccountTokenId, ApiKeyId, AuditEventId, AuthConfigId, ChannelId, Clock,
    CodeSet, Coded, ConnectedAccountId, ConnectionLinkId, CursorSeal, Direction, EventId, EventPosition,
    ExecutionId, ExternalUserGroupId, ExternalUserId, FieldViolation, FlowId, IdSource, InvalidId,
    InvalidNumber, InvalidTimestamp, InvitationNumber, JobId, Json, JsonError, JsonNumber, JsonObject,
    ManualClock, Page, PageNumber, Patch, Position, RandomIds, Reason, RoleId, Secret, SecretHash,
    SequentialIds, Slice, SortKey, Source, SuperIdentityId, SystemClock, TierId, Timestamp, Version,
    Violation, Violations, WebhookEndpointId, Window, WorkflowId, WorkflowTemplateId, WorkspaceId,
    WorkspaceNumber, fold, fold_for_search, json_members,
};
pub use rights::{Permission, PermissionSet, Reach, Right, Scope, ScopeSet};
pub use signing_key::{PUBLIC_KEYS_CACHED, SIGNING_KEYS_READ_EVERY, SigningKeyUse, earliest_signing};
pub use webhook::{
    DeliveryAttempt, DeliveryFilter, DeliveryState, WebhookDelivery, WebhookEndpoint, WebhookEndpointChanges,
    WebhookFilter, WebhookSecret, webhook_signatures,
};
#[cfg(feature = "workflows")]
pub use workflow::{
    AccountAction, AccountReference, Action, Budget, Conclusion, Edge, Execution, ExecutionFilter,
    ExecutionProgress, ExecutionScope, ExecutionState, Expression, ExpressionError, Function, Graph,
    MakerStanding, NewStep, Node, RoleReference, Schedule, Step, StepCounter, StepCounters, StepOutcome,
    StepRequest, StepRight, StepState, Template, TemplateError, TemplateFilter, TemplateStatus, Trigger,
    TriggerKind, UserAction, UserReference, Variables, WaitUntil, WebhookAccess, Workflow, WorkflowChanges,
    WorkflowDefinition, WorkflowFilter, WorkflowKind, WorkflowLimits, WorkflowOrder, WorkflowOwner,
    WorkflowSettings, WorkflowTemplate, WorkflowViewer, account_as_json, chained, gathered, laid_over,
    next_steps, user_as_json,
};
pub use workspace::{Workspace, WorkspaceChanges, WorkspaceKey, WorkspaceName};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
