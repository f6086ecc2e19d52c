DROP TABLE usage;
DROP TABLE notices;
DROP TABLE consents;
DROP TABLE visits;
DROP TABLE case_links;
DROP TABLE receipts;
