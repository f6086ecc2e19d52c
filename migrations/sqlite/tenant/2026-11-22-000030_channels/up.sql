-- Channels, and the ledger of everything that came in.

CREATE TABLE channels (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    connector TEXT NOT NULL,
    name TEXT NOT NULL,
    address TEXT,
    state TEXT NOT NULL,
    sealed BLOB NOT NULL,
    cursor TEXT,
    health TEXT NOT NULL,
    health_kind TEXT,
    health_detail TEXT,
    health_since BIGINT,
    checked_at BIGINT,
    held_by TEXT,
    case_policy TEXT NOT NULL,
    fallback_channel_id TEXT,
    slow_since BIGINT,
    probed_at BIGINT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, fallback_channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT channels_state_known CHECK (state IN ('active', 'paused')),
    CONSTRAINT channels_case_policy_known CHECK (case_policy IN ('thread', 'open_case', 'new')),
    CONSTRAINT channels_health_known CHECK (health IN ('unknown', 'ok', 'failing'))
);

CREATE TABLE inbound_items (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    external_id TEXT NOT NULL,
    folder TEXT,
    epoch TEXT,
    sha256 BLOB NOT NULL,
    size BIGINT NOT NULL,
    raw BLOB,
    envelope TEXT NOT NULL,
    state TEXT NOT NULL,
    filed_as TEXT,
    reason TEXT,
    attempts INTEGER NOT NULL,
    network_id TEXT,
    message_id TEXT,
    case_id TEXT,
    duplicate_of TEXT,
    received_at BIGINT NOT NULL,
    settled_at BIGINT,
    simulated BOOLEAN NOT NULL,
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
