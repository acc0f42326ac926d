-- Readers see their own tenants; which these are is a matter of rows, never of a setting. The two
-- bounds decide nothing that the list does not: they are what an index can be asked for, while "all
-- or listed" can not. For a reader of all, they are the least and the greatest of texts. The list
-- stands as a comparison that the planner expects to hold: nearly all rows within the bounds are
-- listed, and taken for rarer, they would be sorted where an index has them in order.
{tenant} >= (
    select case when bool_or(r.tenant_id = '*') then '' else min(r.tenant_id) end
    from ops.reader_tenants as r
)
and {tenant} <= (
    select
        case
            when bool_or(r.tenant_id = '*') then repeat(chr(1114111), 9)
            else max(r.tenant_id)
        end
    from ops.reader_tenants as r
)
and (
    exists (select from ops.reader_tenants as r where r.tenant_id = '*')
    or {tenant} = any (array(select r.tenant_id from ops.reader_tenants as r))
)::integer <> 0
