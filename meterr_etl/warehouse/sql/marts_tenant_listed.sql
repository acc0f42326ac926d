-- Readers see their own tenants; which these are is a matter of rows, never of a setting.
exists (select from ops.reader_tenants as r where r.tenant_id = '*')
or {tenant} = any (array(select r.tenant_id from ops.reader_tenants as r))
