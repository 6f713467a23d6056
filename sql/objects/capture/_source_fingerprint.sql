-- Everything about a source table that capture functions and plans rely on. What differs between two fingerprints says
-- what to do (pgstream._recheck_source).
CREATE OR REPLACE FUNCTION pgstream._source_fingerprint(source oid, columns smallint[]) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
-- Planning takes several times as long as the rest.
SET plan_cache_mode = force_generic_plan
-- An expression is printed the same for everybody.
SET DateStyle = ISO
SET IntervalStyle = postgres
SET extra_float_digits = 1
SET quote_all_identifiers = off
SET standard_conforming_strings = on
AS $$
  SELECT jsonb_build_object(
    'name', pgstream._qualified_name(source),
    -- For whom its policies hold: false where there are none.
    'rowSecurity', CASE WHEN c.relrowsecurity THEN to_jsonb(concat_ws(' ', c.relowner, CASE WHEN c.relforcerowsecurity THEN 'forced' END))
      ELSE to_jsonb(false) END,
    'carriers', to_jsonb(pgstream._capture_carriers(source)),
    'names', (
      SELECT coalesce(jsonb_object_agg(a.attnum, a.attname), '{}') FROM pg_attribute a
      WHERE a.attrelid = source AND a.attnum = ANY (columns) AND NOT a.attisdropped),
    -- What a row as a whole is made of.
    'row', (SELECT jsonb_agg(a.attnum || ' ' || a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped),
    'types', (
      SELECT coalesce(jsonb_object_agg(a.attnum, concat_ws('/', a.atttypid, a.atttypmod, a.attcollation)), '{}')
      FROM pg_attribute a
      WHERE a.attrelid = source AND a.attnum = ANY (columns) AND NOT a.attisdropped),
    -- When each was last altered: with new files, its values may be others (ALTER COLUMN … TYPE … USING).
    'versions', (
      SELECT coalesce(jsonb_object_agg(a.attnum, concat_ws(' ', a.xmin, a.ctid)), '{}') FROM pg_attribute a
      WHERE a.attrelid = source AND a.attnum = ANY (columns) AND NOT a.attisdropped),
    -- Which transaction altered each last, and what it is: another one and the same, and it was altered and altered back. Of a
    -- source of which no column is captured, the first. (Not the row as a whole: attmissingval is printed for the session's TimeZone.)
    'altered', (
      SELECT coalesce(jsonb_object_agg(a.attnum, jsonb_build_array(a.xmin::text, md5(ROW(a.attname, a.atttypid, a.atttypmod,
        a.attcollation, a.attndims, a.attnotnull, a.atthasdef, a.atthasmissing, a.attgenerated, a.attidentity, a.attislocal, a.attinhcount,
        a.attstattarget, a.attstorage, a.attcompression, a.attoptions, a.attacl,
        (SELECT d.adbin::text FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum))::text))), '{}') FROM pg_attribute a
      WHERE a.attrelid = source AND NOT a.attisdropped AND (a.attnum = ANY (columns) OR a.attnum = (
        SELECT min(f.attnum) FROM pg_attribute f
        WHERE f.attrelid = source AND f.attnum > 0 AND NOT f.attisdropped AND NOT 0 < ANY (columns)))),
    -- When each of its partitions and children became one, and it one of another's.
    'links', (
      SELECT md5(coalesce(string_agg(concat_ws(' ', i.inhrelid, i.inhparent, i.xmin), ',' ORDER BY i.inhrelid, i.inhparent), ''))
      FROM pg_inherits i WHERE i.inhrelid = source OR i.inhparent = ANY ((SELECT pgstream._descendants(source))::oid[])),
    -- An expression as it is stored, by column numbers, and as it is printed, by their names.
    'generated', (
      SELECT coalesce(jsonb_object_agg(a.attnum, jsonb_build_array(md5(d.adbin::text), pg_get_expr(d.adbin, d.adrelid))), '{}')
      FROM pg_attribute a JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = source AND a.attnum = ANY (columns) AND a.attgenerated <> '' AND NOT a.attisdropped),
    'numbersDiffer', pgstream._numbers_differ(source),
    'obstacle', pgstream._capture_obstacle(source, columns),
    'notNull', (SELECT coalesce(jsonb_agg(f ORDER BY f), '[]') FROM unnest(filled) AS f WHERE f = ANY (columns)),
    -- One in which NULL is equal to NULL, or where there is none, is one in which it is not, too.
    'keys', (
      SELECT coalesce(jsonb_agg(DISTINCT array_to_string(k.columns, ' ') || u.words), '[]')
      FROM pgstream._unique_keys(source) AS k, (VALUES (false, ''), (true, ' NULLS NOT DISTINCT')) AS u(is_strict, words)
      WHERE NOT u.is_strict OR k.nulls_not_distinct OR k.columns <@ filled),
    -- Which joins are probes depends on them.
    'indexes', (
      SELECT coalesce(jsonb_agg(concat_ws('/', ic.relam, i.indkey::text, i.indisvalid, i.indpred IS NULL) ORDER BY i.indexrelid), '[]')
      FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid WHERE i.indrelid = source)
  )::text
  FROM pg_class c, pgstream._not_null_columns(source) AS filled WHERE c.oid = source
$$;
