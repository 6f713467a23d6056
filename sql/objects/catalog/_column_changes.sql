-- The ALTER TABLE that gives a stream table other columns (the plan's, in their order); NULL when it has them. `keeps`:
-- columns of the same name stay what they are, at most with another type; otherwise their order is another one, and all
-- are made anew. Rows must have gone before; a snapshot that still has them would read NULL in all of these columns, so then the
-- table is rewritten as for another type, and such a snapshot sees it empty, as after any rewrite.
CREATE OR REPLACE FUNCTION pgstream._column_changes(relation oid, columns jsonb, plan jsonb, OUT ddl text, OUT keeps boolean)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  present name[] := ARRAY(SELECT a.attname FROM pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum);
  wanted name[] := ARRAY(SELECT c ->> 'name' FROM jsonb_array_elements(columns) WITH ORDINALITY AS u(c, i) ORDER BY i);
  common name[] := ARRAY(SELECT p FROM unnest(present) WITH ORDINALITY AS u(p, i) WHERE p = ANY (wanted) ORDER BY i);
BEGIN
  IF pgstream._columns_are_whole(relation, columns) THEN
    keeps := true;
    RETURN;
  END IF;
  keeps := common = wanted[:cardinality(common)];
  SELECT format('ALTER TABLE %s %s', pgstream._qualified_name(relation), string_agg(clause, ', ')) INTO ddl
  FROM (
    SELECT format('DROP COLUMN %I', p) AS clause FROM unnest(present) AS p WHERE NOT keeps OR p <> ALL (wanted)
    UNION ALL
    SELECT CASE WHEN keeps AND a.attname IS NOT NULL
      THEN format('ALTER COLUMN %1$s TYPE %2$s USING NULL', w.sql ->> 'name', w.sql ->> 'sql')
      ELSE format('ADD COLUMN %s %s', w.sql ->> 'name', w.sql ->> 'sql') END
    FROM (
      SELECT c.value AS facts, plan #> ARRAY['columns', (c.i - 1)::text] AS sql
      FROM jsonb_array_elements(columns) WITH ORDINALITY AS c(value, i)
    ) AS w
    LEFT JOIN pg_attribute a ON a.attrelid = relation AND a.attname = w.facts ->> 'name' AND a.attnum > 0 AND NOT a.attisdropped
    WHERE NOT keeps OR a.attname IS NULL
      OR (a.atttypid, a.atttypmod, a.attcollation) <> ((w.facts ->> 'type')::oid, (w.facts ->> 'typmod')::integer, (w.facts ->> 'collation')::oid)
  ) AS changes;
  IF NOT keeps THEN
    ddl := ddl || format('; ALTER TABLE %s ALTER COLUMN %s TYPE %s USING NULL',
      pgstream._qualified_name(relation), plan #>> '{columns,0,name}', plan #>> '{columns,0,sql}');
  END IF;
END
$$;
