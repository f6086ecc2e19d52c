-- Work after the answer.

CREATE TABLE auto_letters (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    address TEXT NOT NULL,
    case_id TEXT,
    kind TEXT NOT NULL,
    answered BLOB NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX auto_letters_address_at ON auto_letters (tenant_id, address, at);
CREATE INDEX auto_letters_at ON auto_letters (tenant_id, at);

CREATE TABLE jobs (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject_id TEXT,
    payload TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    leased_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX jobs_due_at_id ON jobs (tenant_id, due_at, id);
CREATE INDEX jobs_kind_subject_id ON jobs (tenant_id, kind, subject_id);

CREATE TABLE idempotency (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    credential TEXT NOT NULL,
    key TEXT NOT NULL,
    operation TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, credential, key)
);
CREATE INDEX idempotency_created_at ON idempotency (tenant_id, created_at);
