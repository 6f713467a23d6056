-- Makes the indexes of a plan, once its tables are filled; of the stream table itself only what it has not got. `which`:
-- those of the state tables, of the stream table, or both. They are where their tables are, whatever the session asks for.
CREATE OR REPLACE FUNCTION pgstream._install_indexes(id bigint, which text DEFAULT 'all') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
SET default_tablespace = ''
AS $$
DECLARE
  statement record;
BEGIN
  FOR statement IN
    SELECT i AS ddl, CASE WHEN x.is_state THEN '' ELSE coalesce(t.spcname, '') END AS space
    FROM pgstream.pgs_stream_tables s
    LEFT JOIN pg_class c ON c.oid = s.pgs_relid LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
    CROSS JOIN LATERAL jsonb_array_elements_text(s.plan #> '{install,indexes}') AS i
    CROSS JOIN LATERAL (SELECT i ~ E'^CREATE (UNIQUE )?INDEX ON pgstream_state\\.' AS is_state) AS x
    WHERE s.pgs_id = id AND CASE WHEN x.is_state THEN which <> 'target'
      ELSE which <> 'state' AND pgstream._own_indexes(s.pgs_relid, s.plan -> 'key') = '{}' END
  LOOP
    PERFORM set_config('default_tablespace', statement.space, true);
    EXECUTE statement.ddl;
  END LOOP;
END
$$;
