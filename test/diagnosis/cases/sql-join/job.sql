-- Orders meet their payments; neither side has a key, and both are kept for ever.
CREATE TABLE orders (id INT, note BYTES)
WITH ('connector' = 'datagen', 'rows-per-second' = '100000', 'fields.id.min' = '0', 'fields.id.max' = '2000000', 'fields.note.length' = '300');
CREATE TABLE payments (id INT, slip BYTES)
WITH ('connector' = 'datagen', 'rows-per-second' = '100000', 'fields.id.min' = '0', 'fields.id.max' = '2000000', 'fields.slip.length' = '300');
CREATE TABLE paid (id INT, note BYTES, slip BYTES) WITH ('connector' = 'blackhole');
INSERT INTO paid SELECT o.id, o.note, p.slip FROM orders AS o JOIN payments AS p ON o.id = p.id;
