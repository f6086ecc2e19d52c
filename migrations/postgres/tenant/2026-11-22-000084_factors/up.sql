-- Second addresses, second factors, and the codes that people keep for the day when everything else is lost.

-- An address that somebody wants for their account. Until its code comes back it is nobody's, and opens nothing.
CREATE TABLE address_claims (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    epoch bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    code_hash bytea NOT NULL,
    tries integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE UNIQUE INDEX address_claims_one_live ON address_claims (tenant_id, account_id, kind, normal) WHERE ended_at IS NULL;
CREATE INDEX address_claims_normal_created_at ON address_claims (tenant_id, kind, normal, created_at);
ALTER TABLE address_claims ENABLE ROW LEVEL SECURITY;
ALTER TABLE address_claims FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON address_claims USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- The app that shows an account's holder a new code every half minute. Its secret is sealed.
CREATE TABLE authenticators (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    account_id uuid NOT NULL,
    sealed bytea NOT NULL,
    last_step bigint NOT NULL,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    disabled_at timestamptz,
    short_password_at timestamptz,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
ALTER TABLE authenticators ENABLE ROW LEVEL SECURITY;
ALTER TABLE authenticators FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON authenticators USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE saved_codes (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
ALTER TABLE saved_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE saved_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON saved_codes USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- Wrong second factors in a row. A right one takes the row away.
CREATE TABLE factor_tries (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    account_id uuid NOT NULL,
    failures integer NOT NULL,
    failed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
ALTER TABLE factor_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE factor_tries FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON factor_tries USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- When the holder last typed the password in a sign-in that goes on.
ALTER TABLE sign_ins ADD COLUMN confirmed_at timestamptz;
