SELECT (timestamp '0044-03-15 00:00 BC')::text, (date '4713-01-01 BC')::text, ('0044-03-15 10:11' || ' BC')::timestamp::text, (timestamp 'March 15, 0044 BC')::text, date '2020-01-01 AD';
SELECT timestamp '0044-03-15 BC' < timestamp '0044-03-15', date '0001-01-01' - date '0001-12-31 BC';
SELECT (name || '')::text, ('15' || '')::int, ('1e3' || '')::float8, ('2020-01-05' || '')::date, ('1.50' || '')::numeric, ('7' || '')::bigint + 1, ('\x0aff' || '')::bytea FROM people ORDER BY id LIMIT 1;
SELECT 123456.789::float4::numeric, 1e20::float8::numeric, 0.1::float4::numeric, 0.1::float8::numeric;
SELECT 0.1::float4 = 0.1, 0.5::float4 = 0.5, 1::float8 = 1, id < 2.5, weight > 1e308, weight < 1e60 FROM people WHERE id = 1;
SELECT id FROM people WHERE weight > 1e308 OR height IN (1.85, 1.75) OR weight = 70;
SELECT '1e38'::float4, '0e-999'::float8, 'inf'::float8, '-1e308'::float8;
SELECT 5::bit(4)::text, 1::bit::text, (-1)::bigint::bit(70)::text, (-2)::bit(34)::text, 300::bit(8)::text;
SELECT array_ndims(ARRAY[[1,2],[3,4]]), array_ndims(ARRAY[1]), array_ndims('{}'::int[]), split_part('abc', '', 1), split_part('abc', '', 2), split_part('abc', '', -1), split_part('a,b', ',', 2);
