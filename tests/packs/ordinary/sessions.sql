# What a session says about itself: transactions, settings, prepared statements, cursors, channels, locks.
== reads
begin

begin {{work | transaction}} {{isolation level serializable | isolation level repeatable read | isolation level read committed | read only | read write | isolation level serializable, read only, deferrable}}

start transaction {{read only | isolation level repeatable read | read write}}

show {{all | work_mem | statement_timeout | server_version_num | transaction_isolation | is_superuser | in_hot_standby | default_transaction_read_only | session_authorization | application_name}}

show session authorization

declare c cursor for select * from orders

declare c {{binary | insensitive | scroll | no scroll}} cursor {{with hold | without hold}} for select id from orders where total > $1

select name, setting from pg_settings where name like 'log%'

select current_setting('app.user_id', true), current_schemas(true), pg_backend_pid(), inet_server_addr()

select pg_is_in_recovery(), pg_postmaster_start_time(), pg_current_wal_lsn(), pg_last_xact_replay_timestamp()

select 1 as ping

== other
{{commit | rollback | end | abort}} {{ | work | transaction}}

commit and chain

rollback and no chain

savepoint {{a | sp_1 | "Mixed"}}

rollback to {{a | savepoint sp_1}}

release {{savepoint a | sp_1}}

prepare transaction 'tx1'

commit prepared 'tx1'

rollback prepared 'tx1'

set transaction {{isolation level serializable | read only | read write, isolation level repeatable read | deferrable | snapshot '00000003-0000001B-1'}}

set session characteristics as transaction isolation level {{serializable | read committed}}

set constraints {{all deferred | orders_customer_fk immediate}}

set {{ | local | session}} {{work_mem = '64MB' | statement_timeout = 5000 | lock_timeout to '2s' | idle_in_transaction_session_timeout = '1min' | search_path to app, public | search_path = '' | time zone 'UTC' | time zone local | timezone = 'Europe/Zurich' | datestyle = 'ISO, MDY' | intervalstyle = 'iso_8601' | extra_float_digits = 3 | bytea_output = 'hex' | client_min_messages = warning | enable_seqscan = off | random_page_cost = 1.1 | jit = off | synchronous_commit = off | application_name = 'batch' | app.user_id = '42' | default_transaction_isolation = 'serializable' | default_transaction_read_only = on | row_security = off | max_parallel_workers_per_gather = 0 | constraint_exclusion to default | xmloption = content | standard_conforming_strings = on}}

set names 'UTF8'

set client_encoding to {{'UTF8' | utf8 | 'SQL_ASCII' | latin1}}

reset {{all | work_mem | search_path | session authorization | role | time zone}}

set role none

set session authorization default

set local role none

discard {{all | plans | sequences | temp}}

select set_config({{'app.tenant_id', $1, true | 'search_path', 'app', false | 'statement_timeout', '5s', true | 'request.jwt.claims', $1, true}})

select pg_catalog.set_config('search_path', '', false)

prepare q (int, text) as select * from orders where id = $1 and note = $2

prepare ins as insert into orders (customer_id) values ($1)

execute q (1, 'x')

explain execute q (1, 'x')

explain analyze execute q (1, 'x')

deallocate {{q | prepare q | all}}

fetch {{next | prior | first | last | all | forward 100 | backward 5 | absolute 3 | relative -1 | 50}} from c

fetch in c

move {{forward 10 | last | all}} in c

close {{c | all}}

listen {{jobs | "Some Channel"}}

unlisten {{jobs | *}}

notify jobs

notify jobs, 'a payload'

lock table orders in {{access share | row exclusive | share update exclusive | exclusive | access exclusive}} mode

lock orders, customers nowait

select * from orders where id = 1 for {{update | no key update | share | key share | update of orders nowait | share skip locked}}

checkpoint

begin; update orders set total = 1 where id = 2; commit

begin; select 1; rollback

select pg_advisory_lock(42)

select pg_advisory_unlock_all()

select txid_current()

select pg_export_snapshot()
