-- Every owner with the moment to ask at: the span's start, since what moved later has a period, and a
-- key, of its own.
create view {owners} as
select k.owner_key, {owner_fields}, {span_start} as owned_at from {known_owners} as k
union all
select m.period_key, {owner_fields}, m.valid_from
from {known_owners} as k
inner join {moved_owners} as m on k.owner_key = m.owner_key;

create view {events} as
select {event_columns} from {stored_events} as e {periods}
