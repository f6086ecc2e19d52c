-- Channels, and the ledger of everything that came in.

CREATE TABLE channels (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    connector text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    address text COLLATE "C",
    state text COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    cursor text COLLATE "C",
    health text COLLATE "C" NOT NULL,
    health_kind text COLLATE "C",
    health_detail text COLLATE "C",
    health_since timestamptz,
    checked_at timestamptz,
    held_by uuid,
    case_policy text COLLATE "C" NOT NULL,
    fallback_channel_id uuid,
    slow_since timestamptz,
    probed_at timestamptz,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, fallback_channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT channels_state_known CHECK (state IN ('active', 'paused')),
    CONSTRAINT channels_case_policy_known CHECK (case_policy IN ('thread', 'open_case', 'new')),
    CONSTRAINT channels_health_known CHECK (health IN ('unknown', 'ok', 'failing'))
);
ALTER TABLE channels ENABLE ROW LEVEL SECURITY;
ALTER TABLE channels FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON channels USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE inbound_items (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    folder text COLLATE "C",
    epoch text COLLATE "C",
    sha256 bytea NOT NULL,
    size bigint NOT NULL,
    raw bytea,
    envelope text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    filed_as text COLLATE "C",
    reason text COLLATE "C",
    attempts integer NOT NULL,
    network_id text COLLATE "C",
    message_id uuid,
    case_id uuid,
    duplicate_of uuid,
    received_at timestamptz NOT NULL,
    settled_at timestamptz,
    simulated boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, channel_id, external_id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, duplicate_of) REFERENCES inbound_items (tenant_id, id),
    CONSTRAINT inbound_items_state_known CHECK (state IN ('received', 'filed', 'duplicate', 'quarantined'))
);
CREATE INDEX inbound_items_state_received_at_id ON inbound_items (tenant_id, state, received_at, id);
CREATE INDEX inbound_items_sha256 ON inbound_items (tenant_id, sha256);
CREATE INDEX inbound_items_channel_id_network_id ON inbound_items (tenant_id, channel_id, network_id);
CREATE INDEX inbound_items_received_at_id ON inbound_items (tenant_id, received_at, id);
ALTER TABLE inbound_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE inbound_items FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON inbound_items USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
