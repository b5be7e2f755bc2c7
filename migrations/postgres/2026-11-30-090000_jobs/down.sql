DROP TABLE job_lanes;
DROP TABLE jobs;
