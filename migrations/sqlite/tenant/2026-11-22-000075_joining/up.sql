-- What joins the addresses of one person.

-- An address that somebody gave beside the one that they wrote from. Nobody has proved it, so that it names nobody.
CREATE TABLE given_addresses (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    contact_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    normal TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, contact_id, kind, normal),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX given_addresses_normal ON given_addresses (tenant_id, normal);

-- Two contacts of whom staff said that they are two people; the smaller id stands first.
CREATE TABLE different_people (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    one_id TEXT NOT NULL,
    other_id TEXT NOT NULL,
    said_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, one_id, other_id),
    FOREIGN KEY (tenant_id, one_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, other_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX different_people_other_id ON different_people (tenant_id, other_id);

-- A letter by which a person proves that an address is theirs: hashes of what stands in it.
CREATE TABLE proofs (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    normal TEXT NOT NULL,
    message_id TEXT NOT NULL,
    token_hash BLOB,
    code_hash BLOB NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, message_id) REFERENCES messages (tenant_id, id),
    CONSTRAINT proofs_state_known CHECK (state IN ('open', 'confirmed', 'replaced'))
);
CREATE INDEX proofs_normal_created_at ON proofs (tenant_id, normal, created_at);
CREATE INDEX proofs_token_hash ON proofs (tenant_id, token_hash);
CREATE INDEX proofs_created_at ON proofs (tenant_id, created_at);
