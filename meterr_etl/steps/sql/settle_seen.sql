-- A staged row replaces all published rows of its id, or none: what overtakes it once, overtakes it.
update seen as s
set verdict = 'superseded'
where
    s.verdict = 'revision'
    and exists (
        select from seen as o
        where o.part = s.part and o.place = s.place and o.verdict <> 'revision'
    )
