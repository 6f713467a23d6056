-- Has a source without triggers compared at each refresh: a foreign table, a materialized view, whatever else changes
-- cannot be captured of. A stream table of its own keeps the content, and what differs is what changed; the caller's stream
-- tables read that one in its place. Says what it is called. Called again it takes the columns that there are now.
--
-- SECURITY INVOKER and without a search_path of its own: names are read as the caller means them.
CREATE OR REPLACE FUNCTION pgstream.compare_source(source text, name text DEFAULT NULL, schedule text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET pg_stream.internal = 'on'
AS $$
DECLARE
  relation CONSTANT pg_catalog.regclass := source::pg_catalog.regclass;
  id bigint := pgstream._copy_of(relation, current_user);
  query CONSTANT text := pgstream._copy_query(relation, id);
  wanted text := coalesce(name, pg_catalog.quote_ident((SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) relation) || '_compared'));
  known record;
BEGIN
  IF id IS NOT NULL AND name IS NOT NULL AND pgstream._id_of_name(name) IS DISTINCT FROM id THEN
    RAISE EXCEPTION '% is compared already', relation
      USING ERRCODE = 'duplicate_table',
        DETAIL = pg_catalog.format('Its copy is %s.', (SELECT pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name)
          FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id)),
        HINT = 'ALTER TABLE … RENAME TO … gives it another name.';
  END IF;
  -- The copy of something that was dropped and made again is found by its name.
  id := coalesce(id, (SELECT s.pgs_id FROM pgstream.pgs_stream_tables s WHERE s.is_copy AND s.pgs_id OPERATOR(pg_catalog.=) pgstream._id_of_name(wanted)));
  SELECT pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name) AS label, s.schedule, s.consistency_group INTO known
  FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id;
  IF id IS NULL THEN
    PERFORM pgstream.create_stream_table(wanted, query, coalesce(schedule, 'calculated'), 'FULL');
    id := pgstream._id_of_name(wanted);
  ELSE
    PERFORM pgstream.create_or_replace_stream_table(known.label, query, coalesce(schedule, known.schedule, 'calculated'), 'FULL', true, known.consistency_group);
  END IF;
  PERFORM pgstream._ask(id, 'compare');
  RETURN (SELECT pg_catalog.format('%I.%I', s.pgs_schema, s.pgs_name) FROM pgstream.pgs_stream_tables s WHERE s.pgs_id OPERATOR(pg_catalog.=) id);
END
$$;
