# What people and their reports write themselves: joins, windows, CTEs, grouping sets, JSON, text search.
== reads
select * from orders

select id, total from orders where id = {{7 | $1}}

select distinct status from orders

select o.id, c.name from orders o join customers c on c.id = o.customer_id where o.total > 100 order by o.total desc limit 10

select c.name, count(o.id) from customers c left join orders o on o.customer_id = c.id group by c.name having count(o.id) = 0

select c.name, o.total from customers c {{full outer join | right join | inner join}} orders o using (customer_id)

select * from orders natural join customers

select * from orders cross join generate_series(1, 3) g

select o.*, l.* from orders o, lateral (select * from line_items li where li.order_id = o.id order by li.price desc limit 3) l

select date_trunc('month', placed_on) as month, sum(total) as revenue, sum(sum(total)) over (order by date_trunc('month', placed_on)) as running from orders group by 1 order by 1

select id, total, {{rank | dense_rank | row_number | percent_rank | cume_dist}}() over (partition by customer_id order by total desc) from orders

select id, {{lag | lead}}(total, 1, 0) over w, first_value(total) over w, last_value(total) over (w rows between unbounded preceding and unbounded following) from orders window w as (partition by customer_id order by placed_on)

select id, ntile(4) over (order by total), avg(total) over (order by placed_on rows between 6 preceding and current row) from orders

select sum(total) over (order by placed_on range between interval '7 days' preceding and current row exclude current row) from orders

select region, product, sum(amount) from sales group by {{rollup (region, product) | cube (region, product) | grouping sets ((region, product), (region), ())}}

select coalesce(region, 'all'), grouping(region, product), sum(amount) filter (where not refunded) from sales group by rollup (region, product)

with recent as (select * from orders where placed_on > current_date - 30) select count(*), avg(total) from recent

with a as (select 1 as x), b as (select x + 1 as y from a) select * from a, b

with recursive t(n) as (values (1) union all select n + 1 from t where n < 100) select sum(n) from t

with recursive tree as (select id, parent_id, name, 1 as depth, array[id] as path from categories where parent_id is null union all select c.id, c.parent_id, c.name, t.depth + 1, t.path || c.id from categories c join tree t on t.id = c.parent_id where not c.id = any (t.path)) select repeat('  ', depth) || name from tree order by path

with recursive s as (select id, parent_id from categories union select c.id, c.parent_id from categories c join s on s.id = c.parent_id) search depth first by id set ordercol cycle id set is_cycle using path select * from s

with w as materialized (select * from orders) select * from w where id = 1

select percentile_cont(array[0.5, 0.9, 0.99]) within group (order by duration_ms), mode() within group (order by status) from requests

select string_agg(distinct name, ', ' order by name), array_agg(id order by id desc) from customers

select width_bucket(total, 0, 1000, 10) as bucket, count(*) from orders group by bucket order by bucket

select case when total < 10 then 'small' when total < 100 then 'medium' else 'large' end as size, count(*) from orders group by 1

select extract({{year | month | day | hour | dow | epoch | isoyear | quarter}} from placed_on), to_char(placed_on, 'YYYY-MM-DD') from orders

select generate_series(date '2024-01-01', date '2024-12-31', interval '1 day')::date as day

select d::date, coalesce(sum(o.total), 0) from generate_series(now() - interval '1 week', now(), '1 day') d left join orders o on o.placed_on = d::date group by d order by d

select age(now(), created_at), justify_interval(interval '40 days'), now() at time zone 'America/New_York' from customers

select date_bin('15 minutes', at, timestamp '2024-01-01'), count(*) from events group by 1

select * from orders where placed_on between '2024-01-01' and '2024-12-31' and status in ('new', 'paid') and note is not null

select * from orders where (customer_id, status) in ((1, 'new'), (2, 'paid'))

select * from orders where customer_id = any ($1::int[]) or total > all (select total from orders where status = 'void')

select * from orders where exists (select 1 from line_items li where li.order_id = orders.id and li.sku like 'A-%')

select * from orders where not exists (select from line_items li where li.order_id = orders.id)

select * from customers where name {{like 'A%' | ilike '%smith%' | ~ '^[A-Z]' | ~* 'smith' | similar to '(A|B)%' | not like '%test%' | is distinct from 'x'}}

select regexp_replace(phone, '[^0-9]', '', 'g'), split_part(email, '@', 2), initcap(name), lpad(id::text, 8, '0') from customers

select substring(name from 1 for 3), position('@' in email), trim(both ' ' from name), overlay(name placing 'x' from 2 for 1), upper(left(name, 1)) from customers

select format('%s <%I>', name, email), concat_ws(', ', city, state), md5(email), encode(sha256(email::bytea), 'hex') from customers

select round(avg(total), 2), ceil(max(total)), trunc(min(total)), sqrt(variance(total)), stddev_pop(total), corr(a, b), regr_slope(a, b) from orders, points

select (total * 1.19)::numeric(10, 2), total % 10, -total, abs(total - 5), power(2, 3), 7 / 2, 2 ^ 3 from orders

select greatest(a, b, c), least(a, b), nullif(a, 0), coalesce(a, b, 0) from t

select (select max(total) from orders), array(select id from orders limit 3), row(1, 'a', null)

select * from (values (1, 'one'), (2, 'two')) as v (n, word)

values (1), (2), (3) order by 1 desc limit 2

table customers

(select id from a {{union | union all | intersect | except | except all}} select id from b) order by 1 limit 5

select tags[1], tags[2:3], cardinality(tags), tags @> array['x'], 'a' = any (tags), tags || 'z', array_position(tags, 'q') from posts

select unnest(tags) as tag, count(*) from posts group by tag order by 2 desc

select t.*, o.n from posts t, unnest(t.tags) with ordinality as o(tag, n)

select * from rows from (generate_series(1, 3), unnest(array['a', 'b'])) as r (n, s)

select doc -> 'a', doc ->> 'a', doc #> '{a,b}', doc #>> '{a,0}', doc -> 0 from docs

select * from docs where doc {{@> '{"a": 1}' | ? 'a' | ?| array['a', 'b'] | ?& array['a', 'b'] | @? '$.a[*] ? (@ > 2)' | @@ '$.a == 1'}}

select doc - 'a', doc || '{"b": 2}', doc #- '{a,b}', jsonb_set(doc, '{a}', '1'), jsonb_strip_nulls(doc), jsonb_pretty(doc) from docs

select key, value from docs, jsonb_each_text(doc)

select e ->> 'sku', (e ->> 'qty')::int from orders, jsonb_array_elements(doc -> 'items') e

select x.* from docs, jsonb_to_record(doc) as x (a int, b text)

select json_build_object('id', id, 'items', (select json_agg(row_to_json(li)) from line_items li where li.order_id = o.id)) from orders o

select jsonb_object_agg(name, id), jsonb_agg(id order by id) filter (where id > 3), to_jsonb(now()) from customers

select jsonb_path_query(doc, '$.items[*].price ? (@ > $min)', '{"min": 10}') from docs

select jsonb_typeof(doc -> 'a'), jsonb_array_length(doc -> 'b'), (doc -> 'c')::int from docs where jsonb_path_exists(doc, '$.a')

select title, ts_rank(to_tsvector('english', body), q) from posts, plainto_tsquery('english', 'some words') q where to_tsvector('english', body) @@ q order by 2 desc limit 20

select ts_headline('english', body, websearch_to_tsquery('"a phrase" -not')) from posts where search @@ to_tsquery('a & b | !c')

select int4range(1, 10) @> 5, daterange('2024-01-01', '2024-02-01', '[]') && r.during, lower(r.during), upper_inf(r.during) from reservations r

select inet '10.1.2.3' << inet '10.0.0.0/8', host(ip), masklen(ip) from hosts

select point(1, 2) <-> location, circle '((0,0),5)' @> location from places order by location <-> point '(1,2)' limit 5

select interval '1 day' * 3, date '2024-01-31' + 1, timestamp '2024-01-01' - timestamp '2023-12-01', current_time, localtimestamp

select xpath('/a/b/text()', body::xml), xmlelement(name p, xmlattributes(id as k), title), xmlforest(id, title) from posts

select gen_random_uuid(), random(), pi(), now(), clock_timestamp(), current_user, version(), pg_typeof(1)

select * from orders tablesample {{bernoulli (1) | system (5) repeatable (42)}}

select * from only orders

select a.id from orders a, orders b where a.id <> b.id and a.customer_id = b.customer_id and a.placed_on - b.placed_on < 3

select customer_id, max(placed_on) as last, max(placed_on) < current_date - interval '90 days' as lapsed from orders group by customer_id

select cohort, period, count(distinct user_id) from (select u.id as user_id, date_trunc('month', u.created_at) as cohort, extract(month from age(e.at, u.created_at)) as period from users u join events e on e.user_id = u.id) q group by cohort, period order by cohort, period

select *, total - avg(total) over () as diff, sum(total) over (partition by customer_id) / nullif(sum(total) over (), 0) as share from orders

select user_id, at, count(*) filter (where new_session) over (partition by user_id order by at) as session from (select user_id, at, at - lag(at) over (partition by user_id order by at) > interval '30 minutes' as new_session from events) e

select distinct on (customer_id) customer_id, id, placed_on from orders order by customer_id, placed_on desc

select id from orders order by total desc nulls last, id using > offset 10 rows fetch first 5 rows with ties

explain {{select * from orders | (analyze, buffers) select * from orders where id = 1 | update orders set total = 0 where id = 1 | (format json) select 1 | verbose delete from orders where id = 2}}

copy orders to stdout

copy (select id, total from orders where placed_on > '2024-01-01') to stdout with (format {{csv, header | binary | text, delimiter '|'}})

copy customers (id, name) to stdout csv header

select 1; select 2

select 'it''s', E'tab\there', $$dollar$$, $tag$quoted $$ inside$tag$, U&'d\0061t\+000061', B'101', X'1F'

select "Mixed Case", "select" from "Table With Spaces" where "a""b" = 1

select /* a comment */ 1 -- another

select * from "order" o where o."user" = current_user

select count(*) from pg_stat_activity where state = 'active'

select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')

select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'orders'::regclass

select collation for (name), name collate "C" from customers order by name collate "C"

select cast('1' as integer), '2024-01-01'::date, '{1,2}'::int[], 'x'::varchar(10), 1::bigint, '1.5'::numeric, true::text, '(1,2)'::point

select (x).f1 from (select row(1, 2) as x) q

select least(sum(a), sum(b)) from t group by all_of_it having bool_and(c) and bool_or(d) and every(e)

# A function, type or operator of the user's, or of an extension: nothing in the text says what it does.
== unproven
select my_report(2024)

select * from top_customers({{10 | $1}})

select 'sad'::mood, $1::order_status

select similarity(name, 'smith'), name <-> 'smith' from customers where name % 'smith' order by 2

select st_distance(geom, st_setsrid(st_makepoint($1, $2), 4326)) from places where st_dwithin(geom, $3::geometry, 1000)

select attributes -> 'color', attributes ? 'size' from products where attributes @> 'color=>red'::hstore

select embedding <=> $1 as distance from documents order by embedding <=> $1 limit 5

select uuid_generate_v4()

select time_bucket('5 minutes', at), avg(value) from metrics group by 1

select email from users where email = $1::citext

select crypt($1, password) = password from users where name = $2

select currval('orders_id_seq'), lastval()

select pg_sleep(0.1)
