-- Citizens' accounts, and the secrets by which they get in again.

CREATE TABLE accounts (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    password_hash text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    epoch bigint NOT NULL,
    password_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT accounts_status_known CHECK (status IN ('active', 'disabled'))
);
CREATE INDEX accounts_contact_id ON accounts (tenant_id, contact_id);
ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE accounts FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON accounts USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- The addresses that are proven to be an account's: no other gets in by them, and nothing else is recovered by.
CREATE TABLE account_addresses (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    verified_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, kind, normal),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX account_addresses_account_id ON account_addresses (tenant_id, account_id);
ALTER TABLE account_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_addresses FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON account_addresses USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE sign_ins (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    end_reason text COLLATE "C",
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE INDEX sign_ins_account_id ON sign_ins (tenant_id, account_id);
ALTER TABLE sign_ins ENABLE ROW LEVEL SECURITY;
ALTER TABLE sign_ins FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON sign_ins USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- One code that was sent to one address, for one purpose.
CREATE TABLE recoveries (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    account_id uuid,
    epoch bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    code_hash bytea NOT NULL,
    tries integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id),
    CONSTRAINT recoveries_purpose_known CHECK (purpose IN ('register', 'recover'))
);
CREATE UNIQUE INDEX recoveries_one_live ON recoveries (tenant_id, kind, normal) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX recoveries_normal_created_at ON recoveries (tenant_id, kind, normal, created_at);
ALTER TABLE recoveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE recoveries FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON recoveries USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- Letters that hold a secret. What is sealed is emptied as soon as it was sent.
CREATE TABLE secret_letters (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    contact_id uuid,
    purpose text COLLATE "C" NOT NULL,
    sealed bytea,
    state text COLLATE "C" NOT NULL,
    detail text COLLATE "C",
    attempts integer NOT NULL,
    created_at timestamptz NOT NULL,
    useless_at timestamptz NOT NULL,
    state_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT secret_letters_state_known CHECK (state IN ('queued', 'sent', 'failed'))
);
ALTER TABLE secret_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE secret_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON secret_letters USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
