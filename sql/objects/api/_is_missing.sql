-- Do the server's words, of whatever language, say of this relation (schema.table, quoted as in SQL) that it does not exist? They
-- show its name as it was written, unquoted: with the schema, or without one that search_path has.
CREATE OR REPLACE FUNCTION pgstream._is_missing(label text, words text) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  parts CONSTANT text[] := pg_catalog.parse_ident(label);
  -- No letter, digit, _, $ or dot before and behind it; what means something in a pattern is escaped.
  pattern CONSTANT text := E'(?<![\\w$.])%s(?![\\w$.])';
  plain CONSTANT text := pg_catalog.regexp_replace(parts[2], E'(\\W)', E'\\\\\\1', 'g');
BEGIN
  RETURN words OPERATOR(pg_catalog.~) pg_catalog.format(pattern, pg_catalog.regexp_replace(parts[1], E'(\\W)', E'\\\\\\1', 'g') OPERATOR(pg_catalog.||) E'\\.' OPERATOR(pg_catalog.||) plain)
    OR parts[1] OPERATOR(pg_catalog.=) ANY (pg_catalog.current_schemas(false)::text[]) AND words OPERATOR(pg_catalog.~) pg_catalog.format(pattern, plain);
END
$$;
