DROP INDEX executions_by_user;
CREATE INDEX executions_by_user ON executions (workspace_id, user_id, created_at, id);
DROP INDEX executions_once;
CREATE UNIQUE INDEX executions_once ON executions (workspace_id, workflow_id, trigger_key);
ALTER TABLE job_lanes DROP COLUMN calls;
