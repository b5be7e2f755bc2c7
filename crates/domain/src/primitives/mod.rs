//! The building blocks of every other module: ids, time, secrets, texts, pages of lists, and violations of rules.

mod clock;
mod code_set;
mod conversion;
mod id;
mod json;
mod paging;
mod patch;
mod secret;
pub(crate) mod text;
pub(crate) mod version;
mod violation;

pub use clock::{
    Clock, IdSource, InvalidTimestamp, ManualClock, RandomIds, SequentialIds, Source, SystemClock, Timestamp,
};
pub(crate) use code_set::coded_texts;
pub use code_set::{CodeSet, Coded};
pub(crate) use conversion::{checked_text, deserialize_text, from_text};
pub use id::{
    AccountId, AccountNumber, AccountTokenId, ApiKeyId, AuditEventId, AuthConfigId, ChannelId,
    ConnectedAccountId, ConnectionLinkId, EventId, EventPosition, ExecutionId, ExternalUserGroupId,
    ExternalUserId, FlowId, InvalidId, InvalidNumber, InvitationNumber, JobId, RoleId, SuperIdentityId,
    TierId, WebhookEndpointId, WorkflowId, WorkflowTemplateId, WorkspaceId, WorkspaceNumber,
};
pub use json::{Json, JsonError, JsonNumber, JsonObject, json_members};
pub use paging::{CursorSeal, Direction, Page, PageNumber, Position, Slice, SortKey, Window};
pub use patch::Patch;
pub(crate) use secret::keyed_with;
pub use secret::{Secret, SecretHash};
pub use text::{fold, fold_for_search};
pub use version::Version;
pub use violation::{FieldViolation, Reason, Violation, Violations};
