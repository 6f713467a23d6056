/** One query per construct; what becomes of it is asked of the compiler, not written here. */
export interface Example {
  readonly construct: string
  readonly query: string
}

export interface Chapter {
  readonly title: string
  readonly examples: readonly Example[]
}

export const SCHEMA = `
  CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, region text);
  CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, amount numeric, weight float8, took interval,
    price money, placed date, at timestamptz, note json, point point);
  CREATE TABLE log (line text);
  CREATE TABLE measures (at date NOT NULL, value int) PARTITION BY RANGE (at);
  CREATE TABLE measures_2024 PARTITION OF measures FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE UNLOGGED TABLE unsafe (a int);
  CREATE TABLE parent (a int);
  CREATE TABLE child () INHERITS (parent);
  CREATE TABLE private (a int);
  ALTER TABLE private ENABLE ROW LEVEL SECURITY;
  CREATE VIEW visible AS SELECT a FROM private;
  ALTER VIEW visible OWNER TO pg_monitor;
  CREATE VIEW paid AS SELECT * FROM orders WHERE amount > 0;
  CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
  CREATE EXTENSION file_fdw;
  CREATE SERVER elsewhere FOREIGN DATA WRAPPER file_fdw;
  CREATE FOREIGN TABLE remote (a int) SERVER elsewhere OPTIONS (filename '/dev/null');
  CREATE FOREIGN TABLE far (a int) SERVER elsewhere OPTIONS (filename '/dev/null');
  CREATE MATERIALIZED VIEW weekly AS SELECT 1 AS a;
  CREATE EXTENSION citext;
  CREATE TABLE words (word citext, n int);
  CREATE SEQUENCE counter;
  CREATE FUNCTION two(OUT a int, OUT b int) LANGUAGE sql IMMUTABLE AS 'SELECT 1, 2';
  CREATE AGGREGATE product(int) (SFUNC = int4mul, STYPE = int, INITCOND = '1');
  CREATE AGGREGATE commonest (ORDER BY anyelement) (sfunc = ordered_set_transition, stype = internal, finalfunc = mode_final, finalfunc_extra, finalfunc_modify = read_write);
  CREATE SCHEMA other;
  CREATE FUNCTION other.many(int, int) RETURNS SETOF int LANGUAGE sql IMMUTABLE AS 'SELECT generate_series($1, $2)';
  CREATE FUNCTION other.loose(int, OUT a int, OUT b text) RETURNS SETOF record LANGUAGE sql IMMUTABLE AS 'SELECT $1, $1::text';
  CREATE FUNCTION other.unnamed(int) RETURNS SETOF record LANGUAGE sql IMMUTABLE AS 'SELECT $1, $1::text';
  CREATE FUNCTION other.aged(date, at date DEFAULT current_date) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $2 - $1';
  CREATE FUNCTION other.tell(anyelement) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
  CREATE VIEW told AS SELECT id, other.tell(customer) AS customer FROM orders;
  CREATE FUNCTION other.tell(int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
  CREATE TYPE other.mood AS ENUM ('low', 'high');
  CREATE VIEW felt AS SELECT id, name::other.mood AS mood FROM customers;
  CREATE FUNCTION other.felt(text) RETURNS other.mood LANGUAGE sql IMMUTABLE RETURN 'low'::other.mood;
  CREATE CAST (text AS other.mood) WITH FUNCTION other.felt(text);
  CREATE OPERATOR other.%%% (LEFTARG = int, RIGHTARG = int, FUNCTION = other.many);
  SELECT pgstream.create_stream_table('totals', 'SELECT customer, count(*) AS n FROM orders GROUP BY customer');
  SELECT pgstream.compare_source('far'), pgstream.compare_source('weekly');
  ALTER FOREIGN TABLE far ADD since int;
`

const of = (text: string): readonly Example[] =>
  text
    .trim()
    .split('\n')
    .map((line) => {
      const [construct = '', query = ''] = line.split(/ ::\s+/)
      return { construct: construct.trim(), query: query.trim() }
    })

export const CHAPTERS: readonly Chapter[] = [
  {
    title: 'Rows and columns',
    examples: of(`
      WHERE                          :: SELECT id FROM orders WHERE amount > 10 AND placed >= date '2024-01-01'
      computed columns               :: SELECT id, round(amount * 1.19, 2) AS gross, upper(line) AS line FROM orders, log
      CASE, COALESCE, casts          :: SELECT id, CASE WHEN amount > 10 THEN 'big' ELSE coalesce(note::text, '') END AS size FROM orders
      a table without a key          :: SELECT * FROM log
      a whole row as a value         :: SELECT o AS whole FROM orders o
      a whole row of a subquery      :: SELECT count(q) AS n FROM (SELECT id, amount FROM orders) AS q
      a row as JSON                  :: SELECT c.id, (SELECT jsonb_agg(o ORDER BY o.id) FROM (SELECT id, amount FROM orders WHERE customer = c.id) AS o) AS orders FROM customers c
      a whole row of a function      :: SELECT count(p) AS n FROM other.loose(3) AS p
      ORDER BY (has no effect)       :: SELECT id FROM orders ORDER BY amount
      ORDER BY … LIMIT, OFFSET       :: SELECT id FROM orders ORDER BY amount, id LIMIT 10 OFFSET 5
      FETCH FIRST … WITH TIES        :: SELECT id, amount FROM orders ORDER BY amount FETCH FIRST 3 ROWS WITH TIES
      LIMIT without ORDER BY         :: SELECT id FROM orders LIMIT 10
      OFFSET 0                       :: SELECT id FROM (SELECT id FROM orders OFFSET 0) AS o
      of one row at most             :: SELECT o.id, c.name FROM orders o, LATERAL (SELECT name FROM customers WHERE id = o.customer LIMIT 1) AS c
      a subquery in LIMIT            :: SELECT id FROM orders ORDER BY id LIMIT (SELECT count(*) FROM customers)
      a column of a query around there :: SELECT c.name, o.id FROM customers c, LATERAL (SELECT id FROM orders WHERE customer = c.id ORDER BY id LIMIT c.id) AS o
      DISTINCT of a type without order :: SELECT DISTINCT id::text::xid AS k FROM orders
      DISTINCT                       :: SELECT DISTINCT region FROM customers
      DISTINCT ON                    :: SELECT DISTINCT ON (region) region, name FROM customers ORDER BY region, name
      window functions               :: SELECT id, customer, row_number() OVER (PARTITION BY customer ORDER BY amount, id) AS place FROM orders
      frames, EXCLUDE                :: SELECT id, avg(amount) OVER (PARTITION BY customer ORDER BY placed ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS a, count(*) OVER (ORDER BY amount GROUPS 1 PRECEDING EXCLUDE TIES) AS n FROM orders
      a distance that a subquery gives :: SELECT id, count(*) OVER (ORDER BY id ROWS (SELECT count(*) FROM log) PRECEDING) AS n FROM orders
      windows over aggregates        :: SELECT customer, sum(amount) AS s, rank() OVER (ORDER BY sum(amount) DESC) AS place FROM orders GROUP BY customer
      the first rows of each group   :: SELECT customer, id FROM (SELECT customer, id, row_number() OVER (PARTITION BY customer ORDER BY amount DESC, id) AS place FROM orders) AS q WHERE place <= 3
      PARTITION BY a type without order :: SELECT id, count(*) OVER (PARTITION BY id::text::xid) AS n FROM orders
      set-returning functions        :: SELECT id, generate_series(1, 3) AS n FROM orders
      several of them, nested, grouped by :: SELECT generate_series(1, id) AS n, count(*) AS c FROM orders GROUP BY 1
      several that return records    :: SELECT id, (jsonb_each(note::text::jsonb)).key, (other.loose(id)).a FROM orders
    `),
  },
  {
    title: 'Joins',
    examples: of(`
      inner joins of any number      :: SELECT o.id, c.name, d.name AS other FROM orders o JOIN customers c ON c.id = o.customer JOIN customers d ON d.region = c.region
      USING, NATURAL                 :: SELECT id, name FROM customers JOIN (SELECT id, amount FROM orders) AS o USING (id)
      self-joins                     :: SELECT a.id, b.id AS other FROM customers a JOIN customers b ON a.region = b.region
      cross joins                    :: SELECT o.id, l.line FROM orders o CROSS JOIN log l
      any other condition            :: SELECT a.id, b.id AS other FROM orders a JOIN orders b ON a.amount < b.amount
      LEFT JOIN                      :: SELECT c.id, o.amount FROM customers c LEFT JOIN orders o ON o.customer = c.id
      RIGHT JOIN                     :: SELECT c.id, o.amount FROM orders o RIGHT JOIN customers c ON o.customer = c.id
      FULL JOIN                      :: SELECT c.id, o.amount FROM orders o FULL JOIN customers c ON o.customer = c.id
      LATERAL                        :: SELECT c.id, o.amount FROM customers c, LATERAL (SELECT amount FROM orders WHERE customer = c.id) AS o
    `),
  },
  {
    title: 'Groups and aggregates',
    examples: of(`
      GROUP BY columns, expressions  :: SELECT region, length(name) AS l, count(*) AS n FROM customers GROUP BY region, length(name)
      no GROUP BY                    :: SELECT count(*) AS n, sum(amount) AS total FROM orders
      count, FILTER                  :: SELECT customer, count(*) AS n, count(amount) FILTER (WHERE amount > 0) AS positive FROM orders GROUP BY customer
      sum, avg of exact numbers      :: SELECT customer, sum(amount) AS s, avg(amount) AS a, sum(took) AS t, sum(price) AS p FROM orders GROUP BY customer
      sum, avg of floats             :: SELECT customer, sum(weight) AS s, avg(weight) AS a FROM orders GROUP BY customer
      min, max                       :: SELECT customer, min(placed) AS first, max(amount) AS largest FROM orders GROUP BY customer
      HAVING                         :: SELECT customer, count(*) AS n FROM orders GROUP BY customer HAVING count(*) > 2
      aggregates over aggregates     :: SELECT n, count(*) AS customers FROM (SELECT customer, count(*) AS n FROM orders GROUP BY customer) AS t GROUP BY n
      joins over aggregates          :: SELECT c.name, t.n FROM customers c JOIN (SELECT customer, count(*) AS n FROM orders GROUP BY customer) AS t ON t.customer = c.id
      groups of a type without order :: SELECT id::text::xid AS k, count(*) AS n FROM orders GROUP BY 1
      DISTINCT in an aggregate       :: SELECT customer, count(DISTINCT amount) AS n FROM orders GROUP BY customer
      ORDER BY in an aggregate       :: SELECT customer, sum(amount ORDER BY amount) AS s FROM orders GROUP BY customer
      array_agg                      :: SELECT customer, array_agg(id) AS ids FROM orders GROUP BY customer
      over rows that are sorted below :: SELECT c.id, (SELECT json_agg(q)::text FROM (SELECT id, amount FROM orders WHERE customer = c.id ORDER BY placed DESC, id) AS q) AS orders FROM customers c
      string_agg                     :: SELECT region, string_agg(name, ', ') AS names FROM customers GROUP BY region
      bool_and, bool_or, every       :: SELECT customer, bool_and(amount > 0) AS paid, bool_or(amount > 9) AS o, every(amount > 1) AS e FROM orders GROUP BY customer
      bit_xor                        :: SELECT customer, bit_xor(id) AS x FROM orders GROUP BY customer
      any_value                      :: SELECT customer, any_value(placed) AS some FROM orders GROUP BY customer
      variance, stddev               :: SELECT customer, stddev(amount) AS s, stddev_pop(id) AS sp, stddev_samp(id) AS ss, variance(id) AS v, var_pop(id) AS vp, var_samp(id) AS vs FROM orders GROUP BY customer
      corr, regr_*, covar_*          :: SELECT customer, corr(weight, id) AS c, regr_slope(weight, id) AS r FROM orders GROUP BY customer
      percentile_cont and the like   :: SELECT customer, percentile_cont(0.5) WITHIN GROUP (ORDER BY weight) AS median FROM orders GROUP BY customer
      aggregates of your own         :: SELECT customer, product(id) AS p FROM orders GROUP BY customer
      aggregates that depend on settings :: SELECT customer, jsonb_agg(at ORDER BY at) AS j FROM orders GROUP BY customer
      aggregates of a pseudo-type    :: SELECT customer, (array_agg(ROW(id, amount)))::text AS r FROM orders GROUP BY customer
      aggregates of an outer query   :: SELECT region, (SELECT count(c.id)) AS n FROM customers c GROUP BY region
      GROUPING()                     :: SELECT region, grouping(region) AS level, count(*) AS n FROM customers GROUP BY ROLLUP (region)
      more than 64 grouping sets     :: SELECT count(*) AS n FROM orders GROUP BY CUBE (id, customer, amount, weight, took, price, placed)
      grouping sets over a constant  :: SELECT 5 AS five, count(*) AS n FROM orders GROUP BY ROLLUP (five)
      one that stands elsewhere, too :: SELECT 5 AS five, 5 + count(*) AS n FROM orders GROUP BY ROLLUP (five)
      sorted by it                   :: SELECT DISTINCT 5 AS five, count(*) AS n FROM orders GROUP BY ROLLUP (five)
      windows compared with subqueries :: SELECT id, count(*) OVER (PARTITION BY customer) IN (SELECT id FROM customers) AS few FROM orders
      windows over grouping sets     :: SELECT region, rank() OVER (ORDER BY count(*)) AS r FROM customers GROUP BY ROLLUP (region)
      GROUPING SETS, ROLLUP, CUBE    :: SELECT region, name, count(*) AS n FROM customers GROUP BY ROLLUP (region, name)
    `),
  },
  {
    title: 'Queries in queries',
    examples: of(`
      subqueries in FROM             :: SELECT big.id FROM (SELECT id FROM orders WHERE amount > 100) AS big
      WITH                           :: WITH big AS (SELECT id, amount FROM orders WHERE amount > 100) SELECT a.id FROM big a JOIN big b ON a.id = b.id
      WITH RECURSIVE                 :: WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n
      WITH RECURSIVE over tables     :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION SELECT r.a, o.customer FROM r JOIN orders o ON o.id = r.b) SELECT a, count(*) AS n FROM r GROUP BY a
      SEARCH                         :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION ALL SELECT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) SEARCH BREADTH FIRST BY a SET seq SELECT a, b FROM r ORDER BY seq
      its order in a result          :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION ALL SELECT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) SEARCH DEPTH FIRST BY a SET seq SELECT a, row_number() OVER (ORDER BY seq) AS place FROM r
      CYCLE                          :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION ALL SELECT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) CYCLE a SET met USING way SELECT a, b, met FROM r
      its path in a result           :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION ALL SELECT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) CYCLE a SET met USING way SELECT a, way::text AS way FROM r
      a type without hash in a recursion :: WITH RECURSIVE r(a, j) AS (SELECT id, '1'::json FROM orders UNION ALL SELECT o.id, r.j FROM r JOIN orders o ON o.customer = r.a) SELECT a FROM r
      the time in a recursion        :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders WHERE at > now() - interval '1 day' UNION SELECT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) SELECT a FROM r
      the time and what a recursion has made :: WITH RECURSIVE r(a, b, at) AS (SELECT id, customer, at FROM orders UNION SELECT o.id, o.customer, o.at FROM r JOIN orders o ON o.id = r.b WHERE r.at > now()) SELECT a FROM r
      a recursion from row to row    :: SELECT c.name, t.n FROM customers c, LATERAL (WITH RECURSIVE r(a) AS (SELECT c.id UNION SELECT o.customer FROM r JOIN orders o ON o.id = r.a) SELECT count(*) AS n FROM r) AS t
      one that asks more of its row  :: SELECT c.name, t.n FROM customers c, LATERAL (WITH RECURSIVE r(a) AS (SELECT c.id UNION SELECT o.customer FROM r JOIN orders o ON o.id = r.a WHERE EXISTS (SELECT FROM log LEFT JOIN orders p ON p.id = c.id WHERE p.id IS NULL)) SELECT count(*) AS n FROM r) AS t
      one for a type without hash    :: SELECT o.id, t.n FROM (SELECT id, id::bit(8) AS b FROM orders) AS o, LATERAL (WITH RECURSIVE r(a) AS (SELECT o.id UNION SELECT p.customer FROM r JOIN orders p ON p.id = r.a AND p.id::bit(8) <> o.b) SELECT count(*) AS n FROM r) AS t
      DISTINCT in a recursive term   :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION SELECT DISTINCT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) SELECT a FROM r
      the same below UNION ALL       :: WITH RECURSIVE r(a, b) AS (SELECT id, customer FROM orders UNION ALL SELECT DISTINCT o.id, o.customer FROM r JOIN orders o ON o.id = r.b) SELECT a FROM r
      window functions in a recursive term :: WITH RECURSIVE r(a, n) AS (SELECT id, 1::bigint FROM orders UNION ALL SELECT o.id, row_number() OVER (ORDER BY o.id) FROM r JOIN orders o ON o.customer = r.a WHERE r.n < 3) SELECT a FROM r
      a window over what has no key   :: WITH RECURSIVE r(a) AS (SELECT id::bigint FROM orders UNION SELECT t.n FROM r JOIN (SELECT line, rank() OVER (ORDER BY line) AS n FROM log) AS t ON t.n > r.a) SELECT a FROM r
      the rows of a round with each other :: WITH RECURSIVE r(a) AS (SELECT id FROM orders UNION (WITH s AS (SELECT a FROM r) SELECT x.a + y.a FROM s x JOIN s y ON x.a < y.a WHERE y.a < 9)) SELECT a FROM r
      aggregates beside the recursion :: WITH RECURSIVE r(a) AS (SELECT id FROM orders UNION SELECT t.customer FROM r JOIN (SELECT customer, count(*) AS n FROM orders GROUP BY customer) AS t ON t.n = r.a) SELECT a FROM r
      UNION ALL                      :: SELECT id FROM orders UNION ALL SELECT id FROM customers
      UNION of a type without order  :: SELECT id::text::xid AS k FROM orders UNION SELECT id::text::xid FROM customers
      INTERSECT of a type without order :: SELECT id::text::xid AS k FROM orders INTERSECT SELECT id::text::xid FROM customers
      UNION                          :: SELECT id FROM orders UNION SELECT id FROM customers
      INTERSECT                      :: SELECT id FROM orders INTERSECT SELECT id FROM customers
      INTERSECT ALL                  :: SELECT id FROM orders INTERSECT ALL SELECT id FROM customers
      EXCEPT                         :: SELECT id FROM orders EXCEPT SELECT id FROM customers
      EXCEPT ALL                     :: SELECT id FROM orders EXCEPT ALL SELECT id FROM customers
      VALUES                         :: SELECT o.id, v.label FROM orders o JOIN (VALUES (1, 'one'), (2, 'two')) AS v(n, label) ON v.n = o.customer
      a subquery in VALUES           :: SELECT v.n FROM (VALUES ((SELECT 1)), (2)) AS v(n)
      EXISTS, IN (SELECT …)          :: SELECT name FROM customers c WHERE EXISTS (SELECT FROM orders WHERE customer = c.id)
      NOT EXISTS, NOT IN             :: SELECT id FROM orders WHERE customer NOT IN (SELECT id FROM customers WHERE region = 'north')
      ANY, ALL                       :: SELECT id FROM orders o WHERE amount >= ALL (SELECT amount FROM orders WHERE customer = o.customer)
      under OR, NOT, CASE, shown     :: SELECT id, EXISTS (SELECT FROM orders WHERE customer = c.id) AS buys FROM customers c WHERE region = 'north' OR id IN (SELECT customer FROM orders)
      scalar subqueries              :: SELECT id, (SELECT max(amount) FROM orders) AS largest FROM customers
      compared with one that moves   :: SELECT id FROM orders WHERE amount > (SELECT avg(amount) FROM orders)
      correlated by anything         :: SELECT id, (SELECT count(*) FROM orders WHERE amount > c.id) AS n FROM customers c
      of a list or a document of the row :: SELECT id, (SELECT sum(e::text::int) FROM json_array_elements(note::text::json) AS e) AS s FROM orders
      ARRAY(SELECT …)                :: SELECT id, ARRAY(SELECT o.id FROM orders o WHERE o.customer = c.id ORDER BY o.id) AS ids FROM customers c
      ARRAY of a type without arrays :: SELECT id, ARRAY(SELECT o FROM (SELECT ROW(id) AS o FROM orders) AS q)::text AS rows FROM customers
      subqueries in ON of FULL JOIN  :: SELECT c.id FROM customers c FULL JOIN orders o ON o.customer = c.id AND EXISTS (SELECT FROM log)
      subqueries in ON of LEFT JOIN  :: SELECT c.id, o.amount FROM customers c LEFT JOIN orders o ON o.customer = c.id AND EXISTS (SELECT FROM orders WHERE customer = o.customer)
      over both sides there          :: SELECT c.id, o.amount FROM customers c LEFT JOIN orders o ON EXISTS (SELECT FROM orders WHERE customer = c.id AND amount = o.amount)
      of one side, against the other :: SELECT c.id, o.amount FROM customers c LEFT JOIN orders o ON c.id = (SELECT max(customer) FROM orders WHERE amount = o.amount)
      correlated by a type without order :: SELECT o.id, (SELECT count(*) FROM orders p WHERE p.id::text::xid = o.x OR p.id = 1) AS n FROM (SELECT id, id::text::xid AS x FROM orders) AS o
      correlated by an anonymous row :: SELECT o.id, (SELECT count(*) FROM orders p WHERE ROW(p.id) = o.r OR p.id = 1) AS n FROM (SELECT id, ROW(id) AS r FROM orders) AS o
      subqueries by the dozen        :: SELECT id FROM orders o WHERE (amount = 1 AND NOT EXISTS (SELECT FROM log WHERE o.id > 1)) IS NULL OR (amount = 2 AND NOT EXISTS (SELECT FROM log WHERE o.id > 2)) IS NULL OR (amount = 3 AND NOT EXISTS (SELECT FROM log WHERE o.id > 3)) IS NULL OR (amount = 4 AND NOT EXISTS (SELECT FROM log WHERE o.id > 4)) IS NULL OR (amount = 5 AND NOT EXISTS (SELECT FROM log WHERE o.id > 5)) IS NULL OR (amount = 6 AND NOT EXISTS (SELECT FROM log WHERE o.id > 6)) IS NULL OR (amount = 7 AND NOT EXISTS (SELECT FROM log WHERE o.id > 7)) IS NULL
      correlated aggregates of your own :: SELECT id, (SELECT product(id) FROM orders WHERE customer = c.id) AS p FROM customers c
      one of your own WITHIN GROUP   :: SELECT id, (SELECT commonest() WITHIN GROUP (ORDER BY amount) FROM orders WHERE customer = c.id) AS p FROM customers c
    `),
  },
  {
    title: 'Sources',
    examples: of(`
      tables                         :: SELECT id FROM orders
      views                          :: SELECT id FROM paid
      stream tables                  :: SELECT customer FROM totals WHERE n > 2
      partitioned tables             :: SELECT at, value FROM measures
      tables with children           :: SELECT a FROM parent
      FROM ONLY a table with children :: SELECT a FROM ONLY parent
      FROM ONLY a partitioned table  :: SELECT at FROM ONLY measures
      functions in FROM              :: SELECT n FROM generate_series(1, 3) AS n
      functions over columns, LATERAL :: SELECT o.id, w, i FROM orders o LEFT JOIN regexp_split_to_table(o.note::text, ' ') WITH ORDINALITY AS t(w, i) ON true
      rows that JSON is read as      :: SELECT o.id, r.a FROM orders o, jsonb_to_recordset(o.note::text::jsonb) AS r(a int, b text)
      the same, by how dates are read :: SELECT o.id, r.a FROM orders o, jsonb_to_recordset(o.note::text::jsonb) AS r(a date)
      ROWS FROM                      :: SELECT o.id, a, b FROM orders o, ROWS FROM (generate_series(1, o.id), jsonb_object_keys(o.note::text::jsonb)) AS r(a, b)
      functions within the right of an outer join, over its left :: SELECT o.id FROM orders o LEFT JOIN (log CROSS JOIN generate_series(1, o.id) AS g) ON true
      functions in queries in queries :: SELECT o.id FROM orders o WHERE o.customer IN (SELECT g FROM generate_series(1, o.id) AS g)
      a subquery in a function in FROM :: SELECT g FROM generate_series(1, (SELECT max(id) FROM orders)) AS g
      a subquery where a function is joined :: SELECT o.id, g FROM orders o LEFT JOIN generate_series(1, o.id) AS g ON g IN (SELECT id FROM customers)
      VALUES over columns            :: SELECT o.id, v.x FROM orders o, LATERAL (VALUES (o.id), (o.customer)) AS v(x)
      an expression WITH ORDINALITY  :: SELECT a FROM orders o, coalesce(o.id, 1) WITH ORDINALITY AS c(a, i)
      an expression in ROWS FROM     :: SELECT a FROM orders o, ROWS FROM (generate_series(1, o.id), coalesce(o.id, 1)) AS r(a, b)
      a column definition list       :: SELECT l.b FROM orders o, other.unnamed(o.id) AS l(a int, b text)
      one with a length of its own   :: SELECT l.b FROM orders o, other.unnamed(o.id) AS l(a int, b varchar(5)[])
      XMLTABLE                       :: SELECT o.id, x.k FROM orders o, XMLTABLE('/rows/row' PASSING xmlelement(name rows, o.id) COLUMNS k int PATH '@k') AS x
      JSON_TABLE                     :: SELECT j.a FROM orders, JSON_TABLE(note::text::jsonb, '$' COLUMNS (a int PATH '$.a')) AS j
      a table with row security      :: SELECT a FROM private
      one that policies hide rows of :: SELECT a FROM visible
      materialized views             :: SELECT a FROM kept
      foreign tables                 :: SELECT a FROM remote
      a materialized view that is compared :: SELECT a FROM weekly
      a foreign table that is compared :: SELECT a FROM far
      a column added since           :: SELECT since FROM far
      a whole row of it              :: SELECT far FROM far
      system catalogs                :: SELECT relname FROM pg_class
      sequences                      :: SELECT last_value FROM counter
      unlogged tables                :: SELECT a FROM unsafe
      temporary tables               :: SELECT a FROM scratch
      TABLESAMPLE                    :: SELECT id FROM orders TABLESAMPLE SYSTEM (10)
      FOR UPDATE, FOR SHARE          :: SELECT id FROM orders FOR UPDATE
      system columns                 :: SELECT ctid AS place FROM orders
    `),
  },
  {
    title: 'Expressions',
    examples: of(`
      immutable functions, operators :: SELECT lower(name) || '!' AS loud FROM customers
      JSON, XML, arrays, ranges      :: SELECT note ->> 'a' AS a, ARRAY[id, customer] AS ids, int4range(id, id + 1) AS r, xmlelement(name a, id) AS x FROM orders
      functions that write any type  :: SELECT id, jsonb_build_object('id', id, 'placed', placed) AS j, concat(id, ': ', amount) AS t, to_jsonb(amount) AS a FROM orders
      comparison of rows             :: SELECT id FROM orders WHERE (customer, placed) > (7, date '2024-01-01')
      the same over several schemas  :: SELECT n FROM words WHERE (word, n) > ('a'::citext, 7)
      now() compared with a column   :: SELECT id FROM orders WHERE at > now() - interval '7 days' AND placed <= current_date
      the same shown, counted, in ON :: SELECT customer, count(*) FILTER (WHERE at > now() - interval '1 day') AS lately, bool_or(at > now()) AS due FROM orders GROUP BY customer
      a range of a row that holds it :: SELECT id FROM orders WHERE tstzrange(at, NULL) @> now() OR current_date <@ daterange(placed, NULL)
      a range of a row that holds one that moves :: SELECT id FROM orders WHERE tstzrange(at, NULL) @> tstzrange(now(), now() + interval '1 hour')
      a moment so long after another :: SELECT id, at + interval '90 minutes' AS due, extract(epoch FROM at) AS seconds FROM orders
      a day after it, by the time zone :: SELECT id, at + interval '1 day' AS due FROM orders
      written by a format            :: SELECT to_char(placed::timestamp, 'YYYY-MM') AS month, to_char(amount, 'FM999,990.00') AS shown FROM orders
      the same, by the locale        :: SELECT to_char(placed::timestamp, 'TMMonth') AS month FROM orders
      now() elsewhere                :: SELECT id, now() - at AS age FROM orders
      other stable functions         :: SELECT id FROM orders WHERE note::text = current_user
      a default that is the time     :: SELECT id, other.aged(placed) AS days FROM orders
      a view over a function, beside which is one that fits better :: SELECT * FROM told
      a view over a cast by text, beside which is one by a function :: SELECT * FROM felt
      casts that depend on settings  :: SELECT id, at::text AS at FROM orders
      volatile functions             :: SELECT id, random() AS luck FROM orders
      nextval                        :: SELECT id, nextval('counter') AS n FROM orders
      a field of an anonymous record :: SELECT id, (two()).b FROM orders
      set-returning operators        :: SELECT id OPERATOR(other.%%%) 3 AS n FROM orders
    `),
  },
]
