DROP TABLE staff_keys;
