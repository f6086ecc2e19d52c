-- The shared record.

CREATE TABLE topics (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    name text COLLATE "C" NOT NULL,
    description text COLLATE "C",
    fields text COLLATE "C" NOT NULL,
    team_id uuid,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id)
);
ALTER TABLE topics ENABLE ROW LEVEL SECURITY;
ALTER TABLE topics FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON topics USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE cases (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    reference text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    outcome text COLLATE "C",
    priority text COLLATE "C" NOT NULL,
    topic_id uuid,
    team_id uuid,
    assignee_id uuid,
    contact_id uuid NOT NULL,
    channel_id uuid,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz,
    merged_into uuid,
    fields text COLLATE "C" NOT NULL,
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
ALTER TABLE cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE cases FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON cases USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE case_tags (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    case_id uuid NOT NULL,
    tag text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, case_id, tag),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id)
);
CREATE INDEX case_tags_tag_case_id ON case_tags (tenant_id, tag, case_id);
ALTER TABLE case_tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE case_tags FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON case_tags USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE parties (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    case_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    through uuid NOT NULL,
    role text COLLATE "C" NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, case_id, contact_id, through),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, through) REFERENCES contacts (tenant_id, id),
    CONSTRAINT parties_role_known CHECK (role IN ('requester', 'participant'))
);
CREATE INDEX parties_contact_id_case_id ON parties (tenant_id, contact_id, case_id);
ALTER TABLE parties ENABLE ROW LEVEL SECURITY;
ALTER TABLE parties FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON parties USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE messages (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    case_id uuid NOT NULL,
    direction text COLLATE "C" NOT NULL,
    channel_id uuid,
    item_id uuid,
    author_kind text COLLATE "C" NOT NULL,
    author_id uuid,
    sender text COLLATE "C" NOT NULL,
    recipients text COLLATE "C" NOT NULL,
    copies text COLLATE "C" NOT NULL,
    subject text COLLATE "C",
    text text COLLATE "C" NOT NULL,
    fresh_text text COLLATE "C" NOT NULL,
    html text COLLATE "C",
    network_id text COLLATE "C",
    in_reply_to text COLLATE "C",
    refs text COLLATE "C" NOT NULL,
    automatic boolean NOT NULL,
    letter text COLLATE "C",
    public boolean NOT NULL,
    state text COLLATE "C" NOT NULL,
    state_detail text COLLATE "C",
    state_at timestamptz NOT NULL,
    attempts integer NOT NULL,
    sent_id text COLLATE "C",
    written_at timestamptz,
    filing text COLLATE "C" NOT NULL,
    first_channel_id uuid,
    parts integer,
    billed_in text COLLATE "C",
    created_at timestamptz NOT NULL,
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
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON messages USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- Which message names which other one in its chain, so that a parent that comes late still finds its children.
CREATE TABLE thread_refs (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    network_id text COLLATE "C" NOT NULL,
    message_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, network_id, message_id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id)
);
CREATE INDEX thread_refs_message_id ON thread_refs (tenant_id, message_id);
ALTER TABLE thread_refs ENABLE ROW LEVEL SECURITY;
ALTER TABLE thread_refs FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON thread_refs USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE attachments (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    message_id uuid,
    uploaded_by text COLLATE "C",
    name text COLLATE "C" NOT NULL,
    content_type text COLLATE "C" NOT NULL,
    size bigint NOT NULL,
    sha256 bytea NOT NULL,
    content_id text COLLATE "C",
    inline boolean NOT NULL,
    scan text COLLATE "C" NOT NULL,
    scan_detail text COLLATE "C",
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    CONSTRAINT attachments_scan_known CHECK (scan IN ('off', 'waiting', 'clean', 'infected', 'failed'))
);
CREATE INDEX attachments_message_id ON attachments (tenant_id, message_id);
CREATE INDEX attachments_scan_id ON attachments (tenant_id, scan, id);
CREATE INDEX attachments_sha256 ON attachments (tenant_id, sha256);
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachments FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON attachments USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE suggestions (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    case_id uuid NOT NULL,
    reason text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    FOREIGN KEY (tenant_id, case_id) REFERENCES cases (tenant_id, id),
    CONSTRAINT suggestions_state_known CHECK (state IN ('open', 'accepted', 'dismissed'))
);
CREATE INDEX suggestions_message_id ON suggestions (tenant_id, message_id);
CREATE INDEX suggestions_case_id ON suggestions (tenant_id, case_id);
ALTER TABLE suggestions ENABLE ROW LEVEL SECURITY;
ALTER TABLE suggestions FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON suggestions USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

CREATE TABLE events (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    seq bigint NOT NULL,
    id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    actor_kind text COLLATE "C" NOT NULL,
    actor_id uuid,
    case_id uuid,
    contact_id uuid,
    message_id uuid,
    data text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, seq),
    UNIQUE (tenant_id, id)
);
CREATE INDEX events_case_id_seq ON events (tenant_id, case_id, seq);
CREATE INDEX events_contact_id_seq ON events (tenant_id, contact_id, seq);
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON events USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
