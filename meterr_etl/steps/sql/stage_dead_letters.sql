-- Only dead rows are read again, by their place: they alone need to know all their reasons. The
-- list of places is what lets the planner go to them instead of reading the landing once more.
insert into staging.dead_letters (run_id, source, source_event_id, reasons, raw)
select {run_id}, {source}, left(m.source_event_id::text, 256), {reasons}, to_jsonb(l)
from {landing} as l
inner join {mapped} as m on m._row = l.ctid
where
    l.ctid = any(array(select d._row from dead_rows as d))
    and m._row = any(array(select d._row from dead_rows as d))
