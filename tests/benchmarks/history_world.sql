-- The world of a synthetic history and a week of its usage, in schema `history`: who calls, what
-- they call, what it costs. Placeholders in doubled colons are numbers.
drop schema if exists history cascade;
create schema history;
select setseed(0.42);

-- Tenant n is as large as 1/n: by Zipf the first has 22 % of fifty.
create table history.tenants as
with weighed as (
    select n as tenant_no, (1.0 / n) / sum(1.0 / n) over () as share
    from generate_series(1, ::tenants::) as n
),

sized as (
    select *, greatest(1, round(share * ::teams::))::integer as team_count from weighed
)

select
    tenant_no,
    md5('tenant ' || tenant_no)::uuid::text as tenant_id,
    'Tenant ' || to_char(tenant_no, 'FM000') as tenant_name,
    sum(share) over (order by tenant_no) - share as share_from,
    sum(share) over (order by tenant_no) as share_to,
    team_count,
    sum(team_count) over (order by tenant_no) - team_count as teams_before
from sized;

create table history.teams as
select
    t.tenant_no,
    (t.teams_before + n)::integer as team_no,
    md5('team ' || t.teams_before + n)::uuid::text as team_id,
    'Team ' || to_char(t.teams_before + n, 'FM0000') as team_name,
    'CC-' || to_char(100 + n % 9, 'FM000') as cost_center
from history.tenants as t
cross join lateral generate_series(1, t.team_count) as n;

-- One key to each user; what is left are second keys, which work for a project of another team.
create table history.keys as
with based as (
    select
        n as key_no,
        case when n <= ::users:: then n else 1 + (n - ::users::) * 5 % ::users:: end as user_no,
        (n > ::users::)::integer as is_second
    from generate_series(1, ::keys::) as n
)

select
    b.key_no,
    t.tenant_no,
    m.team_no,
    md5('user ' || b.user_no)::uuid::text as user_id,
    md5('key ' || b.key_no)::uuid::text as api_key_id,
    md5('project ' || m.team_no || ' ' || b.key_no % 2)::uuid::text as project_id,
    'Project ' || m.team_no || '.' || b.key_no % 2 as project_name,
    (array['production', 'production', 'production', 'staging', 'development'])[
        1 + b.key_no % 5
    ] as environment
from based as b
inner join history.tenants as t
    on b.user_no * 0.6180339887 % 1 >= t.share_from and b.user_no * 0.6180339887 % 1 < t.share_to
inner join history.teams as m
    on
        t.tenant_no = m.tenant_no
        and m.team_no = t.teams_before + 1 + (b.user_no * 7 + b.is_second) % t.team_count;

-- Twelve models; the last has no price. Prices are dollars per token.
create table history.models as
select
    n as sku_key,
    (array['openai', 'anthropic', 'google'])[1 + n % 3] as provider,
    'model-' || to_char(n, 'FM00') as model,
    (case when n < 12 then 0.00000025 * n end)::numeric as uncached_input,
    (case when n < 12 then 0.000000025 * n end)::numeric as cache_read,
    (case when n < 12 then 0.00000125 * n end)::numeric as output,
    (case when n < 12 then 0.00000125 * n end)::numeric as reasoning
from generate_series(1, 12) as n;

-- One row per call of a week that stands for all weeks; weekday 0 is a Sunday.
create unlogged table history.calls as
with drawn as (
    select
        d.weekday,
        -- Few keys call much, most call little.
        1 + floor(::keys:: * power(random(), 2))::integer as key_no,
        1 + floor(12 * power(random(), 1.7))::integer as sku_key,
        floor(3 * random())::integer as feature_no,
        floor(24 * (random() + random() + random()) / 3)::integer as hour,
        (200 + 6000 * power(random(), 3))::bigint as input,
        random() as cached,
        (20 + 1500 * power(random(), 2))::bigint as output,
        random() as reasoned
    from (
        values (0, 0.64), (1, 1.12), (2, 1.18), (3, 1.20), (4, 1.16), (5, 1.04), (6, 0.66)
    ) as d (weekday, weight)
    cross join lateral generate_series(1, (::events_per_day:: * d.weight)::integer)
)

select
    row_number() over () as call_no,
    d.weekday,
    d.key_no,
    d.sku_key,
    100::bigint * d.key_no + (d.key_no * 13 + d.feature_no) % 20 as owner_key,
    'feature-' || to_char((d.key_no * 13 + d.feature_no) % 20, 'FM00') as feature,
    d.hour,
    d.input - (d.input * greatest(d.cached - 0.4, 0))::bigint as uncached_input,
    (d.input * greatest(d.cached - 0.4, 0))::bigint as cache_read,
    d.output,
    (d.output * greatest(d.reasoned - 0.6, 0))::bigint as reasoning
from drawn as d;
analyze history.tenants, history.teams, history.keys, history.models, history.calls;

-- What fct_usage_by_owner_daily has of the same week; every roll-up sums it up.
create unlogged table history.usage as
select
    c.weekday,
    c.key_no,
    c.sku_key,
    c.feature,
    c.hour,
    count(*) as request_count,
    sum(c.uncached_input + c.cache_read) as input_tokens,
    sum(c.output + c.reasoning) as output_tokens,
    sum(c.cache_read) as cache_read_tokens,
    case
        when m.output is null
            then sum(c.uncached_input + c.cache_read + c.output + c.reasoning)
        else 0
    end as unpriced_tokens,
    sum(c.reasoning) as reasoning_tokens,
    sum(
        c.uncached_input * m.uncached_input + c.cache_read * m.cache_read
        + c.output * m.output + c.reasoning * m.reasoning
    ) as list_cost
from history.calls as c
inner join history.models as m using (sku_key)
group by c.weekday, c.key_no, c.sku_key, c.feature, c.hour, m.output;
analyze history.usage
;

-- What events point to, as `stage` leaves it, and what the source says of its dimensions.
insert into staging.sources (source) values ('supabase');
insert into staging.skus
select sku_key, provider, model, null, null, null, 'sync', 'leaf', 'success', false, null
from history.models;
insert into staging.owners
select
    c.owner_key, t.tenant_id, k.project_id, k.user_id, k.api_key_id, k.environment, c.feature
from (select distinct owner_key, key_no, feature from history.calls) as c
inner join history.keys as k using (key_no)
inner join history.tenants as t using (tenant_no);
analyze staging.owners, staging.skus
