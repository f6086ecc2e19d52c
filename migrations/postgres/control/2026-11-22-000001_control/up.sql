-- What the installation knows: its tenants, who answers for which address, its operators.

CREATE TABLE tenants (
    id uuid NOT NULL,
    slug text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    swept_at timestamptz NOT NULL DEFAULT 'epoch',
    PRIMARY KEY (id),
    UNIQUE (slug),
    CONSTRAINT tenants_status_known CHECK (status IN ('active', 'suspended'))
);
CREATE INDEX tenants_status_swept_at_id ON tenants (status, swept_at, id);

CREATE TABLE routes (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    tenant_id uuid NOT NULL,
    channel_id uuid,
    PRIMARY KEY (kind, value),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
CREATE INDEX routes_tenant_id ON routes (tenant_id);

CREATE TABLE operator_keys (
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    PRIMARY KEY (id),
    UNIQUE (hash)
);

CREATE TABLE flags (
    name text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE letter_budgets (
    address_hash bytea NOT NULL,
    hour bigint NOT NULL,
    used integer NOT NULL,
    PRIMARY KEY (address_hash, hour)
);

CREATE TABLE nodes (
    id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (id)
);
