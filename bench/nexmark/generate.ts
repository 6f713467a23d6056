/**
 * Nexmark data by SQL, the same at every run: of 50 events 1 is a new person, 3 are new auctions and 46 are bids, as in the
 * published generator; half of the bids are on an auction that is in demand, half on one of the latest hundred.
 */
import type pg from 'pg'

const SCHEMA = `
CREATE TABLE person (
  id bigint PRIMARY KEY, name text NOT NULL, email_address text NOT NULL, credit_card text NOT NULL, city text NOT NULL,
  state text NOT NULL, date_time timestamp(3) NOT NULL, extra text NOT NULL);
CREATE TABLE auction (
  id bigint PRIMARY KEY, item_name text NOT NULL, description text NOT NULL, initial_bid bigint NOT NULL,
  reserve bigint NOT NULL, date_time timestamp(3) NOT NULL, expires timestamp(3) NOT NULL, seller bigint NOT NULL,
  category bigint NOT NULL, extra text NOT NULL);
CREATE TABLE bid (
  auction bigint NOT NULL, bidder bigint NOT NULL, price bigint NOT NULL, channel text NOT NULL, url text NOT NULL,
  date_time timestamp(3) NOT NULL, extra text NOT NULL);
CREATE TABLE side_input (key bigint PRIMARY KEY, value text NOT NULL);
INSERT INTO side_input SELECT i, 'value ' || i FROM generate_series(0, 9999) AS i;
CREATE SCHEMA gen;
CREATE FUNCTION gen.rnd(key bigint, salt bigint, low bigint, high bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN low + (hashint8extended(key, salt) & 9223372036854775807) % (high - low + 1);
CREATE FUNCTION gen.price(key bigint, salt bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN round(power(10, gen.rnd(key, salt, 0, 6000) / 1000.0) * 100)::bigint;
CREATE FUNCTION gen.at(event bigint) RETURNS timestamp LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN timestamp '2015-07-15 00:00:00' + event * interval '1 millisecond';`

/** What `recommend_indexes` asks for besides the primary keys. */
const INDEXES = `
CREATE INDEX ON bid (auction);
CREATE INDEX ON bid (bidder, auction);
CREATE INDEX ON auction (seller);`

export async function generateNexmark(client: pg.Client, events: number): Promise<void> {
  await client.query(SCHEMA)
  await client.query(nexmarkEvents(0, events))
  await client.query(INDEXES)
  await client.query('VACUUM ANALYZE')
}

/** The events number `from` to `to` − 1. */
export function nexmarkEvents(from: number, to: number): string {
  const numbers = (condition: string) =>
    `FROM generate_series(${from}::bigint, ${to - 1}) AS n WHERE n % 50 ${condition}`
  const latestPerson = '(1000 + n / 50)'
  const latestAuction = '(1000 + n / 50 * 3 + 2)'
  return `
    INSERT INTO person
    SELECT ${latestPerson}, ${pick(['Peter', 'Paul', 'Luke', 'John', 'Saul', 'Vicky', 'Kate', 'Julie'], 1)} || ' ' || ${pick(['Shultz', 'Abrams', 'Spencer', 'White', 'Bartels', 'Walton', 'Smith', 'Jones', 'Noris'], 2)},
      md5(n::text) || '@example.com', lpad(gen.rnd(n, 3, 0, 9999)::text, 4, '0') || ' 1234 5678 9012',
      ${pick(['Phoenix', 'Los Angeles', 'San Francisco', 'Boise', 'Portland', 'Bend', 'Redmond', 'Seattle', 'Kent', 'Cheyenne'], 4)},
      ${pick(['AZ', 'CA', 'ID', 'OR', 'WA', 'WY'], 5)}, gen.at(n), ${extra(6, 80)}
    ${numbers('= 0')};
    INSERT INTO auction
    SELECT 1000 + n / 50 * 3 + n % 50 - 1, 'item ' || md5(n::text), ${extra(11, 100)}, p, p + gen.price(n, 13), gen.at(n),
      gen.at(n) + gen.rnd(n, 14, 1, 20000) * interval '1 millisecond',
      CASE WHEN gen.rnd(n, 15, 0, 3) > 0 THEN ${latestPerson} / 100 * 100 ELSE greatest(1000, ${latestPerson} - gen.rnd(n, 16, 0, 99)) END,
      gen.rnd(n, 17, 10, 14), ${extra(18, 100)}
    FROM generate_series(${from}::bigint, ${to - 1}) AS n CROSS JOIN LATERAL (SELECT gen.price(n, 12) AS p) AS p
    WHERE n % 50 BETWEEN 1 AND 3;
    INSERT INTO bid
    SELECT CASE WHEN gen.rnd(n, 20, 0, 1) = 0 THEN greatest(1000, ${latestAuction} / 100 * 100)
        ELSE greatest(1000, ${latestAuction} - gen.rnd(n, 21, 0, 99)) END,
      CASE WHEN gen.rnd(n, 22, 0, 3) > 0 THEN greatest(1000, ${latestPerson} / 100 * 100 + 1)
        ELSE greatest(1000, ${latestPerson} - gen.rnd(n, 23, 0, 99)) END,
      gen.price(n, 24), c.name,
      'https://www.nexmark.com/' || md5(c.name) || '/' || gen.rnd(n, 25, 0, 99) || '/item.htm?query=1'
        || CASE WHEN c.name LIKE 'channel-%' THEN '&channel_id=' || substr(c.name, 9) ELSE '' END,
      gen.at(n), ${extra(26, 60)}
    FROM generate_series(${from}::bigint, ${to - 1}) AS n
      CROSS JOIN LATERAL (SELECT CASE WHEN gen.rnd(n, 27, 0, 1) = 0 THEN ${pick(['Google', 'Facebook', 'Baidu', 'Apple'], 28)}
        ELSE 'channel-' || gen.rnd(n, 29, 0, 9999) END AS name) AS c
    WHERE n % 50 > 3;`
}

function pick(list: readonly string[], salt: number): string {
  return `('{${list.map((each) => `"${each}"`).join(',')}}'::text[])[gen.rnd(n, ${salt}, 1, ${list.length})]`
}

function extra(salt: number, length: number): string {
  return `left(repeat(md5(n::text || '${salt}'), 4), gen.rnd(n, ${salt}, 1, ${length})::int)`
}
