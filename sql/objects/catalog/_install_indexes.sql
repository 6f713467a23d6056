-- Makes the indexes of a plan, once its tables are filled; of the stream table itself only what it has not got. `which`:
-- those of the state tables, of the stream table, or both.
CREATE OR REPLACE FUNCTION pgstream._install_indexes(id bigint, which text DEFAULT 'all') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET pg_stream.internal = 'on'
AS $$
DECLARE
  statement text;
BEGIN
  FOR statement IN
    SELECT i FROM pgstream.pgs_stream_tables s, jsonb_array_elements_text(s.plan #> '{install,indexes}') AS i
    WHERE s.pgs_id = id AND CASE WHEN i ~ E'^CREATE (UNIQUE )?INDEX ON pgstream_state\\.' THEN which <> 'target'
      ELSE which <> 'state' AND pgstream._own_indexes(s.pgs_relid, s.plan -> 'key') = '{}' END
  LOOP
    EXECUTE statement;
  END LOOP;
END
$$;
