-- oracle
-- INSERT, UPDATE, DELETE, TRUNCATE with defaults, RETURNING, ON CONFLICT and their errors.
a> CREATE TABLE item (id int PRIMARY KEY, name varchar(5) NOT NULL, price numeric(6,2) DEFAULT 9.99, tag text DEFAULT 'none', made date)
a> INSERT INTO item VALUES (1, 'one')
a> INSERT INTO item (id, name, price) VALUES (2, 'two', 2.345), (3, 'three', DEFAULT) RETURNING *
a> INSERT INTO item (name, id) SELECT 'n' || id, id + 10 FROM item ORDER BY id RETURNING id, name AS label, price * 2
a> SELECT * FROM item ORDER BY id
a>! INSERT INTO item VALUES (1, 'dup')
a>! INSERT INTO item (id) VALUES (5)
a>! INSERT INTO item VALUES (5, 'too long')
a> INSERT INTO item VALUES (5, 'five      ')
a>! INSERT INTO item VALUES (6, 'six', 100000)
a>! INSERT INTO item VALUES ('x', 'six')
a>! INSERT INTO item VALUES (6, 'six', 1, 'a', 'not a date')
a>! INSERT INTO item VALUES (6, 'six', 1, 'a', '2020-01-01', 7)
a>! INSERT INTO item (id, name) VALUES (6)
a>! INSERT INTO item (id, nosuch) VALUES (6, 1)
a>! INSERT INTO item (id, id) VALUES (6, 1)
a>! INSERT INTO nosuch VALUES (1)
a>! INSERT INTO item VALUES (99999999999, 'x')
a>! INSERT INTO item (id, name, made) VALUES (7, 'x', 1)
a>! INSERT INTO item (id, name) SELECT name, id FROM item
a> INSERT INTO item (id, name) VALUES (7, 77)
a> UPDATE item SET price = price * 2 WHERE id = 1 RETURNING id, price
a> UPDATE item SET (name, tag) = ('uno', DEFAULT), made = '2024-02-29' WHERE id = 1 RETURNING *
a> UPDATE item i SET tag = j.name FROM item j WHERE j.id = i.id + 1 RETURNING i.id, i.tag, j.id AS other
a> UPDATE item SET id = id + 100 WHERE id > 10
a>! UPDATE item SET id = 1 WHERE id = 2
a>! UPDATE item SET name = NULL
a>! UPDATE item SET nosuch = 1
a>! UPDATE item SET id = 'x'
a>! UPDATE item SET name = 'a', name = 'b'
a>! UPDATE item SET id = name
a> UPDATE item SET price = 1 WHERE false
a> DELETE FROM item WHERE id > 100 RETURNING id
a> DELETE FROM item USING (VALUES (5), (7)) AS gone(id) WHERE item.id = gone.id RETURNING item.id, gone.*
a> SELECT * FROM item ORDER BY id
-- identity and serial
a> CREATE TABLE seq (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, v text)
a> INSERT INTO seq (v) VALUES ('a'), ('b') RETURNING *
a>! INSERT INTO seq VALUES (7, 1, 'c')
a> INSERT INTO seq OVERRIDING SYSTEM VALUE VALUES (7, DEFAULT, 'c') RETURNING *
a> INSERT INTO seq OVERRIDING USER VALUE VALUES (8, 50, 'd') RETURNING *
a> INSERT INTO seq VALUES (DEFAULT, DEFAULT, 'e') RETURNING id
a>! UPDATE seq SET id = 9
a> SELECT currval('seq_s_seq'), lastval()
a> SELECT nextval('seq_s_seq')
a> SELECT setval('seq_s_seq', 100), nextval('seq_s_seq')
a> SELECT setval('seq_s_seq', max(id)) FROM seq
a> INSERT INTO seq (v) VALUES ('f') RETURNING s
a> CREATE SEQUENCE counter START 10 INCREMENT 5
a> SELECT nextval('counter') FROM generate_series(1, 3)
a>! SELECT nextval('nosuch')
a>! SELECT currval('counter2')
a> CREATE SEQUENCE short MAXVALUE 2
a> SELECT nextval('short')
a> SELECT nextval('short')
a>! SELECT nextval('short')
a> TRUNCATE seq
a> INSERT INTO seq (v) VALUES ('g') RETURNING id
a> TRUNCATE seq RESTART IDENTITY
a> INSERT INTO seq (v) VALUES ('h') RETURNING id, s
-- ON CONFLICT
a> CREATE TABLE kv (k text PRIMARY KEY, v int, u int UNIQUE)
a> INSERT INTO kv VALUES ('a', 1, 1), ('b', 2, 2)
a> INSERT INTO kv VALUES ('a', 9, 9), ('c', 3, 3) ON CONFLICT DO NOTHING
a> INSERT INTO kv VALUES ('d', 9, 1), ('e', 5, 5) ON CONFLICT (u) DO NOTHING RETURNING k
a> INSERT INTO kv VALUES ('a', 10, 1), ('f', 6, 6) ON CONFLICT (k) DO UPDATE SET v = kv.v + excluded.v RETURNING k, v
a> INSERT INTO kv AS t VALUES ('a', 10, 1) ON CONFLICT ON CONSTRAINT kv_pkey DO UPDATE SET v = excluded.v WHERE t.v < 5
a> INSERT INTO kv VALUES ('g', 1, 70), ('g', 2, 71) ON CONFLICT DO NOTHING
a>! INSERT INTO kv VALUES ('h', 1, 80), ('h', 2, 81) ON CONFLICT (k) DO UPDATE SET v = 0
a>! INSERT INTO kv VALUES ('a', 1, 1) ON CONFLICT (v) DO NOTHING
a>! INSERT INTO kv VALUES ('z', 1, 1) ON CONFLICT (k) DO UPDATE SET v = 0
a> SELECT * FROM kv ORDER BY k
-- checks
a> CREATE TABLE checked (a int CHECK (a > 0), b int, CHECK (b > a), CONSTRAINT even CHECK (b % 2 = 0))
a> INSERT INTO checked VALUES (1, 2), (NULL, 4), (3, NULL)
a>! INSERT INTO checked VALUES (0, 2)
a>! INSERT INTO checked VALUES (5, 4)
a>! INSERT INTO checked VALUES (1, 3)
a>! UPDATE checked SET b = 1 WHERE a = 1
a> SELECT * FROM checked ORDER BY a
-- COPY
a> COPY kv FROM STDIN
|x	1	100
|y	\N	101
a> COPY kv (v, k) FROM STDIN
|7	z
a> COPY (SELECT k, v FROM kv WHERE k >= 'x' ORDER BY k) TO STDOUT
a>! COPY nosuch FROM STDIN
a>! COPY kv (nosuch) TO STDOUT
a> SELECT * FROM kv WHERE k >= 'x' ORDER BY k
