/** What the golden files are made from: every operator by itself, then what they do together. */
export const GOLDEN_QUERIES: Readonly<Record<string, string>> = {
  scan: 'SELECT * FROM public.orders',
  'scan-bag': 'SELECT kind, at, body FROM public.events',
  values: `SELECT v.code, v.title, o.id FROM (VALUES ('open'::public.status, 'to pay'), ('paid', NULL)) AS v(code, title) JOIN public.orders AS o ON o.status = v.code`,
  filter: `SELECT id, amount FROM public.orders WHERE status = 'open' AND (amount > 100 OR note IS NULL)`,
  project: `SELECT id, amount * 2 AS double, upper(note) AS note, true AS flag FROM public.orders`,
  join: 'SELECT o.id, c.name, o.amount FROM public.orders AS o JOIN public.customers AS c ON c.id = o.customer_id',
  'join-three': `SELECT o.id, r.name AS region FROM public.orders AS o JOIN public.customers AS c ON c.id = o.customer_id JOIN public.regions AS r ON r.id = c.region_id`,
  'join-under-or': `SELECT o.id, c.name FROM public.orders AS o, public.customers AS c WHERE (c.id = o.customer_id AND c.name = 'a' AND o.amount > 1) OR (c.id = o.customer_id AND c.name = 'b' AND o.amount > 2)`,
  'join-five': `SELECT a.a AS a, b.b AS b, c.b AS c, d.b AS d, e.name FROM public.links AS a JOIN public.links AS b ON a.b = b.a JOIN public.links AS c ON b.b = c.a JOIN public.links AS d ON c.b = d.a JOIN public.regions AS e ON e.id = d.b`,
  'self-join': 'SELECT x.a, y.b FROM public.links AS x JOIN public.links AS y ON x.b = y.a',
  'cross-join':
    'SELECT r.name AS region, l.a FROM public.regions AS r CROSS JOIN public.links AS l WHERE l.a < r.id',
  'union-all': `SELECT name FROM public.regions UNION ALL SELECT name FROM public.customers UNION ALL SELECT 'nobody'`,
  'aggregate-fused': 'SELECT status, sum(amount) AS total, count(*) AS n FROM public.orders GROUP BY status',
  'aggregate-state':
    'SELECT a % 10 AS g, sum(b) AS s, avg(b) AS m, count(b) FILTER (WHERE b > 0) AS positive FROM public.links GROUP BY a % 10',
  'aggregate-global': 'SELECT count(*) AS n, max(amount) AS top FROM public.orders',
  'aggregate-extremes':
    'SELECT customer_id, min(amount) AS low, max(note) AS last FROM public.orders GROUP BY customer_id',
  'aggregate-recomputed':
    'SELECT status, sum(weight) AS weight, count(*) AS n FROM public.orders GROUP BY status',
  'aggregate-shown-key': 'SELECT value, count(*) AS n FROM public.weather GROUP BY value',
  'aggregate-scales':
    'SELECT status, sum(amount / 3) AS third, sum(amount * (1 - amount)) AS exact FROM public.orders GROUP BY status',
  'aggregate-written': `SELECT status, string_agg(DISTINCT note, ', ' ORDER BY note) AS notes, percentile_cont(0.5) WITHIN GROUP (ORDER BY weight) AS median FROM public.orders GROUP BY status`,
  'aggregate-distinct': 'SELECT status, count(DISTINCT customer_id) AS n FROM public.orders GROUP BY status',
  'aggregate-distinct-beside':
    'SELECT status, count(*) AS n, sum(amount) AS total, count(DISTINCT customer_id) AS customers, sum(DISTINCT customer_id) FILTER (WHERE weight > 0) AS ids, avg(DISTINCT amount) AS mean FROM public.orders GROUP BY status',
  'aggregate-variance':
    'SELECT status, stddev(customer_id) AS s, var_pop(customer_id) AS v, bool_or(weight > 0) AS o, bit_xor(id) AS x FROM public.orders GROUP BY status',
  'aggregate-interval': 'SELECT kind, sum(took) AS total, avg(took) AS mean FROM public.events GROUP BY kind',
  having:
    'SELECT customer_id, count(*) AS n FROM public.orders GROUP BY customer_id HAVING sum(amount) > 1000',
  'join-aggregate': `SELECT r.name AS region, sum(o.amount) AS total, count(*) AS n FROM public.orders AS o JOIN public.customers AS c ON c.id = o.customer_id JOIN public.regions AS r ON r.id = c.region_id GROUP BY r.name`,
  'aggregate-of-aggregate': `SELECT n, count(*) AS customers FROM (SELECT customer_id, count(*) AS n FROM public.orders GROUP BY customer_id) AS per_customer GROUP BY n`,
  'join-of-aggregate': `SELECT c.name, t.total FROM public.customers AS c JOIN (SELECT customer_id, sum(amount) AS total FROM public.orders GROUP BY customer_id) AS t ON t.customer_id = c.id`,
  window:
    'SELECT id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC) AS place FROM public.orders',
  'window-of-some-rows':
    'SELECT sensor, at, value - lag(value) OVER (PARTITION BY sensor ORDER BY at) AS change, avg(value) OVER (PARTITION BY sensor ORDER BY at DESC ROWS BETWEEN CURRENT ROW AND 9 FOLLOWING) AS mean FROM public.weather',
  'window-of-a-range': `SELECT at, count(*) OVER (PARTITION BY sensor ORDER BY at RANGE BETWEEN interval '1 hour' PRECEDING AND CURRENT ROW) AS n FROM public.weather WHERE value > 0`,
  'windows-chained':
    'SELECT id, rank() OVER (PARTITION BY status ORDER BY amount) AS r, sum(weight) OVER (PARTITION BY customer_id) AS s FROM public.orders',
  'window-filtered':
    'SELECT q.customer_id, q.id FROM (SELECT id, customer_id, row_number() OVER (PARTITION BY customer_id ORDER BY amount DESC, id) AS place FROM public.orders) AS q WHERE q.place <= 3',
  'distinct-on':
    'SELECT DISTINCT ON (customer_id) customer_id, id, amount FROM public.orders ORDER BY customer_id, amount DESC',
  limit: 'SELECT id, amount FROM public.orders ORDER BY amount DESC LIMIT 10',
  'limit-of-groups':
    'SELECT status, sum(amount) AS total FROM public.orders GROUP BY status ORDER BY sum(amount) DESC, status FETCH FIRST 2 ROWS WITH TIES',
  recursion:
    'WITH RECURSIVE r AS (SELECT a, b FROM public.links UNION SELECT r.a, l.b FROM r JOIN public.links AS l ON l.a = r.b) SELECT a, b FROM r',
  'recursion-counted':
    'WITH RECURSIVE r(region, a, n) AS (SELECT g.id, l.a, 0 FROM public.regions AS g JOIN public.links AS l ON l.b = g.id UNION ALL SELECT r.region, l.a, r.n + 1 FROM r JOIN public.links AS l ON l.b = r.a) CYCLE a SET met USING way SELECT region, count(*) AS n FROM r WHERE NOT met GROUP BY region',
  view: 'SELECT c.name, o.amount FROM public.open_orders AS o JOIN public.customers AS c ON c.id = o.customer_id',
  with: `WITH big AS (SELECT id, customer_id FROM public.orders WHERE amount > 1000) SELECT b.id, c.id AS other FROM big AS b JOIN big AS c ON c.customer_id = b.customer_id`,
  'with-shared':
    'WITH t AS (SELECT customer_id, sum(amount) AS total FROM public.orders GROUP BY customer_id) SELECT a.customer_id, b.customer_id AS next FROM t AS a JOIN t AS b ON b.customer_id = a.customer_id + 1 WHERE b.total > a.total',
  distinct: 'SELECT DISTINCT status, note FROM public.orders',
  'distinct-below-join':
    'SELECT c.name, s.kind FROM public.customers AS c JOIN (SELECT DISTINCT customer_id, status AS kind FROM public.orders) AS s ON s.customer_id = c.id',
  union: `SELECT name FROM public.regions UNION SELECT name FROM public.customers UNION ALL SELECT 'nobody'`,
  intersect: 'SELECT a FROM public.links INTERSECT SELECT b FROM public.links',
  'except-all': 'SELECT a FROM public.links EXCEPT ALL SELECT id FROM public.regions',
  'left-join':
    'SELECT o.id, c.name, o.amount FROM public.orders AS o LEFT JOIN public.customers AS c ON c.id = o.customer_id',
  'left-join-many':
    'SELECT c.id, o.id AS order_id, o.amount * 2 AS double FROM public.customers AS c LEFT JOIN public.orders AS o ON o.customer_id = c.id AND o.amount > 100',
  'left-join-any-condition':
    'SELECT r.name, l.b FROM public.regions AS r LEFT JOIN public.links AS l ON l.a < r.id AND l.b = r.id',
  'left-join-chain':
    'SELECT o.id, c.name, r.name AS region FROM public.orders AS o LEFT JOIN public.customers AS c ON c.id = o.customer_id LEFT JOIN public.regions AS r ON r.id = c.region_id',
  'left-join-of-aggregate':
    'SELECT c.name, t.total FROM public.customers AS c LEFT JOIN (SELECT customer_id, sum(amount) AS total FROM public.orders GROUP BY customer_id) AS t ON t.customer_id = c.id',
  'left-join-strict':
    'SELECT o.id, c.name, r.name AS region FROM public.orders AS o LEFT JOIN public.customers AS c ON c.id = o.customer_id LEFT JOIN public.regions AS r ON r.id = c.region_id WHERE r.name > $$a$$',
  'full-join-strict':
    'SELECT c.id, c.name, r.name AS region FROM public.customers AS c FULL JOIN public.regions AS r ON r.id = c.region_id WHERE c.id > 3',
  'full-join':
    'SELECT id, c.name, r.name AS region FROM public.customers AS c FULL JOIN public.regions AS r USING (id)',
  'grouping-sets':
    'SELECT customer_id, status, grouping(customer_id, status) AS level, count(*) AS n FROM public.orders GROUP BY ROLLUP (customer_id, status) HAVING count(*) > 1',
  'grouping-sets-window':
    'SELECT customer_id, status, sum(amount) AS total, rank() OVER (PARTITION BY grouping(customer_id, status) ORDER BY sum(amount) DESC) AS place FROM public.orders GROUP BY ROLLUP (customer_id, status)',
  unnest: `SELECT o.id, w FROM public.orders AS o, regexp_split_to_table(o.note, ' ') AS w`,
  'function-left-join':
    'SELECT o.id, g.n, g.i FROM public.orders AS o LEFT JOIN LATERAL generate_series(1, o.customer_id) WITH ORDINALITY AS g(n, i) ON g.n > 2',
  'function-joined-further': `SELECT o.id, c.name FROM public.orders AS o, generate_series(o.customer_id, o.customer_id + 1) AS g JOIN public.customers AS c ON c.id = g`,
  'function-of-subquery':
    'SELECT c.id, g FROM public.customers AS c, generate_series(1, (SELECT count(*) FROM public.orders AS o WHERE o.customer_id = c.id)) AS g',
  'json-table': `SELECT o.id, j.a, j.n FROM public.orders AS o, JSON_TABLE(to_jsonb(o.note), '$.items[*]' COLUMNS (a int PATH '$.a', n FOR ORDINALITY)) AS j`,
  'limit-by-subquery':
    'SELECT id, amount FROM public.orders ORDER BY amount DESC LIMIT (SELECT count(*) FROM public.regions)',
  'set-in-select-list':
    'SELECT l.a, generate_series(1, l.a) AS x, generate_series(1, generate_series(1, l.b)) AS y FROM public.links AS l',
  exists:
    'SELECT c.id, c.name FROM public.customers AS c WHERE EXISTS (SELECT FROM public.orders AS o WHERE o.customer_id = c.id)',
  'not-in':
    'SELECT l.a FROM public.links AS l WHERE l.b NOT IN (SELECT o.customer_id FROM public.orders AS o)',
  'exists-under-or':
    "SELECT c.id FROM public.customers AS c WHERE c.name = 'x' OR EXISTS (SELECT FROM public.orders AS o WHERE o.customer_id = c.id)",
  'scalar-subquery':
    'SELECT c.id, (SELECT sum(o.amount) FROM public.orders AS o WHERE o.customer_id = c.id) AS total FROM public.customers AS c',
  'bound-that-moves': `SELECT o.id, c.name FROM public.orders AS o JOIN public.customers AS c ON c.id = o.customer_id WHERE o.amount > (SELECT avg(amount) FROM public.orders WHERE status = 'open')`,
  'scalar-subquery-over-a-domain':
    'SELECT r.id, (SELECT count(*) FROM public.links AS l WHERE l.a < r.id) AS n FROM public.regions AS r',
  'scalar-subqueries-over-one-domain':
    'SELECT r.id, (SELECT count(*) FROM public.links AS l WHERE l.a < r.id) AS n, (SELECT max(l.b) FROM public.links AS l WHERE l.b > r.id) AS m FROM public.regions AS r',
  'joins-of-groups': `SELECT c.id, o.n, l.s, m.t FROM public.customers AS c JOIN (SELECT customer_id, count(*) AS n FROM public.orders GROUP BY 1) AS o ON o.customer_id = c.id JOIN (SELECT a, sum(b) AS s FROM public.links GROUP BY 1) AS l ON l.a = c.id LEFT JOIN (SELECT b, sum(a) AS t FROM public.links GROUP BY 1) AS m ON m.b = c.id`,
  'lateral-limit':
    'SELECT c.id, t.amount FROM public.customers AS c LEFT JOIN LATERAL (SELECT o.amount FROM public.orders AS o WHERE o.customer_id = c.id ORDER BY o.amount DESC, o.id LIMIT 3) AS t ON true',
  nearest: `SELECT e.kind, w.value FROM public.events AS e LEFT JOIN LATERAL (SELECT w.value FROM public.weather AS w WHERE w.sensor = 7 AND w.at <= e.at ORDER BY w.at DESC LIMIT 1) AS w ON true`,
  temporal: `SELECT kind, body FROM public.events WHERE at > now() - interval '1 hour'`,
  'temporal-values': `SELECT kind, count(*) FILTER (WHERE at > now() - interval '1 hour') AS n FROM public.events GROUP BY kind`,
  'temporal-groups': 'SELECT kind, count(*) AS n FROM public.events WHERE at <= now() GROUP BY kind',
  'recursion-groups':
    'WITH RECURSIVE r(a, b) AS (SELECT a, b FROM public.links UNION SELECT r.a, g.last FROM r JOIN (SELECT a, max(b) AS last FROM public.links GROUP BY a) AS g ON g.a = r.b) SELECT a, b FROM r',
  'whole-row':
    'SELECT c AS customer, o.id FROM public.orders AS o LEFT JOIN public.customers AS c ON c.id = o.customer_id',
  full: 'SELECT status, now() AS at FROM public.orders',
}
