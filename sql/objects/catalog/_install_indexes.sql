-- Makes the indexes of a plan, once its tables are filled: of a state table when it has none yet, of the stream table itself
-- only what it has not got. `which`: those of the state tables, of the stream table, or both. They are where their tables
-- are, whatever the session asks for.
CREATE OR REPLACE FUNCTION pgstream._install_indexes(id bigint, which text DEFAULT 'all') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET quote_all_identifiers = off
SET default_tablespace = ''
AS $$
DECLARE
  statement record;
BEGIN
  FOR statement IN
    SELECT i AS ddl, x.state, s.pgs_relid, CASE WHEN x.state IS NULL THEN coalesce(t.spcname, '') ELSE '' END AS space
    FROM pgstream.pgs_stream_tables s
    LEFT JOIN pg_class c ON c.oid = s.pgs_relid LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
    CROSS JOIN LATERAL jsonb_array_elements_text(s.plan #> '{install,indexes}') AS i
    CROSS JOIN LATERAL (
      SELECT (regexp_match(i, E'^CREATE (?:UNIQUE )?INDEX ON (pgstream_state\\.\\S+) '))[1]::regclass AS state,
        -- Of columns alone: it is printed as it was written.
        substring(i FROM E'^CREATE INDEX ON .* ((?:USING hash )?\\([^()]*\\))$') AS rest
    ) AS x
    WHERE s.pgs_id = id AND CASE
      WHEN x.state IS NOT NULL THEN which <> 'target' AND NOT EXISTS (SELECT FROM pg_index p WHERE p.indrelid = x.state)
      WHEN which = 'state' THEN false
      -- One that is a constraint of its owner's goes with that, and one that lets NULLs repeat does not tell a key with NULLs.
      WHEN i ~ '^CREATE UNIQUE ' THEN NOT EXISTS (
        SELECT FROM unnest(pgstream._own_indexes(s.pgs_relid, s.plan -> 'key')) AS o(oid) JOIN pg_index p ON p.indexrelid = o.oid
        WHERE p.indnullsnotdistinct = (i ~ ' NULLS NOT DISTINCT$') AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conindid = o.oid))
      WHEN x.rest IS NULL THEN pgstream._own_indexes(s.pgs_relid, NULL) = '{}'
      ELSE NOT EXISTS (
        SELECT FROM pg_index p WHERE p.indrelid = s.pgs_relid AND right(pg_get_indexdef(p.indexrelid), length(x.rest)) = x.rest) END
  LOOP
    PERFORM set_config('default_tablespace', statement.space, true);
    IF statement.state IS NULL THEN
      PERFORM pgstream._make_index(statement.pgs_relid, statement.ddl);
    ELSE
      EXECUTE statement.ddl;
    END IF;
  END LOOP;
END
$$;
