-- The shared record.

CREATE TABLE topics (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    fields TEXT NOT NULL,
    team_id TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id)
);

CREATE TABLE cases (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    reference TEXT NOT NULL,
    subject TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    priority TEXT NOT NULL,
    topic_id TEXT,
    team_id TEXT,
    assignee_id TEXT,
    contact_id TEXT NOT NULL,
    channel_id TEXT,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    merged_into TEXT,
    fields TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, reference),
    FOREIGN KEY (tenant_id, topic_id) REFERENCES topics (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES staff (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES cases (tenant_id, id),
    CONSTRAINT cases_status_known CHECK (status IN ('new', 'open', 'pending', 'resolved', 'closed')),
    CONSTRAINT cases_priority_known CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    CONSTRAINT cases_outcome_known CHECK (outcome IS NULL OR outcome IN ('done', 'declined', 'referred'))
);
CREATE INDEX cases_merged_into ON cases (tenant_id, merged_into);
CREATE INDEX cases_updated_at_id ON cases (tenant_id, updated_at, id);
CREATE INDEX cases_created_at_id ON cases (tenant_id, created_at, id);
CREATE INDEX cases_status_updated_at_id ON cases (tenant_id, status, updated_at, id);
CREATE INDEX cases_assignee_id_updated_at_id ON cases (tenant_id, assignee_id, updated_at, id);
CREATE INDEX cases_team_id_updated_at_id ON cases (tenant_id, team_id, updated_at, id);
CREATE INDEX cases_contact_id_updated_at_id ON cases (tenant_id, contact_id, updated_at, id);
CREATE INDEX cases_topic_id_updated_at_id ON cases (tenant_id, topic_id, updated_at, id);

CREATE TABLE case_tags (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    case_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (tenant_id, case_id, tag),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
);
CREATE INDEX case_tags_tag_case_id ON case_tags (tenant_id, tag, case_id);

CREATE TABLE parties (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    case_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    through TEXT NOT NULL,
    role TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, case_id, contact_id, through),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, through) REFERENCES contacts (tenant_id, id),
    CONSTRAINT parties_role_known CHECK (role IN ('requester', 'participant'))
);
CREATE INDEX parties_contact_id_case_id ON parties (tenant_id, contact_id, case_id);

CREATE TABLE messages (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    channel_id TEXT,
    item_id TEXT,
    author_kind TEXT NOT NULL,
    author_id TEXT,
    sender TEXT NOT NULL,
    recipients TEXT NOT NULL,
    copies TEXT NOT NULL,
    subject TEXT,
    text TEXT NOT NULL,
    fresh_text TEXT NOT NULL,
    html TEXT,
    network_id TEXT,
    in_reply_to TEXT,
    refs TEXT NOT NULL,
    automatic BOOLEAN NOT NULL,
    letter TEXT,
    public BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    state_detail TEXT,
    state_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    sent_id TEXT,
    written_at BIGINT,
    filing TEXT NOT NULL,
    first_channel_id TEXT,
    parts INTEGER,
    billed_in TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, first_channel_id) REFERENCES channels (tenant_id, id),
    FOREIGN KEY (tenant_id, item_id) REFERENCES inbound_items (tenant_id, id),
    CONSTRAINT messages_direction_known CHECK (direction IN ('inbound', 'outbound', 'note')),
    CONSTRAINT messages_author_kind_known CHECK (author_kind IN ('contact', 'staff', 'key', 'system')),
    CONSTRAINT messages_state_known CHECK (state IN ('received', 'noted', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown'))
);
CREATE INDEX messages_case_id_created_at_id ON messages (tenant_id, case_id, created_at, id);
CREATE INDEX messages_network_id ON messages (tenant_id, network_id);
CREATE INDEX messages_sent_id ON messages (tenant_id, sent_id);
CREATE INDEX messages_channel_id_created_at ON messages (tenant_id, channel_id, created_at);
CREATE INDEX messages_state_state_at_id ON messages (tenant_id, state, state_at, id);

-- Which message names which other one in its chain, so that a parent that comes late still finds its children.
CREATE TABLE thread_refs (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    network_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, network_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id)
);
CREATE INDEX thread_refs_message_id ON thread_refs (tenant_id, message_id);

CREATE TABLE attachments (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    message_id TEXT,
    uploaded_by TEXT,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 BLOB NOT NULL,
    content_id TEXT,
    inline BOOLEAN NOT NULL,
    scan TEXT NOT NULL,
    scan_detail TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    CONSTRAINT attachments_scan_known CHECK (scan IN ('off', 'waiting', 'clean', 'infected', 'failed'))
);
CREATE INDEX attachments_message_id ON attachments (tenant_id, message_id);
CREATE INDEX attachments_scan_id ON attachments (tenant_id, scan, id);
CREATE INDEX attachments_sha256 ON attachments (tenant_id, sha256);

CREATE TABLE suggestions (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    CONSTRAINT suggestions_state_known CHECK (state IN ('open', 'accepted', 'dismissed'))
);
CREATE INDEX suggestions_message_id ON suggestions (tenant_id, message_id);
CREATE INDEX suggestions_case_id ON suggestions (tenant_id, case_id);

CREATE TABLE events (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    seq BIGINT NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT,
    case_id TEXT,
    contact_id TEXT,
    message_id TEXT,
    data TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, seq),
    UNIQUE (tenant_id, id)
);
CREATE INDEX events_case_id_seq ON events (tenant_id, case_id, seq);
CREATE INDEX events_contact_id_seq ON events (tenant_id, contact_id, seq);
