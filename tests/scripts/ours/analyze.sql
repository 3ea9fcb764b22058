-- ANALYZE has nothing to renew: the statistics are the objects'. Names are looked up all the same.
a> CREATE TABLE t (x int)
CREATE TABLE
a> ANALYZE
ANALYZE
a> ANALYZE t, public.t
ANALYZE
a>! ANALYZE nosuch
ERROR: 42P01 relation "nosuch" does not exist
a>! ANALYZE t (x)
ERROR: 0A000 ANALYZE of columns is not supported
a>! ANALYZE VERBOSE t
ERROR: 0A000 ANALYZE with options is not supported
