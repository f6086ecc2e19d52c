DROP TABLE secret_letters;
DROP TABLE recoveries;
DROP TABLE sign_ins;
DROP TABLE account_addresses;
DROP TABLE accounts;
