//! SQL types that the databases name differently, and conversions of the domain's ids and times.

use chrono::{DateTime, Utc};
use denizen_domain::{
    AccountId, AccountTokenId, ApiKeyId, AuditEventId, AuthConfigId, ChannelId, ConnectedAccountId,
    ConnectionLinkId, EventId, ExecutionId, ExternalUserGroupId, ExternalUserId, FlowId, JobId, RoleId,
    SuperIdentityId, TierId, Timestamp, WebhookEndpointId, WorkflowId, WorkflowTemplateId, WorkspaceId,
};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{BigInt, Binary, SqlType};
use diesel::sqlite::{Sqlite, SqliteValue};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A UUID: `uuid` on PostgreSQL, a `BLOB` of 16 bytes on SQLite.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct PortableUuid;

/// A timestamp: `timestamptz` on PostgreSQL, an `INTEGER` of microseconds since 1970 on SQLite.
#[derive(Debug, Clone, Copy, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct PortableTimestamp;

/// A UUID in queries and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[serde(transparent)]
#[diesel(sql_type = PortableUuid)]
pub(crate) struct StoredUuid(Uuid);

/// Converts a typed id to its stored form.
pub(crate) fn stored(id: impl Into<StoredUuid>) -> StoredUuid {
    id.into()
}

/// Converts typed ids to their stored form.
pub(crate) fn all_stored<I: Copy + Into<StoredUuid>>(ids: &[I]) -> Vec<StoredUuid> {
    ids.iter().copied().map(Into::into).collect()
}

/// Converts text types to their stored form.
pub(crate) fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

impl StoredUuid {
    pub(crate) const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    pub(crate) const fn as_uuid(self) -> Uuid {
        self.0
    }
}

impl std::fmt::Display for StoredUuid {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

macro_rules! stored_as_uuid {
    ($($id:ty),+ $(,)?) => {$(
        impl From<$id> for StoredUuid {
            fn from(id: $id) -> Self {
                Self(id.as_uuid())
            }
        }

        impl From<StoredUuid> for $id {
            fn from(stored: StoredUuid) -> Self {
                Self::from_uuid(stored.0)
            }
        }
    )+};
}

stored_as_uuid!(
    AccountId,
    AccountTokenId,
    ApiKeyId,
    AuditEventId,
    AuthConfigId,
    ChannelId,
    ConnectedAccountId,
    ConnectionLinkId,
    EventId,
    ExecutionId,
    ExternalUserGroupId,
    ExternalUserId,
    FlowId,
    JobId,
    RoleId,
    SuperIdentityId,
    TierId,
    WebhookEndpointId,
    WorkflowId,
    WorkflowTemplateId,
    WorkspaceId
);

impl ToSql<PortableUuid, Pg> for StoredUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<diesel::sql_types::Uuid, Pg>::to_sql(&self.0, &mut out.reborrow())
    }
}

impl ToSql<PortableUuid, Sqlite> for StoredUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.as_bytes().to_vec());
        Ok(IsNull::No)
    }
}

impl FromSql<PortableUuid, Pg> for StoredUuid {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <Uuid as FromSql<diesel::sql_types::Uuid, Pg>>::from_sql(value).map(Self)
    }
}

impl FromSql<PortableUuid, Sqlite> for StoredUuid {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?;
        Ok(Self(Uuid::from_slice(&bytes)?))
    }
}

/// A timestamp in queries and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow, Serialize, Deserialize)]
#[serde(transparent)]
#[diesel(sql_type = PortableTimestamp)]
pub(crate) struct StoredTime(Timestamp);

impl From<Timestamp> for StoredTime {
    fn from(time: Timestamp) -> Self {
        Self(time)
    }
}

impl From<StoredTime> for Timestamp {
    fn from(stored: StoredTime) -> Self {
        stored.0
    }
}

impl ToSql<PortableTimestamp, Pg> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        ToSql::<diesel::sql_types::Timestamptz, Pg>::to_sql(&self.0.as_datetime(), &mut out.reborrow())
    }
}

impl ToSql<PortableTimestamp, Sqlite> for StoredTime {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.unix_microseconds());
        Ok(IsNull::No)
    }
}

impl FromSql<PortableTimestamp, Pg> for StoredTime {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let time = <DateTime<Utc> as FromSql<diesel::sql_types::Timestamptz, Pg>>::from_sql(value)?;
        Ok(Self(Timestamp::from(time)))
    }
}

impl FromSql<PortableTimestamp, Sqlite> for StoredTime {
    fn from_sql(value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let microseconds = <i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?;
        let time = Timestamp::from_unix_microseconds(microseconds).ok_or("the time is out of range")?;
        Ok(Self(time))
    }
}
