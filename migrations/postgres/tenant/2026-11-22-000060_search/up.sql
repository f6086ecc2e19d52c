-- The search index: tokens made by the program.

CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE search_docs (
    tenant_id uuid NOT NULL REFERENCES tenant (tenant_id),
    docid bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    ref_id uuid NOT NULL,
    case_id uuid,
    at timestamptz NOT NULL,
    tokens text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, docid),
    CONSTRAINT search_docs_kind_known CHECK (kind IN ('case', 'message', 'contact'))
);
CREATE INDEX search_docs_case_id ON search_docs (tenant_id, case_id);
ALTER TABLE search_docs ENABLE ROW LEVEL SECURITY;
ALTER TABLE search_docs FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON search_docs USING (tenant_id = current_setting('app.tenant_id')::uuid)
    WITH CHECK (tenant_id = current_setting('app.tenant_id')::uuid);
CREATE INDEX search_docs_tokens ON search_docs USING gin (tenant_id, to_tsvector('simple'::regconfig, tokens));

-- Text matching is not leakproof, so under row-level security it would lose its index. This function reads with a role
-- of its own, whose policy shows it every row, and pins the tenant itself.
DO $$ BEGIN
    CREATE ROLE civicdesk_search NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT ON search_docs TO civicdesk_search;
CREATE POLICY search ON search_docs FOR SELECT TO civicdesk_search USING (true);
CREATE FUNCTION search_find(query text) RETURNS TABLE (kind text, ref_id uuid, case_id uuid, at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT d.kind, d.ref_id, d.case_id, d.at FROM public.search_docs d
        WHERE d.tenant_id = current_setting('app.tenant_id')::uuid
          AND to_tsvector('simple'::regconfig, d.tokens) @@ query::tsquery
        ORDER BY d.at DESC, d.ref_id LIMIT 500
    $$;
REVOKE ALL ON FUNCTION search_find(text) FROM PUBLIC;

-- Which tenants have work: the one question that no single tenant's transaction can answer.
DO $$ BEGIN
    CREATE ROLE civicdesk_queue NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT ON jobs TO civicdesk_queue;
CREATE POLICY queue ON jobs FOR SELECT TO civicdesk_queue USING (true);
CREATE FUNCTION due_tenants(moment timestamptz, most integer) RETURNS TABLE (tenant_id uuid, due_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER ROWS 20 SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT j.tenant_id, min(j.due_at) FROM public.jobs j
        WHERE j.due_at <= moment AND (j.leased_until IS NULL OR j.leased_until <= moment)
        GROUP BY j.tenant_id ORDER BY 2, 1 LIMIT most
    $$;
REVOKE ALL ON FUNCTION due_tenants(timestamptz, integer) FROM PUBLIC;

-- Hand the functions over, then take back every right that the handing over needed.
GRANT CREATE ON SCHEMA public TO civicdesk_search, civicdesk_queue;
GRANT civicdesk_search, civicdesk_queue TO CURRENT_USER;
ALTER FUNCTION search_find(text) OWNER TO civicdesk_search;
ALTER FUNCTION due_tenants(timestamptz, integer) OWNER TO civicdesk_queue;
REVOKE civicdesk_search, civicdesk_queue FROM CURRENT_USER;
REVOKE CREATE ON SCHEMA public FROM civicdesk_search, civicdesk_queue;
