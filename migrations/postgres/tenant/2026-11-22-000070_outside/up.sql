-- What networks tell us beside messages, and what people outside hold in their hands.

-- What a network said became of a message. It may be told before the message's own name there is known: then it waits.
CREATE TABLE receipts (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    channel_id uuid NOT NULL,
    sent_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    detail text COLLATE "C",
    at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (tenant_id, channel_id, sent_id, state),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT receipts_state_known CHECK (state IN ('sent', 'delivered', 'read', 'failed'))
);
ALTER TABLE receipts ENABLE ROW LEVEL SECURITY;
ALTER TABLE receipts FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON receipts USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- A secret that leads one person to one case, without an account: the hash of it.
CREATE TABLE case_links (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    hash bytea NOT NULL,
    case_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT case_links_kind_known CHECK (kind IN ('status', 'chat'))
);
CREATE INDEX case_links_case_id ON case_links (tenant_id, case_id);
ALTER TABLE case_links ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_links FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON case_links USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- The numbers that people take at the counter: one row for each visit.
CREATE TABLE visits (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    case_id uuid NOT NULL,
    day text COLLATE "C" NOT NULL,
    number bigint,
    state text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, channel_id, day, number),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    CONSTRAINT visits_state_known CHECK (state IN ('waiting', 'called', 'done'))
);
CREATE INDEX visits_state_created_at_id ON visits (tenant_id, state, created_at, id);
ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
ALTER TABLE visits FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON visits USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
