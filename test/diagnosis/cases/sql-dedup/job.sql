-- The last reading of each meter, by event time.
CREATE TABLE readings (meter INT, amount BIGINT, taken AS LOCALTIMESTAMP, WATERMARK FOR taken AS taken)
WITH ('connector' = 'datagen', 'rows-per-second' = '400000', 'fields.meter.min' = '0', 'fields.meter.max' = '999');
CREATE TABLE latest (meter INT, amount BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO latest SELECT meter, amount FROM
  (SELECT *, ROW_NUMBER() OVER (PARTITION BY meter ORDER BY taken DESC) AS place FROM readings) WHERE place = 1;
