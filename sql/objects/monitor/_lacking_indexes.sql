-- requires: monitor/_indexed_members
-- The indexes that the plans of stream tables ask for and that are not there. A plan that cannot come to a table by way of
-- another names both, though the one that is there serves as soon as the other is made.
CREATE OR REPLACE VIEW pgstream._lacking_indexes AS
SELECT s.pgs_id, m.relation, m.columns, w.purpose, coalesce(w."isTurned", false) AS is_turned,
  w.expressions, w.method
FROM pgstream.pgs_stream_tables s
CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(s.missing_indexes) AS w(relation pg_catalog.oid, columns pg_catalog.jsonb, purpose pg_catalog.text, "isTurned" pg_catalog.bool,
  expressions pg_catalog.jsonb, method pg_catalog.text)
CROSS JOIN LATERAL pgstream._indexed_members(w.relation, w.columns) AS m
-- Of an expression the compiler tells whether there is an index: that made the plan, unless it is to be made anew, and there
-- is one on an expression over such columns.
WHERE CASE WHEN w.expressions IS NOT NULL THEN NOT (s.needs_replan AND EXISTS (
  SELECT FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_depend d ON d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid OPERATOR(pg_catalog.=) i.indexrelid
    AND d.refclassid OPERATOR(pg_catalog.=) d.classid AND d.refobjid OPERATOR(pg_catalog.=) i.indrelid
  WHERE i.indrelid OPERATOR(pg_catalog.=) m.relation AND i.indisvalid AND i.indkey[0] OPERATOR(pg_catalog.=) 0
    AND m.columns OPERATOR(pg_catalog.@>) pg_catalog.to_jsonb(d.refobjsubid))) ELSE NOT EXISTS (
  SELECT FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
  JOIN pg_catalog.pg_am am ON am.oid OPERATOR(pg_catalog.=) c.relam
  WHERE i.indrelid OPERATOR(pg_catalog.=) m.relation AND i.indisvalid AND i.indpred IS NULL
    AND am.amname OPERATOR(pg_catalog.=) ANY (CASE WHEN w.method IS NULL THEN '{btree,hash}' ELSE ARRAY[w.method] END::pg_catalog.name[])
    AND CASE WHEN w.method IS NOT NULL THEN EXISTS (
        SELECT FROM pg_catalog.unnest(i.indkey::pg_catalog.int4[]) AS u(attnum) WHERE m.columns OPERATOR(pg_catalog.@>) pg_catalog.to_jsonb(u.attnum))
      WHEN w.purpose OPERATOR(pg_catalog.=) ANY ('{order,near}'::pg_catalog.text[])
      -- The key in any order of its columns, then what the rows are ordered by.
      THEN am.amname OPERATOR(pg_catalog.=) 'btree'
        -- Read in their order up and down: ASC NULLS LAST or DESC NULLS FIRST, or the other two, where the query is sorted so.
        AND i.indoption[pg_catalog.jsonb_array_length(m.columns) OPERATOR(pg_catalog.-) 1]::pg_catalog.int4
          OPERATOR(pg_catalog.=) ANY (CASE WHEN w."isTurned" THEN '{1,2}' ELSE '{0,3}' END::pg_catalog.int4[]) AND (
        SELECT m.columns OPERATOR(pg_catalog.@>) pg_catalog.jsonb_agg(u.attnum)
          AND pg_catalog.jsonb_agg(u.attnum) OPERATOR(pg_catalog.@>) m.columns
          AND (pg_catalog.jsonb_agg(u.attnum ORDER BY u.i) OPERATOR(pg_catalog.->) (-1)) OPERATOR(pg_catalog.=) (m.columns OPERATOR(pg_catalog.->) (-1))
        FROM pg_catalog.unnest(i.indkey::pg_catalog.int4[]) WITH ORDINALITY AS u(attnum, i)
        WHERE u.i OPERATOR(pg_catalog.<=) pg_catalog.jsonb_array_length(m.columns))
      ELSE m.columns OPERATOR(pg_catalog.@>) pg_catalog.to_jsonb(i.indkey[0]) END) END;
GRANT SELECT ON pgstream._lacking_indexes TO PUBLIC;
