SELECT 200.00::numeric(10,2) / 3, -200.00 / 3, 200 / -3.0;
SELECT 10.0 / 4, 5.55 / 1.11, 7.5 / 2.5, 0.0 / 3;
SELECT sum(salary) / count(*), avg(salary), avg(DISTINCT salary), avg(id) FROM people;
SELECT id, avg(id) OVER (ORDER BY id) FROM people ORDER BY id;
SELECT avg(id) FILTER (WHERE id > 100), avg(boss) FROM people;
SELECT 7 % 2.5, mod(7.5, 2), mod(7, 2), mod(-7.25, 2), div(7.9, 2), div(-7, 2::numeric), mod(7::bigint, 2::smallint);
SELECT 5.55::numeric(38,16) % 0.1::numeric(38,10);
SELECT 2.0 ^ 3, (-2.0) ^ 3, 2.0 ^ 60, power(3.0, 2), 2.0 ^ -2, 10.0 ^ 0;
SELECT sqrt(2.0), sqrt(16.0), sqrt(4), power(2, 3);
-- rough
SELECT 2.0 ^ 0.5, exp(1.0), ln(2.0), log(2.0, 8.0), log(100.0), power(1.05, 10), sqrt(12345.678);
-- rough
SELECT stddev(id), variance(salary), var_pop(boss) FROM people;
SELECT round(x, n), trunc(x, n) FROM (VALUES (1234.5678, 2), (1234.5678, -2), (-0.555, 2), (1.5, 0), (1.25, NULL), (1.23, 20), (55.5, -30)) v(x, n);
SELECT NULL / 2.0, 2.0 / NULL, NULL::numeric ^ 2, sqrt(NULL::numeric);
