-- More ways in again than a typed code.

-- The link beside the code: two keys of one row.
ALTER TABLE recoveries ADD COLUMN token_hash BLOB;
CREATE UNIQUE INDEX recoveries_token_hash ON recoveries (tenant_id, token_hash) WHERE token_hash IS NOT NULL;
CREATE UNIQUE INDEX recoveries_one_live_of_account ON recoveries (tenant_id, account_id, purpose)
    WHERE used_at IS NULL AND ended_at IS NULL;

-- Who began it: the citizen on a page or over the API, by text or by telephone, or staff. When its letter failed for certain,
-- it counts for no limit.
ALTER TABLE recoveries ADD COLUMN started_by TEXT NOT NULL DEFAULT 'citizen';
ALTER TABLE recoveries ADD COLUMN failed_at BIGINT;

-- What a letter is of, and what was counted for it; `unsure_at`: it may have gone out then.
ALTER TABLE secret_letters ADD COLUMN recovery_id TEXT;
ALTER TABLE secret_letters ADD COLUMN parts INTEGER;
ALTER TABLE secret_letters ADD COLUMN billed_in TEXT;
ALTER TABLE secret_letters ADD COLUMN unsure_at BIGINT;
CREATE INDEX secret_letters_recovery_id ON secret_letters (tenant_id, recovery_id);

-- RESET is a word to the service itself.
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
    CONSTRAINT notices_word_known CHECK (word IN ('stop', 'start', 'help', 'status', 'reset')),
    CONSTRAINT notices_state_known CHECK (state IN ('noted', 'queued', 'sending', 'sent', 'failed', 'unknown'))
);
INSERT INTO notices_new (tenant_id, id, channel_id, item_id, kind, normal, word, said, party, text, network_id, state, state_detail, state_at, attempts, sent_id, created_at)
    SELECT tenant_id, id, channel_id, item_id, kind, normal, word, said, party, text, network_id, state, state_detail, state_at, attempts,
        sent_id, created_at FROM notices;
DROP TABLE notices;
ALTER TABLE notices_new RENAME TO notices;
CREATE INDEX notices_normal_created_at ON notices (tenant_id, normal, created_at);

-- Somebody said that the password was not set by them: it opens nothing until another one is set, and not by the address by
-- which that change came.
ALTER TABLE accounts ADD COLUMN locked_at BIGINT;
ALTER TABLE accounts ADD COLUMN barred_address_id TEXT;

-- The link in each notice of a change, by which its reader says that it was somebody else.
CREATE TABLE objections (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    token_hash BLOB NOT NULL,
    changed_by TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX objections_account_id ON objections (tenant_id, account_id);
