-- Numbered owners, from which the events draw; the same rows fill the public tables.
create temporary table seed_tenants as
select
    t.tenant_no::integer,
    md5(concat_ws(':', %(seed)s::text, 'organization', t.tenant_no))::uuid as id,
    t.name,
    (greatest(2, 8 - t.tenant_no))::integer as team_count,
    (4 + 24 / t.tenant_no)::integer as project_count,
    (400 / t.tenant_no)::integer as user_count,
    (2 * (4 + 24 / t.tenant_no) + 400 / t.tenant_no / 3)::integer as key_count
from unnest(%(tenants)s::text[]) with ordinality as t (name, tenant_no);

create temporary table seed_teams as
select
    t.tenant_no,
    t.id as organization_id,
    g.team_no,
    md5(concat_ws(':', %(seed)s::text, 'team', t.tenant_no, g.team_no))::uuid as id,
    (%(teams)s::text[])[1 + (g.team_no - 1) %% cardinality(%(teams)s::text[])] as name,
    -- One team in seven has no cost center yet, as in every real ledger.
    case when g.team_no <> 7 then 'CC-' || (1000 + 100 * t.tenant_no + 10 * g.team_no) end
        as cost_center
from seed_tenants as t, generate_series(1, t.team_count) as g (team_no);

create temporary table seed_projects as
select
    t.tenant_no,
    t.id as organization_id,
    g.project_no,
    md5(concat_ws(':', %(seed)s::text, 'project', t.tenant_no, g.project_no))::uuid as id,
    m.id as team_id,
    concat_ws(
        '-',
        (%(projects)s::text[])[1 + (g.project_no - 1) %% cardinality(%(projects)s::text[])],
        nullif(1 + (g.project_no - 1) / cardinality(%(projects)s::text[]), 1)
    ) as name
from seed_tenants as t
cross join generate_series(1, t.project_count) as g (project_no)
-- The last project of each tenant belongs to no team.
left join seed_teams as m
    on
        m.tenant_no = t.tenant_no
        and m.team_no = 1 + g.project_no %% t.team_count
        and g.project_no < t.project_count;

create temporary table seed_users as
select
    t.tenant_no,
    t.id as organization_id,
    g.user_no,
    md5(concat_ws(':', %(seed)s::text, 'user', t.tenant_no, g.user_no))::uuid as id,
    m.id as team_id,
    format('user%%s@tenant%%s.example', g.user_no, t.tenant_no) as email
from seed_tenants as t
cross join generate_series(1, t.user_count) as g (user_no)
left join seed_teams as m
    on
        m.tenant_no = t.tenant_no
        and m.team_no = 1 + g.user_no %% t.team_count
        and g.user_no %% 20 <> 0;

-- Two service keys per project (production, staging), then personal keys of every third user;
-- some personal keys belong to no project, and some services leave the project out of the event.
create temporary table seed_keys as
select
    t.tenant_no,
    t.id as organization_id,
    g.key_no,
    md5(concat_ws(':', %(seed)s::text, 'key', t.tenant_no, g.key_no))::uuid as id,
    p.id as project_id,
    u.id as user_id,
    g.key_no %% 5 <> 0 as names_project,
    case
        when g.key_no > 2 * t.project_count then 'development'
        when g.key_no %% 2 = 1 then 'production'
        else 'staging'
    end as environment
from seed_tenants as t
cross join generate_series(1, t.key_count) as g (key_no)
left join seed_users as u
    on
        u.tenant_no = t.tenant_no
        and u.user_no = 3 * (g.key_no - 2 * t.project_count)
left join seed_projects as p
    on
        p.tenant_no = t.tenant_no
        and p.project_no = case
            when u.id is null then (g.key_no + 1) / 2
            when g.key_no %% 9 <> 0 then 1 + g.key_no %% t.project_count
        end;

insert into public.organizations (id, name, created_at, updated_at)
select id, name, %(known_since)s, %(known_since)s from seed_tenants
on conflict (id) do nothing;
insert into public.teams (id, organization_id, name, cost_center, created_at, updated_at)
select id, organization_id, name, cost_center, %(known_since)s, %(known_since)s from seed_teams
on conflict (id) do nothing;
insert into public.projects (id, organization_id, team_id, name, created_at, updated_at)
select id, organization_id, team_id, name, %(known_since)s, %(known_since)s from seed_projects
on conflict (id) do nothing;
insert into public.users (id, organization_id, team_id, email, created_at, updated_at)
select id, organization_id, team_id, email, %(known_since)s, %(known_since)s from seed_users
on conflict (id) do nothing;
insert into public.api_keys
    (id, organization_id, project_id, user_id, name, key_hint, created_at, updated_at)
select
    id, organization_id, project_id, user_id, environment || '-' || key_no,
    right(id::text, 4), %(known_since)s, %(known_since)s
from seed_keys
on conflict (id) do nothing;

-- Few distinct tag sets, as most callers send the same handful of tags with every call.
create temporary table seed_tags as
select
    (row_number() over (order by v.version, p.plan))::integer - 1 as tag_no,
    jsonb_build_object('app_version', v.version, 'plan', p.plan) as tags
from unnest(array['2026.10', '2026.11', '2026.11.1', 'canary']) as v (version)
cross join unnest(array['free', 'pro', 'business', 'enterprise']) as p (plan);

create temporary table seed_models (
    model_no integer primary key,
    provider text,
    model text,
    prompt integer,
    answer integer,
    input_price integer,
    cached_price integer,
    output_price integer,
    reasons boolean,
    batches boolean,
    hears boolean,
    tier text
);
