ALTER TABLE sign_ins DROP COLUMN confirmed_at;
DROP TABLE factor_tries;
DROP TABLE saved_codes;
DROP TABLE authenticators;
DROP TABLE address_claims;
