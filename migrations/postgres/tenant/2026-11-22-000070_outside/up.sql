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
    CONSTRAINT receipts_state_known CHECK (state IN ('sent', 'delivered', 'read', 'failed', 'opted_out'))
);
CREATE INDEX receipts_channel_id_at ON receipts (tenant_id, channel_id, at);
CREATE INDEX receipts_at ON receipts (tenant_id, at);
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

-- What a person said about being written to on one channel: it hangs on the address, whoever's it is now.
CREATE TABLE consents (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    channel_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    actor_kind text COLLATE "C" NOT NULL,
    actor_id uuid,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, channel_id, kind, normal),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT consents_state_known CHECK (state IN ('stopped', 'allowed')),
    CONSTRAINT consents_source_known CHECK (source IN ('keyword', 'network', 'staff'))
);
CREATE INDEX consents_normal ON consents (tenant_id, normal);
ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE consents FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON consents USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- A word to the service itself, such as STOP, and the short letter that answers it: neither belongs to a case.
CREATE TABLE notices (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    channel_id uuid NOT NULL,
    item_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    word text COLLATE "C" NOT NULL,
    said text COLLATE "C" NOT NULL,
    party text COLLATE "C" NOT NULL,
    text text COLLATE "C",
    network_id text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    state_detail text COLLATE "C",
    state_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    sent_id text COLLATE "C",
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, item_id) REFERENCES inbound_items (tenant_id, id),
    CONSTRAINT notices_word_known CHECK (word IN ('stop', 'start', 'help', 'status')),
    CONSTRAINT notices_state_known CHECK (state IN ('noted', 'queued', 'sending', 'sent', 'failed', 'unknown'))
);
CREATE INDEX notices_normal_created_at ON notices (tenant_id, normal, created_at);
ALTER TABLE notices ENABLE ROW LEVEL SECURITY;
ALTER TABLE notices FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON notices USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- What the agency's texts cost in a month: the parts that carriers bill, and when its budget was told to run out.
CREATE TABLE usage (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    month text COLLATE "C" NOT NULL,
    parts bigint NOT NULL,
    alarmed_at timestamptz,
    spent_at timestamptz,
    PRIMARY KEY (tenant_id, month)
);
ALTER TABLE usage ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON usage USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
