-- oracle
-- A string default goes through the input function of its column's type, whichever way the row comes.

a> create table d (id int, e text[] default '{}', n int[] default '{1,2}', j jsonb default '{"b":1,  "a":[1]}', i interval default '1 day -2 hours', z timestamptz default '2024-03-01 12:00:00+02', t timestamp default '2024-03-01 12:00', at time default '12:30', day date default '2024-02-29', bc date default '0044-03-15 BC', raw bytea default '\x01ff', big numeric default '1.50', small numeric(6,2) default '7.125', u uuid default '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', yes bool default 'yes', off bool default 'off', f float8 default 'infinity', r real default '1.5', k bigint default ' 42 ', s smallint default '-7', v varchar(5) default 'abc', c char(3) default 'x', x text default 'it''s', w text default null, js json default '{"b":1,  "a":2}', m numeric(6,2)[] default '{1.125,NULL}', bb bool[] default '{t,off}')
CREATE TABLE
a> insert into d(id) values (1)
INSERT 0 1
a> insert into d(id) values (2), (3)
INSERT 0 2
a> insert into d(id) select 4
INSERT 0 1
a> insert into d values (5, default)
INSERT 0 1
a> insert into d values (6, default), (7, '{x}')
INSERT 0 2
a> insert into d default values
INSERT 0 1
a> copy d(id) from stdin
| 8
COPY 1
a> update d set id = 9, e = default, n = default, j = default, i = default, z = default, t = default, yes = default, raw = default, u = default where id is null
UPDATE 1
a> set timezone = 'UTC'
SET
a> select count(*), e, n, j, i, z, t, at, day, bc, raw, small, u, yes, off, f, r, k, s, v, x, w, js::text, m, bb from d where e = '{}' group by e, n, j, i, z, t, at, day, bc, raw, small, u, yes, off, f, r, k, s, v, x, w, js::text, m, bb
count | e | n | j | i | z | t | at | day | bc | raw | small | u | yes | off | f | r | k | s | v | x | w | js | m | bb
8 | {} | {1,2} | {"a": [1], "b": 1} | 1 day -02:00:00 | 2024-03-01 10:00:00+00 | 2024-03-01 12:00:00 | 12:30:00 | 2024-02-29 | 0044-03-15 BC | \x01ff | 7.13 | a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 | t | f | Infinity | 1.5 | 42 | -7 | abc | it's | ∅ | {"b":1,  "a":2} | {1.13,NULL} | {t,f}
SELECT 1
a> select distinct id, big = 1.5, c from d order by id
id | ?column? | c
1 | t | x  
2 | t | x  
3 | t | x  
4 | t | x  
5 | t | x  
6 | t | x  
7 | t | x  
8 | t | x  
9 | t | x  
SELECT 9
a> alter table d add column later int[] default '{3}'
ALTER TABLE
a> alter table d add column word text default 'now'
ALTER TABLE
a> insert into d(id) values (10)
INSERT 0 1
a> insert into d(id) values (11), (12)
INSERT 0 2
a> alter table d alter column later set default '{4,NULL}'
ALTER TABLE
a> insert into d(id) values (13)
INSERT 0 1
a> alter table d alter column s type numeric(5,1)
ALTER TABLE
a> insert into d(id) values (14)
INSERT 0 1
a> select id, later, word, s from d where id > 8 order by id
id | later | word | s
9 | {3} | now | -7.0
10 | {3} | now | -7.0
11 | {3} | now | -7.0
12 | {3} | now | -7.0
13 | {4,NULL} | now | -7.0
14 | {4,NULL} | now | -7.0
SELECT 6
a> create table rel (id int, e date default 'epoch')
CREATE TABLE
a> insert into rel(id) values (1)
INSERT 0 1
a> insert into rel(id) select 2
INSERT 0 1
a> select id, e from rel order by id
id | e
1 | 1970-01-01
2 | 1970-01-01
SELECT 2
a>! create table bad (n int default 'x')
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! create table bad (n int[] default '{1,x}')
ERROR: 22P02 invalid input syntax for type integer: "x"
a>! create table bad (b bool default 'maybe')
ERROR: 22P02 invalid input syntax for type boolean: "maybe"
a>! create table bad (u uuid default 'maybe')
ERROR: 22P02 invalid input syntax for type uuid: "maybe"
a>! create table bad (i interval default 'maybe')
ERROR: 22007 invalid input syntax for type interval: "maybe"
a>! create table bad (b date default 'maybe')
ERROR: 22007 invalid input syntax for type date: "maybe"
a>! create table bad (b int default ' 1 2')
ERROR: 22P02 invalid input syntax for type integer: " 1 2"
a>! create table bad (b smallint default '70000')
ERROR: 22003 value "70000" is out of range for type smallint
