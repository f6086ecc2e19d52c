GRANT civicdesk_search, civicdesk_queue TO CURRENT_USER;
DROP FUNCTION due_tenants(timestamptz, integer);
DROP FUNCTION search_find(text);
REVOKE civicdesk_search, civicdesk_queue FROM CURRENT_USER;
DROP POLICY queue ON jobs;
REVOKE ALL ON jobs FROM civicdesk_queue;
DROP TABLE search_docs;
