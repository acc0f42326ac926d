create table {part} as
select {values}
from {judged}
where {is_legal} and {is_of_part}
