DROP TABLE nodes;
DROP TABLE letter_budgets;
DROP TABLE flags;
DROP TABLE operator_keys;
DROP TABLE routes;
DROP TABLE tenants;
