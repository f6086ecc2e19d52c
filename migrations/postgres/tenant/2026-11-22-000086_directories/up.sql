-- Where an agency's accounts are held, if not here: one directory at most.
CREATE TABLE directories (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    kind text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    health text COLLATE "C" NOT NULL,
    health_detail text COLLATE "C",
    health_since timestamptz NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id),
    CONSTRAINT directories_health_known CHECK (health IN ('ok', 'failing'))
);
ALTER TABLE directories ENABLE ROW LEVEL SECURITY;
ALTER TABLE directories FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON directories USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- The directory's own name of an account that is held there.
ALTER TABLE accounts ADD COLUMN directory_subject text COLLATE "C";
CREATE UNIQUE INDEX accounts_directory_subject ON accounts (tenant_id, directory_subject);
