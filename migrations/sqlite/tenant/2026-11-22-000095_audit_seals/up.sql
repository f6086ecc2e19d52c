-- Seals over the log: each holds the hash of the lines since the one before it, and of that one.

CREATE TABLE audit_seals (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    n BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    hash BLOB NOT NULL,
    sealed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, n),
    CONSTRAINT audit_seals_in_order CHECK (n > 0 AND first_seq <= last_seq)
);
CREATE UNIQUE INDEX audit_seals_last_seq ON audit_seals (tenant_id, last_seq);
