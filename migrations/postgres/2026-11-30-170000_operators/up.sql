-- Who used the command line: the user and the machine, such as jane@db1.
ALTER TABLE audit_events ADD COLUMN operator text;
