-- Links by which staff set their first password, or a new one. What the link holds is kept as its hash alone.

CREATE TABLE staff_keys (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    staff_id uuid NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id),
    CONSTRAINT staff_keys_purpose_known CHECK (purpose IN ('invite', 'recover'))
);
CREATE UNIQUE INDEX staff_keys_token_hash ON staff_keys (tenant_id, token_hash);
CREATE UNIQUE INDEX staff_keys_one_live ON staff_keys (tenant_id, staff_id) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX staff_keys_staff_id_created_at ON staff_keys (tenant_id, staff_id, created_at);
ALTER TABLE staff_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON staff_keys USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
