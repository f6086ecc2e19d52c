-- Where an agency wants its log to be sent, and what was sent there.
CREATE TABLE webhooks (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    kinds TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL,
    state_reason TEXT,
    state_at BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    old_sealed BLOB,
    old_until BIGINT,
    cursor BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    failing_since BIGINT,
    rests_until BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhooks_payload_known CHECK (payload IN ('thin', 'full')),
    CONSTRAINT webhooks_state_known CHECK (state IN ('enabled', 'disabled'))
);

-- A line of the log on its way to one of them. `held` waits for an earlier line of its case; one that has `passed` lets the
-- next one go before it.
CREATE TABLE webhook_deliveries (
    tenant_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    kind TEXT NOT NULL,
    case_id TEXT,
    state TEXT NOT NULL,
    held BOOLEAN NOT NULL,
    passed BOOLEAN NOT NULL,
    attempts INTEGER NOT NULL,
    next_at BIGINT NOT NULL,
    first_failed_at BIGINT,
    last_status INTEGER,
    last_error TEXT,
    delivered_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, webhook_id, event_id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id),
    CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('waiting', 'delivered', 'dead'))
);
CREATE UNIQUE INDEX webhook_deliveries_seq ON webhook_deliveries (tenant_id, webhook_id, seq);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, webhook_id, state, held, next_at, seq);
CREATE INDEX webhook_deliveries_case ON webhook_deliveries (tenant_id, webhook_id, state, case_id, seq);
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (tenant_id, webhook_id, state, passed, first_failed_at);
CREATE INDEX webhook_deliveries_delivered_at ON webhook_deliveries (tenant_id, delivered_at);
