update reference.rates as r
set retired_by = {reference_version}
from rate_changes as c
where r.rate_id = c.gone_rate_id
