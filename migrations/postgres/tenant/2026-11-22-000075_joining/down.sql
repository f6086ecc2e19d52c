DROP TABLE proofs;
DROP TABLE different_people;
DROP TABLE given_addresses;
