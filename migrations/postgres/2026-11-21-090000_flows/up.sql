-- Organizations and flows: numbers beside ids, places that members join, blocks, invitations.
--
-- numbers hands out the numbers of accounts, workspaces and invitations. It is copied to every machine where the tables are
-- spread over several, as accounts and memberships are; flows, flow_memberships and invitations are spread.

CREATE TABLE numbers (
    kind text NOT NULL,
    last bigint NOT NULL,
    CONSTRAINT numbers_primary_key PRIMARY KEY (kind)
);

-- Empty only where a server of the version before made the row after this migration. Such a row is an error.
ALTER TABLE accounts ADD COLUMN number bigint;
ALTER TABLE accounts ADD COLUMN nick text;
ALTER TABLE accounts ADD COLUMN website text;
UPDATE accounts SET number = numbered.number
    FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS number FROM accounts) AS numbered
    WHERE numbered.id = accounts.id;
CREATE UNIQUE INDEX accounts_number ON accounts (number);

ALTER TABLE workspaces ADD COLUMN number bigint;
UPDATE workspaces SET number = numbered.number
    FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS number FROM workspaces) AS numbered
    WHERE numbered.id = workspaces.id;
CREATE UNIQUE INDEX workspaces_number ON workspaces (number);

INSERT INTO numbers (kind, last)
    SELECT 'account', coalesce(max(number), 0) FROM accounts
    UNION ALL SELECT 'workspace', coalesce(max(number), 0) FROM workspaces
    UNION ALL SELECT 'invitation', 0;

-- The number of the account, by which lists of members are ordered.
ALTER TABLE memberships ADD COLUMN account_number bigint;
UPDATE memberships SET account_number = (SELECT number FROM accounts WHERE accounts.id = memberships.account_id);
-- Whether somebody who may has said that the account's address is its holder's. Invitations go by addresses, and nobody
-- comes in by an address that they have only given themselves.
ALTER TABLE memberships ADD COLUMN is_vouched_for boolean NOT NULL DEFAULT true;
CREATE INDEX memberships_by_number ON memberships (workspace_id, account_number);
CREATE INDEX memberships_admins ON memberships (workspace_id, account_id) WHERE is_admin;

-- Whoever was taken out of a workspace does not come back by a link.
CREATE TABLE departures (
    workspace_id uuid NOT NULL,
    account_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    CONSTRAINT departures_primary_key PRIMARY KEY (workspace_id, account_id),
    CONSTRAINT departures_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX departures_by_account ON departures (account_id, workspace_id);

CREATE TABLE flows (
    workspace_id uuid NOT NULL,
    id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text NOT NULL,
    name_folded text COLLATE "C" NOT NULL,
    description text NOT NULL,
    access_mode text NOT NULL,
    is_archived boolean NOT NULL,
    join_code text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT flows_primary_key PRIMARY KEY (workspace_id, id),
    CONSTRAINT flows_slug UNIQUE (workspace_id, slug),
    CONSTRAINT flows_workspace FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
);
CREATE INDEX flows_by_name ON flows (workspace_id, name_folded, id);

-- Whoever is in a flow is a member of the workspace: leaving the workspace is leaving its flows.
CREATE TABLE flow_memberships (
    workspace_id uuid NOT NULL,
    flow_id uuid NOT NULL,
    account_id uuid NOT NULL,
    account_number bigint NOT NULL,
    is_blocked boolean NOT NULL,
    is_open boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT flow_memberships_primary_key PRIMARY KEY (workspace_id, flow_id, account_id),
    CONSTRAINT flow_memberships_flow FOREIGN KEY (workspace_id, flow_id)
        REFERENCES flows (workspace_id, id) ON DELETE CASCADE,
    CONSTRAINT flow_memberships_membership FOREIGN KEY (workspace_id, account_id)
        REFERENCES memberships (workspace_id, account_id) ON DELETE CASCADE
);
CREATE INDEX flow_memberships_by_number ON flow_memberships (workspace_id, flow_id, account_number, is_blocked);
CREATE INDEX flow_memberships_by_account ON flow_memberships (workspace_id, account_id, flow_id, is_blocked);

CREATE TABLE invitations (
    workspace_id uuid NOT NULL,
    number bigint NOT NULL,
    flow_id uuid NOT NULL,
    email text COLLATE "C" NOT NULL,
    state text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT invitations_primary_key PRIMARY KEY (workspace_id, number),
    CONSTRAINT invitations_email UNIQUE (workspace_id, flow_id, email),
    CONSTRAINT invitations_flow FOREIGN KEY (workspace_id, flow_id)
        REFERENCES flows (workspace_id, id) ON DELETE CASCADE
);
CREATE INDEX invitations_by_state ON invitations (workspace_id, flow_id, state, number);
-- Whoever gets an account is looked for in all workspaces.
CREATE INDEX invitations_by_email ON invitations (email, state, workspace_id);
