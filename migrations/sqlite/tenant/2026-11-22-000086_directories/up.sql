-- Where an agency's accounts are held, if not here: one directory at most.
CREATE TABLE directories (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    kind TEXT NOT NULL,
    sealed BLOB NOT NULL,
    health TEXT NOT NULL,
    health_detail TEXT,
    health_since BIGINT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT directories_health_known CHECK (health IN ('ok', 'failing'))
);

-- The directory's own name of an account that is held there.
ALTER TABLE accounts ADD COLUMN directory_subject TEXT;
CREATE UNIQUE INDEX accounts_directory_subject ON accounts (tenant_id, directory_subject);
