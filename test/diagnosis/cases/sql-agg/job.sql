-- Sums per product, of a few products: each record reads and writes the accumulators in RocksDB.
CREATE TABLE sales (product INT, pieces BIGINT, price BIGINT)
WITH ('connector' = 'datagen', 'rows-per-second' = '400000', 'fields.product.min' = '0', 'fields.product.max' = '999');
CREATE TABLE totals (product INT, n BIGINT, pieces BIGINT, highest BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO totals SELECT product, COUNT(*), SUM(pieces), MAX(price) FROM sales GROUP BY product;
