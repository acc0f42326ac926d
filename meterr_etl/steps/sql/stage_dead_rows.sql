create temp table dead_rows on commit drop as
select m._row
from {judged}
where not ({is_legal})
