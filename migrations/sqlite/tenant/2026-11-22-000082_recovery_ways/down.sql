DROP TABLE objections;
ALTER TABLE accounts DROP COLUMN barred_address_id;
ALTER TABLE accounts DROP COLUMN locked_at;
CREATE TABLE notices_new (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    normal TEXT NOT NULL,
    word TEXT NOT NULL,
    said TEXT NOT NULL,
    party TEXT NOT NULL,
    text TEXT,
    network_id TEXT NOT NULL,
    state TEXT NOT NULL,
    state_detail TEXT,
    state_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    sent_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, item_id) REFERENCES inbound_items (tenant_id, id),
    CONSTRAINT notices_word_known CHECK (word IN ('stop', 'start', 'help', 'status')),
    CONSTRAINT notices_state_known CHECK (state IN ('noted', 'queued', 'sending', 'sent', 'failed', 'unknown'))
);
INSERT INTO notices_new (tenant_id, id, channel_id, item_id, kind, normal, word, said, party, text, network_id, state, state_detail, state_at, attempts, sent_id, created_at)
    SELECT tenant_id, id, channel_id, item_id, kind, normal, word, said, party, text, network_id, state, state_detail, state_at, attempts,
        sent_id, created_at FROM notices WHERE word <> 'reset';
DROP TABLE notices;
ALTER TABLE notices_new RENAME TO notices;
CREATE INDEX notices_normal_created_at ON notices (tenant_id, normal, created_at);
DROP INDEX secret_letters_recovery_id;
ALTER TABLE secret_letters DROP COLUMN unsure_at;
ALTER TABLE secret_letters DROP COLUMN billed_in;
ALTER TABLE secret_letters DROP COLUMN parts;
ALTER TABLE secret_letters DROP COLUMN recovery_id;
ALTER TABLE recoveries DROP COLUMN failed_at;
ALTER TABLE recoveries DROP COLUMN started_by;
DROP INDEX recoveries_one_live_of_account;
DROP INDEX recoveries_token_hash;
ALTER TABLE recoveries DROP COLUMN token_hash;
