-- What the installation knows: its tenants, who answers for which address, its operators.

CREATE TABLE tenants (
    id TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    swept_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE (slug),
    CONSTRAINT tenants_status_known CHECK (status IN ('active', 'suspended'))
);
CREATE INDEX tenants_status_swept_at_id ON tenants (status, swept_at, id);

CREATE TABLE routes (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    channel_id TEXT,
    PRIMARY KEY (kind, value),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
CREATE INDEX routes_tenant_id ON routes (tenant_id);

CREATE TABLE operator_keys (
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (id),
    UNIQUE (hash)
);

CREATE TABLE flags (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE letter_budgets (
    address_hash BLOB NOT NULL,
    hour BIGINT NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (address_hash, hour)
);

CREATE TABLE nodes (
    id TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (id)
);
