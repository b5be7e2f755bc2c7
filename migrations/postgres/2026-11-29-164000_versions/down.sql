ALTER TABLE roles DROP COLUMN version;
ALTER TABLE accounts DROP COLUMN version;
ALTER TABLE external_users DROP COLUMN version;
