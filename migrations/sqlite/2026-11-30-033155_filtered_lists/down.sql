DROP INDEX external_users_by_tier;
CREATE INDEX external_users_by_tier ON external_users (workspace_id, tier_id, created_at, id)
    WHERE tier_id IS NOT NULL;
DROP INDEX external_users_by_group;
CREATE INDEX external_users_by_group ON external_users (workspace_id, external_user_group_id, created_at, id)
    WHERE external_user_group_id IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('external_users', 'external_users_by_group', '1000000 100000 1000 2 1'),
    ('external_users', 'external_users_by_tier', '1000000 100000 20000 2 1');
ANALYZE sqlite_schema;
