-- Accounts: the people who log in, their roles, their tokens, their membership in workspaces.
--
-- accounts, roles, account_roles, account_tokens and log_in_failures belong to no single workspace: an account may be a
-- member of many, and who it is must be known before its workspace is. Where the tables are spread over machines, these
-- and memberships, which is asked from both sides, are copied to each.

ALTER TABLE workspaces ADD COLUMN status TEXT NOT NULL DEFAULT 'ACTIVE';
ALTER TABLE workspaces ADD COLUMN confirmed INTEGER NOT NULL DEFAULT 1;
-- A deleted workspace is gone for everybody at once; what was in it is removed bit by bit, and its row last.
ALTER TABLE workspaces ADD COLUMN deleted_at INTEGER;
CREATE INDEX workspaces_deleted ON workspaces (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE accounts (
    id BLOB NOT NULL,
    username TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    status TEXT NOT NULL,
    home_workspace_id BLOB,
    permissions TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    avatar TEXT,
    phone TEXT,
    password_hash TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT accounts_primary_key PRIMARY KEY (id),
    CONSTRAINT accounts_username UNIQUE (username),
    CONSTRAINT accounts_home FOREIGN KEY (home_workspace_id) REFERENCES workspaces (id)
) STRICT;
CREATE INDEX accounts_created ON accounts (created_at, id);
CREATE INDEX accounts_by_home ON accounts (home_workspace_id, created_at, id);

CREATE TABLE memberships (
    workspace_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    is_admin INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT memberships_primary_key PRIMARY KEY (workspace_id, account_id),
    CONSTRAINT memberships_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
    CONSTRAINT memberships_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX memberships_created ON memberships (workspace_id, created_at, account_id);
CREATE INDEX memberships_by_account ON memberships (account_id, created_at, workspace_id);

-- A role without a workspace is global.
CREATE TABLE roles (
    id BLOB NOT NULL,
    workspace_id BLOB,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT roles_primary_key PRIMARY KEY (id),
    CONSTRAINT roles_name UNIQUE (workspace_id, name_folded),
    CONSTRAINT roles_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;
CREATE UNIQUE INDEX roles_global_name ON roles (name_folded) WHERE workspace_id IS NULL;
CREATE INDEX roles_created ON roles (workspace_id, created_at, id);

-- The roles that exist from the start, the same in every directory.
INSERT INTO roles (id, workspace_id, name, name_folded, description, permissions, created_at, updated_at) VALUES
    (x'8f6f9c526d3e4a0b9a513c1f0e7d2a01', NULL, 'ADMIN', 'admin', 'Everything', 'all',
     1795219200000000, 1795219200000000),
    (x'8f6f9c526d3e4a0b9a513c1f0e7d2a02', NULL, 'TENANT_ADMIN', 'tenant_admin', 'Everything in the own workspace',
     'tenant.all tenant.profile.read tenant.profile.update tenant.roles.read tenant.roles.create tenant.roles.update tenant.roles.delete tenant.flows.read tenant.flows.create tenant.flows.update tenant.flows.delete',
     1795219200000000, 1795219200000000),
    (x'8f6f9c526d3e4a0b9a513c1f0e7d2a03', NULL, 'USER', 'user', 'Seeing the own workspace and its roles',
     'tenant.profile.read tenant.roles.read',
     1795219200000000, 1795219200000000);

CREATE TABLE account_roles (
    account_id BLOB NOT NULL,
    role_id BLOB NOT NULL,
    CONSTRAINT account_roles_primary_key PRIMARY KEY (account_id, role_id),
    CONSTRAINT account_roles_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT account_roles_role FOREIGN KEY (role_id) REFERENCES roles (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX account_roles_by_role ON account_roles (role_id, account_id);

-- Tokens of accounts, by the hash of their secret. request_hash is of the request that a token was issued for, so that
-- an equal one finds it.
CREATE TABLE account_tokens (
    secret_hash BLOB NOT NULL,
    id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    ending TEXT NOT NULL,
    description TEXT NOT NULL,
    inquirer TEXT NOT NULL,
    permissions TEXT NOT NULL,
    request_hash BLOB,
    life_seconds INTEGER,
    is_prolonged INTEGER NOT NULL,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    CONSTRAINT account_tokens_primary_key PRIMARY KEY (secret_hash),
    CONSTRAINT account_tokens_id UNIQUE (id),
    CONSTRAINT account_tokens_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX account_tokens_created ON account_tokens (created_at, id);
CREATE INDEX account_tokens_by_account ON account_tokens (account_id, created_at, id);
CREATE INDEX account_tokens_by_kind ON account_tokens (account_id, kind, created_at, id);
CREATE INDEX account_tokens_by_request ON account_tokens (account_id, request_hash, created_at, id)
    WHERE request_hash IS NOT NULL;
CREATE INDEX account_tokens_expiring ON account_tokens (expires_at) WHERE expires_at IS NOT NULL;

-- Log-ins that failed, for as long as they count against further ones.
CREATE TABLE log_in_failures (
    id BLOB NOT NULL,
    username_hash BLOB NOT NULL,
    address TEXT NOT NULL,
    occurred_at INTEGER NOT NULL,
    CONSTRAINT log_in_failures_primary_key PRIMARY KEY (id)
) STRICT;
CREATE INDEX log_in_failures_by_username ON log_in_failures (username_hash, occurred_at);
CREATE INDEX log_in_failures_by_address ON log_in_failures (address, occurred_at);
CREATE INDEX log_in_failures_occurred ON log_in_failures (occurred_at);

-- What the planner should take the tables for, as in the migration before.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('accounts', 'sqlite_autoindex_accounts_1', '1000000 1'),
    ('accounts', 'sqlite_autoindex_accounts_2', '1000000 1'),
    ('accounts', 'accounts_created', '1000000 2 1'),
    ('accounts', 'accounts_by_home', '1000000 100000 2 1'),
    ('memberships', 'sqlite_autoindex_memberships_1', '1000000 100000 1'),
    ('memberships', 'memberships_created', '1000000 100000 2 1'),
    ('memberships', 'memberships_by_account', '1000000 2 1 1');
ANALYZE sqlite_schema;
