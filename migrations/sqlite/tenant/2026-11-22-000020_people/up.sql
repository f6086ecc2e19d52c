-- The people outside.

CREATE TABLE contacts (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    name TEXT,
    language TEXT,
    preferred_channel TEXT,
    quiet_hours TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    folded_name TEXT,
    merged_into TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX contacts_updated_at_id ON contacts (tenant_id, updated_at, id);
CREATE INDEX contacts_folded_name ON contacts (tenant_id, folded_name);
CREATE INDEX contacts_merged_into ON contacts (tenant_id, merged_into);

CREATE TABLE identities (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    normal TEXT NOT NULL,
    verified_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, kind, normal),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX identities_contact_id ON identities (tenant_id, contact_id);
CREATE INDEX identities_normal ON identities (tenant_id, normal);
