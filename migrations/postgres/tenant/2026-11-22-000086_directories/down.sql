DROP INDEX accounts_directory_subject;
ALTER TABLE accounts DROP COLUMN directory_subject;
DROP TABLE directories;
