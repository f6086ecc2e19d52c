-- Links by which staff set their first password, or a new one. What the link holds is kept as its hash alone.

CREATE TABLE staff_keys (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    version BIGINT NOT NULL,
    token_hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id),
    CONSTRAINT staff_keys_purpose_known CHECK (purpose IN ('invite', 'recover'))
);
CREATE UNIQUE INDEX staff_keys_token_hash ON staff_keys (tenant_id, token_hash);
CREATE UNIQUE INDEX staff_keys_one_live ON staff_keys (tenant_id, staff_id) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX staff_keys_staff_id_created_at ON staff_keys (tenant_id, staff_id, created_at);
