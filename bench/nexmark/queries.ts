/**
 * Nexmark as queries over tables. What the streams' window functions do, date_bin does: TUMBLE is its bin, HOP the bins that
 * a row falls into, SESSION a sum over gaps. q12 is left out: its windows are of the time of processing, which a table
 * does not have. q10 writes the day and the minute as values (to_char depends on settings), since a table has no folders.
 */
export const NEXMARK_QUERIES: Readonly<Record<string, string>> = {
  q0: 'SELECT auction, bidder, price, date_time, extra FROM bid',
  q1: 'SELECT auction, bidder, 0.908 * price AS price, date_time, extra FROM bid',
  q2: 'SELECT auction, price FROM bid WHERE auction % 123 = 0',
  q3: `
SELECT p.name, p.city, p.state, a.id
FROM auction a JOIN person p ON a.seller = p.id
WHERE a.category = 10 AND (p.state = 'OR' OR p.state = 'ID' OR p.state = 'CA')`,
  q4: `
SELECT category, avg(final) AS avg
FROM (
  SELECT max(b.price) AS final, a.category
  FROM auction a, bid b
  WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
  GROUP BY a.id, a.category) AS q
GROUP BY category`,
  q5: `
WITH counted AS (
  SELECT b.auction, date_bin('2 seconds', b.date_time, timestamp '2000-01-01') - s.n * interval '2 seconds' AS starttime,
    count(*) AS num
  FROM bid b CROSS JOIN (VALUES (0), (1), (2), (3), (4)) AS s (n)
  GROUP BY 1, 2)
SELECT c.auction, c.starttime, c.num
FROM counted c JOIN (SELECT starttime, max(num) AS maxn FROM counted GROUP BY starttime) AS m
  ON c.starttime = m.starttime AND c.num >= m.maxn`,
  q6: `
SELECT seller, date_time, avg(final) OVER (
    PARTITION BY seller ORDER BY date_time, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW) AS avg
FROM (
  SELECT max(b.price) AS final, a.seller, a.id, max(b.date_time) AS date_time
  FROM auction a, bid b
  WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires
  GROUP BY a.id, a.seller) AS q`,
  q7: `
SELECT b.auction, b.price, b.bidder, b.date_time, b.extra
FROM bid b JOIN (
  SELECT max(price) AS maxprice, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starttime
  FROM bid GROUP BY 2) AS m
  ON b.price = m.maxprice AND date_bin('10 seconds', b.date_time, timestamp '2000-01-01') = m.starttime`,
  q8: `
SELECT p.id, p.name, p.starttime
FROM (
  SELECT id, name, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starttime
  FROM person GROUP BY 1, 2, 3) AS p
JOIN (
  SELECT seller, date_bin('10 seconds', date_time, timestamp '2000-01-01') AS starttime
  FROM auction GROUP BY 1, 2) AS a
ON p.id = a.seller AND p.starttime = a.starttime`,
  q9: `
SELECT id, item_name, description, initial_bid, reserve, date_time, expires, seller, category, auction, bidder, price,
  bid_date_time
FROM (
  SELECT a.*, b.auction, b.bidder, b.price, b.date_time AS bid_date_time,
    row_number() OVER (PARTITION BY a.id ORDER BY b.price DESC, b.date_time, b.bidder) AS rownum
  FROM auction a, bid b
  WHERE a.id = b.auction AND b.date_time BETWEEN a.date_time AND a.expires) AS w
WHERE rownum <= 1`,
  q10: `
SELECT auction, bidder, price, date_time, extra, date_time::date AS day, date_trunc('minute', date_time) AS minute
FROM bid`,
  q11: `
SELECT bidder, count(*) AS bid_count, min(date_time) AS starttime, max(date_time) AS endtime
FROM (
  SELECT bidder, date_time, sum(is_first) OVER (PARTITION BY bidder ORDER BY date_time) AS session
  FROM (
    SELECT bidder, date_time, CASE WHEN date_time - lag(date_time) OVER (PARTITION BY bidder ORDER BY date_time)
      <= interval '10 seconds' THEN 0 ELSE 1 END AS is_first
    FROM bid) AS gaps) AS sessions
GROUP BY bidder, session`,
  q13: `
SELECT b.auction, b.bidder, b.price, b.date_time, s.value
FROM bid b JOIN side_input s ON b.auction % 10000 = s.key`,
  q14: `
SELECT auction, bidder, 0.908 * price AS price,
  CASE WHEN extract(hour FROM date_time) BETWEEN 8 AND 18 THEN 'dayTime'
    WHEN extract(hour FROM date_time) <= 6 OR extract(hour FROM date_time) >= 20 THEN 'nightTime'
    ELSE 'otherTime' END AS bid_time_type,
  date_time, extra, length(extra) - length(replace(extra, 'c', '')) AS c_counts
FROM bid
WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000`,
  q15: `
SELECT date_time::date AS day, count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
  count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
  count(DISTINCT bidder) AS total_bidders,
  count(DISTINCT bidder) FILTER (WHERE price < 10000) AS rank1_bidders,
  count(DISTINCT bidder) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bidders,
  count(DISTINCT bidder) FILTER (WHERE price >= 1000000) AS rank3_bidders,
  count(DISTINCT auction) AS total_auctions
FROM bid
GROUP BY 1`,
  q16: `
SELECT channel, date_time::date AS day, max(date_trunc('minute', date_time)) AS minute, count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
  count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
  count(DISTINCT bidder) AS total_bidders, count(DISTINCT auction) AS total_auctions
FROM bid
GROUP BY 1, 2`,
  q17: `
SELECT auction, date_time::date AS day, count(*) AS total_bids,
  count(*) FILTER (WHERE price < 10000) AS rank1_bids,
  count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
  count(*) FILTER (WHERE price >= 1000000) AS rank3_bids,
  min(price) AS min_price, max(price) AS max_price, avg(price) AS avg_price, sum(price) AS sum_price
FROM bid
GROUP BY 1, 2`,
  q18: `
SELECT auction, bidder, price, channel, url, date_time, extra
FROM (
  SELECT *, row_number() OVER (PARTITION BY bidder, auction ORDER BY date_time DESC) AS rank_number
  FROM bid) AS r
WHERE rank_number <= 1`,
  q19: `
SELECT *
FROM (
  SELECT *, row_number() OVER (PARTITION BY auction ORDER BY price DESC, date_time) AS rank_number
  FROM bid) AS r
WHERE rank_number <= 10`,
  q20: `
SELECT b.auction, b.bidder, b.price, b.channel, b.url, b.date_time, b.extra, a.item_name, a.description, a.initial_bid,
  a.reserve, a.date_time AS auction_date_time, a.expires, a.seller, a.category
FROM bid b JOIN auction a ON b.auction = a.id
WHERE a.category = 10`,
  q21: `
SELECT auction, bidder, price, channel,
  CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2' WHEN 'baidu' THEN '3'
    ELSE substring(url FROM '[&?]channel_id=([^&]*)') END AS channel_id
FROM bid
WHERE substring(url FROM '[&?]channel_id=([^&]*)') IS NOT NULL
  OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')`,
  q22: `
SELECT auction, bidder, price, channel, split_part(url, '/', 4) AS dir1, split_part(url, '/', 5) AS dir2,
  split_part(url, '/', 6) AS dir3
FROM bid`,
}
