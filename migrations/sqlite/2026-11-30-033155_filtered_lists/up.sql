-- Lists by group and tier: what else they are filtered by stands in the index, too, so that counting to a page reads nothing
-- else.
DROP INDEX external_users_by_group;
CREATE INDEX external_users_by_group
    ON external_users (workspace_id, external_user_group_id, created_at, id, tier_id, channel_id)
    WHERE external_user_group_id IS NOT NULL;
DROP INDEX external_users_by_tier;
CREATE INDEX external_users_by_tier
    ON external_users (workspace_id, tier_id, created_at, id, external_user_group_id, channel_id)
    WHERE tier_id IS NOT NULL;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('external_users', 'external_users_by_group', '1000000 100000 1000 2 1 1 1'),
    ('external_users', 'external_users_by_tier', '1000000 100000 20000 2 1 1 1');
ANALYZE sqlite_schema;
