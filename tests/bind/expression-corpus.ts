/** What the corpus is evaluated over: columns of many types, objects outside pg_catalog with awkward names. */
export const CORPUS_SETUP = `
CREATE SCHEMA "App s";
SET search_path = "App s", public;
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'Happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE DOMAIN code AS varchar(5);
CREATE DOMAIN ints AS integer[];
CREATE TYPE pair AS (x integer, "Y y" text COLLATE "C");
CREATE DOMAIN pair_domain AS pair;
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE parent (a integer, b text);
CREATE TABLE child (c integer) INHERITS (parent);
CREATE FUNCTION add_default(a integer, b integer DEFAULT 10, c integer DEFAULT 100) RETURNS integer
  IMMUTABLE LANGUAGE sql AS 'SELECT a + b * 2 + c * 3';
CREATE FUNCTION add_computed(a integer, b integer DEFAULT length('abc'), c integer DEFAULT 1 + 1) RETURNS integer
  IMMUTABLE LANGUAGE sql AS 'SELECT a + b * 2 + c * 3';
CREATE FUNCTION add_many(a integer, VARIADIC others integer[] DEFAULT ARRAY[1 + 1, 3]) RETURNS integer
  IMMUTABLE LANGUAGE sql AS 'SELECT a + cardinality(others)';
CREATE FUNCTION join_all(sep text, VARIADIC parts text[]) RETURNS text IMMUTABLE LANGUAGE sql
  AS $$ SELECT array_to_string(parts, sep) $$;
CREATE FUNCTION overloaded(integer) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'int' $$;
CREATE FUNCTION overloaded(bigint) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'big' $$;
CREATE FUNCTION overloaded(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'text' $$;
CREATE FUNCTION overloaded(anyelement) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'any' $$;
CREATE FUNCTION "Select"(integer) RETURNS integer IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
CREATE FUNCTION make_pair(integer, text) RETURNS pair IMMUTABLE LANGUAGE sql AS 'SELECT ROW($1, $2)::"App s".pair';
CREATE FUNCTION same_mod_ten(integer, integer) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1 % 10 = $2 % 10';
CREATE FUNCTION less_mod_ten(integer, integer) RETURNS boolean IMMUTABLE STRICT LANGUAGE sql AS 'SELECT $1 % 10 < $2 % 10';
CREATE FUNCTION negate_text(text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT reverse($1)';
CREATE OPERATOR === (LEFTARG = integer, RIGHTARG = integer, FUNCTION = same_mod_ten);
CREATE OPERATOR ~! (RIGHTARG = text, FUNCTION = negate_text);
CREATE TYPE modten AS (v integer);
CREATE TYPE weird;
CREATE FUNCTION weird_in(cstring) RETURNS weird IMMUTABLE STRICT LANGUAGE internal AS 'int4in';
CREATE FUNCTION weird_out(weird) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'int4out';
CREATE TYPE weird (INPUT = weird_in, OUTPUT = weird_out, LIKE = integer);
CREATE FUNCTION weird_eq(weird, weird) RETURNS boolean IMMUTABLE STRICT LANGUAGE internal AS 'int4ne';
CREATE OPERATOR = (LEFTARG = weird, RIGHTARG = weird, FUNCTION = weird_eq);
CREATE CAST (integer AS weird) WITHOUT FUNCTION;
CREATE COLLATION "my coll" FROM "C";
CREATE TABLE everything (
  id integer PRIMARY KEY, i integer, i2 smallint, i8 bigint, n numeric, n2 numeric(10,2), f4 real, f8 double precision,
  b boolean, s text, v varchar(20), c char(6), nm name, ch "char", by bytea, d date, t time, tz timetz, ts timestamp,
  tstz timestamptz, iv interval, j json, jb jsonb, u uuid, ip inet, ci cidr, mac macaddr, p point, bx box, bi bit(8),
  vb varbit(16), m mood, dom positive, cd code, ia integer[], ta text[], na numeric(6,1)[], ma integer[][], va varchar(8)[],
  pr pair, pa pair[], prd pair_domain, r int4range, mr int4multirange, tr tstzrange, tsv tsvector, tsq tsquery,
  sc text COLLATE "C", sm text COLLATE "my coll", "Odd ""Name" integer, o oid, lsn pg_lsn, dia ints, w weird, iv2 interval(2),
  mo money
);
INSERT INTO everything VALUES
 (1, 5, 2, 3000000000, 12.345, 7.89, 1.5, 2.25, true, 'Hello World', 'vary', 'ab', 'named', 'x', '\\xdead', '2024-02-29',
  '13:45:06.789', '13:45:06+02', '2024-02-29 13:45:06.789', '2024-02-29 13:45:06.789+05', '1 year 2 mons 3 days 04:05:06.7',
  '{"a": [1, {"b": "x"}], "k": null}', '{"a": [1, {"b": "x"}], "k": null, "d": "2024-01-02"}',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '192.168.1.5/24', '10.0.0.0/8', '08:00:2b:01:02:03', '(1,2)', '((0,0),(2,2))',
  B'10101010', B'101', 'it''s ok', 7, 'abc', '{3,1,2}', '{a,NULL,"c d"}', '{1.25,2}', '{{1,2},{3,4}}', '{abc,defghi}',
  '(4,"q q")', ARRAY[ROW(1,'z')::pair, NULL], ROW(9,'dd')::pair_domain, '[1,10)', '{[1,3),[5,8)}',
  '[2024-01-01 00:00+00,2024-06-01 00:00+00)', 'a fat cat', 'fat & cat', 'Zoë', 'ascii', 17, 99, '16/B374D848',
  '{10,20}', '5', '1 day 02:03:04.567', 12.34),
 (2, -2147483648, -32768, -9223372036854775808, -0.5, -99999999.99, 'NaN', '-Infinity', false, '', 'x  ', '', '', '', '', '0044-03-15 BC',
  '00:00', '00:00-12', 'infinity', '-infinity', '-1 mons +2 days -00:00:00.5', 'null', '"str"',
  '00000000-0000-0000-0000-000000000000', '::1', '::/0', 'ff:ff:ff:ff:ff:ff', '(-1.5,NaN)', '((1,1),(1,1))', B'00000000', B'',
  'sad', 1, 'it''s', '{}', '{}', '{}', '{}', '{}', '(,)', '{}', NULL, 'empty', '{}', '(,)', '', '', 'b', 'B', 0, 0, '0/0',
  '{}', '15', '0', 0),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (4, 15, 1, 15, 1e10, 0, 0.1, 0.1, true, 'back\\slash ''quote" %_', 'héllo', 'hello ', 'pg_catalog', 'z', '\\x00ff27', '2000-01-01',
  '23:59:59.999999', '12:00+00', '1999-12-31 23:59:59.999999', '2024-07-01 12:00+00', '100 hours', '[1,2,3]',
  '{"x": {"y": [10, 20]}, "a": 7}', '11111111-2222-3333-4444-555555555555', '10.1.2.3', '192.168.0.0/16',
  '00:00:00:00:00:00', '(0,0)', '((-1,-1),(5,5))', B'11110000', B'1111000011110000', 'Happy', 100, 'toolo',
  '[0:2]={7,8,9}', '{x}', '{99.9,NULL}', '{{5}}', '{z}', '(1,b)', ARRAY[ROW(2,'y')::pair], ROW(1,NULL)::pair_domain,
  '(,5]', '{(,)}', '[2024-07-01 00:00+00,infinity]', '''x'':1A', '!a | b', 'a', 'a', -3, 4294967295, 'FFFFFFFF/FFFFFFFF',
  '{1,NULL}', '5', '1.239 seconds', -5.5);
`

/** Each is a column of a view; the printed form must give the same record image for every row. */
export const EXPRESSIONS: readonly string[] = `
i + 1
- abs(n)
- (- n)
i8 - -5
i2 + 1.5
(i2 + 1) * 2 - 3 / nullif(i2, 0)
i2 * (1 + 2)
2 ^ 3 ^ 2
n * -1
@ n
|/ abs(f8)
!! tsq
~ i
~! s
i === 25
i OPERATOR("App s".===) 5
i & 7 | 8
i2 << 2
b AND NOT b OR b IS NULL
NOT (b OR i > 3)
NOT b AND (i > 3 OR s = 'x')
NOT (NOT b)
(b AND b) IS TRUE
(b OR NULL) IS UNKNOWN
b IS NOT TRUE
b IS FALSE
b IS NOT FALSE
b IS NOT UNKNOWN
(i = 5) = (i2 = 2)
(i < 3) = b
s = 'Hello World'
s <> v
s < sc
sc < s
sm >= 'b'
s COLLATE "C" < v
s || v COLLATE "my coll" > 'a'
(s || sc) COLLATE "C"
lower(s COLLATE "C")
sc || s
upper(sc)
s LIKE 'H%'
s NOT LIKE '%\\_' 
s ILIKE 'h%' ESCAPE '!'
s SIMILAR TO 'H(el|al)%'
s ~ '^H'
s !~* 'w'
s ^@ 'He'
v LIKE 'va%'
c = 'ab'
c || '|'
c::text || '|'
c LIKE 'hello_'
length(c)
v::text
s::varchar
s::varchar(3)
s::char(3)
s::bpchar
v::char(8)
c::varchar(2)
s::name
nm::text
nm = 'named'
nm || 'x'
s::"char"
ch::text
ch = 'x'
(i2 % 100)::integer::"char"
i::text
i8::text
n::text
f8::text
b::text
d::text
tstz::text
iv::text
m::text
u::text
ip::text
jb::text
ia::text
pr::text
r::text
p::text
by::text
tsv::text
'42'::text::integer + i2
(i2::text)::integer
(i2::text || '1')::bigint
('[' || i2::text || ',9]')::json
('[' || i2::text || ',9]')::jsonb
'sad'::text::mood
(m::text)::mood
i2::bigint
i8::numeric
i2::real
i2::float8
n2::numeric(12,1)
n::numeric(12,-2)
n::numeric(13,2) + 1
n2::numeric
n2::float8
i2::numeric(8,3)
(n2 / 3)::numeric(20,4)
i2::smallint::integer::bigint
b::integer
i::boolean
i::bit(8)
i2::integer::bit(4)
bi::bit(4)
bi::varbit
vb::bit(8)
vb::varbit(3)
bi & B'11110000'
~ bi
ts::date
d::timestamp
d::timestamptz
tstz::date
ts::timestamptz
tstz::timestamp(1)
tstz::timestamptz(2)
ts::timestamp(0)
ts::time
t::time(1)
tz::timetz(0)
t::interval
t::timetz
iv::interval(1)
iv::interval day to second
iv::interval year
iv::interval hour to minute
iv::interval second(3)
iv::time
iv2::interval
'1 day'::interval * 2.5
d + 1
d - DATE '2000-01-01'
ts + INTERVAL '1 month'
ts - iv
tstz - iv
tstz AT TIME ZONE 'Europe/Paris'
ts AT TIME ZONE 'UTC'
ts AT TIME ZONE INTERVAL '-03:00'
tz AT TIME ZONE 'UTC'
timezone('UTC', tstz)
extract(year FROM ts)
extract(epoch FROM iv)
extract(dow FROM d)
extract(timezone FROM tz)
date_part('month', ts)
date_trunc('hour', tstz)
date_trunc('day', tstz, 'Asia/Tokyo')
(ts, ts + iv) OVERLAPS (TIMESTAMP '2024-01-01', TIMESTAMP '2024-12-31')
age(nullif(ts, 'infinity'), '2000-01-01')
to_char(ts, 'YYYY "of" MM')
to_char(n, '999D99')
to_date('05 Dec 2000', 'DD Mon YYYY')
make_interval(days => i2, hours => 3)
make_interval(years => i2)
make_date(2024, 2, 29)
overlay(s placing 'XX' from 2 for 3)
overlay(s placing 'YY' from 2)
position('o' in s)
substring(s from 2 for 3)
substring(s from 2)
substring(s from 'l+')
substring(s similar '%#"o#"%' escape '#')
substring(by from 1 for 1)
substr(s, 2)
trim(s)
trim(both 'H' from s)
trim(leading from s)
trim(trailing 'd' from s)
trim(both '\\x00'::bytea from by)
normalize(s)
normalize(s, NFD)
s IS NORMALIZED
s IS NFD NORMALIZED
collation for (sc)
left(s, 3)
right(s, -2)
concat(s, v, i, NULL)
concat(VARIADIC ta)
concat_ws(',', s, i, d)
format('%s-%s', s, i)
format('-%s', VARIADIC ta || 'x'::text)
join_all('-', 'a', s, v)
join_all('-', VARIADIC ta)
join_all(sep => '-', VARIADIC parts => ta)
add_default(i2)
add_default(i2, 2)
add_default(i2, c => 5)
add_default(c => 1, a => i2)
add_default(b => i2, a => 1)
add_computed(i2)
add_computed(i2, 2)
add_computed(i2, c => 5)
add_computed(c => 1, a => i2)
add_computed(add_computed(i2, c => 4))
add_many(i2)
add_many(i2, 4, 5, 6)
add_many(i2, VARIADIC ARRAY[4, 5, 6])
overloaded(i)
overloaded(i8)
overloaded(s)
overloaded(v)
overloaded('lit')
overloaded(d)
overloaded(dom)
"Select"(i2)
"Odd ""Name" + 1
greatest(i2, 3)
greatest(s, v, 'm')
least(sc, s)
least(d, DATE '2001-01-01')
coalesce(i, 0)
coalesce(s, v, 'none')
coalesce(n2, n, 0)
coalesce(NULL, s)
coalesce(c, v)
nullif(s, '')
nullif(i, 5)
nullif(n2, 0)
nullif(w, 5::weird)
w = 5::weird
w IS DISTINCT FROM 5::weird
w IS NOT DISTINCT FROM NULL::weird
CASE w WHEN 5::weird THEN 'a' WHEN 15::weird THEN 'b' ELSE 'c' END
w = ANY (ARRAY[5::weird, 15::weird])
s IS DISTINCT FROM v
i IS NOT DISTINCT FROM 5
ia IS DISTINCT FROM ma
pr IS DISTINCT FROM ROW(4, 'q q')::pair
(i, s) IS DISTINCT FROM (i2, v)
i IS DISTINCT FROM NULL
NULL IS NULL
'x' IS NOT NULL
s IS NULL
pr IS NULL
pr IS NOT NULL
ROW(i, s) IS NULL
ROW(i, s) IS NOT NULL
ROW(pr, s) IS NULL
(i, s) = (5, 'x')
(i, s) <> (5, 'x')
(i, s) < (5, 'x')
(i, s, d) >= (i2, v, '2020-01-01')
ROW(sc, i) > ROW('a', 2)
pr = ROW(4, 'q q')::pair
pr < ROW(5, 'a')::pair
ROW(i, s)::text
ROW(i)::text
ROW(i, 'a')::pair
ROW(i, 'a')::pair_domain
(pr).x
(pr)."Y y" || 'z'
(prd).x + 1
(pa[1]).x
(make_pair(i, s)).x
(make_pair(i, s))."Y y"
(ROW(i, s)::pair)."Y y"
(ROW(1, s, 2)::child).a
ROW(1, s, 3)::child::parent
pa[1]
row_to_json(pr)
row_to_json(ROW(i, s))
i IN (1, 5, NULL)
i NOT IN (1, 2)
s IN ('a', 'Hello World')
i IN (5)
i2 IN (1, 3000000000)
i IN (i2, 5)
v IN ('x', s)
m IN ('sad', 'Happy')
i = ANY (ia)
i <> ALL (ia)
i < ANY ('{1,9}')
s = ANY (ta)
s LIKE ANY (ARRAY['H%', 'x'])
v = ANY (va)
i === ANY (ARRAY[25, 3])
i BETWEEN 1 AND 10
i NOT BETWEEN SYMMETRIC 10 AND 1
CASE WHEN i > 3 THEN 'big' WHEN i IS NULL THEN 'none' ELSE 'small' END
CASE WHEN b THEN i END
CASE i WHEN 5 THEN 'five' WHEN 15 THEN 'fifteen' END
CASE s WHEN 'Hello World' THEN 1 WHEN '' THEN 2 ELSE 3 END
CASE v WHEN 'vary' THEN 1 ELSE 0 END
CASE i2 WHEN 2 THEN 1.5 WHEN 3000000000 THEN 2 ELSE 0 END
CASE i WHEN 5 THEN CASE s WHEN 'x' THEN 1 ELSE 2 END ELSE CASE i2 WHEN 1 THEN 3 END END
CASE CASE i WHEN 5 THEN 1 END WHEN 1 THEN 'y' END
CASE i + 1 WHEN CASE i2 WHEN 2 THEN 6 END THEN 'six' ELSE 'no' END
CASE m WHEN 'sad' THEN 1 WHEN 'Happy' THEN 2 END
CASE ia WHEN '{}' THEN 'empty' ELSE 'some' END
CASE s COLLATE "C" WHEN 'a' THEN 1 ELSE 2 END
CASE c WHEN 'ab' THEN 1 WHEN v THEN 2 END
CASE dom WHEN 7 THEN 1 END
CASE WHEN b THEN s ELSE sc END
CASE n WHEN 12.345 THEN 'x' END
ARRAY[i, i2, 3]
ARRAY[s, v, 'x']
ARRAY[]::integer[]
ARRAY[]::text[] || s
ARRAY[[1, i], [2, i2]]
ARRAY[ia, ia]
ARRAY[ARRAY[s], ARRAY['b']]
ARRAY[NULL, i]
ARRAY[1, 2.5, i2]
ARRAY[1, i2]::text[]
ARRAY['1', '2']::integer[]
ARRAY[dom, 3]
ARRAY[pr, ROW(1, 'a')::pair]
ARRAY[m, 'sad']
ia || 4
0 || ia
ia || ARRAY[i]
ia || ia
ia || NULL
ta || 'x'::text
ia[1]
ia[i2]
ia[1:2]
ia[:2]
ia[2:]
ia[i2:i2 + 1]
ia[i2::integer:i]
ia[:"Odd ""Name"]
ia[:]
ma[1][2]
ma[1:1][1:2]
ma[2:2][1]
(ia || 5)[1]
(ARRAY[1, 2, 3])[i2]
(string_to_array(s, ' '))[1]
dia[1]
dia || 1
ia::text[]
ia::bigint[]
ia::numeric(5,1)[]
ta::varchar(1)[]
va::text[]
na::integer[]
ia::ints
dia::integer[]
array_length(ia, 1)
array_append(ia, i)
array_position(ta, 'c d')
array_to_string(ta, ',', 'nul')
array_remove(ta, s)
ia @> ARRAY[1]
ia && '{1,5}'
ia = '{3,1,2}'
cardinality(ma)
ia < ia || 1
dom + 1
dom::text
dom::integer
(i2::integer + 40000)::positive
(abs(i2::integer) + 1)::positive::text
cd || 'x'
cd::text
s::code
'abcdefgh'::code
'lit'
'it''s'
'back\\slash'
E'new\\nline\\ttab'
U&'\\0441\\043B'
5
-5
-2147483648
-9223372036854775808
3000000000
1.50
-1.5
1e400
'-0'::float8
'NaN'::numeric
'Infinity'::float8
- 5 + i2
5 - -5 - i2
true
NULL::integer + i
NULL::text
'2024-01-31'::date
'10:11:12'::time
'2024-01-31 10:11:12+03'::timestamptz
'1 year 2 days'::interval
interval '90' minute
interval(2) '1.2345 seconds'
'\\xdeadbeef'::bytea
B'1010'
X'1F'
'{1,2}'::integer[]
'{"a":1}'::json
'{"b":2,"a":[1,2.50]}'::jsonb
'[1,5)'::int4range
'{[1,5),[7,8)}'::int4multirange
'(1,2)'::point
'happy & sad'::tsquery
'a:1 b:2'::tsvector
'sad'::mood
'(1,abc)'::pair
'7'::positive
'abc'::code
'pg_class'::regclass::oid
'$.a[*] ? (@ > 1)'::jsonpath
'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid
'[1.5,2)'::span::text
jb -> 'a'
jb -> 'a' -> 0
jb ->> 'a'
j -> 'a'
j ->> 'k'
jb #> '{a,1}'
jb #>> '{a,1,b}'
j #>> ARRAY['a', '0']
jb @> '{"k": null}'
jb ? 'a'
jb ?| ARRAY['z', 'a']
jb ?& '{a,k}'
jsonb_build_object('a', jb, 'b', 1) - 'a'
jsonb_build_object('a', jb, 'b', 1) - '{a,k}'::text[]
jsonb_build_object('a', jb) #- '{a,0}'
jb || '{"new": 1}'
jb @? '$.a[*]'
jb @@ '$.a == 7'
jb['a']
jb['a'][1]['b']
jb[i2]
jb['x']['y'][0]::integer + 1
jsonb_build_object('a', i, coalesce(s, 'none'), 'x')
jsonb_build_array(i, s, NULL, 2.5)
jsonb_set(jsonb_build_object('a', jb), '{a}', to_jsonb(i))
jsonb_path_query_first(jb, '$.a[0]')
jsonb_path_exists(jb, '$.a ? (@ == $v)', '{"v": 7}')
jsonb_path_query_array(jb, '$.**', silent => true)
to_jsonb(pr)
to_json(ta)
jsonb_typeof(jb)
(jb -> 'a')::text
jsonb_array_length(CASE WHEN jsonb_typeof(jb -> 'a') = 'array' THEN jb -> 'a' END)
int4range(i2, 100)
int4range(1, 5, '[]')
r @> 3
3 <@ r
r && int4range(2, 4)
r * '[2,4]'
lower(r)
upper_inf(tr)
r -|- '[10,12)'
mr @> 6
mr + '{[2,6)}'
tr @> tstz
int4multirange(r)
range_merge(r, '[20,30)')
tsv @@ tsq
tsv @@ to_tsquery('simple', 'cat')
to_tsvector('simple', s)
tsq && 'dog'
ts_rank(tsv, tsq)
ip << '192.168.0.0/16'
ip + 5
host(ip)
ip & ip
ci::inet
mac::macaddr8
p <-> '(0,0)'
p <@ bx
bx && '((0,0),(1,1))'
bx ?# '((0,0),(1,1))'::box
area(bx)
p[0]
f8 / 3
f4 + 0.1
f4::float8
f8::numeric
f8::real
sqrt(abs(f8))
power(n, 2)
round(n, 1)
round(f8)
mod(i2, 3)
i2 % 3
div(n, 2)
width_bucket(n, 0, 100, 10)
n = 12.345
n > i8
f8 = 'NaN'
i = 2.5
o::integer
o = 99
o::regtype::oid
i2::oid
lsn > '0/0'
lsn - '0/1'
by || '\\x01'
by = '\\xdead'
encode(by, 'hex')
decode('ff', 'hex')
get_byte('\\x0102'::bytea, 1)
md5(s)
sha256(by)
hashtext(s)
hash_record_extended(ROW(i, s), 0)
u = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'
m < 'Happy'
enum_range('sad'::mood, m)
enum_first(m)
mo + mo
mo * 2
mo::numeric
m = 'sad' OR m IS NULL
current_date
current_time
current_time(2)
current_timestamp
current_timestamp(3)
localtime
localtime(1)
localtimestamp
localtimestamp(0)
current_user
session_user
user
current_role
current_catalog
current_schema
now() - nullif(tstz, '-infinity')
current_setting('server_version_num')
pg_typeof(i2 + 1.5)::text
num_nulls(i, s, d)
num_nonnulls(VARIADIC ta)
quote_literal(s)
regexp_replace(s, 'o', '0', 'g')
regexp_match(s, '(l+)o')
string_to_array(s, ' ')
translate(s, 'lo', '01')
starts_with(s, 'He')
repeat(s, 2)
split_part(s, ' ', 1)
chr(65 + abs(i2::integer) % 20)
ascii(s)
lpad(s, 20, '.')
to_hex(i)
int8inc(i8)
textcat(s, v)
pg_catalog.int4pl(i2, 1)
e IS NULL
e IS NOT NULL
row_to_json(e)
e::text
(e).i + 1
ROW(e, 1)::text
`
  .split('\n')
  .filter((line) => line.trim() !== '')

/** XML, which PGlite may be built without. */
export const XML_EXPRESSIONS: readonly string[] = `
xmlelement(name foo)
xmlelement(name "f o:o", xmlattributes(i AS "a b", s), 'content', s)
xmlelement(name bar, xmlattributes(n), xmlelement(name inner, i), NULL)
xmlelement(name "_x0041_", t, b, by, f8)
xmlforest(i, s AS "S s", d)
xmlconcat(xmlelement(name a), xmlelement(name b, i))
xmlpi(name php)
xmlpi(name "my pi", 'echo ' || i::text)
xmlparse(document '<a><b/></a>')
xmlparse(content 'a' || i::text)
xmlparse(content '  x ' preserve whitespace)
xmlroot(xmlelement(name a), version '1.1', standalone yes)
xmlroot(xmlelement(name a), version no value, standalone no)
xmlroot(xmlelement(name a), version no value, standalone no value)
xmlroot(xmlelement(name a), version no value)
xmlserialize(content xmlelement(name a, s) AS text)
xmlserialize(document xmlelement(name a, i) AS varchar(30))
xmlserialize(content xmlelement(name a) AS character varying)
xmlelement(name a) IS DOCUMENT
xmlparse(content 'x') IS NOT DOCUMENT
xmlexists('//b' passing xmlparse(document '<a><b/></a>'))
xpath('//b/text()', xmlparse(document '<a><b>1</b></a>'))
'<a>1</a>'::xml
('<a>' || i::text || '</a>')::xml
xmlcomment('c')
`
  .split('\n')
  .filter((line) => line.trim() !== '')

export const EXPRESSIONS_16: readonly string[] = `
json_object('a' : i, 'b' : s)
json_object(s : i, 'x' : NULL ABSENT ON NULL)
json_object('a' VALUE i, 'a' VALUE 2 NULL ON NULL RETURNING jsonb)
json_object('a' : i WITH UNIQUE KEYS)
json_object('a' : i, 'b' : j::text FORMAT JSON RETURNING text)
json_object('a' : jb, 'n' : json_array(1, i) RETURNING varchar(200))
json_object()
json_object(RETURNING jsonb)
json_array(i, s, NULL)
json_array(i, s, NULL NULL ON NULL)
json_array(i, jb, d RETURNING jsonb)
json_array()
json_array('[1]' FORMAT JSON, 2 RETURNING text)
json_array(i RETURNING bytea)
s IS JSON
jb IS JSON OBJECT
j IS NOT JSON ARRAY
'{"a":1,"a":2}' IS JSON OBJECT WITH UNIQUE KEYS
s IS JSON SCALAR
'\\x5b5d'::bytea IS JSON
system_user
pg_input_is_valid(s, 'integer')
json_object(coalesce(c, 'k') : i)
`
  .split('\n')
  .filter((line) => line.trim() !== '')

export const EXPRESSIONS_17: readonly string[] = `
age(ts, '2000-01-01')
now() - tstz
json(jb::text)
json('{"a":1}' WITH UNIQUE KEYS)
json('{"a":1}'::bytea FORMAT JSON)
json_scalar(i)
json_scalar(s)
json_scalar(tstz)
json_serialize(j)
json_serialize(j RETURNING varchar(500))
json_serialize(j RETURNING bytea)
json_serialize('[1]' FORMAT JSON)
json_exists(jb, '$.a')
json_exists(j, '$.a[*] ? (@ > $x)' PASSING i AS x)
json_exists(jb, 'strict $.zzz' TRUE ON ERROR)
json_exists(jb, 'strict $.zzz' UNKNOWN ON ERROR)
json_value(jb, '$.a')
json_value(jb, '$.a' RETURNING integer)
json_value(jb, '$.a' RETURNING numeric(6,2) DEFAULT 1.234 ON EMPTY DEFAULT -1 ON ERROR)
json_value(jb, '$.d' RETURNING date)
json_value(jb, '$.d' RETURNING varchar(4) NULL ON ERROR)
json_value(jb, '$.zz' DEFAULT 'none' ON EMPTY)
json_value(j, '$.a[$n]' PASSING i2 - 2 AS n, s AS "Other one" RETURNING text)
json_value(jb, '$.a' RETURNING positive DEFAULT 1 ON ERROR)
json_value('{"m":"sad"}', '$.m' RETURNING mood)
json_query(jb, '$.a')
json_query(jb, '$.a[*]' WITH WRAPPER)
json_query(jb, '$.a[*]' WITH CONDITIONAL WRAPPER)
json_query(jb, '$.a' WITHOUT WRAPPER OMIT QUOTES)
json_query(jb, '$.d' RETURNING text OMIT QUOTES)
json_query(jb, '$.d' RETURNING text KEEP QUOTES)
json_query(jb, '$.d' RETURNING json)
json_query(jb, '$.a' RETURNING integer[] DEFAULT '{7}' ON ERROR)
json_query(jb, '$.a' RETURNING bytea FORMAT JSON)
json_query(jb, '$.zz' EMPTY ARRAY ON EMPTY EMPTY OBJECT ON ERROR)
json_query(jb, '$.zz' RETURNING text EMPTY ARRAY ON EMPTY)
json_query('{"x":1,"Y y":"t"}', '$' RETURNING pair)
json_query(jb, '$.x' RETURNING varchar(5) NULL ON ERROR)
jsonb_path_query_first(jb, '$.a.type()')
ts AT LOCAL
tstz AT LOCAL
tz AT LOCAL
to_bin(abs(i2::integer))
`
  .split('\n')
  .filter((line) => line.trim() !== '')

export const EXPRESSIONS_18: readonly string[] = `
casefold(s COLLATE "C.utf8")
reverse(by)
array_sort(ia)
array_reverse(ta)
crc32(by)
i2::bytea
'\\x0005'::bytea::smallint
jsonb_strip_nulls(jb, true)
uuid_extract_version(u)
`
  .split('\n')
  .filter((line) => line.trim() !== '')
