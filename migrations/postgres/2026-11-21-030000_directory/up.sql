-- The directory: workspaces, their channels, external users and keys.
--
-- Every table of a workspace begins each of its keys with workspace_id, so that tenants stay apart and the tables can
-- be spread over machines by it. workspaces, api_key_secrets and server_secrets belong to no single workspace.

-- Substring search within a workspace: trigrams, and uuid as a column of a GIN index. Both come with PostgreSQL.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE workspaces (
    id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT workspaces_primary_key PRIMARY KEY (id),
    CONSTRAINT workspaces_slug UNIQUE (slug)
);
CREATE INDEX workspaces_created ON workspaces (created_at, id);

CREATE TABLE channels (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text,
    prompt text,
    search_text text NOT NULL,
    is_default boolean NOT NULL,
    is_removed boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT channels_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT channels_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);
CREATE UNIQUE INDEX channels_default ON channels (workspace_id) WHERE is_default;
CREATE INDEX channels_created ON channels (workspace_id, created_at, id);

CREATE TABLE tiers (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    prompt text,
    max_assistant_messages bigint,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT tiers_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT tiers_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE external_user_groups (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    external_id text COLLATE "C",
    name text,
    tier_id uuid,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT external_user_groups_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT external_user_groups_external_id UNIQUE (workspace_id, external_id),
    CONSTRAINT external_user_groups_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
    CONSTRAINT external_user_groups_tier FOREIGN KEY (workspace_id, tier_id) REFERENCES tiers (workspace_id, id)
);
CREATE INDEX external_user_groups_by_tier ON external_user_groups (workspace_id, tier_id);

-- The people behind external users. Users of several channels meet in the one that carries their external id.
CREATE TABLE super_identities (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    external_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    CONSTRAINT super_identities_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT super_identities_external_id UNIQUE (workspace_id, external_id),
    CONSTRAINT super_identities_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);

CREATE TABLE external_users (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    super_identity_id uuid NOT NULL,
    external_id text COLLATE "C",
    identifier text,
    identifier_folded text COLLATE "C",
    username_folded text COLLATE "C" NOT NULL,
    display_name text,
    first_name text,
    last_name text,
    email text,
    phone text,
    avatar text,
    locale text,
    timezone text,
    custom_fields text NOT NULL,
    search_text text NOT NULL,
    external_user_group_id uuid,
    tier_id uuid,
    blocked boolean NOT NULL,
    tokens_valid_from timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT external_users_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT external_users_external_id UNIQUE (workspace_id, external_id, channel_id),
    CONSTRAINT external_users_identifier UNIQUE (workspace_id, identifier_folded, channel_id),
    CONSTRAINT external_users_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
    CONSTRAINT external_users_channel FOREIGN KEY (workspace_id, channel_id) REFERENCES channels (workspace_id, id),
    CONSTRAINT external_users_super_identity
        FOREIGN KEY (workspace_id, super_identity_id) REFERENCES super_identities (workspace_id, id),
    CONSTRAINT external_users_group
        FOREIGN KEY (workspace_id, external_user_group_id) REFERENCES external_user_groups (workspace_id, id),
    CONSTRAINT external_users_tier FOREIGN KEY (workspace_id, tier_id) REFERENCES tiers (workspace_id, id)
);
CREATE INDEX external_users_created ON external_users (workspace_id, created_at, id);
CREATE INDEX external_users_username ON external_users (workspace_id, username_folded, id);
CREATE INDEX external_users_blocked ON external_users (workspace_id, created_at, id) WHERE blocked;
CREATE INDEX external_users_by_channel ON external_users (workspace_id, channel_id, created_at, id);
CREATE INDEX external_users_by_super_identity ON external_users (workspace_id, super_identity_id, created_at, id);
CREATE INDEX external_users_by_group ON external_users (workspace_id, external_user_group_id, created_at, id)
    WHERE external_user_group_id IS NOT NULL;
CREATE INDEX external_users_by_tier ON external_users (workspace_id, tier_id, created_at, id)
    WHERE tier_id IS NOT NULL;
CREATE INDEX external_users_search ON external_users USING gin (workspace_id, search_text gin_trgm_ops);

CREATE TABLE api_keys (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    public_key text COLLATE "C" NOT NULL,
    scopes text NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT api_keys_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT api_keys_public_key UNIQUE (workspace_id, public_key),
    CONSTRAINT api_keys_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);
CREATE INDEX api_keys_created ON api_keys (workspace_id, created_at, id);

-- The way from a secret to its workspace, which is not known before: all that a request needs, in one look-up.
-- Revoking a key deletes its rows here.
CREATE TABLE api_key_secrets (
    secret_hash bytea NOT NULL,
    workspace_id uuid NOT NULL,
    api_key_id uuid NOT NULL,
    public_key text NOT NULL,
    scopes text NOT NULL,
    expires_at timestamptz,
    CONSTRAINT api_key_secrets_primary_key PRIMARY KEY (secret_hash),
    CONSTRAINT api_key_secrets_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);
CREATE INDEX api_key_secrets_by_key ON api_key_secrets (workspace_id, api_key_id);

-- What the server itself keeps secret: the keys that sign access tokens and the one that seals cursors.
CREATE TABLE server_secrets (
    purpose text COLLATE "C" NOT NULL,
    generation bigint NOT NULL,
    secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT server_secrets_primary_key PRIMARY KEY (purpose, generation)
);
