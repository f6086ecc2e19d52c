-- What networks tell us beside messages, and what people outside hold in their hands.

-- What a network said became of a message. It may be told before the message's own name there is known: then it waits.
CREATE TABLE receipts (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    channel_id TEXT NOT NULL,
    sent_id TEXT NOT NULL,
    state TEXT NOT NULL,
    detail TEXT,
    at BIGINT NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (tenant_id, channel_id, sent_id, state),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT receipts_state_known CHECK (state IN ('sent', 'delivered', 'read', 'failed', 'opted_out'))
);
CREATE INDEX receipts_channel_id_at ON receipts (tenant_id, channel_id, at);
CREATE INDEX receipts_at ON receipts (tenant_id, at);

-- A secret that leads one person to one case, without an account: the hash of it.
CREATE TABLE case_links (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    hash BLOB NOT NULL,
    case_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (tenant_id, hash),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    CONSTRAINT case_links_kind_known CHECK (kind IN ('status', 'chat'))
);
CREATE INDEX case_links_case_id ON case_links (tenant_id, case_id);

-- The numbers that people take at the counter: one row for each visit.
CREATE TABLE visits (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    day TEXT NOT NULL,
    number BIGINT,
    state TEXT NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, channel_id, day, number),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    CONSTRAINT visits_state_known CHECK (state IN ('waiting', 'called', 'done'))
);
CREATE INDEX visits_state_created_at_id ON visits (tenant_id, state, created_at, id);

-- What a person said about being written to on one channel: it hangs on the address, whoever's it is now.
CREATE TABLE consents (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    channel_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    normal TEXT NOT NULL,
    state TEXT NOT NULL,
    source TEXT NOT NULL,
    reason TEXT,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, channel_id, kind, normal),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    CONSTRAINT consents_state_known CHECK (state IN ('stopped', 'allowed')),
    CONSTRAINT consents_source_known CHECK (source IN ('keyword', 'network', 'staff'))
);
CREATE INDEX consents_normal ON consents (tenant_id, normal);

-- A word to the service itself, such as STOP, and the short letter that answers it: neither belongs to a case.
CREATE TABLE notices (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    channel_id TEXT NOT NULL,
    item_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    normal TEXT NOT NULL,
    word TEXT NOT NULL,
    said TEXT NOT NULL,
    party TEXT NOT NULL,
    text TEXT,
    network_id TEXT NOT NULL,
    state TEXT NOT NULL,
    state_detail TEXT,
    state_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    sent_id TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, item_id) REFERENCES inbound_items (tenant_id, id),
    CONSTRAINT notices_word_known CHECK (word IN ('stop', 'start', 'help', 'status')),
    CONSTRAINT notices_state_known CHECK (state IN ('noted', 'queued', 'sending', 'sent', 'failed', 'unknown'))
);
CREATE INDEX notices_normal_created_at ON notices (tenant_id, normal, created_at);

-- What the agency's texts cost in a month: the parts that carriers bill, and when its budget was told to run out.
CREATE TABLE usage (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    month TEXT NOT NULL,
    parts BIGINT NOT NULL,
    alarmed_at BIGINT,
    spent_at BIGINT,
    PRIMARY KEY (tenant_id, month)
);
