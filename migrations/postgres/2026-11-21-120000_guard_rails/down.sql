-- What is deleted stays deleted, and blocks that have ended stay ended, where nothing says so any more.
UPDATE external_users SET tier_id = NULL WHERE (workspace_id, tier_id) IN (SELECT workspace_id, id FROM tiers WHERE is_deleted);
UPDATE external_user_groups SET tier_id = NULL WHERE (workspace_id, tier_id) IN (SELECT workspace_id, id FROM tiers WHERE is_deleted);
UPDATE external_users SET external_user_group_id = NULL
    WHERE (workspace_id, external_user_group_id) IN (SELECT workspace_id, id FROM external_user_groups WHERE is_deleted);
DELETE FROM external_user_groups WHERE is_deleted;
DELETE FROM tiers WHERE is_deleted;
UPDATE external_users SET blocked = false WHERE blocked_until <= now();
UPDATE api_keys SET scopes = trim(replace(scopes, 'audit:read', ''));
UPDATE api_key_secrets SET scopes = trim(replace(scopes, 'audit:read', ''));
DROP TABLE idempotency_records;
DROP TABLE audit_events;
ALTER TABLE workspaces DROP COLUMN requests_per_second;
ALTER TABLE api_keys DROP COLUMN last_used_address;
DROP TABLE deleted_external_users;
DROP INDEX external_user_groups_to_remove;
DROP INDEX external_user_groups_created;
ALTER TABLE external_user_groups DROP COLUMN is_deleted;
ALTER TABLE external_user_groups DROP COLUMN search_text;
DROP INDEX tiers_to_remove;
DROP INDEX tiers_created;
ALTER TABLE tiers DROP COLUMN is_deleted;
ALTER TABLE tiers DROP COLUMN search_text;
DROP INDEX external_users_by_email;
ALTER TABLE external_users DROP COLUMN email_folded;
ALTER TABLE external_users DROP COLUMN blocked_by;
ALTER TABLE external_users DROP COLUMN blocked_until;
ALTER TABLE external_users DROP COLUMN blocked_since;
ALTER TABLE external_users DROP COLUMN blocked_reason;
