-- Wide rows go through a chain of operators, and each hands a copy of them to the next. Next to none reaches the sink.
CREATE TABLE events (a BIGINT, taken AS LOCALTIMESTAMP, WATERMARK FOR taken AS taken,
  f0 AS a + 0, f1 AS a + 1, f2 AS a + 2, f3 AS a + 3, f4 AS a + 4, f5 AS a + 5, f6 AS a + 6, f7 AS a + 7,
  f8 AS a + 8, f9 AS a + 9, f10 AS a + 10, f11 AS a + 11, f12 AS a + 12, f13 AS a + 13, f14 AS a + 14, f15 AS a + 15,
  f16 AS a + 16, f17 AS a + 17, f18 AS a + 18, f19 AS a + 19, f20 AS a + 20, f21 AS a + 21, f22 AS a + 22, f23 AS a + 23,
  f24 AS a + 24, f25 AS a + 25, f26 AS a + 26, f27 AS a + 27, f28 AS a + 28, f29 AS a + 29, f30 AS a + 30, f31 AS a + 31,
  f32 AS a + 32, f33 AS a + 33, f34 AS a + 34, f35 AS a + 35, f36 AS a + 36, f37 AS a + 37, f38 AS a + 38, f39 AS a + 39)
WITH ('connector' = 'datagen', 'rows-per-second' = '2000000', 'fields.a.min' = '0', 'fields.a.max' = '99999999');
CREATE TABLE copied (x BIGINT, y BIGINT, z BIGINT, f0 BIGINT, f1 BIGINT, f2 BIGINT, f3 BIGINT, f4 BIGINT, f5 BIGINT, f6 BIGINT, f7 BIGINT, f8 BIGINT, f9 BIGINT, f10 BIGINT, f11 BIGINT, f12 BIGINT, f13 BIGINT, f14 BIGINT, f15 BIGINT, f16 BIGINT, f17 BIGINT, f18 BIGINT, f19 BIGINT, f20 BIGINT, f21 BIGINT, f22 BIGINT, f23 BIGINT, f24 BIGINT, f25 BIGINT, f26 BIGINT, f27 BIGINT, f28 BIGINT, f29 BIGINT, f30 BIGINT, f31 BIGINT, f32 BIGINT, f33 BIGINT, f34 BIGINT, f35 BIGINT, f36 BIGINT, f37 BIGINT, f38 BIGINT, f39 BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO copied SELECT x, y, z, f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15, f16, f17, f18, f19, f20, f21, f22, f23, f24, f25, f26, f27, f28, f29, f30, f31, f32, f33, f34, f35, f36, f37, f38, f39 FROM events
  CROSS JOIN UNNEST(ARRAY[a]) AS t1 (x) CROSS JOIN UNNEST(ARRAY[a]) AS t2 (y) CROSS JOIN UNNEST(ARRAY[a]) AS t3 (z)
  WHERE x + y + z = 1000;
