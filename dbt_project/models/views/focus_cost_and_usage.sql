with

{{ focus_charge_ctes() }},

rates as (
    select * from {{ source('reference', 'rates') }}
),

metered as (
    select
        charges.*,
        (charges.billing_month::timestamp at time zone 'UTC') as period_start,
        (charges.billing_month + interval '1 month') at time zone 'UTC' as period_end,
        (charges.charge_date::timestamp at time zone 'UTC') as charge_start,
        (charges.charge_date + interval '1 day') at time zone 'UTC' as charge_end,
        nullif(charges.project_id, 'unassigned') as sub_account_id,
        nullif(charges.region, 'unassigned') as region_id,
        nullif(charges.team_id, 'unassigned') as tagged_team_id,
        nullif(charges.cost_center, 'unassigned') as tagged_cost_center,
        {{ focus_unit('charges.token_type') }} as unit,
        rates.provider_id || '/' || rates.model_id || '/' || rates.token_type as sku_id,
        {{ focus_meter('coalesce(rates.token_type, charges.token_type)') }} as sku_meter,
        {{ focus_price_details('rates') }} as sku_price_details
    from charges
    left join rates on charges.rate_id = rates.rate_id
),

focus_cost_and_usage as (
    select
        billed_cost as "BilledCost",
        tenant_id as "BillingAccountId",
        coalesce(tenant_name, tenant_id) as "BillingAccountName",
        billing_currency as "BillingCurrency",
        period_end as "BillingPeriodEnd",
        period_start as "BillingPeriodStart",
        'Usage' as "ChargeCategory",
        charge_class as "ChargeClass",
        model || ': ' || sku_meter as "ChargeDescription",
        'Usage-Based' as "ChargeFrequency",
        charge_end as "ChargePeriodEnd",
        charge_start as "ChargePeriodStart",
        consumed_quantity as "ConsumedQuantity",
        unit as "ConsumedUnit",
        contracted_cost as "ContractedCost",
        contracted_unit_price as "ContractedUnitPrice",
        effective_cost as "EffectiveCost",
        null::text as "InvoiceId",
        provider as "InvoiceIssuerName",
        list_cost as "ListCost",
        list_unit_price as "ListUnitPrice",
        'Standard' as "PricingCategory",
        billing_currency as "PricingCurrency",
        contracted_unit_price as "PricingCurrencyContractedUnitPrice",
        effective_cost as "PricingCurrencyEffectiveCost",
        list_unit_price as "PricingCurrencyListUnitPrice",
        consumed_quantity as "PricingQuantity",
        unit as "PricingUnit",
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
        rate_id as "SkuPriceId",
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
