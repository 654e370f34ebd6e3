# Inserts, updates, deletes, upserts, merges, COPY; tables and views of one's own.
== other
insert into orders (customer_id, total) values (1, 9.99)

insert into orders (customer_id, total) values ($1, $2), ($3, $4), ($5, $6) returning id, placed_on

insert into orders default values

insert into archive select * from orders where placed_on < '2020-01-01'

insert into archive (id, total) select id, total from orders where id = $1 on conflict do nothing

insert into counters (name, n) values ('hits', 1) on conflict (name) do update set n = counters.n + 1

insert into counters (name, n) values ($1, $2) on conflict on constraint counters_pkey do update set n = excluded.n where counters.n < excluded.n returning xmax = 0 as inserted

insert into events (kind, payload) values ('click', '{"x": 1}'::jsonb)

insert into t overriding system value values (1, 'a')

insert into customers as c (email, name) values ($1, $2) on conflict (lower(email)) where active do nothing

with new_order as (insert into orders (customer_id) values ($1) returning id) insert into line_items (order_id, sku) select id, $2 from new_order

with moved as (delete from queue where id = $1 returning *) insert into done select * from moved

with job as (select id from jobs where state = 'ready' order by id limit 1 for update skip locked) update jobs set state = 'running' from job where jobs.id = job.id returning jobs.*

update orders set status = 'paid', paid_at = now() where id = {{7 | $1 | any ($1)}}

update orders set (status, note) = ('void', null) where id = 3

update orders set (total, n) = (select sum(price), count(*) from line_items li where li.order_id = orders.id) where id = $1

update orders o set total = o.total * 1.1 from customers c where c.id = o.customer_id and c.country = 'CH'

update docs set doc = jsonb_set(doc, '{a,b}', to_jsonb($1::text)) where id = $2

update docs set doc = doc || '{"seen": true}', tags = array_append(tags, 'x'), counts[2] = 5 where doc @> '{"kind": "a"}'

update stock set n = n - 1 where sku = $1 and n >= 1 returning n

update accounts set balance = balance {{+ | -}} $1 where id = $2

update t set a = default where b = 2

update t set a = 1 where current of c1

delete from orders where id = {{7 | $1}}

delete from sessions where expires_at < now() - interval '1 day'

delete from orders using customers where orders.customer_id = customers.id and customers.email = $1

delete from line_items where order_id in (select id from orders where status = 'void') returning id

delete from queue where ctid in (select ctid from queue where done limit 100)

merge into stock s using arrivals a on s.sku = a.sku when not matched then insert (sku, n) values (a.sku, a.n) when matched then do nothing

copy orders from stdin

copy orders (customer_id, total) from stdin with (format {{csv | csv, header true, delimiter ';', null '' | binary}})

copy customers from stdin csv header where id > 10

create table if not exists notes (id bigint generated always as identity primary key, body text not null, at timestamptz default now())

create table {{report | pg_temp.report}} as select customer_id, sum(total) from orders group by customer_id

create {{temp | temporary | unlogged}} table scratch (id int, v text)

create temp table batch (like orders including defaults) on commit drop

select * into temp scratch2 from orders where id < 10

create table measurements (at timestamptz not null, v double precision) partition by range (at)

create table measurements_2024 partition of measurements for values from ('2024-01-01') to ('2025-01-01')

create {{index | unique index | index concurrently}} orders_placed_on on orders {{(placed_on) | using btree (placed_on desc, id) where status = 'new' | using gin (doc jsonb_path_ops) | (lower(note))}}

create {{view | or replace view | temp view | materialized view}} big_orders as select * from orders where total > 1000

refresh materialized view {{mv | concurrently mv}}

create type order_status as enum ('new', 'paid', 'void')

create domain email as text check (value ~ '@')

create sequence invoice_no start 1000

create schema if not exists reporting

create trigger audit after insert or update on orders for each row execute function audit_row()

create statistics s1 (dependencies) on a, b from t

comment on table orders is 'what was sold'

analyze

vacuum (analyze) orders

cluster orders using orders_pkey

select nextval('invoice_no'), setval('invoice_no', 2000, true)

select lo_get($1), lo_create(0)

select pg_notify('jobs', $1)

select pg_advisory_xact_lock(hashtext($1)), pg_try_advisory_lock(1, 2)

