-- Organizations and flows: numbers beside ids, places that members join, blocks, invitations.
--
-- numbers hands out the numbers of accounts, workspaces and invitations. It is copied to every machine where the tables are
-- spread over several, as accounts and memberships are; flows, flow_memberships and invitations are spread.

CREATE TABLE numbers (
    kind TEXT NOT NULL,
    last INTEGER NOT NULL,
    CONSTRAINT numbers_primary_key PRIMARY KEY (kind)
) STRICT;

-- Empty only where a server of the version before made the row after this migration. Such a row is an error.
ALTER TABLE accounts ADD COLUMN number INTEGER;
ALTER TABLE accounts ADD COLUMN nick TEXT;
ALTER TABLE accounts ADD COLUMN website TEXT;
UPDATE accounts SET number = numbered.number
    FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS number FROM accounts) AS numbered
    WHERE numbered.id = accounts.id;
CREATE UNIQUE INDEX accounts_number ON accounts (number);

ALTER TABLE workspaces ADD COLUMN number INTEGER;
UPDATE workspaces SET number = numbered.number
    FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS number FROM workspaces) AS numbered
    WHERE numbered.id = workspaces.id;
CREATE UNIQUE INDEX workspaces_number ON workspaces (number);

INSERT INTO numbers (kind, last)
    SELECT 'account', coalesce(max(number), 0) FROM accounts
    UNION ALL SELECT 'workspace', coalesce(max(number), 0) FROM workspaces
    UNION ALL SELECT 'invitation', 0;

-- The number of the account, by which lists of members are ordered.
ALTER TABLE memberships ADD COLUMN account_number INTEGER;
UPDATE memberships SET account_number = (SELECT number FROM accounts WHERE accounts.id = memberships.account_id);
-- Whether somebody who may has said that the account's address is its holder's. Invitations go by addresses, and nobody
-- comes in by an address that they have only given themselves.
ALTER TABLE memberships ADD COLUMN is_vouched_for INTEGER NOT NULL DEFAULT 1;
CREATE INDEX memberships_by_number ON memberships (workspace_id, account_number);
CREATE INDEX memberships_admins ON memberships (workspace_id, account_id) WHERE is_admin;

-- Whoever was taken out of a workspace does not come back by a link.
CREATE TABLE departures (
    workspace_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    CONSTRAINT departures_primary_key PRIMARY KEY (workspace_id, account_id),
    CONSTRAINT departures_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) STRICT;
CREATE INDEX departures_by_account ON departures (account_id, workspace_id);

CREATE TABLE flows (
    workspace_id BLOB NOT NULL,
    id BLOB NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    name_folded TEXT NOT NULL,
    description TEXT NOT NULL,
    access_mode TEXT NOT NULL,
    is_archived INTEGER NOT NULL,
    join_code TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT flows_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT flows_slug UNIQUE (workspace_id, slug),
    CONSTRAINT flows_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
) STRICT;
CREATE INDEX flows_by_name ON flows (workspace_id, name_folded, id);

-- Whoever is in a flow is a member of the workspace: leaving the workspace is leaving its flows.
CREATE TABLE flow_memberships (
    workspace_id BLOB NOT NULL,
    flow_id BLOB NOT NULL,
    account_id BLOB NOT NULL,
    account_number INTEGER NOT NULL,
    is_blocked INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT flow_memberships_primary_key PRIMARY KEY (workspace_id, flow_id, account_id),
    CONSTRAINT flow_memberships_flow FOREIGN KEY (workspace_id, flow_id)
        REFERENCES flows (workspace_id, id) ON DELETE CASCADE,
    CONSTRAINT flow_memberships_membership FOREIGN KEY (workspace_id, account_id)
        REFERENCES memberships (workspace_id, account_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX flow_memberships_by_number ON flow_memberships (workspace_id, flow_id, account_number, is_blocked);
CREATE INDEX flow_memberships_by_account ON flow_memberships (workspace_id, account_id, flow_id, is_blocked);

CREATE TABLE invitations (
    workspace_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    flow_id BLOB NOT NULL,
    email TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT invitations_primary_key PRIMARY KEY (workspace_id, number),
    CONSTRAINT invitations_email UNIQUE (workspace_id, flow_id, email),
    CONSTRAINT invitations_flow FOREIGN KEY (workspace_id, flow_id)
        REFERENCES flows (workspace_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX invitations_by_state ON invitations (workspace_id, flow_id, state, number);
-- Whoever gets an account is looked for in all workspaces.
CREATE INDEX invitations_by_email ON invitations (email, state, workspace_id);

-- What the planner should take the tables for, as in the first migration.
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('accounts', 'accounts_number', '1000000 1'),
    ('memberships', 'memberships_by_number', '1000000 100000 1'),
    ('memberships', 'memberships_admins', '1000 10 1'),
    ('flows', 'sqlite_autoindex_flows_1', '100000 1000 1'),
    ('flows', 'sqlite_autoindex_flows_2', '100000 1000 1'),
    ('flows', 'flows_by_name', '100000 1000 2 1'),
    ('flow_memberships', 'sqlite_autoindex_flow_memberships_1', '10000000 100000 1000 1'),
    ('flow_memberships', 'flow_memberships_by_number', '10000000 100000 1000 1 1'),
    ('flow_memberships', 'flow_memberships_by_account', '10000000 100000 50 1 1'),
    ('invitations', 'sqlite_autoindex_invitations_1', '1000000 10000 1'),
    ('invitations', 'sqlite_autoindex_invitations_2', '1000000 10000 100 1'),
    ('invitations', 'invitations_by_state', '1000000 10000 100 50 1'),
    ('invitations', 'invitations_by_email', '1000000 2 2 1');
ANALYZE sqlite_schema;
