-- Citizens' accounts, and the secrets by which they get in again.

CREATE TABLE accounts (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    password_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT accounts_status_known CHECK (status IN ('active', 'disabled'))
);
CREATE INDEX accounts_contact_id ON accounts (tenant_id, contact_id);

-- The addresses that are proven to be an account's: no other gets in by them, and nothing else is recovered by.
CREATE TABLE account_addresses (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    normal TEXT NOT NULL,
    verified_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, kind, normal),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX account_addresses_account_id ON account_addresses (tenant_id, account_id);

CREATE TABLE sign_ins (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    end_reason TEXT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX sign_ins_account_id ON sign_ins (tenant_id, account_id);

-- One code that was sent to one address, for one purpose.
CREATE TABLE recoveries (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    purpose TEXT NOT NULL,
    account_id TEXT,
    epoch BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    normal TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    CONSTRAINT recoveries_purpose_known CHECK (purpose IN ('register', 'recover'))
);
CREATE UNIQUE INDEX recoveries_one_live ON recoveries (tenant_id, kind, normal) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX recoveries_normal_created_at ON recoveries (tenant_id, kind, normal, created_at);

-- Letters that hold a secret. What is sealed is emptied as soon as it was sent.
CREATE TABLE secret_letters (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    contact_id TEXT,
    purpose TEXT NOT NULL,
    sealed BLOB,
    state TEXT NOT NULL,
    detail TEXT,
    attempts INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    useless_at BIGINT NOT NULL,
    state_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT secret_letters_state_known CHECK (state IN ('queued', 'sent', 'failed'))
);
