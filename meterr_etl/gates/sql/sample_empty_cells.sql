select {watched_cells}
from {landing} as l
where {has_null}
