# knex: schema builder, queries, migrations.
== reads
select version();

select * from information_schema.tables where table_name = $1 and table_schema = current_schema()

select * from information_schema.columns where table_name = $1 and column_name = $2 and table_schema = current_schema()

select * from information_schema.columns where table_name = $1 and table_catalog = current_database() and table_schema = current_schema()

select * from "kx" where "id" in ($1, $2) order by "id" desc limit $3 offset $4

select * from "kx" where "n" is null or "d" is not null or "id" between $1 and $2

select * from "kx" where d->>$1 = $2

select "a"."n", "b"."n" from "kx" as "a" inner join "kx" as "b" on "a"."id" = "b"."id"

select count(*) as "n", "kx"."n" from "kx" left join "orders" on "kx"."id" = "orders"."id" group by "kx"."n" having "kx"."n" <> $1

with "w" as (select "id" from "kx") select * from "w"

select * from "kx" limit $1

select max("id"), min("n") from "kx"

select count(distinct "n") from "kx"

select "n" from "kx"

select "id", rank() over (order by "n") as "r", row_number() over (partition by "id" order by "n") as "rn" from "kx"

select * from "kx" union select * from "kx"

select * from "kx" where exists (select * from "orders" where orders.id = kx.id)

select jsonb_path_query("d", $1) as "kk" from "kx"

select 1 from "kx"

select $1::int

select * from "knex_migrations_lock"

select "name" from "knex_migrations" order by "id" asc

select max("batch") as "max_batch" from "knex_migrations"

== other
create table "kx" ("id" serial primary key, "n" varchar(255), "d" jsonb, "created_at" timestamptz not null default CURRENT_TIMESTAMP, "updated_at" timestamptz not null default CURRENT_TIMESTAMP)

create index "kx_n_index" on "kx" ("n")

insert into "kx" ("n") values ($1) returning "id"

insert into "kx" ("n") values ($1), ($2)

insert into "kx" ("id", "n") values ($1, $2) on conflict ("id") do update set "id" = excluded."id", "n" = excluded."n"

insert into "kx" ("id", "n") values ($1, $2) on conflict ("id") do nothing

update "kx" set "n" = $1 where "n" = $2 returning "id"

delete from "kx" where "id" > $1

update "kx" set "id" = "id" + $1 where "id" = $2

select * from "kx" where "id" = $1 for update skip locked

SAVEPOINT trx3;

RELEASE SAVEPOINT trx3;

create table "knex_migrations" ("id" serial primary key, "name" varchar(255), "batch" integer, "migration_time" timestamptz)

create table "knex_migrations_lock" ("index" serial primary key, "is_locked" integer)

insert into "knex_migrations_lock" ("is_locked") values ($1)

update "knex_migrations_lock" set "is_locked" = $1 where "is_locked" = $2
