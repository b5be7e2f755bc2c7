-- Room in each page for the next version of a changed user: a change of columns without index then adds nothing to the
-- indexes. Pages written before are as full as they were.
ALTER TABLE external_users SET (fillfactor = 85);
