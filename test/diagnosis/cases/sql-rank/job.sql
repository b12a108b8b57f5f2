-- The three highest offers of each lot; there are more lots than the operator keeps in memory.
CREATE TABLE offers (lot INT, bidder BIGINT, amount BIGINT)
WITH ('connector' = 'datagen', 'rows-per-second' = '400000', 'fields.lot.min' = '0', 'fields.lot.max' = '29999');
CREATE TABLE highest (lot INT, bidder BIGINT, amount BIGINT, place BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO highest SELECT lot, bidder, amount, place FROM
  (SELECT *, ROW_NUMBER() OVER (PARTITION BY lot ORDER BY amount DESC) AS place FROM offers) WHERE place <= 3;
