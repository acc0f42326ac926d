-- Under the lock of changes, where it is to stay.
insert into reference.changes (kind, detail)
select
    'rates' as kind,
    jsonb_build_object(
        'catalogue', {catalogue}::text,
        'catalogue_version', {catalogue_version}::text,
        'added', count(new_rate_id),
        'retired', count(gone_rate_id)
    ) as detail
from rate_changes
having count(*) > 0
returning reference_version, (detail ->> 'added')::bigint, (detail ->> 'retired')::bigint
