-- Second addresses, second factors, and the codes that people keep for the day when everything else is lost.

-- An address that somebody wants for their account. Until its code comes back it is nobody's, and opens nothing.
CREATE TABLE address_claims (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    epoch BIGINT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    normal TEXT NOT NULL,
    code_hash BLOB NOT NULL,
    tries INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);
CREATE UNIQUE INDEX address_claims_one_live ON address_claims (tenant_id, account_id, kind, normal) WHERE ended_at IS NULL;
CREATE INDEX address_claims_normal_created_at ON address_claims (tenant_id, kind, normal, created_at);

-- The app that shows an account's holder a new code every half minute. Its secret is sealed.
CREATE TABLE authenticators (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    account_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    disabled_at BIGINT,
    short_password_at BIGINT,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);

CREATE TABLE saved_codes (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    hash BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, hash),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);

-- Wrong second factors in a row. A right one takes the row away.
CREATE TABLE factor_tries (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    account_id TEXT NOT NULL,
    failures INTEGER NOT NULL,
    failed_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES accounts (tenant_id, id)
);

-- When the holder last typed the password in a sign-in that goes on.
ALTER TABLE sign_ins ADD COLUMN confirmed_at BIGINT;
