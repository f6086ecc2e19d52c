-- The tenant itself and those who work for it.

CREATE TABLE tenant (
    tenant_id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    reference_prefix TEXT NOT NULL,
    locale TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    case_year INTEGER NOT NULL,
    case_last BIGINT NOT NULL,
    event_last BIGINT NOT NULL,
    search_version INTEGER NOT NULL,
    settings TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id)
);
-- One file holds one tenant: the constant expression lets no second row in.
CREATE UNIQUE INDEX tenant_one ON tenant ((tenant_id IS NOT NULL));

CREATE TABLE staff (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    status TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email),
    CONSTRAINT staff_role_known CHECK (role IN ('owner', 'admin', 'supervisor', 'agent', 'auditor')),
    CONSTRAINT staff_status_known CHECK (status IN ('active', 'disabled'))
);

CREATE TABLE teams (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE team_members (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    team_id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, team_id, staff_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)
);
CREATE INDEX team_members_staff_id ON team_members (tenant_id, staff_id);

CREATE TABLE sessions (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    refresh_hash BLOB NOT NULL,
    previous_hash BLOB,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, staff_id) REFERENCES staff (tenant_id, id)
);
CREATE INDEX sessions_staff_id ON sessions (tenant_id, staff_id);

CREATE TABLE api_keys (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    scopes TEXT NOT NULL,
    mode TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, hash),
    CONSTRAINT api_keys_mode_known CHECK (mode IN ('live', 'test'))
);
