-- Does an analysed query name the column of a table, or only (if anything) read the row as a whole? The bit of attribute n
-- in a set of columns is n + 7 (sysattr.h).
CREATE OR REPLACE FUNCTION pgstream._is_named(tree text, relation oid, attnum smallint) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (
    SELECT FROM string_to_table(tree, ':relid ') AS part
    WHERE split_part(part, ' ', 1) = relation::text
      AND (attnum + 7)::text = ANY (string_to_array(substring(part, ':selectedCols [(]b([0-9 ]*)[)]'), ' ')))
$$;
