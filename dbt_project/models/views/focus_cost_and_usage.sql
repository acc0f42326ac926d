with

{{ focus_charge_ctes() }},

rates as (
    select * from {{ source('reference', 'rates') }}
),

-- A purchase costs nothing until it is used up, so its invoice and its days are rows apart.
parts as (
    select
        charges.*,
        {{ focus_category('charges', 'part.is_purchase') }} as charge_category
    from charges
    cross join (values (false), (true)) as part (is_purchase)
    where {{ is_focus_row('charges', 'part.is_purchase') }}
),

metered as (
    select
        parts.*,
        (parts.billing_month::timestamp at time zone 'UTC') as period_start,
        (parts.billing_month + interval '1 month') at time zone 'UTC' as period_end,
        (parts.charge_date::timestamp at time zone 'UTC') as charge_start,
        (parts.charge_date + interval '1 day') at time zone 'UTC' as charge_end,
        nullif(parts.project_id, 'unassigned') as sub_account_id,
        nullif(parts.region, 'unassigned') as region_id,
        nullif(parts.team_id, 'unassigned') as tagged_team_id,
        nullif(parts.cost_center, 'unassigned') as tagged_cost_center,
        {{ focus_unit('parts.token_type', 'parts.charge_category') }} as unit,
        {{ focus_sku('parts', 'rates') }} as sku_id,
        {{ focus_meter('coalesce(rates.token_type, parts.token_type)') }} as sku_meter,
        {{ focus_price_details('rates') }} as sku_price_details,
        {{ focus_costs('parts') }}
    from parts
    left join rates on parts.rate_id = rates.rate_id
),

focus_cost_and_usage as (
    select
        focus_billed_cost as "BilledCost",
        tenant_id as "BillingAccountId",
        coalesce(tenant_name, tenant_id) as "BillingAccountName",
        billing_currency as "BillingCurrency",
        period_end as "BillingPeriodEnd",
        period_start as "BillingPeriodStart",
        charge_category as "ChargeCategory",
        charge_class as "ChargeClass",
        model || ': ' || sku_meter as "ChargeDescription",
        {{ focus_frequency('metered') }} as "ChargeFrequency",
        charge_end as "ChargePeriodEnd",
        charge_start as "ChargePeriodStart",
        case when charge_category = 'Usage' then consumed_quantity end as "ConsumedQuantity",
        case when charge_category = 'Usage' then unit end as "ConsumedUnit",
        focus_contracted_cost as "ContractedCost",
        contracted_price as "ContractedUnitPrice",
        focus_effective_cost as "EffectiveCost",
        null::text as "InvoiceId",
        provider as "InvoiceIssuerName",
        focus_list_cost as "ListCost",
        list_price as "ListUnitPrice",
        case when {{ is_metered('charge_category') }} then 'Standard' end as "PricingCategory",
        billing_currency as "PricingCurrency",
        contracted_price as "PricingCurrencyContractedUnitPrice",
        focus_effective_cost as "PricingCurrencyEffectiveCost",
        list_price as "PricingCurrencyListUnitPrice",
        case when {{ is_metered('charge_category') }} then consumed_quantity end as "PricingQuantity",
        case when {{ is_metered('charge_category') }} then unit end as "PricingUnit",
        provider as "ProviderName",
        provider as "PublisherName",
        region_id as "RegionId",
        region_id as "RegionName",
        'AI and Machine Learning' as "ServiceCategory",
        'Model API' as "ServiceName",
        'Generative AI' as "ServiceSubcategory",
        sku_id as "SkuId",
        sku_meter as "SkuMeter",
        sku_price_details as "SkuPriceDetails",
        coalesce(rate_id, sku_id || case when charge_category = 'Usage' then '/day' else '' end)
            as "SkuPriceId",
        sub_account_id as "SubAccountId",
        case
            when sub_account_id is not null then coalesce(project_name, project_id)
        end as "SubAccountName",
        nullif(
            jsonb_strip_nulls(
                jsonb_build_object('cost_center', tagged_cost_center, 'team_id', tagged_team_id)
            ),
            '{}'
        ) as "Tags",
        cost_center as "x_CostCenter",
        model as "x_Model",
        pricing_status as "x_PricingStatus",
        processing_mode as "x_ProcessingMode",
        service_tier as "x_ServiceTier",
        team_id as "x_TeamId",
        team_name as "x_TeamName",
        token_type as "x_TokenType"
    from metered
)

select * from focus_cost_and_usage
