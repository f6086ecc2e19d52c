-- The search index: tokens made by the program.

CREATE TABLE search_docs (
    tenant_id TEXT NOT NULL REFERENCES tenant (tenant_id),
    docid INTEGER NOT NULL,
    kind TEXT NOT NULL,
    ref_id TEXT NOT NULL,
    case_id TEXT,
    at BIGINT NOT NULL,
    tokens TEXT NOT NULL,
    PRIMARY KEY (docid),
    UNIQUE (tenant_id, docid),
    CONSTRAINT search_docs_kind_known CHECK (kind IN ('case', 'message', 'contact'))
);
CREATE INDEX search_docs_case_id ON search_docs (tenant_id, case_id);

-- The words of search_docs, kept in step by triggers.
CREATE VIRTUAL TABLE search_index USING fts5 (tokens, content = 'search_docs', content_rowid = 'docid',
    tokenize = "unicode61 remove_diacritics 0");
CREATE TRIGGER search_docs_insert AFTER INSERT ON search_docs BEGIN
    INSERT INTO search_index (rowid, tokens) VALUES (new.docid, new.tokens);
END;
CREATE TRIGGER search_docs_delete AFTER DELETE ON search_docs BEGIN
    INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.docid, old.tokens);
END;
CREATE TRIGGER search_docs_update AFTER UPDATE OF tokens ON search_docs BEGIN
    INSERT INTO search_index (search_index, rowid, tokens) VALUES ('delete', old.docid, old.tokens);
    INSERT INTO search_index (rowid, tokens) VALUES (new.docid, new.tokens);
END;
