DROP TABLE api_keys;
DROP TABLE sessions;
DROP TABLE team_members;
DROP TABLE teams;
DROP TABLE staff;
DROP TABLE tenant;
