-- How often a row was changed, for entity tags. Servers before this migration insert rows without it, and so it has a default.
ALTER TABLE external_users ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE roles ADD COLUMN version INTEGER NOT NULL DEFAULT 0;
