-- Where an agency wants its log to be sent, and what was sent there.
CREATE TABLE webhooks (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    url text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    kinds text COLLATE "C",
    payload text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    state_reason text COLLATE "C",
    state_at timestamptz NOT NULL,
    sealed bytea NOT NULL,
    old_sealed bytea,
    old_until timestamptz,
    cursor bigint NOT NULL,
    failures integer NOT NULL,
    failing_since timestamptz,
    rests_until timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT webhooks_payload_known CHECK (payload IN ('thin', 'full')),
    CONSTRAINT webhooks_state_known CHECK (state IN ('enabled', 'disabled'))
);
ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON webhooks USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- A line of the log on its way to one of them. `held` waits for an earlier line of its case; one that has `passed` lets the
-- next one go before it.
CREATE TABLE webhook_deliveries (
    tenant_id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    event_id uuid NOT NULL,
    seq bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    case_id uuid,
    state text COLLATE "C" NOT NULL,
    held boolean NOT NULL,
    passed boolean NOT NULL,
    attempts integer NOT NULL,
    next_at timestamptz NOT NULL,
    first_failed_at timestamptz,
    last_status integer,
    last_error text COLLATE "C",
    delivered_at timestamptz,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, webhook_id, event_id),
    FOREIGN KEY (tenant_id, webhook_id) REFERENCES webhooks (tenant_id, id),
    CONSTRAINT webhook_deliveries_state_known CHECK (state IN ('waiting', 'delivered', 'dead'))
);
CREATE UNIQUE INDEX webhook_deliveries_seq ON webhook_deliveries (tenant_id, webhook_id, seq);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (tenant_id, webhook_id, state, held, next_at, seq);
CREATE INDEX webhook_deliveries_case ON webhook_deliveries (tenant_id, webhook_id, state, case_id, seq);
CREATE INDEX webhook_deliveries_failed ON webhook_deliveries (tenant_id, webhook_id, state, passed, first_failed_at);
CREATE INDEX webhook_deliveries_delivered_at ON webhook_deliveries (tenant_id, delivered_at);
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_deliveries FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON webhook_deliveries USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
