DROP TABLE events;
DROP TABLE suggestions;
DROP TABLE attachments;
DROP TABLE messages;
DROP TABLE parties;
DROP TABLE case_tags;
DROP TABLE cases;
DROP TABLE topics;
