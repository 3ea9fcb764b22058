-- A relation that is not there at a moment: which moment, and when it came and went.
a@before> SELECT clock_timestamp()
(kept)
a> CREATE TABLE h (x int)
CREATE TABLE
a@there> SELECT clock_timestamp()
(kept)
a> DROP TABLE h
DROP TABLE
a@between> SELECT clock_timestamp()
(kept)
a> CREATE SNAPSHOT gap
NOTICE: snapshot "gap" at <time>
CREATE SNAPSHOT
a> CREATE TABLE h (x int, y int)
CREATE TABLE
a> ALTER TABLE h ADD COLUMN z int
ALTER TABLE
a@again> SELECT clock_timestamp()
(kept)
a> ALTER TABLE h RENAME TO other
ALTER TABLE
a@after> SELECT clock_timestamp()
(kept)
a>! SELECT * FROM h FOR SYSTEM_TIME AS OF :before
ERROR: 42P01 relation "h" does not exist at <time>
HINT: It was created at <time>.
a> SELECT * FROM h FOR SYSTEM_TIME AS OF :there
x
SELECT 0
a>! SELECT * FROM h FOR SYSTEM_TIME AS OF :between
ERROR: 42P01 relation "h" does not exist at <time>
HINT: It was dropped at <time> and created again at <time>.
a>! SELECT * FROM public.h FOR SYSTEM_TIME AS OF SNAPSHOT gap
ERROR: 42P01 relation "public.h" does not exist at <time>
HINT: It was dropped at <time> and created again at <time>.
a> SELECT * FROM h FOR SYSTEM_TIME AS OF :again
x | y | z
SELECT 0
a>! SELECT * FROM h FOR SYSTEM_TIME AS OF :after
ERROR: 42P01 relation "h" does not exist at <time>
HINT: It was renamed to "other" at <time>.
a>! SELECT * FROM other FOR SYSTEM_TIME AS OF :again
ERROR: 42P01 relation "other" does not exist at <time>
HINT: It was renamed from "h" at <time>.
a>! SELECT * FROM nothing FOR SYSTEM_TIME AS OF :again
ERROR: 42P01 relation "nothing" does not exist at <time>
a>! SELECT * FROM h
ERROR: 42P01 relation "h" does not exist
a>! RESTORE TABLE h TO TIMESTAMP :between
ERROR: 42P01 relation "h" does not exist at <time>
HINT: It was dropped at <time> and created again at <time>.
a>! SELECT * FROM nowhere.h FOR SYSTEM_TIME AS OF :between
ERROR: 42P01 relation "nowhere.h" does not exist at <time>
a> SET rewinddb.as_of = 'gap'
SET
a>! SELECT * FROM h
ERROR: 42P01 relation "h" does not exist at <time>
HINT: It was dropped at <time> and created again at <time>.
a> RESET rewinddb.as_of
RESET
