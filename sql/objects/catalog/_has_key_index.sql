-- Whether the index that pg_stream made over the key of a stream table, or on the hashes of its rows, is there: in little time, of many.
-- False says nothing; pgstream._guard_obstacle does.
CREATE OR REPLACE FUNCTION pgstream._has_key_index(relation oid, key jsonb) RETURNS boolean
LANGUAGE sql STABLE
AS $$
  SELECT EXISTS (
    SELECT FROM pg_index i
    WHERE i.indrelid = relation AND CASE
        WHEN key IS NULL OR key = 'null' THEN pg_get_expr(i.indexprs, i.indrelid) LIKE 'hash_record_extended(%'
        WHEN key = '[]' THEN i.indisunique AND i.indexprs IS NOT NULL
        ELSE i.indisunique AND i.indnkeyatts = jsonb_array_length(key) END
      AND obj_description(i.indexrelid, 'pg_class') = 'pg_stream: made for refreshes')
$$;
