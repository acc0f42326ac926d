-- Ordered by its whole key, so that the same charges make the same file.
select {columns}
from marts.focus_cost_and_usage
where
    "BillingPeriodStart" = {month}::timestamp at time zone 'UTC'
    and ({tenant} is null or "BillingAccountId" = {tenant})
order by
    "ChargePeriodStart",
    "BillingAccountId",
    "SubAccountId",
    "x_CostCenter",
    "x_TeamId",
    "ProviderName",
    "x_Model",
    "RegionId",
    "x_ServiceTier",
    "x_ProcessingMode",
    "x_TokenType",
    "SkuPriceId",
    "ListUnitPrice",
    "BillingCurrency",
    "ChargeClass"
