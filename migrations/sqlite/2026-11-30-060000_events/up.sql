-- What others are told of: each change of a workspace, with a position that no earlier one can come before any more.

-- How far the feed of a workspace goes. A workspace without events has no row. Who gives positions locks it.
CREATE TABLE event_feeds (
    workspace_id BLOB NOT NULL,
    last_position INTEGER NOT NULL,
    removed_through INTEGER NOT NULL,
    CONSTRAINT event_feeds_primary_key PRIMARY KEY (workspace_id)
) STRICT;

-- Events without a position, stored with the changes that they tell of. The database numbers them, as it does with a key
-- that is a single number.
CREATE TABLE event_outbox (
    workspace_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    data TEXT NOT NULL,
    previous TEXT NOT NULL,
    actor TEXT NOT NULL,
    acting_for BLOB,
    request_id TEXT,
    CONSTRAINT event_outbox_primary_key PRIMARY KEY (number)
) STRICT;
CREATE INDEX event_outbox_by_workspace ON event_outbox (workspace_id, number);

CREATE TABLE events (
    workspace_id BLOB NOT NULL,
    position INTEGER NOT NULL,
    id BLOB NOT NULL,
    occurred_at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    data TEXT NOT NULL,
    previous TEXT NOT NULL,
    actor TEXT NOT NULL,
    acting_for BLOB,
    request_id TEXT,
    CONSTRAINT events_primary_key PRIMARY KEY (workspace_id, position)
) STRICT;
CREATE INDEX events_by_object ON events (workspace_id, object_id, position);
CREATE INDEX events_to_remove ON events (occurred_at);
