-- The directory: workspaces, their channels, external users and keys.
--
-- Every table of a workspace begins each of its keys with workspace_id, so that tenants stay apart and the tables can
-- be spread over machines by it. workspaces, api_key_secrets and server_secrets belong to no single workspace.

-- A uuid is a BLOB of 16 bytes, a time an INTEGER of microseconds since 1970, a boolean an INTEGER of 0 or 1.

CREATE TABLE workspaces (
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT workspaces_primary_key PRIMARY KEY (id),
    CONSTRAINT workspaces_slug UNIQUE (slug)
) STRICT;
CREATE INDEX workspaces_created ON workspaces (created_at, id);

CREATE TABLE channels (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    prompt TEXT,
    search_text TEXT NOT NULL,
    is_default INTEGER NOT NULL,
    is_removed INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT channels_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT channels_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;
CREATE UNIQUE INDEX channels_default ON channels (workspace_id) WHERE is_default;
CREATE INDEX channels_created ON channels (workspace_id, created_at, id);

CREATE TABLE tiers (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    prompt TEXT,
    max_assistant_messages INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT tiers_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT tiers_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;

CREATE TABLE external_user_groups (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    external_id TEXT,
    name TEXT,
    tier_id BLOB,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT external_user_groups_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT external_user_groups_external_id UNIQUE (workspace_id, external_id),
    CONSTRAINT external_user_groups_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
    CONSTRAINT external_user_groups_tier FOREIGN KEY (workspace_id, tier_id) REFERENCES tiers (workspace_id, id)
) STRICT;
CREATE INDEX external_user_groups_by_tier ON external_user_groups (workspace_id, tier_id);

-- The people behind external users. Users of several channels meet in the one that carries their external id.
CREATE TABLE super_identities (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    external_id TEXT,
    created_at INTEGER NOT NULL,
    CONSTRAINT super_identities_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT super_identities_external_id UNIQUE (workspace_id, external_id),
    CONSTRAINT super_identities_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;

CREATE TABLE external_users (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    channel_id BLOB NOT NULL,
    super_identity_id BLOB NOT NULL,
    external_id TEXT,
    identifier TEXT,
    identifier_folded TEXT,
    username_folded TEXT NOT NULL,
    display_name TEXT,
    first_name TEXT,
    last_name TEXT,
    email TEXT,
    phone TEXT,
    avatar TEXT,
    locale TEXT,
    timezone TEXT,
    custom_fields TEXT NOT NULL,
    search_text TEXT NOT NULL,
    external_user_group_id BLOB,
    tier_id BLOB,
    blocked INTEGER NOT NULL,
    tokens_valid_from INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
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
) STRICT;
CREATE INDEX external_users_created ON external_users (workspace_id, created_at, id);
CREATE INDEX external_users_username ON external_users (workspace_id, username_folded, id);
CREATE INDEX external_users_blocked ON external_users (workspace_id, created_at, id) WHERE blocked;
CREATE INDEX external_users_by_channel ON external_users (workspace_id, channel_id, created_at, id);
CREATE INDEX external_users_by_super_identity ON external_users (workspace_id, super_identity_id, created_at, id);
CREATE INDEX external_users_by_group ON external_users (workspace_id, external_user_group_id, created_at, id)
    WHERE external_user_group_id IS NOT NULL;
CREATE INDEX external_users_by_tier ON external_users (workspace_id, tier_id, created_at, id)
    WHERE tier_id IS NOT NULL;

-- Substring search: a trigram index over search_text, kept by triggers. Its rows are numbered by a table of their own,
-- since the hidden row numbers of external_users are not kept by VACUUM.
CREATE TABLE external_users_search_rows (
    row_number INTEGER PRIMARY KEY,
    workspace_id BLOB NOT NULL,
    external_user_id BLOB NOT NULL,
    CONSTRAINT external_users_search_rows_user UNIQUE (workspace_id, external_user_id)
) STRICT;
CREATE VIRTUAL TABLE external_users_search
    USING fts5 (search_text, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1');

CREATE TRIGGER external_users_search_insert AFTER INSERT ON external_users BEGIN
    INSERT INTO external_users_search_rows (workspace_id, external_user_id) VALUES (new.workspace_id, new.id);
    INSERT INTO external_users_search (rowid, search_text)
        SELECT row_number, new.search_text FROM external_users_search_rows
        WHERE workspace_id = new.workspace_id AND external_user_id = new.id;
END;
CREATE TRIGGER external_users_search_update AFTER UPDATE OF search_text ON external_users
WHEN old.search_text <> new.search_text BEGIN
    DELETE FROM external_users_search WHERE rowid = (
        SELECT row_number FROM external_users_search_rows
        WHERE workspace_id = new.workspace_id AND external_user_id = new.id
    );
    INSERT INTO external_users_search (rowid, search_text)
        SELECT row_number, new.search_text FROM external_users_search_rows
        WHERE workspace_id = new.workspace_id AND external_user_id = new.id;
END;
CREATE TRIGGER external_users_search_delete AFTER DELETE ON external_users BEGIN
    DELETE FROM external_users_search WHERE rowid = (
        SELECT row_number FROM external_users_search_rows
        WHERE workspace_id = old.workspace_id AND external_user_id = old.id
    );
    DELETE FROM external_users_search_rows WHERE workspace_id = old.workspace_id AND external_user_id = old.id;
END;

CREATE TABLE api_keys (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    revoked_at INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT api_keys_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT api_keys_public_key UNIQUE (workspace_id, public_key),
    CONSTRAINT api_keys_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;
CREATE INDEX api_keys_created ON api_keys (workspace_id, created_at, id);

-- The way from a secret to its workspace, which is not known before: all that a request needs, in one look-up.
-- Revoking a key deletes its rows here.
CREATE TABLE api_key_secrets (
    secret_hash BLOB NOT NULL,
    workspace_id BLOB NOT NULL,
    api_key_id BLOB NOT NULL,
    public_key TEXT NOT NULL,
    scopes TEXT NOT NULL,
    expires_at INTEGER,
    CONSTRAINT api_key_secrets_primary_key PRIMARY KEY (secret_hash),
    CONSTRAINT api_key_secrets_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;
CREATE INDEX api_key_secrets_by_key ON api_key_secrets (workspace_id, api_key_id);

-- What the server itself keeps secret: the keys that sign access tokens and the one that seals cursors.
CREATE TABLE server_secrets (
    purpose TEXT NOT NULL,
    generation INTEGER NOT NULL,
    secret BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT server_secrets_primary_key PRIMARY KEY (purpose, generation)
) STRICT;

-- What the planner should take a directory for: a large one of several tenants. Without figures it takes a tenant for ten
-- users, and walks through all of them where an index would lead to the few that are asked for. They are written down
-- rather than measured, so that plans are the same on every machine.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('external_users', 'sqlite_autoindex_external_users_1', '1000000 100000 1'),
    ('external_users', 'sqlite_autoindex_external_users_2', '1000000 100000 2 1'),
    ('external_users', 'sqlite_autoindex_external_users_3', '1000000 100000 2 1'),
    ('external_users', 'external_users_created', '1000000 100000 2 1'),
    ('external_users', 'external_users_username', '1000000 100000 2 1'),
    ('external_users', 'external_users_blocked', '10000 1000 2 1'),
    ('external_users', 'external_users_by_channel', '1000000 100000 20000 2 1'),
    ('external_users', 'external_users_by_super_identity', '1000000 100000 2 1 1'),
    ('external_users', 'external_users_by_group', '1000000 100000 1000 2 1'),
    ('external_users', 'external_users_by_tier', '1000000 100000 20000 2 1');
ANALYZE sqlite_schema;
