-- Gives each day of a window that is wider than a day the ledger of a run of its own. The rows are
-- copies of the wide run's, so that they have whatever columns the ledger has.
do $$
declare
    wide record;
    run_number integer;
    publication bigint;
    kind text;
    day date;
    narrow text;
    changed jsonb;
begin
    for wide in
        select
            w.source,
            w.window_start,
            w.window_end,
            w.run_id,
            w.rows_read,
            extract(day from w.window_end - w.window_start)::integer as days
        from ops.windows as w
        where w.window_end - w.window_start > interval '1 day'
    loop
        for day in
            select d.event_date from ops.published_days as d where d.run_id = wide.run_id order by 1
        loop
            narrow := 'history' || to_char(day, 'YYYYMMDD');
            select max(r.run_no) + 1 into run_number from ops.runs as r;
            select max(p.publication_no) + 1 into publication from ops.publications as p;
            changed := jsonb_build_object(
                'run_id', narrow,
                'run_no', run_number,
                'publication_no', publication,
                'window_start', day::timestamp at time zone 'UTC',
                'window_end', (day + 1)::timestamp at time zone 'UTC',
                'rows_read', wide.rows_read / wide.days
            );
            foreach kind in array array[
                'runs', 'run_steps', 'run_verdicts', 'gate_verdicts', 'publications', 'windows'
            ]
            loop
                execute format(
                    'insert into ops.%1$I overriding system value'
                    ' select (jsonb_populate_record(null::ops.%1$I, to_jsonb(t) || $1)).*'
                    ' from ops.%1$I as t where t.run_id = $2',
                    kind
                ) using changed, wide.run_id;
            end loop;
            update ops.published_days as d set run_id = narrow, publication_no = publication
            where d.event_date = day;
            update ops.run_days as d set run_id = narrow
            where d.event_date = day and d.run_id = wide.run_id;
        end loop;
        delete from ops.windows as w where w.run_id = wide.run_id;
    end loop;
    perform setval(
        pg_get_serial_sequence('ops.runs', 'run_no'), (select max(r.run_no) from ops.runs as r)
    );
    perform setval(
        pg_get_serial_sequence('ops.publications', 'publication_no'),
        (select max(p.publication_no) from ops.publications as p)
    );
end $$
