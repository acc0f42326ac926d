-- Only dead rows are read again, by their place: they alone need to know all their reasons.
insert into staging.dead_letters (run_id, source, source_event_id, reasons, raw)
select {run_id}, {source}, left(m.source_event_id::text, 256), {reasons}, to_jsonb(l)
from dead_rows as d
inner join {landing} as l on l.ctid = d._row
inner join {mapped} as m on m._row = d._row
