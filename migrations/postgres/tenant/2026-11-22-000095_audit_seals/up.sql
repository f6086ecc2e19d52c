-- Seals over the log: each holds the hash of the lines since the one before it, and of that one.

CREATE TABLE audit_seals (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    n bigint NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    hash bytea NOT NULL,
    sealed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, n),
    CONSTRAINT audit_seals_in_order CHECK (n > 0 AND first_seq <= last_seq)
);
CREATE UNIQUE INDEX audit_seals_last_seq ON audit_seals (tenant_id, last_seq);
ALTER TABLE audit_seals ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_seals FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON audit_seals USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
