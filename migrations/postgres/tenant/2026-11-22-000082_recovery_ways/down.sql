DROP INDEX recoveries_one_live_of_account;
DROP INDEX recoveries_token_hash;
ALTER TABLE recoveries DROP COLUMN token_hash;
