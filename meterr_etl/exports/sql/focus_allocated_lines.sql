-- Ordered by its whole key, so that the same charges make the same file.
select {columns}
from marts.focus_allocated_costs
where
    "BillingPeriodStart" = {month}::timestamp at time zone 'UTC'
    and ({tenant} is null or "BillingAccountId" = {tenant})
order by
    "ChargePeriodStart",
    "BillingAccountId",
    "ChargeDescription",
    "x_AllocationStatus",
    "x_CostCenter",
    "x_TeamId",
    "x_ProjectId",
    "BillingCurrency"
