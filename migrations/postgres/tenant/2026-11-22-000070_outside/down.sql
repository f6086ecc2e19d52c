DROP TABLE visits;
DROP TABLE case_links;
DROP TABLE receipts;
