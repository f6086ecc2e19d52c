DROP TABLE inbound_items;
DROP TABLE channels;
