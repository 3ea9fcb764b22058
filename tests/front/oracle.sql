SELECT 1;
SELECT 1 AS one, 'x' AS "Two", NULL, true, 1.5, 12345678901, 1e3, -7;
SELECT * FROM people ORDER BY id;
SELECT p.* FROM people p ORDER BY id DESC;
SELECT id, name FROM people WHERE active ORDER BY name;
SELECT id FROM people WHERE NOT active OR active IS NULL ORDER BY 1;
SELECT id FROM people WHERE email IS NULL;
SELECT id FROM people WHERE email IS NOT NULL ORDER BY id;
SELECT id FROM people WHERE name LIKE '%e' ORDER BY id;
SELECT id FROM people WHERE name ILIKE 'E%' ORDER BY id;
SELECT id FROM people WHERE name NOT LIKE '%e' ORDER BY id;
SELECT id FROM orders WHERE note LIKE 'a\_b%';
SELECT id FROM orders WHERE note LIKE 'a!_b%' ESCAPE '!';
SELECT id FROM people WHERE email ~ '^[a-d].*org$' ORDER BY id;
SELECT id FROM people WHERE email ~* '^EVE' ORDER BY id;
SELECT id FROM people WHERE email !~ 'x' ORDER BY id;
SELECT id FROM people WHERE email SIMILAR TO '%(org|com)' ORDER BY id;
SELECT id FROM people WHERE salary BETWEEN 0 AND 1500 ORDER BY id;
SELECT id FROM people WHERE id IN (1, 3, 5) ORDER BY id;
SELECT id FROM people WHERE id NOT IN (1, 3, 5) ORDER BY id;
SELECT id FROM people WHERE (id, boss) IN ((2, 1), (4, 2)) ORDER BY id;
SELECT id FROM people WHERE boss IN (SELECT id FROM people WHERE active) ORDER BY id;
SELECT id FROM people WHERE id = ANY (ARRAY[1, 2]) ORDER BY id;
SELECT id FROM people WHERE id = ANY ('{2,3}') ORDER BY id;
SELECT id FROM people WHERE id <> ALL (ARRAY[1, 2]) ORDER BY id;
SELECT id FROM people WHERE id > ALL (SELECT boss FROM people WHERE boss IS NOT NULL) ORDER BY id;
SELECT id FROM orders WHERE 'a' = ANY (tags) ORDER BY id;
SELECT id FROM people WHERE boss IS DISTINCT FROM 1 ORDER BY id;
SELECT id FROM people WHERE boss IS NOT DISTINCT FROM NULL ORDER BY id;
SELECT id FROM people WHERE (active IS TRUE) IS NOT FALSE ORDER BY id;
SELECT id, active IS UNKNOWN, active IS NOT TRUE FROM people ORDER BY id;
SELECT id FROM people WHERE born > '1990-01-01' ORDER BY id;
SELECT id FROM people WHERE born BETWEEN date '1950-01-01' AND timestamp '2000-01-01 00:00:00' ORDER BY id;
SELECT id FROM people ORDER BY salary, id;
SELECT id FROM people ORDER BY salary DESC, id DESC;
SELECT id FROM people ORDER BY salary NULLS FIRST, id;
SELECT id FROM people ORDER BY salary DESC NULLS LAST, id;
SELECT id, salary AS pay FROM people ORDER BY pay, 1;
SELECT id, -id AS id2 FROM people ORDER BY id2;
SELECT name AS id, id AS other FROM people ORDER BY id, other;
SELECT id FROM people ORDER BY lower(name), id;
SELECT name FROM people ORDER BY name;
SELECT id FROM people ORDER BY id LIMIT 2;
SELECT id FROM people ORDER BY id LIMIT 2 OFFSET 3;
SELECT id FROM people ORDER BY id OFFSET 4 ROWS FETCH FIRST 1 ROW ONLY;
SELECT id FROM people ORDER BY id LIMIT ALL;
SELECT id FROM people ORDER BY id LIMIT (SELECT 3);
SELECT DISTINCT boss FROM people ORDER BY boss;
SELECT DISTINCT ON (boss) boss, id FROM people ORDER BY boss, id DESC;
SELECT DISTINCT salary, active FROM people ORDER BY 1, 2;
-- unordered
SELECT p.name, o.id FROM people p JOIN orders o ON o.person = p.id;
SELECT p.name, o.id FROM people p LEFT JOIN orders o ON o.person = p.id ORDER BY p.id, o.id;
SELECT p.name, o.id FROM people p RIGHT JOIN orders o ON o.person = p.id ORDER BY o.id;
SELECT p.id, o.id FROM people p FULL JOIN orders o ON o.person = p.id ORDER BY p.id, o.id;
SELECT count(*) FROM people CROSS JOIN orders;
SELECT count(*) FROM people, orders WHERE people.id = orders.person;
SELECT * FROM (SELECT id, name FROM people) a JOIN (SELECT id, note FROM orders) b USING (id);
SELECT id, a.x, b.y FROM (VALUES (1, 'p'), (2, 'q')) a(id, x) FULL JOIN (VALUES (2, 'r'), (3, 's')) b(id, y) USING (id) ORDER BY id;
SELECT * FROM (VALUES (1, 'p'), (2, 'q')) a(id, x) NATURAL JOIN (VALUES (2, 'r'), (3, 's')) b(id, y);
SELECT * FROM (VALUES (1)) a(i) LEFT JOIN (VALUES (1), (2)) b(i) USING (i);
SELECT b.name, count(p.id) FROM people b LEFT JOIN people p ON p.boss = b.id GROUP BY b.id ORDER BY b.id;
SELECT j.id, j.note FROM (people p JOIN orders o ON o.person = p.id) AS j(id, name, email, born, height, weight, salary, boss, active, code, uid, oid, person, amount, qty, at, placed, took, clock, note) ORDER BY 1, 2;
SELECT a.id FROM people a JOIN people b JOIN people c ON b.id = c.boss ON a.id = b.boss ORDER BY 1;
SELECT p.id, l.n FROM people p, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.person = p.id) l ORDER BY 1;
SELECT p.id, l.id FROM people p LEFT JOIN LATERAL (SELECT o.id FROM orders o WHERE o.person = p.id ORDER BY o.id DESC LIMIT 1) l ON true ORDER BY 1;
SELECT count(*), count(salary), count(DISTINCT salary), sum(salary), min(name), max(name) FROM people;
SELECT sum(p.id), sum(boss), sum(v), sum(qty) FROM people p, big, orders;
-- rough
SELECT avg(id), avg(salary), avg(weight), avg(height) FROM people;
-- rough
SELECT avg(v), stddev(v), variance(v), stddev_pop(v), var_pop(v) FROM big;
-- rough
SELECT corr(k, v), regr_slope(k, v), covar_pop(k, v), regr_count(k, v) FROM big;
SELECT grp, count(*), sum(v) FROM big GROUP BY grp ORDER BY grp;
SELECT grp AS g, count(*) FROM big GROUP BY g ORDER BY 2 DESC, 1;
SELECT upper(grp), max(v) FROM big GROUP BY 1 ORDER BY 1;
SELECT grp || '!' AS x, count(*) FROM big GROUP BY grp || '!' ORDER BY x;
SELECT grp, count(*) FROM big GROUP BY grp HAVING count(*) > 13 ORDER BY grp;
SELECT count(*) FROM big HAVING count(*) > 100;
SELECT k % 3, count(*) FROM big GROUP BY k % 3 ORDER BY 1;
SELECT id, name, email FROM people GROUP BY id ORDER BY id;
SELECT grp, grouping(grp), count(*) FROM big GROUP BY ROLLUP (grp) ORDER BY 1, 2;
SELECT grp, k % 2 AS e, sum(v) FROM big GROUP BY CUBE (grp, k % 2) ORDER BY 1, 2, 3;
SELECT grp, k % 2 AS e, sum(v) FROM big GROUP BY GROUPING SETS ((grp), (k % 2), ()) ORDER BY 1, 2;
SELECT 'all' AS label, count(*) FROM big GROUP BY label;
SELECT count(*) FILTER (WHERE v > 5), sum(v) FILTER (WHERE grp = 'a') FROM big;
SELECT bool_and(active), bool_or(active), every(active) FROM people;
SELECT bit_and(k), bit_or(k) FROM big;
SELECT string_agg(name, ',' ORDER BY id) FROM people;
SELECT string_agg(DISTINCT grp, '-' ORDER BY grp) FROM big;
SELECT array_agg(id ORDER BY id DESC) FROM people;
SELECT array_agg(DISTINCT boss ORDER BY boss) FROM people;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v), percentile_disc(0.25) WITHIN GROUP (ORDER BY v) FROM big;
SELECT mode() WITHIN GROUP (ORDER BY grp) FROM big WHERE k < 38;
SELECT percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY v) FROM big;
SELECT json_agg(id ORDER BY id) FROM people;
SELECT k, row_number() OVER (ORDER BY v, k), rank() OVER (ORDER BY v), dense_rank() OVER (ORDER BY v) FROM big ORDER BY k;
SELECT k, sum(v) OVER (PARTITION BY grp ORDER BY k) FROM big ORDER BY k;
SELECT k, sum(v) OVER (ORDER BY k ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM big ORDER BY k;
SELECT k, count(*) OVER (ORDER BY v RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM big ORDER BY k;
SELECT k, sum(k) OVER (ORDER BY v GROUPS 1 PRECEDING) FROM big ORDER BY k;
SELECT k, sum(k) OVER (ORDER BY k ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM big ORDER BY k;
SELECT k, lag(v) OVER w, lead(v, 2, -1) OVER w, first_value(v) OVER w, last_value(v) OVER w, nth_value(v, 2) OVER w FROM big WINDOW w AS (PARTITION BY grp ORDER BY k) ORDER BY k;
SELECT k, ntile(4) OVER (ORDER BY k), percent_rank() OVER (ORDER BY k), cume_dist() OVER (ORDER BY k) FROM big ORDER BY k;
SELECT k, sum(v) OVER (w ORDER BY k) FROM big WINDOW w AS (PARTITION BY grp) ORDER BY k;
SELECT grp, sum(v), sum(sum(v)) OVER () FROM big GROUP BY grp ORDER BY grp;
SELECT id, (SELECT count(*) FROM orders o WHERE o.person = p.id) AS n FROM people p ORDER BY id;
SELECT id FROM people p WHERE EXISTS (SELECT 1 FROM orders o WHERE o.person = p.id) ORDER BY id;
SELECT id FROM people p WHERE NOT EXISTS (SELECT FROM orders o WHERE o.person = p.id) ORDER BY id;
SELECT (SELECT max(id) FROM people), (SELECT name FROM people WHERE id = 99);
SELECT ARRAY(SELECT id FROM people ORDER BY id), ARRAY(SELECT id FROM people WHERE false);
SELECT id FROM people WHERE (id, name) = (SELECT 2, 'Bob');
WITH a AS (SELECT id FROM people WHERE id < 3), b(x) AS (SELECT id * 10 FROM a) SELECT * FROM a, b ORDER BY 1, 2;
WITH RECURSIVE t(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM t WHERE n < 10) SELECT sum(n), count(*) FROM t;
WITH RECURSIVE chain AS (SELECT id, boss, name, 0 AS depth FROM people WHERE boss IS NULL UNION ALL SELECT p.id, p.boss, p.name, c.depth + 1 FROM people p JOIN chain c ON p.boss = c.id) SELECT * FROM chain ORDER BY depth, id;
WITH RECURSIVE t(a) AS (SELECT 1 UNION SELECT (a * 2) % 7 FROM t) SELECT a FROM t ORDER BY a;
WITH x AS MATERIALIZED (SELECT 1 AS a) SELECT x.a FROM x UNION ALL SELECT a + 1 FROM x ORDER BY 1;
SELECT id FROM people UNION SELECT person FROM orders ORDER BY 1;
SELECT id FROM people UNION ALL SELECT 7 ORDER BY id DESC LIMIT 3;
SELECT id FROM people EXCEPT SELECT person FROM orders ORDER BY 1;
SELECT id FROM people INTERSECT SELECT person FROM orders ORDER BY 1;
SELECT 1 UNION SELECT 2 INTERSECT SELECT 2 ORDER BY 1;
SELECT 1 AS a UNION ALL SELECT 2.5 ORDER BY a;
SELECT NULL UNION ALL SELECT 1 ORDER BY 1;
SELECT 'x' UNION ALL SELECT NULL ORDER BY 1;
(SELECT id FROM people ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM people ORDER BY id DESC LIMIT 1);
VALUES (1, 'a'), (2, 'b') ORDER BY 1 DESC;
SELECT * FROM (VALUES (1, NULL), (NULL, 'z')) AS v(a, b) ORDER BY a;
TABLE "Mixed" ORDER BY 1;
SELECT "Id", id, "Üb" FROM "Mixed" ORDER BY "Id";
SELECT m."Id" + m.id FROM "Mixed" AS m ORDER BY 1;
SELECT x."ID", x."Id" FROM (SELECT 1 AS "ID", 2 AS "Id") x;
SELECT * FROM rich ORDER BY id;
SELECT r.name, s.total FROM rich r JOIN spent s ON s.who = r.id ORDER BY 1;
SELECT n FROM spent WHERE who IS NULL;
SELECT 7 / 2, -7 / 2, 7 % 3, -7 % 3, 7 / 2::bigint, 7::smallint + 1::smallint;
-- rough
SELECT 7 / 2.0, 1 / 3.0, 10.5 / 3, 2.5 * 2.5, 1.10 + 2.2, 5 - 0.1, 7.5 % 2;
SELECT 7 / 2::float8, 1::real + 2, 2 ^ 10, 2.0 * 3::float8, -(3), +5;
SELECT |/ 25.0, ||/ 27, @ -5, 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 256 >> 2;
SELECT 2147483647 + 1::bigint, 1::smallint * 300, 100::int8 - 1;
SELECT amount * qty, amount + qty, amount - 1, qty / 2 FROM orders ORDER BY id;
SELECT weight * 2, height + 1, salary * 1.1 FROM people ORDER BY id;
SELECT abs(-5), abs(-2.5), ceil(2.1), floor(-2.1), round(2.5), round(-2.5), round(2.567, 2), trunc(2.567, 1), trunc(-2.9);
SELECT round(2.5::float8), round(3.5::float8), round(-0.5::float8), ceil(1.2::float8), floor(1.8::float8), trunc(1.9::float8), sign(-3.2::float8);
SELECT mod(7, 3), mod(-7, 3), gcd(12, 18), lcm(4, 6), div(7, 2), factorial(5), sign(-2.5);
-- rough
SELECT sqrt(2::float8), exp(1::float8), ln(10::float8), log(100::float8), power(2, 0.5::float8), cbrt(27::float8), pi(), degrees(1), radians(180);
-- rough
SELECT sin(1), cos(1), tan(1), atan(1), atan2(1, 2), asin(0.5), acos(0.5), sinh(1), cosh(1), tanh(1);
-- rough
SELECT sqrt(2.0), power(2.0, 3), ln(2.5), exp(1.0), log(100.0), log(2.0, 64.0);
SELECT greatest(1, 2, NULL), least(3, 1), coalesce(NULL, 2, 3), nullif(1, 1), nullif(2, 1);
SELECT coalesce(NULL, 'x'), coalesce(salary, 0), greatest(salary, 100) FROM people ORDER BY id;
SELECT CASE WHEN id < 3 THEN 'low' WHEN id < 5 THEN 'mid' ELSE 'high' END FROM people ORDER BY id;
SELECT CASE id WHEN 1 THEN 1.5 WHEN 2 THEN 2 END FROM people ORDER BY id;
SELECT CASE WHEN true THEN NULL ELSE 1 END, CASE WHEN false THEN 'x' END;
SELECT 'a' || 'b', 'a' || 1, 1 || 'a', 'x' || NULL, 'n: ' || 1.50, true || 'x';
SELECT upper('ae'), lower('AE'), initcap('hello wORLD-foo bar1x'), length('Zoë'), char_length('abc'), octet_length('é'), bit_length('a');
SELECT trim('  a '), ltrim('xxa', 'x'), rtrim('axx', 'x'), btrim('xyax', 'xy'), trim(both 'x' from 'xax'), trim(leading from '  a');
SELECT lpad('a', 3), lpad('abc', 2), lpad('a', 5, 'xy'), rpad('a', 3, '-'), rpad('abc', 2), repeat('ab', 3), reverse('abc');
SELECT left('abcde', 2), left('abcde', -2), right('abcde', 2), right('abcde', -2), substring('abcdef' from 2 for 3), substring('abcdef', 3), substring('abcdef' for 2);
SELECT substring('abcdef', 0, 3), substring('abcdef', -1, 4), substr('abcdef', 2, 100), substring('foobar' from 'o(.)b'), substring('foobar' from 'o+'), substring('foobar' from 'z');
SELECT position('c' in 'abc'), strpos('abc', 'z'), replace('aXbX', 'X', '-'), translate('12345', '143', 'ax'), overlay('Txxxxas' placing 'hom' from 2 for 4), overlay('abcdef' placing 'Z' from 2);
SELECT split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), split_part('abc', ',', 2), ascii('A'), chr(65), md5('a'), to_hex(255), to_hex(-1);
SELECT concat('a', NULL, 1, true), concat_ws('-', 'a', NULL, 2), format('%s is %s%%', 'x', 5), format('%I = %L', 'Col x', 'it''s'), format('%2$s %1$s', 'a', 'b'), format('[%5s|%-5s]', 'a', 'b');
SELECT starts_with('abc', 'ab'), 'abc' ^@ 'b', quote_literal('it''s');
SELECT regexp_replace('foobarbaz', 'b..', 'X'), regexp_replace('foobarbaz', 'b..', 'X', 'g'), regexp_replace('foobarbaz', 'b(..)', 'X\1Y', 'g'), regexp_replace('ABC', 'b', 'x', 'i');
SELECT regexp_match('foobar', 'o(.)(b)'), regexp_match('foobar', 'o+'), regexp_match('abc', 'z'), regexp_split_to_array('a1b22c', '\d+');
SELECT string_to_array('a,b,,c', ','), string_to_array('a,b', NULL::text), array_to_string(ARRAY[1, NULL, 3], '-'), array_to_string(ARRAY['a', NULL], ',', '*');
SELECT 'abc' < 'abd', 'a' < 'B', 'é' > 'z', '' < 'a', 'abc' = 'abc ';
SELECT code || '|', length(code), code = 'ab' FROM people WHERE id < 4 ORDER BY id;
SELECT 'x'::varchar(3), 'abcdef'::varchar(3), 'abcdef'::char(3), 12.345::numeric(5, 1), 1.5::int, 2.5::int, -1.5::int, 2.5::float8::int, '12'::int, 12::text, true::text, true::int, 0::boolean;
SELECT 1.0::float8::text, 1e20::float8::text, 0.1::real::text, 1.5::float8::text, 'infinity'::float8::text, 'nan'::float8::text, (-0.0)::float8::text;
SELECT '2024-01-05'::date::text, '10:00'::time::text, timestamp '2024-01-05 10:00:00.5'::text, '{1,2}'::int[]::text, '{a,"b c",NULL}'::text[]::text, '\x01ff'::bytea::text;
SELECT 't'::bool, 'off'::bool, 'yes'::boolean, '1'::bool, 'f'::bool;
SELECT ' 42 '::int, '-5'::bigint, '1.5e3'::float8, '1e2'::numeric, '.5'::numeric;
SELECT date '2024-01-31' + 1, date '2024-03-01' - date '2024-02-01', date '2024-01-31' - 31, date '2024-01-01' + time '10:00', date '2024-01-01' + interval '1 month';
SELECT timestamp '2024-01-31 10:00' + interval '1 month', timestamp '2024-03-01' - interval '1 day 2 hours', timestamp '2024-03-01' - timestamp '2024-02-01 12:00';
SELECT interval '1 day' * 2, interval '1 hour' / 2, interval '1 day' + interval '2 hours', -interval '1 day', interval '1 year 2 months 3 days 04:05:06.7', 2 * interval '1 minute';
SELECT interval '1' day, interval '2' hour, interval 'P1Y2M3DT4H5M6S', interval '1-2', interval '3 4:05:06', interval '1.5 days', interval '2 weeks ago', interval '90 minutes';
SELECT time '10:00' + interval '2 hours', time '23:00' + interval '2 hours', time '10:00' - time '08:30', time '10:00' - interval '1 hour';
SELECT extract(year from date '2024-02-29'), extract(month from timestamp '2024-02-29 10:11:12.5'), extract(day from timestamp '2024-02-29'), extract(hour from time '10:11'), extract(minute from time '10:11'), extract(second from timestamp '2024-01-01 00:00:12.5');
SELECT extract(dow from date '2024-02-25'), extract(isodow from date '2024-02-25'), extract(doy from date '2024-02-29'), extract(week from date '2024-01-01'), extract(quarter from date '2024-05-01'), extract(century from date '2024-05-01'), extract(decade from date '2024-05-01'), extract(isoyear from date '2024-12-31'), extract(epoch from timestamp '2024-01-01 00:00:00.5'), extract(epoch from date '2024-01-01');
SELECT extract(epoch from interval '1 day 2 hours 0.5 seconds'), extract(day from interval '3 days 5 hours'), extract(hour from interval '3 days 5 hours'), extract(month from interval '14 months'), extract(year from interval '14 months'), extract(milliseconds from time '00:00:01.5'), extract(microseconds from time '00:00:01.5');
SELECT date_part('year', date '2024-01-01'), date_part('epoch', timestamp '2024-01-01'), date_part('dow', timestamptz '2024-01-01 00:00+00');
SELECT date_trunc('month', timestamp '2024-02-15 10:11:12'), date_trunc('day', timestamptz '2024-02-15 10:11:12+00'), date_trunc('year', date '2024-02-15'), date_trunc('hour', interval '1 day 02:03:04'), date_trunc('week', timestamp '2024-02-15'), date_trunc('quarter', timestamp '2024-05-15');
SELECT age(timestamp '2024-03-01', timestamp '2023-01-15'), age(timestamp '2024-01-01', timestamp '2024-03-31'), make_date(2024, 2, 29), make_time(10, 11, 12.5), make_timestamp(2024, 1, 2, 3, 4, 5.5), make_interval(days => 10, hours => 2), make_interval(1, 2, 3, 4);
SELECT to_timestamp(1704067200), to_timestamp(1.5), timestamp '2024-01-01 10:00' AT TIME ZONE 'Asia/Tokyo', timestamptz '2024-01-01 10:00+00' AT TIME ZONE 'America/New_York';
SELECT to_char(timestamp '2024-02-05 15:06:07.123456', 'YYYY-MM-DD HH24:MI:SS.US'), to_char(timestamp '2024-02-05 15:06:07', 'DD Mon YYYY HH12:MI AM'), to_char(date '2024-02-05', 'FMDay, DD FMMonth YYYY'), to_char(timestamp '2024-02-05 15:06:07', 'Dy D DDD IW Q'), to_char(timestamp '2024-02-05 05:06:07', 'FMHH24:FMMI'), to_char(timestamp '2024-02-05', 'yyyymmdd');
SELECT to_char(timestamp '2024-02-05 15:06:07', 'Day|Month|DAY|day|MON|mon'), to_char(timestamp '2024-02-01', 'FMDDth'), to_char(timestamp '2024-02-05', '"Week" WW'), to_char(interval '26 hours 3 minutes', 'HH24:MI:SS');
SELECT to_char(1234.567, '9999.99'), to_char(1234.567, 'FM9,999.9'), to_char(-5, '999'), to_char(5, '000'), to_char(0.5, 'FM990.00'), to_char(12, 'FM0000'), to_char(1234567, 'FM9,999,999'), to_char(123456, '999'), to_char(1.5::float8, '9.99');
SELECT to_date('05 Feb 2024', 'DD Mon YYYY'), to_date('20240205', 'YYYYMMDD'), to_timestamp('2024-02-05 10:11:12', 'YYYY-MM-DD HH24:MI:SS');
SELECT at, at::date, at::time, at + took, placed - interval '1 hour', placed AT TIME ZONE 'UTC' FROM orders ORDER BY id;
SELECT clock, clock + took, took * 2, justify_hours(took), justify_days(took) FROM orders ORDER BY id;
SELECT (date '2024-01-01', date '2024-01-31') OVERLAPS (date '2024-01-30', date '2024-02-10'), isfinite(date '2024-01-01'), isfinite('infinity'::date);
SELECT date '2024-01-01' = timestamp '2024-01-01', date '2024-01-01' < '2024-01-02', timestamp '2024-01-01' = timestamptz '2024-01-01 00:00+00';
SELECT '20240105'::date, 'Jan 5, 2024'::date, '5-Jan-2024'::date, '01/05/2024'::date, 'epoch'::date, '2024-01-05T10:00:00'::timestamp, '2024-01-05 10:00:00+02'::timestamptz, '2024-01-05 10:00:00+02'::timestamp;
SELECT ARRAY[1, 2, 3], ARRAY['a', NULL], ARRAY[1.5, 2], '{}'::int[], ARRAY[]::text[], ARRAY[[1, 2], [3, 4]];
SELECT (ARRAY[1, 2, 3])[2], (ARRAY[1, 2, 3])[0], (ARRAY[1, 2, 3])[9], (ARRAY[1, 2, 3, 4])[2:3], (ARRAY[1, 2, 3])[:2], (ARRAY[1, 2, 3])[2:];
SELECT tags[1], nums[2], array_length(nums, 1), cardinality(tags), array_upper(nums, 1), array_lower(nums, 1), array_ndims(nums) FROM orders ORDER BY id;
SELECT ARRAY[1] || ARRAY[2, 3], ARRAY[1] || 2, 0 || ARRAY[1], array_append(ARRAY[1], 2), array_prepend(0, ARRAY[1]), array_cat(ARRAY[1], ARRAY[2]), array_remove(ARRAY[1, 2, 1], 1), array_replace(ARRAY[1, 2], 2, 9);
SELECT array_position(ARRAY['a', 'b'], 'b'), array_positions(ARRAY[1, 2, 1], 1), ARRAY[1, 2] @> ARRAY[1], ARRAY[1] <@ ARRAY[1, 2], ARRAY[1, 2] && ARRAY[2, 3], ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1, 2] < ARRAY[1, 3], array_fill(7, ARRAY[3]);
SELECT unnest(ARRAY[1, 2, 3]), unnest(ARRAY['a', 'b']);
SELECT * FROM unnest(ARRAY[1, 2], ARRAY['a', 'b', 'c']) AS u(x, y);
SELECT * FROM unnest(ARRAY['p', 'q']) WITH ORDINALITY AS u(v, n);
SELECT o.id, t FROM orders o, unnest(o.tags) AS t ORDER BY 1, 2;
SELECT o.id, t.* FROM orders o, unnest(o.nums) WITH ORDINALITY AS t(v, n) ORDER BY o.id, t.n;
SELECT * FROM generate_series(1, 5);
SELECT * FROM generate_series(5, 1, -2) AS g(n);
SELECT generate_series(1, 3), 'x';
SELECT d::date FROM generate_series(timestamp '2024-01-01', '2024-01-03', '1 day') AS d;
SELECT * FROM generate_series(date '2024-01-01', date '2024-03-01', interval '1 month') AS d;
SELECT p.id, g FROM people p, generate_series(1, p.id) g WHERE p.id < 4 ORDER BY 1, 2;
SELECT n, n * n AS sq FROM generate_series(1::bigint, 3) AS n ORDER BY 1;
SELECT * FROM generate_series(1, 3) WITH ORDINALITY AS g(v, o);
SELECT regexp_split_to_table('a b c', ' ');
SELECT body -> 'a', body ->> 's', body -> 'b' -> 'c' -> 0, body #> '{b,c}', body #>> '{b,c,1}', body -> 'missing' FROM docs WHERE id = 1;
SELECT body -> 0, body ->> 1, body -> -1, body ->> 2 FROM docs WHERE id = 2;
SELECT (body ->> 'a')::int + 1, body @> '{"a": 1}', body ? 'a', body ?| ARRAY['z', 's'], body ?& ARRAY['a', 'z'] FROM docs WHERE id = 1;
SELECT jsonb_typeof(body), jsonb_array_length('[1,2]'), json_typeof(raw) FROM docs ORDER BY id;
SELECT jsonb_array_elements(body) FROM docs WHERE id = 2;
SELECT * FROM jsonb_array_elements_text('["a", 1, null]') AS t(x);
SELECT * FROM jsonb_object_keys('{"b": 1, "a": 2}') AS k ORDER BY 1;
SELECT json_build_object('a', 1, 'b', 'x'), json_build_array(1, 'a', NULL), to_json('x'::text), to_jsonb(5), row_to_json(r) FROM (SELECT 1 AS a, 'z' AS b) r;
SELECT data, length(data), encode(data, 'hex') FROM docs ORDER BY id;
SELECT encode('\x0102'::bytea, 'base64'), decode('AQI=', 'base64'), convert_from('\x61'::bytea, 'UTF8'), convert_to('a', 'UTF8'), '\x01'::bytea || '\x02'::bytea;
SELECT uid, uid = 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11' FROM people ORDER BY id;
SELECT (1, 2) = (1, 2), (1, 2) < (1, 3), (1, 2) <> (1, 3), (1, NULL) = (1, 2), ROW(1, 2) IS NULL, ROW(NULL, NULL) IS NULL, (2, 1) > (1, 9);
SELECT NULL = NULL, NULL IS NULL, NULL AND false, NULL OR true, NOT NULL::boolean, 1 + NULL, NULL || 'a';
SELECT true AND false OR true, NOT true = false, 1 < 2 AND 2 < 3, 2 + 3 * 4 ^ 2 / 8, - 2 ^ 2, 10 - 2 - 3, 2 ^ 3 ^ 2;
SELECT 1 IN (1, NULL), 2 IN (1, NULL), 2 NOT IN (1, NULL), 1 BETWEEN SYMMETRIC 3 AND 0, 5 NOT BETWEEN 1 AND 3;
SELECT 'abc' LIKE 'a%', 'abc' NOT LIKE 'b%', 'a.c' ~ 'a\.c', 'ABC' ILIKE 'abc', 'abc' ~~ 'a_c', 'abc' !~~ 'x', 'abc' OPERATOR(pg_catalog.~) 'b' COLLATE pg_catalog.default;
SELECT 'a' LIKE ANY (ARRAY['b%', 'a%']), 'a' NOT LIKE ALL (ARRAY['b%', 'c%']);
SELECT current_database() IS NOT NULL, current_schema() IS NOT NULL, current_user IS NOT NULL, now() = transaction_timestamp(), pg_typeof(1)::text, pg_typeof('a'::text)::text, pg_typeof(1.5)::text, pg_typeof(ARRAY[1])::text;
SELECT count(*) FROM (SELECT 1 FROM people LIMIT 3) q;
SELECT a.b FROM (SELECT 1 AS b) a WHERE a.b = 1;
SELECT x FROM (SELECT 1 AS x UNION SELECT 2) q WHERE x > 1;
SELECT sum(n) FROM (SELECT count(*) AS n FROM big GROUP BY grp) q;
SELECT q.grp, q.m FROM (SELECT grp, max(v) AS m FROM big GROUP BY grp) q JOIN big b ON b.v = q.m AND b.grp = q.grp GROUP BY q.grp, q.m ORDER BY 1;
SELECT p.name FROM people p WHERE p.salary = (SELECT max(salary) FROM people) ORDER BY 1;
SELECT name, salary, salary - avg(salary) OVER () > 0 FROM people WHERE salary IS NOT NULL ORDER BY id;
SELECT id, count(*) OVER (), sum(salary) OVER (ORDER BY id) FROM people ORDER BY id;
SELECT EXISTS (SELECT 1 FROM people WHERE id = 1), NOT EXISTS (SELECT 1 WHERE false);
SELECT max(born), min(at), max(placed), max(took), min(clock) FROM people, orders;
SELECT E'a\tb\\c', U&'\0041', $$dollar$$, 'con'
'cat', E'\x41\u00e9';
SELECT 1 AS "select", 2 AS "a b", 3 AS "q""uote";
SELECT * FROM json_each('{"a": 1, "b": "x"}') ORDER BY key;
SELECT * FROM jsonb_each_text('{"a": 1, "b": "x"}') AS e(k, v) ORDER BY k;
SELECT d.id, e.key FROM docs d, jsonb_each(d.body) e WHERE d.id = 1 ORDER BY 2;
SELECT * FROM json_to_recordset('[{"a": 1, "b": "x"}, {"a": 2, "c": true}]') AS r(a int, b text, c bool) ORDER BY a;
SELECT * FROM jsonb_to_record('{"a": 1.5, "b": {"c": 1}}') AS r(a numeric(5,2), b jsonb);
SELECT jsonb_set('{"a": {"b": 1}}', '{a,b}', '5'), '{"a": 1, "b": 2}'::jsonb - 'a', '[1,2,3]'::jsonb - 1, '{"a": {"b": 1, "c": 2}}'::jsonb #- '{a,b}', jsonb_strip_nulls('{"a": null, "b": 1}');
SELECT '{"a": 1}'::jsonb || '{"b": 2}'::jsonb, '[1]'::jsonb || '[2]'::jsonb;
SELECT id FROM people WHERE name LIKE ANY (SELECT 'A%' UNION ALL SELECT 'B%') ORDER BY id;
SELECT id FROM orders WHERE note ~ ANY (tags) ORDER BY id;
SELECT 5 BETWEEN 1 AND 10, 'b' BETWEEN 'a' AND 'c', 5 NOT BETWEEN 6 AND 7, NULL BETWEEN 1 AND 2, 2.5 BETWEEN 2 AND 3;
-- rough
select id, name from people where name is not null and length(name) > 2 order by length(name) desc, name limit 3;
-- rough
select p.name, b.name as boss from people p left join people b on b.id = p.boss order by p.id;
-- rough
select boss, count(*) as n, avg(salary)::numeric(10,2) from people group by boss having count(*) >= 1 order by n desc, boss;
-- rough
select extract(year from born)::int as y, count(*) from people group by 1 order by 1;
-- rough
select date_trunc('month', at) as m, sum(amount) from orders group by m order by m;
-- rough
select to_char(at, 'YYYY-MM') as m, count(*) from orders group by to_char(at, 'YYYY-MM') order by 1;
-- rough
select case when salary > 1000 then 'rich' when salary > 0 then 'ok' else 'poor' end as c, count(*) from people group by c order by c;
-- rough
select distinct on (person) person, id, at from orders where person is not null order by person, at desc nulls last;
-- rough
select person, array_agg(id order by id), string_agg(note, '|' order by id) from orders group by person order by person;
-- rough
select id, amount, sum(amount) over (order by id rows unbounded preceding) as running from orders order by id;
-- rough
select id, rank() over (partition by person order by amount desc) from orders order by id;
-- rough
select id, amount - lag(amount) over (order by id) as diff from orders order by id;
-- rough
select * from (select id, row_number() over (partition by person order by id) rn from orders) x where rn = 1 order by id;
-- rough
select name, (select sum(amount) from orders o where o.person = p.id) as total from people p order by total desc nulls last, name;
-- rough
select name from people p where (select count(*) from orders o where o.person = p.id) > 1 order by 1;
-- rough
-- unordered
select count(distinct person), count(distinct (person, qty)) from orders;
-- rough
-- unordered
select sum(case when qty > 1 then 1 else 0 end) from orders;
-- rough
-- unordered
select coalesce(sum(amount), 0), max(at)::date from orders where id > 100;
-- rough
select p.id from people p join lateral (select 1 as x where p.id > 2) l on true order by 1;
-- rough
select * from people p where exists (select from orders o where o.person = p.id and o.amount > 10) order by id;
-- rough
select id from people where id in (select person from orders where amount > 10 union select 3) order by id;
-- rough
select id from people where (id, name) not in (select 1, 'Ada') order by id;
-- rough
with t as (select * from orders where amount > 0), u as (select person, sum(amount) s from t group by person) select p.name, u.s from people p join u on u.person = p.id order by 2;
-- rough
with recursive fib(a, b) as (select 0::bigint, 1::bigint union all select b, a + b from fib where b < 100) select a from fib order by a;
-- rough
with recursive dates as (select date '2024-01-30' as d union all select (d + 1) from dates where d < date '2024-02-02') select d, to_char(d, 'DD.MM.') from dates order by d;
-- rough
select 1 as a union all select 2 union all select 3 order by a desc;
-- rough
(select 1 as a) union (select 2) order by 1;
-- rough
-- unordered
select * from (select 1 as a union all select 2) x(b) where b = 2;
-- rough
-- unordered
select a, b from (values (1,2),(3,4)) t(a,b) except select 1,2;
-- rough
-- unordered
select now() - now(), age(timestamp '2020-01-01', timestamp '2020-01-01');
-- rough
-- unordered
select timestamp '2024-01-01' + make_interval(months => 2, days => 3);
-- rough
-- unordered
select '2024-01-31'::date + interval '1 month', '2024-03-31'::timestamp - interval '1 month';
-- rough
-- unordered
select date_part('day', timestamp '2024-03-01' - timestamp '2024-02-01');
-- rough
-- unordered
select extract(epoch from (timestamp '2024-03-01' - timestamp '2024-02-01'))/86400;
-- rough
-- unordered
select (timestamp '2024-03-01 12:00' - timestamp '2024-02-01')::text, interval '36 hours'::text, interval '1 year -2 months'::text, interval '-1 day 02:00'::text, interval '0'::text;
-- rough
-- unordered
select interval '1 month' > interval '29 days', interval '1 day' = interval '24 hours';
-- rough
-- unordered
select date '2024-01-01' - interval '1 day', date '2024-01-01' = '2024-01-01', '2024-01-02' > date '2024-01-01';
-- rough
-- unordered
select '10:30'::time, '10:30:45.123'::time, '23:59'::time > '10:00', time '10:00' + interval '30 min';
-- rough
-- unordered
select cast('2024-01-01 10:00' as timestamp), cast('2024-01-01' as timestamptz);
-- rough
-- unordered
select timestamptz '2024-06-01 12:00 America/New_York', timestamptz '2024-06-01 12:00+05:30', '2024-06-01 12:00:00 UTC'::timestamptz;
-- rough
-- unordered
select to_char(1234.5, 'FM999,999.00'), to_char(0, 'FM0'), to_char(-1234.5, 'FM9,999.0'), to_char(0.1, '0.99'), to_char(12345678, '99,999,999'), to_char(5, '9'), to_char(5, '09'), to_char(1.0, '9.9');
-- rough
-- unordered
select to_char(date '2024-01-05', 'DD/MM/YYYY'), to_char(date '2024-01-05', 'Mon DD, YYYY'), to_char(timestamp '2024-01-05 00:00', 'HH12:MI:SS am'), to_char(timestamp '2024-12-31', 'IYYY-IW'), to_char(timestamp '2024-01-05', 'YY-MM'), to_char(date '2024-01-05', 'YYYY"Q"Q');
-- rough
-- unordered
select upper(left('hello', 1)) || substr('hello', 2), initcap('o''neil mc-donald');
-- rough
-- unordered
select regexp_replace('a1b2', '[0-9]', '', 'g'), regexp_replace('hello', '(l+)', '<\1>'), regexp_replace('x', 'x', '\\'), regexp_replace('a.b', '\.', '-');
-- rough
-- unordered
select regexp_matches('foobarbequebaz', 'ba.', 'g');
-- rough
-- unordered
select regexp_match('foobarbequebaz', '(bar)(beque)'), (regexp_match('abc', 'b'))[1];
-- rough
-- unordered
select position('' in 'abc'), strpos('', 'a'), substring('abc' from 2), substring('abc' from -1 for 3), overlay('abc' placing 'X' from 1 for 0);
-- rough
-- unordered
select length(''), length(null), repeat('a', 0), repeat('a', -1), lpad('abc', 0), reverse('');
-- rough
-- unordered
select format('%s', null), format('%L', null), format('%s %s', 1, true), format('%%');
-- rough
-- unordered
select string_to_array('1,2,3', ',')::int[], array_to_string(array[1,2,3], ','), string_to_array('', ','), string_to_array(null, ',');
-- rough
-- unordered
select split_part('a.b.c', '.', 2), split_part('a', '.', 2), split_part('', ',', 1);
-- rough
-- unordered
select translate('hello', 'el', 'ip'), ascii(''), ascii('é'), chr(233), btrim('  x  '), trim(trailing 'x' from 'axx');
-- rough
-- unordered
select md5('hello'), encode(sha256('hello'::bytea), 'hex'), encode('hello'::bytea, 'base64'), decode('68656c6c6f', 'hex');
-- rough
-- unordered
select 'abc' = 'ABC', lower('ABC') = 'abc', 'a' || 'b' = 'ab', 'a' < 'b';
-- rough
-- unordered
select quote_ident('A b'), quote_literal('x'), quote_nullable(null);
-- rough
-- unordered
select 10 / 3, 10 % 3, 10.0 / 3, 10 / 3.0, -10 / 3, 10 / -3, 2 ^ 0.5, 10 ^ 2;
-- rough
-- unordered
select 1e10, 1.5e-3, 123456789012, 1.0, .5, 5., 1e-10;
-- rough
-- unordered
select 0.1 + 0.2, 0.1::float8 + 0.2::float8, 1.1 * 1.1, 3.0 * 2, 1 - 0.9, 100 * 1.1;
-- rough
-- unordered
select round(1234.5678, 2), round(1234.5678, -2), round(0.5), round(1.5), round(-1.5), round(2.5::float8), trunc(-1.5), ceil(-1.5), floor(-1.5);
-- rough
-- unordered
select sum(x), avg(x), min(x), max(x), count(x) from (values (1.5), (2.5), (null)) t(x);
-- rough
-- unordered
select sum(x), avg(x) from (values (1), (2), (4)) t(x);
-- rough
-- unordered
select sum(x) from (values (1::float8), (2.5)) t(x);
-- rough
-- unordered
select sum(x::real), avg(x::real) from (values (1), (2)) t(x);
-- rough
-- unordered
select max(x), min(x) from (values ('a'), ('b'), (null)) t(x);
-- rough
-- unordered
select bool_and(x > 0), bool_or(x > 2) from (values (1), (2)) t(x);
-- rough
-- unordered
select count(*) filter (where x is null), array_agg(x) from (values (1), (null)) t(x);
-- rough
select array_agg(x order by x desc nulls last) from (values (1), (null), (3)) t(x);
-- rough
-- unordered
select json_object_agg(x, y) from (values ('a', 1), ('b', 2)) t(x, y);
-- rough
select jsonb_agg(x order by x) from (values (3), (1)) t(x);
-- rough
-- unordered
select row_to_json(t) from (select 1 as a, 'x' as b, null as c) t;
-- rough
-- unordered
select json_build_object('a', 1, 'b', array[1,2], 'c', null), json_build_object('d', true, 'n', 1.5);
-- rough
-- unordered
select to_json(array['a','b']), to_json(1.5), to_json(true), to_jsonb('a'::text), to_json(date '2024-01-01'), array_to_json(array[1,2]);
-- rough
-- unordered
select '{"a": {"b": [1, {"c": "d"}]}}'::jsonb #>> '{a,b,1,c}', '{"a": null}'::jsonb ->> 'a', '{"a": null}'::jsonb -> 'a', '[1,2]'::jsonb -> 5;
-- rough
-- unordered
select '{"a":1}'::jsonb @> '{}', '{"a":[1,2]}'::jsonb @> '{"a":[1]}', '{"a":1}'::jsonb <@ '{"a":1,"b":2}', '{"a":1}'::jsonb = '{"a": 1}'::jsonb;
-- rough
-- unordered
select jsonb_array_length('[1,2,3]'), json_typeof('"x"'), jsonb_typeof('null'), jsonb_typeof('1.5'), jsonb_typeof('[]'), jsonb_typeof('{}'), jsonb_typeof('true');
-- rough
-- unordered
select body->>'a' as a from docs where body->>'a' is not null;
-- rough
-- unordered
select (body->'b'->'c'->>1)::int from docs where id = 1;
-- rough
select x->>'n' from jsonb_array_elements('[{"n":"p"},{"n":"q"}]') x order by 1;
-- rough
select value from json_array_elements_text('["a","b"]') order by 1;
-- rough
-- unordered
select array[1,2] || 3, 1 || array[2], array[1,2] || array[3], array['a'] || 'b'::text, null || array[1];
-- rough
-- unordered
select 2 = any(array[1,2,3]), 5 > all(array[1,2,3]), null = any(array[1]), 1 = any(array[null, 1]), 2 = any(array[null,1]), 1 <> all('{}'::int[]);
-- rough
-- unordered
select unnest(array[1,2]) + 1, 'x';
-- rough
-- unordered
select array_length(array[1,2,3], 1), array_length('{}'::int[], 1), cardinality('{}'::int[]), array_dims(array[1,2]);
-- rough
select id, unnest(nums) from orders where id < 13 order by 1, 2;
-- rough
select u.n from orders o cross join unnest(o.nums) u(n) order by 1;
-- rough
-- unordered
select count(*) from generate_series(1, 1000) a, generate_series(1, 10) b;
-- rough
select generate_series(1, 3) as g order by g desc;
-- rough
select g, g * 2 from generate_series(1, 3) g where g > 1 order by g;
-- rough
select d from generate_series('2024-01-01'::timestamp, '2024-01-02', '12 hours') d order by d;
-- rough
-- unordered
select generate_series(date '2024-01-01', date '2024-01-02', '1 day')::date;
-- rough
select a.n, b.n from generate_series(1,2) a(n), generate_series(a.n, 2) b(n) order by 1,2;
-- rough
-- unordered
select null::int, null::text, null::date, null::numeric, null::bool;
-- rough
-- unordered
select true::int, 1::bool, 't'::bool::text, 5::text, 5.50::text, '5'::int + 1, '2024-01-01'::text::date;
-- rough
-- unordered
select 1::smallint + 1, 1::bigint + 1, 1::real + 1, 1::numeric + 1, 1.5::real, 1.5::float4::text, 1::int2 / 2::int2;
-- rough
-- unordered
select 32767::smallint, 2147483647, 9223372036854775807, -9223372036854775808;
-- rough
-- unordered
select cast(1.5 as int), cast(2.5 as int), cast('1.5' as numeric)::int, cast(1.9 as bigint), 1.4999::int, (-0.5)::int;
-- rough
-- unordered
select 123.456::numeric(5,1), 0.005::numeric(3,2), 99.995::numeric(5,2), '1e3'::numeric, 1e3::int;
-- rough
-- unordered
select 'abc'::char(5) || '|', 'abc'::varchar(2), 'a'::"char", 'abcd'::name, 'x'::bpchar;
-- rough
-- unordered
select greatest('a', 'b'), least(1, 2.5), greatest(date '2024-01-01', date '2023-01-01'), coalesce(null, null, 'x'), nullif('a', 'b');
-- rough
-- unordered
select case 1 when 1 then 'a' end, case when null then 1 else 2 end, case when false then 1 end;
-- rough
select case id % 2 when 0 then name end from people order by id;
-- rough
-- unordered
select 1 where null;
-- rough
-- unordered
select count(*) from people where true or 1/0 = 1;
-- rough
-- unordered
select not true, not null, true and null, false or null, true <> false, true > false;
-- rough
-- unordered
select 1 = 1.0, 1 = '1', 1.5 > 1, 1::float8 = 1, 'a' <> 'b', 1 is distinct from null, null is not distinct from null;
-- rough
-- unordered
select (1, 2, 3) < (1, 2, 4), (1, null) is distinct from (1, null), row(1, 'a') = row(1, 'a'), (select row(1,2)) is not null;
-- rough
-- unordered
select people.* from people where id = 1;
-- rough
-- unordered
select p.id, p.name, o.* from people p, orders o where p.id = o.person and o.id = 10;
-- rough
select "Id", "Mixed".id from "Mixed" order by 1;
-- rough
-- unordered
select count(*) as "Count", sum("Id") "S" from "Mixed";
-- rough
-- unordered
select x."Ab", x."aB" from (select 1 as "Ab", 2 as "aB") x;
-- rough
-- unordered
select max(id) from people group by ();
-- rough
select grp, k % 2, count(*) from big group by grouping sets ((grp, k % 2), (grp)) order by 1, 2;
-- rough
select grp, sum(v) from big group by rollup(grp) having sum(v) > 10 order by 1;
-- rough
select coalesce(grp, 'total'), count(*) from big group by rollup(grp) order by grouping(grp), 1;
-- rough
-- unordered
select sum(v) / count(*), sum(v) * 1.0 / count(*), avg(v) from big;
-- rough
-- unordered
select stddev_samp(v), var_samp(v::numeric), stddev(v::float8) from big;
-- rough
select percentile_cont(0.9) within group (order by v desc), percentile_disc(0.5) within group (order by grp) from big;
-- rough
select v, count(*) from big group by v order by count(*) desc, v limit 3;
-- rough
select grp, max(v) - min(v) as spread from big group by grp order by spread desc, grp;
-- rough
-- unordered
select width_bucket(5.5, 0, 10, 5), sign(-1.5), abs(-1.5::float8), mod(10, 3), power(2, 10), sqrt(16), cbrt(27);
-- rough
select first_value(k) over (partition by grp order by v desc, k), k from big order by k limit 5;
-- rough
select k, avg(v) over (order by k rows between 1 preceding and 1 following) from big order by k limit 5;
-- rough
select k, count(*) over (partition by grp), min(v) over w, max(v) over w from big window w as (partition by grp order by k) order by k limit 5;
-- rough
select distinct grp from big order by grp desc;
-- rough
select distinct v % 3 as m from big order by m;
-- rough
select id from people order by name collate "C", id;
-- rough
select name from people order by upper(name), id desc limit 2 offset 1;
-- rough
select id as x from people order by -id;
-- rough
select id, name from people order by 2 desc, 1 limit 1;
-- rough
select * from people order by born nulls first limit 1;
-- rough
select id from people order by case when active then 0 else 1 end, id;
-- rough
select sum(id) over (), id from people order by 2;
-- rough
-- unordered
select current_date = now()::date, current_timestamp = now(), localtimestamp = now()::timestamp;
-- rough
-- unordered
select pg_typeof(now())::text, pg_typeof(1::bigint)::text, pg_typeof('a')::text, pg_typeof(null)::text, pg_typeof(array['a'])::text;
-- rough
select array(select id from people order by id desc limit 2);
-- rough
-- unordered
select exists(select 1 from people where id = 99), (select count(*) from people) > 3;
-- rough
-- unordered
select (select name from people where id = 1) || '!', (select 1) + (select 2);
-- rough
select id, (select max(x) from (values (id), (3)) v(x)) from people order by id limit 3;
-- rough
select p.id from people p where p.salary > (select avg(salary) from people q where q.boss = p.boss) order by 1;
-- rough
select a.id, b.id from people a full outer join people b on a.id = b.boss order by 1, 2;
-- rough
-- unordered
select * from (select 1 as x) a cross join (select 2 as y) b;
-- rough
-- unordered
select * from (select 1 as x) a, lateral (select a.x + 1 as z) b;
-- rough
-- unordered
select t1.x from (values (1), (2)) t1(x) join (values (2), (3)) t2(x) using (x);
-- rough
select x from (values (1), (2)) t1(x) left join (values (2), (3)) t2(x) using (x) order by x;
-- rough
select t2.x from (values (1), (2)) t1(x) left join (values (2), (3)) t2(x) using (x) order by t1.x;
-- rough
-- unordered
select 'a' as "A", 'b' as b group by 1, 2;
-- rough
-- unordered
select 'x' as lit, count(*) from people group by 1;
-- rough
-- unordered
select count(*) from people having count(*) > 3;
-- rough
-- unordered
select 1 having true;
-- rough
-- unordered
select max(id) filter (where name like 'A%') as m from people;
-- rough
select length(name) as l, count(*) from people group by length(name) order by l;
-- rough
select name || '-' || id as k from people order by k;
-- rough
select id + 1 as nxt, id * 2.5, id / 2, id % 2 from people order by id limit 2;
-- rough
select -id, +id, abs(-id), id::text || 'x' from people order by id limit 1;
-- rough
-- unordered
select salary * 0.1, salary / 3, round(salary / 3, 2), salary::int, salary::text from people where id = 1;
-- rough
-- unordered
select height, height::float8 > 1.59, weight / 2, weight::int from people where id = 1;
-- rough
select uid::text, uid is null from people order by id limit 2;
-- rough
select data = '\x0102ff', octet_length(data), substring(data from 1 for 1), data || '\x00' from docs order by id;
-- rough
select born, born + 1, born - date '2000-01-01', age(date '2024-01-01', born), extract(doy from born) from people where born is not null order by id;
-- rough
select at::date, at::time, extract(hour from at), date_trunc('day', at), at + took from orders order by id;
-- rough
select placed::date, placed at time zone 'America/New_York', extract(epoch from placed) from orders order by id;
-- rough
select took * 2, took / 2, extract(epoch from took), -took, took::text from orders order by id;
-- rough
select tags[1], array_to_string(tags, '+'), 'a' = any(tags), tags @> array['a'], array_length(tags, 1), tags || 'new'::text from orders order by id;
-- rough
select nums[1:2], nums @> '{1}', (select sum(x) from unnest(nums) x), array_position(nums, 2) from orders order by id;
-- rough
-- unordered
select bit_length('abc'), octet_length('abc'), 'abc' like '_b_', 'a%c' like 'a\%c', 'abc' like 'ABC', 'ABC' ilike 'abc';
-- rough
-- unordered
select E'\u00e9', U&'\00e9', 'it''s', $$it's$$, 'a';
-- rough
-- unordered
select /* c */ 1 + /* nested /* x */ */ 2;
-- rough
-- unordered
select $q$ $1 $q$;
-- rough
-- unordered
select (timestamp '2024-03-01 12:00' - timestamp '2024-02-01')::text, interval '36 hours'::text, interval '1 year -2 months'::text, interval '-1 day 02:00'::text, interval '0'::text, interval '1 mon -1 day 2 hours'::text, (-interval '1 year 1 mon 1 day 1 hour')::text, interval '0.5 s'::text, interval '-0.5 s'::text, interval '100 hours'::text, interval '2 years'::text;
-- rough
-- unordered
select regexp_matches('foobarbequebaz', 'ba.', 'g'), 1;
-- rough
-- unordered
select regexp_matches('foobarbequebaz', '(b)(a.)', 'g');
-- rough
-- unordered
select * from regexp_matches('abc', '(b)(c)') m;
-- rough
-- unordered
select regexp_matches('abc', 'z');
-- rough
-- unordered
select '{"a":1}'::jsonb @> '{}', '{"a":1}'::jsonb = '{"a": 1}'::jsonb, '{"a":1,"b":2}'::jsonb = '{"b":2,"a":1}', '[1, 2]'::jsonb <> '[1,2]';
-- rough
select value from json_array_elements_text('["a","b"]') order by 1;
-- rough
select x from json_array_elements_text('["a","b"]') x order by 1;
-- rough
select x.value from json_array_elements_text('["a","b"]') x order by 1;
-- rough
select g from generate_series(1,3) g(n) order by 1;
-- rough
-- unordered
select array_dims(array[1,2]);
-- rough
-- unordered
select 32767::smallint, 2147483647, 9223372036854775807, -9223372036854775808, -2147483648, - 5;
-- rough
select +id, +(1) from people order by id limit 1;
-- rough
select data = '\x0102ff', octet_length(data), substring(data from 2 for 1), substring(data from 0 for 2), data || '\x00', md5(data) from docs order by id;
-- rough
select tags[1], 'a' = any(tags), 'a' <> all(tags), 'a' = all(tags) from orders order by id;
-- rough
select u.n from orders o, unnest(o.nums) u(n) where u > 2 order by 1
