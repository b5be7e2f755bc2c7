ALTER TABLE external_users RESET (fillfactor);
