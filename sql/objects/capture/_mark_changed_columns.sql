-- Marks the readers of columns of a source that are gone or of another type than when they were planned, given names and
-- types as they were and as they are (pgstream._source_fingerprint, pgstream._column_fingerprint).
CREATE OR REPLACE FUNCTION pgstream._mark_changed_columns(source oid, before jsonb, after jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  label CONSTANT text := pgstream._qualified_name(source);
  changed record;
BEGIN
  FOR changed IN
    SELECT b.key::smallint AS attnum, before -> 'names' ->> b.key AS name, a.value IS NULL AS dropped,
      split_part(b.value, '/', 1)::bigint AS type, split_part(b.value, '/', 2)::integer AS typmod,
      split_part(a.value, '/', 1) = split_part(b.value, '/', 1) AND split_part(a.value, '/', 3) = split_part(b.value, '/', 3) AS resized
    FROM jsonb_each_text(before -> 'types') AS b LEFT JOIN jsonb_each_text(after -> 'types') AS a ON a.key = b.key
    WHERE a.value IS DISTINCT FROM b.value
  LOOP
    -- Only the modifier, varchar(5) to varchar(10): it matters to those whose own columns have it from this one.
    IF changed.resized THEN
      PERFORM pgstream._mark_stream_tables(ARRAY[s.pgs_id], CASE WHEN EXISTS (
          SELECT FROM jsonb_array_elements(s.columns) AS c
          WHERE (c ->> 'type')::bigint = changed.type AND (c ->> 'typmod')::integer = changed.typmod) THEN 'redefine' ELSE 'reinit' END,
        format('the type of column %I of source table %s was changed', changed.name, label))
      FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id)
      WHERE d.source_relid = source AND changed.attnum = ANY (d.columns);
    ELSIF changed.dropped THEN
      -- Who does not name it has it in a row as a whole, of which it is no part any more.
      PERFORM pgstream._mark_stream_tables(ARRAY[s.pgs_id],
        CASE WHEN pgstream._is_named(s.tree, source, changed.attnum) THEN 'broken' ELSE 'reinit' END,
        format('column %I of source table %s was dropped', changed.name, label))
      FROM pgstream.pgs_dependencies d JOIN pgstream.pgs_stream_tables s USING (pgs_id)
      WHERE d.source_relid = source AND changed.attnum = ANY (d.columns);
    ELSE
      PERFORM pgstream._mark_dependents(source, ARRAY[changed.attnum], 'redefine',
        format('the type of column %I of source table %s was changed', changed.name, label));
    END IF;
  END LOOP;
END
$$;
