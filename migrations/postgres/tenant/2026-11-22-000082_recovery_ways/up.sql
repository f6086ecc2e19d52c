-- More ways in again than a typed code.

-- The link beside the code: two keys of one row.
ALTER TABLE recoveries ADD COLUMN token_hash bytea;
CREATE UNIQUE INDEX recoveries_token_hash ON recoveries (tenant_id, token_hash) WHERE token_hash IS NOT NULL;
CREATE UNIQUE INDEX recoveries_one_live_of_account ON recoveries (tenant_id, account_id, purpose)
    WHERE used_at IS NULL AND ended_at IS NULL;

-- Who began it: the citizen on a page or over the API, by text or by telephone, or staff. When its letter failed for certain,
-- it counts for no limit.
ALTER TABLE recoveries ADD COLUMN started_by text COLLATE "C" NOT NULL DEFAULT 'citizen';
ALTER TABLE recoveries ADD COLUMN failed_at timestamptz;

-- What a letter is of, and what was counted for it; `unsure_at`: it may have gone out then.
ALTER TABLE secret_letters ADD COLUMN recovery_id uuid;
ALTER TABLE secret_letters ADD COLUMN parts integer;
ALTER TABLE secret_letters ADD COLUMN billed_in text COLLATE "C";
ALTER TABLE secret_letters ADD COLUMN unsure_at timestamptz;
CREATE INDEX secret_letters_recovery_id ON secret_letters (tenant_id, recovery_id);

-- RESET is a word to the service itself.
ALTER TABLE notices DROP CONSTRAINT notices_word_known;
ALTER TABLE notices ADD CONSTRAINT notices_word_known CHECK (word IN ('stop', 'start', 'help', 'status', 'reset'));

-- Somebody said that the password was not set by them: it opens nothing until another one is set, and not by the address by
-- which that change came.
ALTER TABLE accounts ADD COLUMN locked_at timestamptz;
ALTER TABLE accounts ADD COLUMN barred_address_id uuid;

-- The link in each notice of a change, by which its reader says that it was somebody else.
CREATE TABLE objections (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    changed_by uuid,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, token_hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX objections_account_id ON objections (tenant_id, account_id);
ALTER TABLE objections ENABLE ROW LEVEL SECURITY;
ALTER TABLE objections FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON objections USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
