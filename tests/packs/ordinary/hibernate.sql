# Hibernate 5 and 6, Spring Data, Flyway and Liquibase, as they go through pgjdbc.
== reads
select {{o1_0 | this_ | orders0_}}.id, {{1}}.total, {{1}}.customer_id from orders {{1}} where {{1}}.id=$1

select o1_0.id,o1_0.customer_id,o1_0.note,o1_0.placed_on,o1_0.total from orders o1_0 where o1_0.status=$1 order by o1_0.placed_on desc {{offset $2 rows fetch first $3 rows only | fetch first $2 rows only | limit $2 offset $3}}

select orders0_.id as id1_1_0_, orders0_.total as total2_1_0_, customer1_.id as id1_0_1_, customer1_.name as name2_0_1_ from orders orders0_ {{left outer | inner}} join customers customer1_ on orders0_.customer_id=customer1_.id where orders0_.id=$1

select count(o1_0.id) from orders o1_0 where o1_0.total>$1

select c1_0.id,c1_0.name,o1_0.customer_id,o1_0.id,o1_0.total from customers c1_0 left join orders o1_0 on c1_0.id=o1_0.customer_id where c1_0.id in ($1,$2,$3)

select o1_0.customer_id,o1_0.id,o1_0.total from orders o1_0 where o1_0.customer_id = any ($1)

select o1_0.id from orders o1_0 where exists(select 1 from line_items l1_0 where l1_0.order_id=o1_0.id and l1_0.quantity>$1)

select distinct c1_0.name from customers c1_0 where upper(c1_0.name) like upper($1) escape '\'

select o1_0.id, row_number() over(partition by o1_0.customer_id order by o1_0.total desc) from orders o1_0

select case when count(c1_0.id)>0 then true else false end from customers c1_0 where c1_0.email=$1

select p1_0.id, p1_0.dtype, p1_0.amount, case when p1_1.id is not null then 1 when p1_2.id is not null then 2 when p1_0.id is not null then 0 end from payments p1_0 left join card_payments p1_1 on p1_0.id=p1_1.id left join cash_payments p1_2 on p1_0.id=p1_2.id where p1_0.id=$1

select null::bigint as id, cast(null as varchar) as name from customers c1_0 where c1_0.id=$1 union all select id, name from suppliers where id=$2

select extract(year from o1_0.placed_on), sum(o1_0.total) from orders o1_0 group by extract(year from o1_0.placed_on) having sum(o1_0.total)>$1 order by 1

select o1_0.id from orders o1_0 where o1_0.placed_on between current_date - interval '30 days' and current_date

select coalesce(max(o1_0.total),0), cast(avg(o1_0.total) as float8) from orders o1_0

select c1_0.id, string_agg(t1_0.label, ', ' order by t1_0.label) from customers c1_0 join customer_tags t1_0 on t1_0.customer_id=c1_0.id group by c1_0.id

select "installed_rank","version","description","type","script","checksum","installed_on","installed_by","execution_time","success" FROM "public"."flyway_schema_history" WHERE "installed_rank" > $1 ORDER BY "installed_rank"

SELECT EXISTS (
  SELECT 1
  FROM   pg_catalog.pg_class c
  JOIN   pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE  n.nspname = $1
  AND    c.relname = $2
  AND    c.relkind = 'r')

SELECT COUNT(*) FROM pg_namespace WHERE nspname=$1

SELECT rolname FROM pg_roles WHERE rolname = current_user

SELECT COUNT(*) FROM public.databasechangeloglock

SELECT LOCKED FROM public.databasechangeloglock WHERE ID=1

SELECT MD5SUM FROM public.databasechangelog WHERE MD5SUM IS NOT NULL LIMIT 1

SELECT * FROM public.databasechangelog ORDER BY DATEEXECUTED ASC, ORDEREXECUTED ASC

select * from information_schema.sequences

select table_schema, table_name, column_name, data_type, is_nullable from information_schema.columns where table_schema = $1 order by table_name, ordinal_position

SELECT 1

select version()

SHOW TRANSACTION ISOLATION LEVEL

== other
select nextval ('{{orders_seq | hibernate_sequence | customers_seq}}')

select nextval('orders_seq') from generate_series(1, $1)

insert into orders (customer_id, note, placed_on, total, id) values ($1, $2, $3, $4, $5)

insert into customers (email, name) values ($1, $2) returning id

insert into customer_tags (customer_id, label) select c1_0.id, $1 from customers c1_0 where c1_0.vip=true

update orders set customer_id=$1, note=$2, placed_on=$3, total=$4, version=$5 where id=$6 and version=$7

update orders o1_0 set status=$1 where o1_0.placed_on<$2 and o1_0.status=$3

delete from {{orders | line_items}} where id=$1 and version=$2

delete from customer_tags where (customer_id, label) in (select c1_0.id, $1 from customers c1_0 where c1_0.id=$2)

select o1_0.id, o1_0.total from orders o1_0 where o1_0.id=$1 for {{update | no key update | share | update of o1_0 skip locked | no key update nowait}}

UPDATE public.databasechangeloglock SET LOCKED = TRUE, LOCKEDBY = 'host (10.0.0.1)', LOCKGRANTED = NOW() WHERE ID = 1 AND LOCKED = FALSE

INSERT INTO public.databasechangelog (ID, AUTHOR, FILENAME, DATEEXECUTED, ORDEREXECUTED, MD5SUM, DESCRIPTION, COMMENTS, EXECTYPE, CONTEXTS, LABELS, LIQUIBASE, DEPLOYMENT_ID) VALUES ('1', 'me', 'db/changelog.xml', NOW(), 1, '9:abc', 'createTable', '', 'EXECUTED', NULL, NULL, '4.25.0', '1234567890')

CREATE TABLE public.databasechangeloglock (ID INTEGER NOT NULL, LOCKED BOOLEAN NOT NULL, LOCKGRANTED TIMESTAMP WITHOUT TIME ZONE, LOCKEDBY VARCHAR(255), CONSTRAINT databasechangeloglock_pkey PRIMARY KEY (ID))

create table orders (id bigint not null, total numeric(10,2), customer_id bigint, primary key (id))

create sequence orders_seq start with 1 increment by 50

SELECT pg_try_advisory_lock(77431708279161)

SET SESSION CHARACTERISTICS AS TRANSACTION {{READ ONLY | READ WRITE | ISOLATION LEVEL READ COMMITTED}}

SET extra_float_digits = 3

SET application_name = 'PostgreSQL JDBC Driver'

SET search_path = public

SET SESSION statement_timeout TO 30000

MERGE INTO stock s USING arrivals a ON s.sku = a.sku WHEN NOT MATCHED THEN INSERT (sku, n) VALUES (a.sku, a.n)
