# pgbench 15: its start, TPC-B, -N and -S, simple and prepared.
== reads
select count(*) from pgbench_branches

select o.n, p.partstrat, pg_catalog.count(i.inhparent) from pg_catalog.pg_class as c join pg_catalog.pg_namespace as n on (n.oid = c.relnamespace) cross join lateral (select pg_catalog.array_position(pg_catalog.current_schemas(true), n.nspname)) as o(n) left join pg_catalog.pg_partitioned_table as p on (p.partrelid = c.oid) left join pg_catalog.pg_inherits as i on (c.oid = i.inhparent) where c.relname = 'pgbench_accounts' and o.n is not null group by 1, 2 order by 1 asc limit 1

SELECT abalance FROM pgbench_accounts WHERE aid = 4440;

SELECT abalance FROM pgbench_accounts WHERE aid = $1;

== other
create table pgbench_history(tid int,bid int,aid    int,delta int,mtime timestamp,filler char(22))

create table pgbench_tellers(tid int not null,bid int,tbalance int,filler char(84)) with (fillfactor=100)

create table pgbench_accounts(aid    int not null,bid int,abalance int,filler char(84)) with (fillfactor=100)

create table pgbench_branches(bid int not null,bbalance int,filler char(88)) with (fillfactor=100)

insert into pgbench_branches(bid,bbalance) values(1,0)

insert into pgbench_tellers(tid,bid,tbalance) values (1,1,0)

copy pgbench_accounts from stdin with (freeze on)

vacuum analyze pgbench_branches

vacuum analyze pgbench_tellers

vacuum analyze pgbench_accounts

vacuum analyze pgbench_history

vacuum pgbench_branches

vacuum pgbench_tellers

UPDATE pgbench_accounts SET abalance = abalance + 3336 WHERE aid = 4440;

UPDATE pgbench_tellers SET tbalance = tbalance + 3336 WHERE tid = 2;

UPDATE pgbench_branches SET bbalance = bbalance + 3336 WHERE bid = 1;

INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (2, 1, 4440, 3336, CURRENT_TIMESTAMP);

END;

UPDATE pgbench_accounts SET abalance = abalance + -2612 WHERE aid = 73139;

UPDATE pgbench_tellers SET tbalance = tbalance + -2612 WHERE tid = 10;

UPDATE pgbench_branches SET bbalance = bbalance + -2612 WHERE bid = 1;

INSERT INTO pgbench_history (tid, bid, aid, delta, mtime) VALUES (10, 1, 73139, -2612, CURRENT_TIMESTAMP);
