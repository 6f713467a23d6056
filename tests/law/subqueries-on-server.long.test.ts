/** Subqueries in expressions and LATERAL ones, over tables with NULLs and duplicates, changed on every side. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectExact } from '../oracle/oracle.ts'
import { type FreshDatabase, freshDatabase } from '../support/server.ts'

let database: FreshDatabase

beforeAll(async () => {
  database = await freshDatabase()
  await database.client.query(`
    CREATE TABLE a (id int PRIMARY KEY, k int, x int, z text, v numeric);
    CREATE TABLE b (id int, k int, y int, w numeric);
    CREATE TABLE c (id int PRIMARY KEY, k int NOT NULL, x int NOT NULL);
    CREATE INDEX ON a (k); CREATE INDEX ON b (k); CREATE INDEX ON c (k);
    CREATE FUNCTION times(numeric, numeric) RETURNS numeric LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 1) * coalesce($2, 1)';
    CREATE AGGREGATE product(numeric) (sfunc = times, stype = numeric, initcond = '1');
    CREATE FUNCTION later(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $2';
    CREATE AGGREGATE latest(int) (sfunc = later, stype = int);
    CREATE FUNCTION added(int[], int) RETURNS int[] LANGUAGE sql IMMUTABLE AS 'SELECT array_append($1, $2)';
    CREATE FUNCTION shown(int[], int, int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT coalesce((SELECT array_agg(v ORDER BY v)::text FROM unnest($1) AS v), ''no'') || '' '' || coalesce($2 + $3, -1)';
    CREATE AGGREGATE listed(int, int ORDER BY int) (sfunc = added, stype = int[], finalfunc = shown)`)
})

afterAll(async () => {
  await database?.close()
})

const FILL = `TRUNCATE a, b, c;
  INSERT INTO a VALUES (1, 1, 10, 'p', 1.0), (2, 1, 20, 'q', 1.00), (3, 2, 10, NULL, 2), (4, NULL, 10, 'r', NULL), (5, 3, NULL, 's', 3.5);
  INSERT INTO b VALUES (1, 1, 10, 1.5), (1, 1, 10, 1.50), (2, 4, 20, NULL), (3, NULL, 30, 2), (4, 2, NULL, 0);
  INSERT INTO c VALUES (1, 1, 10), (2, 2, 20), (3, 1, 30)`

const CHANGES = [
  'INSERT INTO b VALUES (5, 3, 10, 1), (6, NULL, 20, 1)',
  'DELETE FROM b WHERE id = 1',
  'UPDATE a SET k = 4 WHERE id = 1; UPDATE b SET k = 1 WHERE k = 4',
  `INSERT INTO a VALUES (6, 1, 20, 't', 1), (7, NULL, NULL, 'u', 2); DELETE FROM b WHERE k = 1; INSERT INTO b VALUES (7, 1, 15, 1), (8, 4, 20, 2); DELETE FROM c WHERE id = 2`,
  'UPDATE a SET k = CASE k WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE k END; UPDATE b SET k = CASE k WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE k END; UPDATE c SET k = 3 - k',
  'DELETE FROM b WHERE k = 2; INSERT INTO b VALUES (9, 2, 20, 3.0); DELETE FROM b WHERE id = 9; DELETE FROM a WHERE id = 3',
  'UPDATE b SET y = NULL WHERE id = 8; UPDATE a SET x = 20',
  'DELETE FROM b',
  'INSERT INTO b SELECT i, i % 3, i * 5, i FROM generate_series(1, 9) AS i; DELETE FROM a WHERE id > 4',
  'DELETE FROM c; INSERT INTO a SELECT i, i % 4, i * 5, NULL, i FROM generate_series(10, 14) AS i',
  `DELETE FROM a; INSERT INTO a VALUES (1, 1, 1, 'v', 1); INSERT INTO c VALUES (7, 1, 1)`,
]

const QUERIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'aggregates of your own, whatever they are over no rows': {
    equal: 'SELECT id, (SELECT product(y) FROM b WHERE b.k = a.k) AS p FROM a',
    ordered: 'SELECT id, (SELECT latest(y ORDER BY y NULLS FIRST) FROM b WHERE b.k = a.k) AS l FROM a',
    unequal: 'SELECT id, (SELECT product(DISTINCT y) FROM b WHERE b.y > a.x) AS p FROM a',
    ofBoth: 'SELECT id, (SELECT product(y + a.x) FROM b WHERE b.k > a.k) AS p FROM a',
    within: 'SELECT id, (SELECT listed(1, 2) WITHIN GROUP (ORDER BY y) FROM b WHERE b.k = a.k) AS l FROM a',
    ofRow:
      'SELECT id, (SELECT listed(a.x, 2 * a.id) WITHIN GROUP (ORDER BY y DESC) || count(*) FROM b WHERE b.k = a.k) AS l FROM a',
    ofAny:
      'SELECT id, (SELECT listed(a.x, 3) WITHIN GROUP (ORDER BY y) FILTER (WHERE y > a.x) FROM b WHERE b.k <> a.k) AS l FROM a',
    ofEach:
      'SELECT a.id, l.l FROM a LEFT JOIN LATERAL (SELECT listed(a.k, a.id) WITHIN GROUP (ORDER BY b.y + a.x) AS l FROM b WHERE b.k = a.k HAVING count(*) <> 1) AS l ON true',
    asked: 'SELECT id FROM a WHERE (SELECT product(y) FROM b WHERE b.k = a.k) = 1',
    lateral:
      'SELECT id, l.p, l.n FROM a LEFT JOIN LATERAL (SELECT product(y) AS p, count(*) AS n FROM b WHERE b.k = a.k HAVING count(*) <> 1) AS l ON true',
  },
  'in WHERE': {
    exists: 'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k)',
    notExists: 'SELECT id, z FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k AND b.y > 10)',
    notExistsUnknown: 'SELECT id FROM a WHERE NOT EXISTS (SELECT FROM b WHERE b.k = a.k AND a.x > 10)',
    fullJoinUnknown: 'SELECT a.id, b.y FROM a FULL JOIN b ON a.k = b.k AND b.y < 20 AND a.x > 10',
    existsLimit:
      'SELECT id, EXISTS (SELECT 1 FROM b WHERE b.y = a.x LIMIT 1) AS e FROM a WHERE NOT EXISTS (SELECT k FROM b WHERE b.k = a.k ORDER BY y LIMIT 3 OFFSET 0) OR EXISTS (SELECT FROM c WHERE c.k = a.k LIMIT NULL)',
    existsNone: 'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k ORDER BY y LIMIT 0)',
    existsSecond: 'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k ORDER BY y LIMIT 1 OFFSET 1)',
    existsAlone: 'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE y > 20)',
    existsAny: 'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.y > a.x AND b.k <> a.k)',
    in: 'SELECT id FROM a WHERE x IN (SELECT y FROM b)',
    notIn: 'SELECT id FROM a WHERE x NOT IN (SELECT y FROM b)',
    notInCorrelated: 'SELECT id FROM a WHERE x NOT IN (SELECT y FROM b WHERE b.k = a.k)',
    notInPresent: 'SELECT id FROM c WHERE x NOT IN (SELECT x FROM c AS d WHERE d.k <> c.k)',
    inRow: 'SELECT id FROM a WHERE (k, x) IN (SELECT k, y FROM b)',
    notInRow: 'SELECT id FROM a WHERE (k, x) NOT IN (SELECT k, y FROM b)',
    any: 'SELECT id FROM a WHERE x < ANY (SELECT y FROM b WHERE b.k = a.k)',
    all: 'SELECT id FROM a WHERE x <= ALL (SELECT y FROM b WHERE b.k = a.k)',
    allRow: 'SELECT id FROM a WHERE (k, x) < ALL (SELECT k, y FROM b)',
    notAll: 'SELECT id FROM a WHERE x <> ALL (SELECT y FROM b WHERE y IS NOT NULL)',
    nested:
      'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k AND EXISTS (SELECT FROM c WHERE c.k = b.k AND c.x <> a.x))',
    ofGroups: 'SELECT id FROM a WHERE k IN (SELECT k FROM b GROUP BY k HAVING count(*) > 1)',
    ofUnion:
      'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k UNION ALL SELECT FROM c WHERE c.x = a.x)',
    ofTotal: 'SELECT id FROM a WHERE EXISTS (SELECT count(*) FROM b WHERE b.k = a.k HAVING count(*) <> 1)',
    inTotal: 'SELECT id FROM a WHERE x IN (SELECT max(y) FROM b WHERE b.k = a.k)',
  },
  'under OR beside what needs no subquery': {
    several:
      'SELECT id FROM a WHERE x = 20 OR EXISTS (SELECT FROM b WHERE b.k = a.k) OR x NOT IN (SELECT k FROM c)',
    twice:
      'SELECT id FROM a WHERE (x = 20 OR k IN (SELECT k FROM b)) AND (v > 2 OR k NOT IN (SELECT k FROM b))',
    denied: `SELECT id FROM a WHERE NOT (x = 10 AND k IN (SELECT k FROM b)) AND NOT (z = 'p' OR EXISTS (SELECT FROM c WHERE c.x = a.x))`,
    shownToo: 'SELECT id, k IN (SELECT k FROM b) AS e FROM a WHERE k IN (SELECT k FROM b) OR x = 20',
    ofBoth: `SELECT id FROM a WHERE (k IN (SELECT k FROM b) AND x = 10) OR (x IN (SELECT y FROM b) AND x <> 10) OR z IS NULL`,
    value: 'SELECT id FROM a WHERE (SELECT bool_or(y > 10) FROM b WHERE b.k = a.k) OR v > 2',
    inHaving:
      'SELECT k, count(*) AS n FROM a GROUP BY k HAVING count(*) > 1 OR k IN (SELECT k FROM b) OR max(x) NOT IN (SELECT y FROM b)',
    inOn: 'SELECT a.id, b.y FROM a LEFT JOIN b ON b.k = a.k AND (b.y > 10 OR b.y IN (SELECT x FROM c)) WHERE b.w > 1 OR NOT EXISTS (SELECT FROM c WHERE c.k = a.k)',
  },
  'under OR, NOT and CASE, in the select list': {
    or: 'SELECT id FROM a WHERE x = 20 OR EXISTS (SELECT FROM b WHERE b.k = a.k)',
    orTwo:
      'SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k) OR NOT EXISTS (SELECT FROM c WHERE c.x = a.x) AND z IS NOT NULL',
    orNotIn: 'SELECT id FROM a WHERE z = $$q$$ OR x NOT IN (SELECT y FROM b WHERE b.id < a.id)',
    shown: 'SELECT id, EXISTS (SELECT FROM b WHERE b.k = a.k) AS e, x IN (SELECT y FROM b) AS i FROM a',
    shownNotIn:
      'SELECT id, x NOT IN (SELECT y FROM b WHERE b.k = a.k) AS i, x > ALL (SELECT y FROM b WHERE b.k = a.k) AS g FROM a',
    inCase:
      'SELECT id, CASE WHEN EXISTS (SELECT FROM b WHERE b.k = a.k) THEN z ELSE (SELECT count(*)::text FROM c WHERE c.k = a.k) END AS t FROM a',
    inFunction: 'SELECT id, coalesce((SELECT sum(y) FROM b WHERE b.k = a.k), -1) AS s FROM a',
    inAggregate:
      'SELECT k, count(*) FILTER (WHERE x IN (SELECT y FROM b)) AS n, sum((SELECT count(*) FROM c WHERE c.k = a.k)) AS s FROM a GROUP BY k',
    ofOuterAggregate:
      'SELECT k, (SELECT count(a.x)) AS n, (SELECT sum(b.y) FROM b WHERE b.k < count(a.id)) AS s FROM a AS a GROUP BY k',
    ofOuterAggregates:
      'SELECT k, (SELECT max(b.y) FROM b WHERE b.k = a.k AND b.id <= (SELECT sum(a.x) + count(*) FROM c WHERE c.k = b.k)) AS m FROM a GROUP BY k HAVING EXISTS (SELECT FROM b WHERE b.y > min(a.x) AND b.k IS NOT NULL)',
    ofOuterTotal: 'SELECT (SELECT count(*) FROM b WHERE b.y < avg(a.x)) AS n, sum(x) AS s FROM a',
    ofOuterGrouping:
      'SELECT k, x, count(*) AS n, (SELECT max(b.id) FROM b WHERE b.k >= grouping(a.k, a.x)) AS m FROM a GROUP BY ROLLUP (k, x)',
    asGroupOfSets: `SELECT EXISTS (SELECT FROM b WHERE b.k = a.k) AS e, 1 + (SELECT max(b.y) FROM b WHERE b.k = a.k) AS y, count(*) AS n FROM a
       GROUP BY CUBE (EXISTS (SELECT FROM b WHERE b.k = a.k), 1 + (SELECT max(b.y) FROM b WHERE b.k = a.k))`,
    inKey:
      'SELECT EXISTS (SELECT FROM b WHERE b.k = a.k) AS e, count(*) AS n FROM a GROUP BY EXISTS (SELECT FROM b WHERE b.k = a.k)',
    twice:
      'SELECT id, EXISTS (SELECT FROM b WHERE b.k = a.k) AS e, x NOT IN (SELECT y FROM b) AS i FROM a WHERE EXISTS (SELECT FROM b WHERE b.k = a.k) OR x IN (SELECT y FROM b)',
    bothWays:
      'SELECT id FROM a WHERE (x IN (SELECT y FROM b) OR z IS NOT NULL) AND (x NOT IN (SELECT y FROM b) OR id > 2)',
    inOn: 'SELECT a.id, c.id AS other FROM a LEFT JOIN c ON c.k = a.k AND EXISTS (SELECT FROM b WHERE b.k = c.k) LEFT JOIN b ON b.k = a.k AND a.x IN (SELECT x FROM c)',
  },
  'several at once': {
    existsOr: `SELECT id, z FROM a WHERE (x = 10 AND EXISTS (SELECT FROM b WHERE b.k = a.k)) OR (x = 20 AND NOT EXISTS (SELECT FROM c WHERE c.k = a.k))
      OR (z IS NULL AND EXISTS (SELECT FROM c WHERE c.x = a.x)) OR (id > 3 AND NOT EXISTS (SELECT FROM b WHERE b.y > a.x)) OR EXISTS (SELECT FROM b WHERE b.w = a.v)`,
    notInOr: `SELECT id FROM a WHERE x NOT IN (SELECT y FROM b) OR k NOT IN (SELECT k FROM b WHERE id > 1)
      OR x NOT IN (SELECT x FROM c WHERE c.k = a.k) OR k NOT IN (SELECT y FROM b WHERE b.id = a.id)`,
    notInCase: `SELECT id FROM a WHERE (CASE WHEN x NOT IN (SELECT y FROM b) THEN k IN (SELECT k FROM b) WHEN k IN (SELECT k FROM c) THEN x < ALL (SELECT y FROM b WHERE b.k = a.k)
      ELSE x > ANY (SELECT x FROM c) END) IS NOT FALSE`,
    shown: `SELECT id, x IN (SELECT y FROM b) AS i, k NOT IN (SELECT k FROM b WHERE b.id <> a.id) AS n, x > ALL (SELECT y FROM b WHERE b.k = a.k) AS g,
      EXISTS (SELECT FROM c WHERE c.k = a.k) AS e, (k, x) IN (SELECT k, y FROM b) AS r, (k, x) NOT IN (SELECT k, x FROM c) AS s, v = ANY (SELECT w FROM b) AS w FROM a`,
    shownAndAsked: `SELECT id, x IN (SELECT y FROM b) AS i, k IN (SELECT k FROM c) AS e FROM a
      WHERE (x IN (SELECT y FROM b) OR z = 'q') AND (k NOT IN (SELECT k FROM b) OR id < 4) AND (k IN (SELECT k FROM c) OR x IS NULL OR k IS NULL)`,
    grouped: `SELECT k IN (SELECT k FROM c) AS e, x NOT IN (SELECT y FROM b) AS i, v IN (SELECT w FROM b) AS w, count(*) AS n,
      count(*) FILTER (WHERE EXISTS (SELECT FROM b WHERE b.k = a.k)) AS m FROM a GROUP BY 1, 2, 3`,
    having: `SELECT k, count(*) AS n FROM a GROUP BY k HAVING k NOT IN (SELECT k FROM b) OR max(x) NOT IN (SELECT y FROM b) OR min(x) < ALL (SELECT x FROM c WHERE c.k = a.k) OR count(*) IN (SELECT y / 10 FROM b)`,
    ofDomain: `SELECT id FROM a WHERE EXISTS (SELECT y FROM b WHERE b.y < a.x GROUP BY y HAVING count(*) > a.k - 1) OR EXISTS (SELECT FROM b LEFT JOIN c ON c.k = b.k AND c.x = a.x WHERE b.k >= a.k AND c.id IS NULL)
      OR x NOT IN (SELECT sum(y) FROM b WHERE b.k <> a.k GROUP BY k) OR v NOT IN (SELECT DISTINCT w FROM b WHERE b.k < a.id)`,
    within: `SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k AND (b.y IN (SELECT x FROM a) OR b.k NOT IN (SELECT k FROM c) OR b.y NOT IN (SELECT x FROM c))) AS n FROM a`,
    withinAny: `SELECT id, EXISTS (SELECT FROM b WHERE b.y > a.x AND (b.y IN (SELECT x FROM c WHERE c.k = a.k) OR b.k NOT IN (SELECT k FROM c WHERE c.id < a.id) OR b.y NOT IN (SELECT x FROM c))) AS e FROM a`,
    tested: `SELECT id FROM a WHERE (x IN (SELECT y FROM b)) IN (SELECT k IS NOT NULL FROM b) OR (k NOT IN (SELECT k FROM b)) NOT IN (SELECT c.k = 1 FROM c) OR (EXISTS (SELECT FROM c WHERE c.k = a.k)) = ALL (SELECT y > 10 FROM b)`,
    joined: `SELECT a.id, b.y, a.k IN (SELECT k FROM c) AS e, b.y NOT IN (SELECT x FROM c) AS i, a.x NOT IN (SELECT d.y FROM b AS d WHERE d.k = b.k) AS j
      FROM a LEFT JOIN b ON b.k = a.k AND (b.y IN (SELECT x FROM c) OR b.y NOT IN (SELECT x FROM a) OR EXISTS (SELECT FROM c WHERE c.k = b.k) OR b.w NOT IN (SELECT v FROM a))`,
    windows: `SELECT id, rank() OVER (PARTITION BY x IN (SELECT y FROM b), k NOT IN (SELECT k FROM b) ORDER BY id) AS r, sum(x) OVER (PARTITION BY k IN (SELECT k FROM c)) IN (SELECT y FROM b) AS s FROM a`,
    recursive: `WITH RECURSIVE r(k, n) AS (SELECT k, 1 FROM a WHERE id < 3 UNION SELECT b.y / 10, r.n + 1 FROM r JOIN b ON b.k = r.k
      WHERE r.n < 4 AND (b.y IN (SELECT x FROM c) OR b.k NOT IN (SELECT k FROM c) OR r.k NOT IN (SELECT x / 10 FROM c))) SELECT k, n FROM r`,
  },
  'in ON of outer joins': {
    full: 'SELECT a.id, b.id AS b, b.y FROM a FULL JOIN b ON b.k = a.k AND EXISTS (SELECT FROM c)',
    fullSides: `SELECT a.id, a.z, b.id AS b, b.w FROM a FULL JOIN b ON b.k = a.k AND a.x NOT IN (SELECT x FROM c WHERE c.k = a.k)
      AND (b.y IN (SELECT x FROM c) OR EXISTS (SELECT FROM c WHERE c.k = a.k AND c.x > 10))`,
    fullBoth: `SELECT a.id, b.id AS b, b.y FROM a FULL JOIN b ON b.k = a.k AND EXISTS (SELECT FROM c WHERE c.k = a.k AND c.x >= b.y)`,
    fullBothNot: `SELECT a.id, a.v, b.id AS b, b.w FROM a FULL JOIN b ON b.k = a.k AND (a.x, b.y) NOT IN (SELECT x, x FROM c WHERE c.k = b.k)`,
    left: 'SELECT a.id, b.y FROM a LEFT JOIN b ON EXISTS (SELECT FROM c WHERE c.k = a.k AND c.x = b.y)',
    right:
      'SELECT a.id, b.id AS b, b.w FROM a RIGHT JOIN b ON b.k = a.k AND (a.x > 10 OR b.y <> ALL (SELECT x FROM c WHERE c.k = a.k))',
    rightBag: `SELECT b.id, b.w::text AS w, c.id AS c FROM c RIGHT JOIN b ON (b.w + c.x)::text LIKE '%0' AND EXISTS (SELECT FROM a WHERE a.x = c.x AND a.v <= b.w)`,
    compared: 'SELECT a.id, b.y FROM a LEFT JOIN b ON a.id = (SELECT max(c.x) / 10 FROM c WHERE c.k = b.k)',
    comparedAny:
      'SELECT a.id, b.id AS b FROM a LEFT JOIN b ON a.k = b.k AND (a.x = 20 OR b.y IN (SELECT x FROM c)) AND (b.y IN (SELECT x FROM c) OR b.w > 1 OR EXISTS (SELECT FROM c WHERE c.k = b.k))',
    sharedCondition:
      'SELECT a.id, b.id AS b FROM a LEFT JOIN b ON EXISTS (SELECT FROM c WHERE c.k = b.k) AND b.k = a.k AND (a.x = 10 OR EXISTS (SELECT FROM c WHERE c.k = b.k))',
    tested:
      'SELECT a.id, b.id AS b FROM a LEFT JOIN b ON b.k = a.k AND (EXISTS (SELECT FROM c WHERE c.k = a.k)) IN (SELECT c.x >= b.y FROM c)',
    nested: `SELECT a.id, q.b, q.c FROM a LEFT JOIN (SELECT b.id AS b, b.k, c.id AS c FROM b LEFT JOIN c ON c.k = b.k AND b.y NOT IN (SELECT x FROM a WHERE a.k = c.k)) AS q
      ON q.k = a.k AND EXISTS (SELECT FROM c WHERE c.id = q.c AND c.x >= a.x)`,
    lateral:
      'SELECT a.id, s.y FROM a LEFT JOIN LATERAL (SELECT b.y + a.x AS y, b.k FROM b WHERE b.k >= a.k) AS s ON EXISTS (SELECT FROM c WHERE c.x <= s.y AND c.k = a.k)',
    within:
      'SELECT id, (SELECT count(c.id) FROM b LEFT JOIN c ON c.k = b.k AND EXISTS (SELECT FROM a AS d WHERE d.x = c.x AND d.k = b.k AND d.id <> a.id) WHERE b.k = a.k) AS n FROM a',
    reduced:
      'SELECT a.id, b.id AS b FROM a FULL JOIN b ON b.k = a.k AND a.x NOT IN (SELECT x FROM c WHERE c.k = b.k) WHERE b.y > 5 OR b.w = 0',
  },
  'recursive from row to row': {
    reached: `SELECT a.id, t.n FROM a, LATERAL (WITH RECURSIVE r(k) AS (SELECT a.k UNION SELECT b.y / 10 FROM r JOIN b ON b.k = r.k) SELECT count(*) AS n FROM r) AS t`,
    begun: `SELECT id, (WITH RECURSIVE r(k, y) AS (SELECT b.k, b.y FROM b WHERE b.k > a.k UNION SELECT b.k, b.y + a.x FROM r JOIN b ON b.k = r.y / 10 WHERE b.y >= a.x) SELECT max(y) FROM r) AS y FROM a`,
    stepped: `SELECT a.id, t.k FROM a LEFT JOIN LATERAL (WITH RECURSIVE r(k) AS (SELECT k FROM c UNION SELECT b.y / 10 FROM r JOIN b ON b.k = r.k AND b.y > a.x) SELECT k FROM r) AS t ON t.k <> a.k`,
    asked: `SELECT id FROM a WHERE EXISTS (WITH RECURSIVE r(k) AS (SELECT a.k UNION SELECT b.y / 10 FROM r JOIN b ON b.k = r.k
      WHERE EXISTS (SELECT FROM c WHERE c.k = b.k AND c.x <> a.x) AND b.y NOT IN (SELECT x + a.k FROM c WHERE c.k = r.k)) SELECT FROM r WHERE k = a.id)`,
    outerJoined: `SELECT id, (WITH RECURSIVE r(k, n) AS (SELECT a.k, 1 UNION SELECT coalesce(c.x, b.y) / 10, n + 1 FROM r JOIN b ON b.k = r.k LEFT JOIN c ON c.k = b.k AND c.x > a.x WHERE n < 4) SELECT sum(n + k) FROM r) AS s FROM a`,
    all: `SELECT a.id, t.* FROM a, LATERAL (WITH RECURSIVE r(k, n) AS (SELECT a.k, 1 UNION ALL SELECT b.y / 10, n + 1 FROM r, b WHERE b.k = r.k AND n < 3) SELECT k, count(*) AS n FROM r GROUP BY k) AS t`,
    image: `SELECT a.id, t.n, t.l FROM a, LATERAL (WITH RECURSIVE r(v, n) AS (SELECT a.v, 1 UNION ALL SELECT b.w + a.v, n + 1 FROM r JOIN b ON b.k = n WHERE n < 3) SELECT count(DISTINCT v::text) AS n, min(v::text) AS l FROM r) AS t`,
    cycle: `SELECT a.id, t.k, t.met FROM a, LATERAL (WITH RECURSIVE r(k) AS (SELECT a.k UNION ALL SELECT b.y / 10 FROM r JOIN b ON b.k = r.k AND b.id <> a.id) CYCLE k SET met USING way SELECT k, met FROM r) AS t`,
    twice: `SELECT a.id, t.n FROM a, LATERAL (WITH RECURSIVE r(k) AS (SELECT a.k UNION SELECT b.y / 10 FROM r JOIN b ON b.k = r.k) SELECT count(*) AS n FROM r AS p JOIN r AS q ON q.k <> p.k) AS t`,
  },
  'comparing what stands above the rows': {
    windowIn: 'SELECT id, count(*) OVER w IN (SELECT k FROM b) AS i FROM a WINDOW w AS (PARTITION BY k)',
    windowNotIn:
      'SELECT id, CASE WHEN sum(x) OVER (PARTITION BY k ORDER BY id) NOT IN (SELECT y FROM b WHERE b.k = a.k) THEN rank() OVER (ORDER BY x) END AS r FROM a',
    windowAll:
      'SELECT id, (count(*) OVER (), id) > ALL (SELECT c.k, c.x FROM c WHERE c.k <> a.id) AS g, count(*) OVER () = (SELECT count(*) FROM b) AS e FROM a',
    windowOfSublink:
      'SELECT id, sum((SELECT count(*) FROM b WHERE b.k = a.k)) OVER (PARTITION BY x) = ANY (SELECT x / 10 FROM c) AS s FROM a',
    windowOverGroups:
      'SELECT k, count(*) AS n, sum(count(*)) OVER (ORDER BY k) IN (SELECT b.y / 10 FROM b WHERE b.k >= a.k) AS i FROM a GROUP BY k',
    windowOverSets:
      'SELECT k, x, sum(count(*)) OVER (PARTITION BY x) IN (SELECT b.k FROM b) AS i FROM a GROUP BY ROLLUP (k, x)',
    nested:
      'SELECT id, (count(*) OVER () IN (SELECT k FROM c)) IN (SELECT k > 2 FROM b) AS i, count(*) OVER () + 1 IN (SELECT k FROM c) AS j FROM a',
    setOfSublinkOfWindow:
      'SELECT id, generate_series(1, (count(*) OVER (PARTITION BY k) IN (SELECT k FROM b))::int) AS n FROM a',
  },
  scalar: {
    alone: 'SELECT id, (SELECT max(y) FROM b) AS m, (SELECT count(*) FROM b) AS n FROM a',
    compared: 'SELECT id FROM a WHERE x > (SELECT avg(y) FROM b)',
    correlated:
      'SELECT id, (SELECT sum(y) FROM b WHERE b.k = a.k) AS s, (SELECT count(y) FROM b WHERE b.k = a.k) AS n FROM a',
    correlatedWhere: 'SELECT id FROM a WHERE x < (SELECT 2 * avg(y) FROM b WHERE b.k = a.k)',
    zero: 'SELECT id FROM a WHERE 0 = (SELECT count(*) FROM b WHERE b.k = a.k)',
    byKey:
      'SELECT id, (SELECT x FROM c WHERE c.id = a.k) AS x, (SELECT c.x + a.x FROM c WHERE c.id = a.k) AS y FROM a',
    having: 'SELECT k, sum(x) AS s FROM a GROUP BY k HAVING sum(x) > (SELECT avg(y) FROM b WHERE b.k = a.k)',
    aboveGroups:
      'SELECT k, count(*) AS n, (SELECT count(*) FROM b WHERE b.k = a.k) AS m, EXISTS (SELECT FROM c WHERE c.k = a.k) AS e FROM a GROUP BY k',
    condition: 'SELECT id, (SELECT max(y) FROM b WHERE b.k = a.k HAVING count(*) <> 2) AS m FROM a',
    inequality:
      'SELECT id, (SELECT count(*) FROM b WHERE b.y < a.x) AS n, (SELECT sum(b.y * a.x) FROM b WHERE b.k = a.k) AS s FROM a',
    // Which of 2.5 and 2.50 max() shows is the order PostgreSQL's plan reads them in; as text they differ.
    image:
      'SELECT id, (SELECT max((w + a.v)::text) FROM b WHERE b.k = a.k) AS m, (SELECT count(*) FROM b WHERE w < a.v) AS n FROM a',
    row: 'SELECT id FROM a WHERE (k, x) = (SELECT min(k), min(x) FROM c WHERE c.k = a.k)',
    nestedScalar:
      'SELECT id, (SELECT sum(y) FROM b WHERE b.k = a.k AND y > (SELECT min(x) FROM c WHERE c.k = b.k)) AS s FROM a',
    skipped:
      'SELECT id, (SELECT count(*) FROM b WHERE EXISTS (SELECT FROM c WHERE c.k = b.k AND c.x = a.x)) AS n FROM a',
    distinct: 'SELECT id, (SELECT count(*) FROM (SELECT DISTINCT y FROM b WHERE b.k = a.k) AS d) AS n FROM a',
    counted:
      'SELECT id, (SELECT count(DISTINCT y) FROM b WHERE b.k = a.k) AS n, (SELECT count(DISTINCT y + a.x) + count(*) FROM b WHERE b.k = a.k) AS m FROM a',
    countedSome: `SELECT id, (SELECT sum(DISTINCT y) FILTER (WHERE y > a.x) FROM b WHERE b.k = a.k) AS n, (SELECT sum(y) - count(DISTINCT w) FROM b WHERE b.k < a.k) AS m
      FROM a WHERE x < (SELECT count(DISTINCT b.y) + count(b.y) FROM b WHERE b.k = a.k)`,
    united:
      'SELECT id, (SELECT sum(y) FROM (SELECT y FROM b WHERE b.k = a.k UNION ALL SELECT x FROM c WHERE c.k = a.k UNION ALL SELECT y FROM b WHERE k = a.k) AS u) AS s FROM a',
    unitedByOthers:
      'SELECT id, (SELECT sum(y) FROM (SELECT y FROM b WHERE b.k = a.k UNION ALL SELECT x FROM c WHERE c.x = a.x) AS u) AS s FROM a',
    view: 'SELECT q.id, q.n FROM (SELECT id, (SELECT count(*) FROM b WHERE b.k = a.k) AS n FROM a) AS q WHERE q.n > 0',
  },
  'of one row at most, and of some': {
    ordered:
      'SELECT id, (SELECT y FROM b WHERE b.k = a.k ORDER BY y DESC NULLS LAST, id LIMIT 1) AS top FROM a',
    orderedAny:
      'SELECT a.id, s.y FROM a, LATERAL (SELECT y FROM b WHERE b.y <> a.x ORDER BY y, b.id LIMIT 2) AS s',
    firstOfEach:
      'SELECT a.id, q.y, q.n FROM a, LATERAL (SELECT DISTINCT ON (b.y) b.y, (SELECT sum(c.x) FROM c WHERE c.k <= b.y AND c.k <> a.k) AS n FROM b WHERE b.k = a.k ORDER BY b.y DESC, b.w DESC, b.id) AS q',
    noRowsWithTies:
      'SELECT a.id, s.y FROM a LEFT JOIN LATERAL (SELECT y FROM b WHERE b.k = a.k ORDER BY y OFFSET 1 FETCH FIRST 0 ROWS WITH TIES) AS s ON true',
    someRowsWithTies:
      'SELECT a.id, s.y FROM a LEFT JOIN LATERAL (SELECT y FROM b WHERE b.k = a.k ORDER BY y OFFSET 1 FETCH FIRST (a.id % 2) ROWS WITH TIES) AS s ON true',
    ties: 'SELECT a.id, s.y FROM a LEFT JOIN LATERAL (SELECT y FROM b WHERE b.k = a.k ORDER BY y OFFSET 1 FETCH FIRST 1 ROW WITH TIES) AS s ON true',
    listed: `SELECT id, (SELECT string_agg(y::text, ',' ORDER BY y, id) FROM b WHERE b.k = a.k) AS l FROM a`,
    numbered:
      'SELECT a.id, s.y, s.r FROM a, LATERAL (SELECT y, rank() OVER (ORDER BY y) AS r FROM b WHERE b.k = a.k) AS s WHERE s.r <= 2',
    arrayed:
      'SELECT id, ARRAY(SELECT y FROM b WHERE b.k = a.k ORDER BY y, b.id) AS ys, ARRAY(SELECT x FROM c ORDER BY x DESC) AS xs FROM a',
    onePerKey:
      'SELECT id, (SELECT DISTINCT k FROM c WHERE c.k = a.k) AS k, (SELECT x FROM (SELECT k, max(x) AS x FROM c GROUP BY k) AS g WHERE g.k = a.k) AS x FROM a',
  },
  lateral: {
    comma:
      'SELECT a.id, s.n, s.t FROM a, LATERAL (SELECT count(*) AS n, sum(y) AS t FROM b WHERE b.k = a.k) AS s',
    inner:
      'SELECT a.id, s.y FROM a JOIN LATERAL (SELECT b.y + a.x AS y FROM b WHERE b.k = a.k AND b.y >= a.x) AS s ON true',
    left: 'SELECT a.id, s.y, s.z FROM a LEFT JOIN LATERAL (SELECT b.y, b.y + a.x AS z FROM b WHERE b.k = a.k) AS s ON s.y > 10',
    leftTotal:
      'SELECT a.id, s.n FROM a LEFT JOIN LATERAL (SELECT count(*) AS n FROM b WHERE b.k = a.k) AS s ON true',
    leftTotalOn:
      'SELECT a.id, s.n FROM a LEFT JOIN LATERAL (SELECT count(*) AS n FROM b WHERE b.k = a.k) AS s ON s.n > 1',
    grouped:
      'SELECT a.id, s.* FROM a, LATERAL (SELECT y, count(*) AS n FROM b WHERE b.k < a.k GROUP BY y) AS s',
    chain:
      'SELECT a.id, s.y, t.n FROM a, LATERAL (SELECT y FROM b WHERE b.k = a.k) AS s, LATERAL (SELECT count(*) AS n FROM c WHERE c.x > s.y AND c.k <> a.k) AS t',
    union:
      'SELECT a.id, s.y FROM a, LATERAL (SELECT y FROM b WHERE b.k = a.k UNION SELECT x FROM c WHERE c.k = a.k) AS s',
    outerInside:
      'SELECT a.id, s.* FROM a, LATERAL (SELECT b.y, c.id AS c FROM b LEFT JOIN c ON c.k = b.k AND c.x = a.x WHERE b.k = a.k) AS s',
    values: 'SELECT a.id, s.m FROM a, LATERAL (SELECT a.x + a.k AS m) AS s WHERE s.m IN (SELECT y FROM b)',
    with: 'WITH q AS (SELECT k, count(*) AS n FROM b GROUP BY k) SELECT a.id, q.n, (SELECT max(n) FROM q) AS m FROM a LEFT JOIN q ON q.k = a.k WHERE q.n >= ALL (SELECT n FROM q)',
  },
}

describe.each(Object.entries(QUERIES))('%s', (group, queries) => {
  test('every change is followed exactly', async () => {
    const { client } = database
    await client.query(FILL)
    const names = Object.keys(queries)
    const failures: string[] = []
    const made: string[] = []
    for (const name of names) {
      try {
        await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
          `"${group} ${name}"`,
          queries[name],
        ])
        made.push(name)
      } catch (error) {
        failures.push(`${name}: ${(error as Error).message}`)
      }
    }
    for (const [i, change] of CHANGES.entries()) {
      await client.query(change)
      for (const name of made) {
        try {
          expect(await expectExact(client, `"${group} ${name}"`, { image: true })).toMatch(
            /^(?:DIFFERENTIAL|NO_DATA)$/,
          )
        } catch (error) {
          failures.push(`${name} after change ${i}: ${(error as Error).message.slice(0, 600)}`)
          made.splice(made.indexOf(name), 1)
        }
      }
    }
    expect(failures).toEqual([])
  }, 300_000)
})

test('a scalar subquery of several rows fails as it does in PostgreSQL, and only where it is asked for', async () => {
  const { client } = database
  await client.query(FILL)
  const make = (name: string, query: string) =>
    client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  await client.query('DELETE FROM b WHERE id = 1')
  await make('several', 'SELECT id, (SELECT y FROM b WHERE b.k = a.k) AS y FROM a')
  await make('some', 'SELECT id, CASE WHEN x = 20 THEN (SELECT y FROM b WHERE b.k = a.k) END AS y FROM a')
  await make('alone', 'SELECT id, (SELECT x FROM c WHERE id = 1 AND k = 1 OR x > 30) AS x FROM a')
  await client.query('INSERT INTO b VALUES (10, 2, 7, 1); INSERT INTO c VALUES (9, 1, 40)')
  const refresh = (name: string) => client.query('SELECT pgstream.refresh_stream_table($1)', [name])
  await expect(refresh('several')).rejects.toMatchObject({
    code: '21000',
    message: 'more than one row returned by a subquery used as an expression',
  })
  await expect(refresh('alone')).rejects.toMatchObject({ code: '21000' })
  expect(await expectExact(client, 'some', { image: true })).toBe('DIFFERENTIAL')
  await client.query('UPDATE a SET x = 20 WHERE k = 2')
  await expect(refresh('some')).rejects.toMatchObject({ code: '21000' })
  await client.query('DELETE FROM b WHERE id = 10; DELETE FROM c WHERE id = 9')
  for (const name of ['several', 'some', 'alone'])
    expect(await expectExact(client, name, { image: true })).toMatch(/^(?:DIFFERENTIAL|NO_DATA)$/)
})

test('a negative LIMIT or OFFSET of a row fails as it does in PostgreSQL', async () => {
  const { client } = database
  await client.query(FILL)
  await client.query(
    'CREATE TABLE places (id int PRIMARY KEY, n bigint, m bigint); INSERT INTO places VALUES (1, 1, 0), (2, NULL, 1)',
  )
  const queries = {
    limited:
      'SELECT p.id, s.y FROM places p, LATERAL (SELECT y FROM b WHERE b.k = p.id ORDER BY y, b.id LIMIT p.n) AS s',
    skipped:
      'SELECT p.id, s.y FROM places p, LATERAL (SELECT y FROM b WHERE b.k = p.id ORDER BY y, b.id OFFSET p.m) AS s',
    both: 'SELECT p.id, s.y FROM places p, LATERAL (SELECT y FROM b WHERE b.k <> p.id ORDER BY y, b.id OFFSET p.m LIMIT p.n) AS s',
  }
  for (const [name, query] of Object.entries(queries))
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  const refresh = (name: string) => client.query('SELECT pgstream.refresh_stream_table($1)', [name])
  await client.query('UPDATE places SET n = -1 WHERE id = 1')
  for (const name of ['limited', 'both'])
    await expect(refresh(name)).rejects.toMatchObject({
      code: '2201W',
      message: 'LIMIT must not be negative',
    })
  await client.query('UPDATE places SET n = 1, m = -1 WHERE id = 1')
  for (const name of ['skipped', 'both'])
    await expect(refresh(name)).rejects.toMatchObject({
      code: '2201X',
      message: 'OFFSET must not be negative',
    })
  // The largest numbers there are, which have no sum.
  await client.query('UPDATE places SET n = 9223372036854775807, m = 1')
  for (const name of Object.keys(queries))
    expect(await expectExact(client, name, { image: true })).toBe('DIFFERENTIAL')
})

test('a negative LIMIT or OFFSET of a subquery fails without a row to limit, too', async () => {
  const { client } = database
  await client.query(`CREATE TABLE rows_of (id int PRIMARY KEY, y int); CREATE TABLE bounds (n bigint, m bigint);
    INSERT INTO rows_of SELECT i, i % 3 FROM generate_series(1, 20) AS i`)
  const queries = {
    first: 'SELECT id FROM rows_of ORDER BY id LIMIT (SELECT max(n) FROM bounds)',
    beyond:
      'SELECT id FROM rows_of ORDER BY id OFFSET (SELECT m FROM bounds) LIMIT (SELECT sum(n) FROM bounds) - 1',
    groups: 'SELECT y, count(*) AS n FROM rows_of GROUP BY y ORDER BY n DESC, y LIMIT (SELECT n FROM bounds)',
    ties: 'SELECT y FROM rows_of ORDER BY y FETCH FIRST (SELECT n FROM bounds) ROWS WITH TIES',
  }
  for (const [name, query] of Object.entries(queries))
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [name, query])
  const names = Object.keys(queries)
  // No row of bounds is LIMIT NULL; FETCH FIRST knows none.
  for (const statement of [
    'SELECT',
    'INSERT INTO bounds VALUES (3, 2)',
    'UPDATE bounds SET n = NULL, m = NULL',
    'UPDATE bounds SET n = 1, m = 0',
    'UPDATE rows_of SET y = y + 1 WHERE id < 5',
    'DELETE FROM rows_of',
    'UPDATE bounds SET n = 9223372036854775807, m = 5',
    'INSERT INTO rows_of SELECT i, i % 3 FROM generate_series(1, 9) AS i',
    'DELETE FROM bounds',
    'DELETE FROM rows_of; INSERT INTO bounds VALUES (5, 5)',
  ]) {
    await client.query(statement)
    for (const name of names) {
      const failed = await client.query(queries[name as keyof typeof queries]).then(
        () => null,
        (error: { code: string }) => error.code,
      )
      const refreshed = expectExact(client, name, { image: true })
      if (failed) await expect(refreshed, `${name}: ${statement}`).rejects.toMatchObject({ code: failed })
      else expect(await refreshed, `${name}: ${statement}`).toMatch(/^(?:DIFFERENTIAL|NO_DATA)$/)
    }
  }
  await client.query('UPDATE bounds SET n = -1, m = -1')
  for (const name of names) {
    const query = await client.query(queries[name as keyof typeof queries]).catch((error) => error)
    await expect(client.query('SELECT pgstream.refresh_stream_table($1)', [name])).rejects.toMatchObject({
      code: query.code,
      message: query.message,
    })
  }
  await client.query(
    'UPDATE bounds SET n = 4, m = 1; INSERT INTO rows_of SELECT i, i % 3 FROM generate_series(1, 9) AS i',
  )
  for (const name of names) expect(await expectExact(client, name, { image: true })).toBe('DIFFERENTIAL')
})

test('a subquery over grouping sets is asked once for all of them', async () => {
  const { client } = database
  await client.query(FILL)
  const shown = 'count(*) AS n, k IN (SELECT x FROM c) OR x NOT IN (SELECT k FROM b) AS e FROM a GROUP BY'
  const length = async (name: string, sets: string) => {
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      name,
      `SELECT k, x, ${shown} ${sets}`,
    ])
    const { rows } = await client.query(
      `SELECT max(length(p.prosrc)) AS n FROM pg_proc p JOIN pgstream.pgs_stream_tables s ON p.proname ~ format('^refresh_%s_', s.pgs_id) WHERE s.pgs_name = $1`,
      [name],
    )
    return rows[0].n as number
  }
  const two = await length('two_sets', 'GROUPING SETS ((k, x), (k))')
  const eight = await length('eight_sets', 'CUBE (k, x), GROUPING SETS ((), (k))')
  expect(eight / two).toBeLessThan(2.5)
  for (const change of CHANGES) {
    await client.query(change)
    for (const name of ['two_sets', 'eight_sets']) await expectExact(client, name, { image: true })
  }
})

test('correlated by what has no equality: json, points, rows of them', async () => {
  const { client } = database
  await client.query(`
    CREATE TYPE spot AS (name text, place point);
    CREATE TABLE docs (id int PRIMARY KEY, doc json, p point, shape circle, s spot, tags xid, ps point[]);
    CREATE TABLE items (id int, kind text, n int, p point);
    INSERT INTO docs SELECT i, json_build_object('kind', 'k' || i % 3, 'lo', i % 4, 'hi', 6), point(i % 4, 0.1), circle(point(i, i), 3),
      ROW('s' || i % 2, point(i % 3, 0))::spot, (i % 3)::text::xid, ARRAY[point(i % 2, 1)] FROM generate_series(1, 8) AS i;
    INSERT INTO docs VALUES (9);
    INSERT INTO items SELECT i, 'k' || i % 4, i % 7, point(i % 5, i % 3) FROM generate_series(1, 12) AS i`)
  const queries = {
    nearest: 'SELECT id, (SELECT i.id FROM items i ORDER BY i.p <-> d.p, i.id LIMIT 1) AS n FROM docs d',
    between: `SELECT id, EXISTS (SELECT FROM items i WHERE i.n BETWEEN (d.doc ->> 'lo')::int AND (d.doc ->> 'hi')::int) AS e FROM docs d`,
    shown: `SELECT id, (SELECT jsonb_agg(i.kind || (d.doc ->> 'kind') ORDER BY i.id) FROM items i WHERE i.n = d.id) AS l FROM docs d`,
    whole:
      'SELECT id, (SELECT array_agg(d.doc::text || i.id ORDER BY i.id) FROM items i WHERE i.n > d.id) AS l FROM docs d',
    near: 'SELECT d.id, l.* FROM docs d LEFT JOIN LATERAL (SELECT i.n, d.shape AS of, d.s FROM items i WHERE i.p <@ d.shape ORDER BY i.n, i.id LIMIT 3) AS l ON true',
    row: 'SELECT id FROM docs d WHERE (SELECT count(*) FROM items i WHERE i.p <-> (d.s).place < 2) NOT IN (SELECT n FROM items i WHERE i.p <-> d.p < 1)',
    array:
      'SELECT id, (SELECT min(i.p <-> d.ps[1]) FROM items i) AS m, (SELECT count(*) FROM items i WHERE i.n::text::xid = d.tags) AS x FROM docs d',
    recursion: `SELECT d.id, (WITH RECURSIVE r(n) AS (SELECT (d.doc ->> 'lo')::int UNION SELECT i.n FROM r JOIN items i ON i.id = r.n AND i.kind <> d.doc ->> 'kind') SELECT count(*) FROM r) AS n FROM docs d`,
  }
  for (const [name, query] of Object.entries(queries))
    await client.query(`SELECT pgstream.create_stream_table($1, $2, '1h', 'DIFFERENTIAL')`, [
      `by_${name}`,
      query,
    ])
  for (const change of [
    `INSERT INTO items VALUES (13, 'k0', 3, '(0,0.1)'), (14, NULL, NULL, NULL)`,
    `UPDATE docs SET p = '(1,1)', doc = '{"kind": "k1", "lo": 2, "hi": 3}' WHERE id IN (1, 9)`,
    `UPDATE docs SET doc = '{"kind":"k1","lo":2, "hi":3}', shape = '<(0,0),-0>', s = NULL WHERE id IN (1, 2)`,
    'DELETE FROM items WHERE id % 3 = 0',
    `UPDATE docs SET p = point(-0.0, 1e-300), ps = '{}', tags = NULL WHERE id < 5`,
    'UPDATE items SET n = n + 1, p = p + point(0.5, 0); DELETE FROM docs WHERE id = 4',
    `INSERT INTO docs SELECT id + 10, doc, p, shape, s, tags, ps FROM docs; UPDATE items SET kind = 'k2' WHERE n > 3`,
    'DELETE FROM docs WHERE id < 10',
    'TRUNCATE items',
  ]) {
    await client.query(change)
    for (const name of Object.keys(queries))
      expect(await expectExact(client, `by_${name}`, { image: true }), `${name}: ${change}`).toMatch(
        change.startsWith('TRUNCATE') ? /REINITIALIZE|DIFFERENTIAL/ : /DIFFERENTIAL|NO_DATA/,
      )
  }
})
