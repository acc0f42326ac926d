-- Guards the grain of what is distributed: apart from the other marts' test, since this one is built
-- after the shares are known.
select row({{ published_key('fct_allocated_cost_daily') | join(', ') }})::text as repeated_key
from {{ ref('fct_allocated_cost_daily') }}
group by {{ published_key('fct_allocated_cost_daily') | join(', ') }}
having count(*) > 1
