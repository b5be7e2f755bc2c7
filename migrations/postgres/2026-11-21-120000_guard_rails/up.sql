-- What stands around external users: groups and tiers that can be searched, blocks with a reason and an end, users that can
-- be brought back, answers that can be given again, and the log of who has changed what.

-- Why, since when, until when and by whom a user is blocked. A block with an end counts until then, whatever blocked says.
ALTER TABLE external_users ADD COLUMN blocked_reason text;
ALTER TABLE external_users ADD COLUMN blocked_since timestamptz;
ALTER TABLE external_users ADD COLUMN blocked_until timestamptz;
ALTER TABLE external_users ADD COLUMN blocked_by text;

-- E-mail addresses are looked up without case. What servers of the version before write meanwhile is not found by it until
-- it is changed the next time.
ALTER TABLE external_users ADD COLUMN email_folded text COLLATE "C";
UPDATE external_users SET email_folded = lower(email) WHERE email IS NOT NULL;
CREATE INDEX external_users_by_email ON external_users (workspace_id, email_folded, created_at, id)
    WHERE email_folded IS NOT NULL;

ALTER TABLE tiers ADD COLUMN search_text text NOT NULL DEFAULT '';
-- A tier or group that is_deleted is gone for everybody. Its row goes when the last user has been taken off it.
ALTER TABLE tiers ADD COLUMN is_deleted boolean NOT NULL DEFAULT false;
CREATE INDEX tiers_created ON tiers (workspace_id, created_at, id);
CREATE INDEX tiers_to_remove ON tiers (workspace_id, id) WHERE is_deleted;

ALTER TABLE external_user_groups ADD COLUMN search_text text NOT NULL DEFAULT '';
ALTER TABLE external_user_groups ADD COLUMN is_deleted boolean NOT NULL DEFAULT false;
CREATE INDEX external_user_groups_created ON external_user_groups (workspace_id, created_at, id);
CREATE INDEX external_user_groups_to_remove ON external_user_groups (workspace_id, id) WHERE is_deleted;

-- Users that were deleted and can be brought back: their record as JSON, without an index on what is in it, so that their
-- external ids and identifiers are free. Of a user that was erased, or was deleted too long ago to be brought back, only its
-- id and the moments are left.
CREATE TABLE deleted_external_users (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    channel_id uuid,
    record text,
    deleted_at timestamptz NOT NULL,
    erased_at timestamptz,
    CONSTRAINT deleted_external_users_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT deleted_external_users_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
    CONSTRAINT deleted_external_users_channel
        FOREIGN KEY (workspace_id, channel_id) REFERENCES channels (workspace_id, id)
);
CREATE INDEX deleted_external_users_by_channel ON deleted_external_users (workspace_id, channel_id)
    WHERE channel_id IS NOT NULL;
CREATE INDEX deleted_external_users_to_remove ON deleted_external_users (deleted_at) WHERE record IS NOT NULL;

-- Where the last use of a key came from, and when it was made, given another secret or revoked, whatever was last.
ALTER TABLE api_keys ADD COLUMN last_used_address text;
ALTER TABLE api_keys ADD COLUMN updated_at timestamptz NOT NULL DEFAULT 'epoch';
UPDATE api_keys SET updated_at = coalesce(revoked_at, created_at);

-- How many requests a second each key and account of a workspace may make, where the server's setting is not what counts.
ALTER TABLE workspaces ADD COLUMN requests_per_second bigint;

-- Who has changed what. The server's own log, of what belongs to no workspace, has the nil UUID for a workspace; a
-- workspace's ends with it. There is no foreign key: what has been done outlasts what it was done to.
CREATE TABLE audit_events (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    actor text COLLATE "C" NOT NULL,
    acting_for uuid,
    action text COLLATE "C" NOT NULL,
    object_id text COLLATE "C" NOT NULL,
    changes text NOT NULL,
    request_id text,
    address text,
    CONSTRAINT audit_events_primary_key PRIMARY KEY (workspace_id, id)
);
CREATE INDEX audit_events_occurred ON audit_events (workspace_id, occurred_at, id);
CREATE INDEX audit_events_by_object ON audit_events (workspace_id, object_id, occurred_at, id);
CREATE INDEX audit_events_by_actor ON audit_events (workspace_id, actor, occurred_at, id);
CREATE INDEX audit_events_by_action ON audit_events (workspace_id, action, occurred_at, id);
CREATE INDEX audit_events_to_remove ON audit_events (occurred_at);

-- Requests with an idempotency key, and what was answered: sealed with what only whoever sent the request knows. A request
-- of nobody's workspace has the nil UUID for one. Without an answer, the request is still at work, until locked_until.
CREATE TABLE idempotency_records (
    workspace_id uuid NOT NULL,
    key_hash bytea NOT NULL,
    fingerprint bytea NOT NULL,
    attempt uuid NOT NULL,
    locked_until timestamptz NOT NULL,
    answer bytea,
    expires_at timestamptz NOT NULL,
    CONSTRAINT idempotency_records_primary_key PRIMARY KEY (workspace_id, key_hash)
);
CREATE INDEX idempotency_records_to_remove ON idempotency_records (expires_at);
