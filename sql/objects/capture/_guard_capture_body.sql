-- A capture function must not fail the writer: of a rename, a type or a dropped column that no event trigger told of it
-- notes for each statement that it is not known what changed, as TRUNCATE does, which says "recompute". Writing the functions
-- anew is left to that refresh (pgstream._recheck_source): writers would wait for each other.
--
-- So it does for a partition or child that has these triggers and is none of the source's any more: it can have been altered
-- by itself since. And for all while the source has other partitions or children than are known: what is written to these
-- goes with them when they are detached or dropped before that refresh.
--
-- The tests are constants in the plan (pgstream._row_state, pgstream._planned_carriers). An EXCEPTION block would cost each
-- statement a subtransaction with an id of its own, of which a transaction can have 64 before every snapshot gets slower. It is
-- there for virtual generated columns only, which the writer need not have computed: their expressions can fail.
CREATE OR REPLACE FUNCTION pgstream._guard_capture_body(source oid, columns smallint[], carriers oid[], reads text[], stamp text, body text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Nothing is computed.
  types CONSTANT text := (SELECT string_agg(format('pg_typeof(CASE WHEN false THEN %s END)::oid', read), ', ' ORDER BY i)
    FROM unnest(reads) WITH ORDINALITY AS u(read, i));
  -- One that has none takes every value.
  modified CONSTANT smallint[] := ARRAY(SELECT a.attnum FROM pg_attribute a
    WHERE a.attrelid = source AND a.attnum = ANY (columns) AND NOT a.attisdropped AND a.atttypmod <> -1 ORDER BY a.attnum);
  may_fail CONSTANT boolean := EXISTS (SELECT FROM pg_attribute a
    WHERE a.attrelid = source AND a.attnum = ANY (columns) AND a.attgenerated = 'v');
  -- What others can be partitions or children of.
  parents CONSTANT text := (SELECT string_agg(format('%L::pg_catalog.regclass', c.oid), ', ' ORDER BY c.oid) FROM pg_class c
    WHERE c.oid = ANY (carriers) AND c.relkind = (SELECT s.relkind FROM pg_class s WHERE s.oid = source));
  known CONSTANT text := md5(carriers::text);
  note CONSTANT text := format('INSERT INTO pgstream.truncations (source_relid, xid, seq, reason) SELECT %s, %s, ', source, stamp);
BEGIN
  RETURN format(
    E'  IF (pgstream._planned_carriers(%1$s, ARRAY[%2$s], %3$L) OR pgstream._seen_carried(%1$s, %3$L, pgstream._planned_at()))\n'
    '    AND (TG_RELID OPERATOR(pg_catalog.=) %1$s OR pgstream._descends(TG_RELID, %1$s))%4$s THEN\n',
    source, parents, known,
    CASE WHEN types IS NOT NULL THEN format(
      E'\n    AND pgstream._row_state(%L::pg_catalog.regclass, %L, %L::pg_catalog.int2[]) OPERATOR(pg_catalog.=) %L',
      source, types, modified, pgstream._row_state(source, types, modified)) ELSE '' END)
    || CASE WHEN may_fail THEN format(E'  BEGIN\n%s  EXCEPTION WHEN data_exception THEN\n    %s%L;\n  END;\n',
      body, note, 'a generated column of a source table could not be computed') ELSE body END
    || format(E'  ELSE\n    %s%L;\n  END IF;\n', note, 'a source table was altered');
END
$$;
