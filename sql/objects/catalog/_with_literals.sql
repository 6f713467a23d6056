-- A compile request with the texts of its constants of types of extensions, whose bytes the compiler cannot read: which
-- type, the bytes as the tree has them, the text. The server prints the text of each constant somewhere in the query or in a
-- view below it, but not which it is; so every text there is read by the server once more, and the bytes tell. Types that a
-- superuser made only (base types, arrays of them): others have functions of their own to read them.
CREATE OR REPLACE FUNCTION pgstream._with_literals(request jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
SET quote_all_identifiers = off
SET client_min_messages = warning
SET pg_stream.internal = 'on'
AS $$
DECLARE
  constant CONSTANT text := '[{]CONST :consttype ([0-9]+) :consttypmod -?[0-9]+ :constcollid [0-9]+ :constlen -?[0-9]+ '
    || ':constbyval (?:true|false) :constisnull false :location -?[0-9]+ :constvalue ([0-9]+ [[][ 0-9-]*[]])';
  -- A name in quotes, so that a quote in it opens nothing; a text, and the type behind it.
  token CONSTANT text := E'"(?:[^"]|"")*"|(E''(?:[^''\\\\]|\\\\.|'''')*''|''(?:[^'']|'''')*'')::((?:"(?:[^"]|"")*"|[A-Za-z0-9_$.])+(?:\\[\\])*)|''(?:[^'']|'''')*''';
  wanted text[];
  types oid[];
  candidates text[];
  texts text[];
  found jsonb;
BEGIN
  SELECT array_agg(DISTINCT concat_ws(' ', m[1], m[2])), array_agg(DISTINCT t.oid) INTO wanted, types
  FROM (
    SELECT request ->> 'tree'
    UNION ALL SELECT r.value ->> 'tree' FROM jsonb_each(request -> 'relations') AS r
  ) AS trees(tree)
  CROSS JOIN LATERAL regexp_matches(tree, constant, 'g') AS m
  JOIN pg_type t ON t.oid = m[1]::oid
  LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typsubscript = 'array_subscript_handler'::regproc
  -- Before 16384 are the server's own.
  WHERE t.oid >= 16384 AND t.typtype = 'b' AND coalesce(e.typtype, 'b') = 'b'
    AND coalesce(e.typname, t.typname) <> 'citext';
  IF wanted IS NULL OR wanted <@ ARRAY(
    SELECT concat_ws(' ', l ->> 'type', l ->> 'value') FROM jsonb_array_elements(request -> 'literals') AS l) THEN
    RETURN request;
  END IF;
  SELECT array_agg(format('%s::%s', c.quoted, format_type(c.type, NULL)) ORDER BY c.quoted, c.type),
    array_agg(c.quoted ORDER BY c.quoted, c.type) INTO candidates, texts
  FROM (
    SELECT DISTINCT m[1] AS quoted, to_regtype(m[2])::oid AS type
    FROM (
      SELECT request ->> 'definition'
      UNION ALL SELECT pgstream._view_definition(r.key::oid) FROM jsonb_each(request -> 'relations') AS r WHERE r.value ->> 'kind' = 'v'
    ) AS printed(text)
    CROSS JOIN LATERAL regexp_matches(text, token, 'g') AS m
    WHERE to_regtype(m[2]) = ANY (types)
    -- A target list has room for 1,664.
    LIMIT 1600
  ) AS c;
  IF candidates IS NULL THEN
    RETURN request;
  END IF;
  EXECUTE 'CREATE TEMPORARY VIEW pg_temp."pg_stream literals" AS SELECT '
    || (SELECT string_agg(format('%s AS c%s', c, i), ', ' ORDER BY i) FROM unnest(candidates) WITH ORDINALITY AS u(c, i));
  EXECUTE format('SELECT ARRAY[%s]', array_to_string(texts, ', ')) INTO texts;
  SELECT jsonb_agg(jsonb_build_object('type', m[1]::bigint, 'value', m[2], 'text', texts[i])) INTO found
  FROM regexp_matches(pgstream._rule_tree('pg_temp."pg_stream literals"'::regclass), constant, 'g') WITH ORDINALITY AS u(m, i)
  WHERE concat_ws(' ', m[1], m[2]) = ANY (wanted);
  DROP VIEW pg_temp."pg_stream literals";
  RETURN CASE WHEN found IS NULL THEN request ELSE jsonb_set(request, '{literals}', found) END;
END
$$;
