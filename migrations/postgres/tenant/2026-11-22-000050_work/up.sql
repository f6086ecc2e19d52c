-- Work after the answer.

CREATE TABLE auto_letters (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    address text COLLATE "C" NOT NULL,
    case_id uuid,
    kind text COLLATE "C" NOT NULL,
    answered bytea NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX auto_letters_address_at ON auto_letters (tenant_id, address, at);
CREATE INDEX auto_letters_at ON auto_letters (tenant_id, at);
ALTER TABLE auto_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE auto_letters FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON auto_letters USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE jobs (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    subject_id uuid,
    payload text COLLATE "C" NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    leased_until timestamptz,
    last_error text COLLATE "C",
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX jobs_due_at_id ON jobs (tenant_id, due_at, id);
CREATE INDEX jobs_kind_subject_id ON jobs (tenant_id, kind, subject_id);
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON jobs USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE idempotency (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    credential text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    operation text COLLATE "C" NOT NULL,
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    headers text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, credential, key)
);
CREATE INDEX idempotency_created_at ON idempotency (tenant_id, created_at);
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON idempotency USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
