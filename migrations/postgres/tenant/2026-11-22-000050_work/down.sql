DROP TABLE idempotency;
DROP TABLE jobs;
DROP TABLE auto_letters;
