-- What about a stream table would let its rows change past a refresh, or keep a refresh from writing them; NULL when
-- nothing does. Its owner may index it, constrain it, and put statement and AFTER triggers on it.
CREATE OR REPLACE FUNCTION pgstream._guard_obstacle(relation oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN NOT EXISTS (SELECT FROM pg_trigger t
        WHERE t.tgrelid = relation AND t.tgfoid = 'pgstream._refuse_write'::regproc AND t.tgenabled = 'A')
      THEN 'The trigger that guards its rows is dropped or disabled.'
    WHEN EXISTS (SELECT FROM pg_inherits i WHERE relation IN (i.inhparent, i.inhrelid))
      THEN 'Through a parent or child rows would come and go.'
    -- TRIGGER_TYPE_ROW and TRIGGER_TYPE_BEFORE
    WHEN EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgtype & 3 = 3 AND t.tgenabled <> 'D')
      THEN 'A BEFORE trigger for each row could change what a refresh writes.'
    -- Before PostgreSQL 18 a deferred trigger runs as who commits.
    WHEN current_setting('server_version_num')::integer < 180000
        AND EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = relation AND t.tgdeferrable AND t.tgenabled <> 'D')
      THEN 'A deferrable trigger would run with the rights of whoever refreshes.'
    WHEN EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = relation AND r.ev_enabled <> 'D')
      THEN 'A rule could change what a refresh writes.'
    WHEN c.relrowsecurity AND c.relforcerowsecurity
      THEN 'Row-level security that is forced on the owner could hide rows from a refresh.'
    WHEN c.relpersistence = 'u'
      THEN 'A crash would empty it if it were unlogged.'
    WHEN s.plan IS NOT NULL AND s.broken_reason IS NULL AND NOT pgstream._columns_are_whole(relation, s.columns)
      THEN 'Its columns are no longer those of its query.'
    -- Rows of types that cannot be hashed have none.
    WHEN s.is_populated AND s.broken_reason IS NULL AND NOT EXISTS (
          -- One of its owner's may stand for it, but not where NULLs would repeat.
          SELECT FROM unnest(pgstream._own_indexes(relation, s.key)) AS o(oid) JOIN pg_index i ON i.indexrelid = o.oid
          WHERE i.indnullsnotdistinct OR (pgstream._null_keys(s.plan))[1] IS NOT TRUE)
        AND EXISTS (SELECT FROM jsonb_array_elements_text(s.plan #> '{install,indexes}') AS i
          WHERE i !~ E'^CREATE (UNIQUE )?INDEX ON pgstream_state\\.')
      THEN 'The index by which a refresh finds its rows is dropped.'
  END
  FROM pgstream.pgs_stream_tables s JOIN pg_class c ON c.oid = s.pgs_relid
  WHERE s.pgs_relid = relation
$$;
