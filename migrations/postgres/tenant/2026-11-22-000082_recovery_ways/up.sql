-- More ways in again than a typed code.

-- The link beside the code: two keys of one row.
ALTER TABLE recoveries ADD COLUMN token_hash bytea;
CREATE UNIQUE INDEX recoveries_token_hash ON recoveries (tenant_id, token_hash) WHERE token_hash IS NOT NULL;
CREATE UNIQUE INDEX recoveries_one_live_of_account ON recoveries (tenant_id, account_id, purpose)
    WHERE used_at IS NULL AND ended_at IS NULL;
