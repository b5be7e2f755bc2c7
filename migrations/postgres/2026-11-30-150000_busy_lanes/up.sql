-- Many executions a second.

-- How often the job of a lane was called: one that runs notices so that it must run once more.
ALTER TABLE job_lanes ADD COLUMN calls bigint NOT NULL DEFAULT 0;

-- Most executions have neither a key nor a user.
DROP INDEX executions_once;
CREATE UNIQUE INDEX executions_once ON executions (workspace_id, workflow_id, trigger_key)
    WHERE trigger_key IS NOT NULL;
DROP INDEX executions_by_user;
CREATE INDEX executions_by_user ON executions (workspace_id, user_id, created_at, id)
    WHERE user_id IS NOT NULL;
