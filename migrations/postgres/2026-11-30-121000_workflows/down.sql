DELETE FROM job_lanes WHERE EXISTS (
    SELECT 1 FROM jobs
    WHERE jobs.workspace_id = job_lanes.workspace_id AND jobs.lane = job_lanes.lane
        AND jobs.kind IN ('workflow', 'workflow_events', 'workflow_run')
);
DELETE FROM jobs WHERE kind IN ('workflow', 'workflow_events', 'workflow_run');
DROP TABLE execution_steps;
DROP TABLE executions;
DROP TABLE workflow_templates;
DROP TABLE workflow_owners;
DROP TABLE workflows;
