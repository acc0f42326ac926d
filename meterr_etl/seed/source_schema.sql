-- The tables of a Supabase project that meters tokens (DESIGN §14). No foreign keys on the events:
-- they outlive what they name, and a nightly read must cope with ids that no table knows.
create table if not exists public.organizations (
    id uuid primary key,
    name text not null,
    billing_currency text not null default 'USD',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table if not exists public.teams (
    id uuid primary key,
    organization_id uuid not null references public.organizations,
    name text not null,
    cost_center text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table if not exists public.projects (
    id uuid primary key,
    organization_id uuid not null references public.organizations,
    team_id uuid references public.teams,
    name text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table if not exists public.users (
    id uuid primary key,
    organization_id uuid not null references public.organizations,
    team_id uuid references public.teams,
    email text not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table if not exists public.api_keys (
    id uuid primary key,
    organization_id uuid not null references public.organizations,
    project_id uuid references public.projects,
    user_id uuid references public.users,
    name text not null,
    key_hint text check (length(key_hint) <= 4),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table if not exists public.token_usage (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid,
    user_id uuid,
    api_key_id uuid,
    project_id uuid,
    provider text,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    cache_read_tokens bigint,
    cache_write_5m_tokens bigint,
    cache_write_1h_tokens bigint,
    reasoning_tokens bigint,
    input_audio_tokens bigint,
    output_audio_tokens bigint,
    web_search_requests bigint,
    service_tier text,
    is_batch boolean,
    status text,
    cost_usd numeric,
    latency_ms integer,
    feature text,
    environment text,
    session_id text,
    request_id text,
    metadata jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index if not exists token_usage_by_update on public.token_usage (updated_at);
create index if not exists token_usage_by_organization
    on public.token_usage (organization_id, created_at);

-- Roles belong to the whole server, so another database may have made this one already.
do $$
begin
    create role meterr_reader nologin;
exception when duplicate_object or unique_violation then null;
end $$;
grant usage on schema public to meterr_reader;

do $$
declare
    table_name text;
begin
    foreach table_name in array
        array['organizations', 'teams', 'projects', 'users', 'api_keys', 'token_usage']
    loop
        execute format('alter table public.%I enable row level security', table_name);
        execute format('grant select on public.%I to meterr_reader', table_name);
        execute format('drop policy if exists meterr_reads_all on public.%I', table_name);
        execute format(
            'create policy meterr_reads_all on public.%I for select to meterr_reader using (true)',
            table_name
        );
    end loop;
end $$;
