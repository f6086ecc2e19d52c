-- What joins the addresses of one person.

-- An address that somebody gave beside the one that they wrote from. Nobody has proved it, so that it names nobody.
CREATE TABLE given_addresses (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    contact_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, contact_id, kind, normal),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX given_addresses_normal ON given_addresses (tenant_id, normal);
ALTER TABLE given_addresses ENABLE ROW LEVEL SECURITY;
ALTER TABLE given_addresses FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON given_addresses USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- Two contacts of whom staff said that they are two people; the smaller id stands first.
CREATE TABLE different_people (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    one_id uuid NOT NULL,
    other_id uuid NOT NULL,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, one_id, other_id),
    FOREIGN KEY (tenant_id, one_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, other_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX different_people_other_id ON different_people (tenant_id, other_id);
ALTER TABLE different_people ENABLE ROW LEVEL SECURITY;
ALTER TABLE different_people FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON different_people USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);

-- A letter by which a person proves that an address is theirs: hashes of what stands in it.
CREATE TABLE proofs (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    normal text COLLATE "C" NOT NULL,
    message_id uuid NOT NULL,
    token_hash bytea,
    code_hash bytea NOT NULL,
    state text COLLATE "C" NOT NULL,
    tries INTEGER NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    CONSTRAINT proofs_state_known CHECK (state IN ('open', 'confirmed', 'replaced'))
);
CREATE INDEX proofs_normal_created_at ON proofs (tenant_id, normal, created_at);
CREATE INDEX proofs_token_hash ON proofs (tenant_id, token_hash);
CREATE INDEX proofs_created_at ON proofs (tenant_id, created_at);
ALTER TABLE proofs ENABLE ROW LEVEL SECURITY;
ALTER TABLE proofs FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON proofs USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
