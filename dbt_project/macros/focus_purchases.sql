{#- What is billed beside usage, as FOCUS tells it: a purchase has a row for its invoice, which is billed
    and costs nothing yet, and one for each of its days, which is used up and not billed; a credit
    has one row a day, and all that is priced by its rate has one. -#}
{% macro is_purchased(line) -%}
    (
        {{ line }}.pricing_status = 'charged'
        and {{ line }}.token_type not in ('credit', 'volume_settlement', 'commitment_drawdown')
    )
{%- endmacro %}

{% macro is_focus_row(line, is_purchase) -%}
    case
        when {{ is_purchase }} then {{ is_purchased(line) }} and {{ line }}.billed_cost <> 0
        else not {{ is_purchased(line) }} or {{ line }}.effective_cost <> 0
    end
{%- endmacro %}

{% macro focus_category(line, is_purchase) -%}
    case
        when {{ is_purchase }} then 'Purchase'
        when {{ line }}.pricing_status = 'charged' and {{ line }}.token_type = 'credit' then 'Credit'
        when {{ line }}.token_type in ('volume_settlement', 'commitment_drawdown')
            then 'Adjustment'
        else 'Usage'
    end
{%- endmacro %}

{#- Whether a row has a quantity and a price: credits and settlements are amounts. -#}
{% macro is_metered(charge_category) -%}
    {{ charge_category }} in ('Usage', 'Purchase')
{%- endmacro %}

{% macro focus_frequency(line) -%}
    case
        when {{ line }}.charge_category = 'Usage' then 'Usage-Based'
        when {{ line }}.token_type = 'subscription' then 'Recurring'
        else 'One-Time'
    end
{%- endmacro %}

{#- What the price is of: a unit of the catalogue, or the charge itself. -#}
{% macro focus_sku(line, rates) -%}
    case
        when {{ line }}.pricing_status = 'charged'
            then {{ line }}.provider || '/' || {{ line }}.model
                || case
                    when {{ line }}.token_type in ('commitment_drawdown', 'unused_commitment')
                        then '/' || {{ line }}.token_type
                    else ''
                end
        else {{ rates }}.provider_id || '/' || {{ rates }}.model_id || '/' || {{ rates }}.token_type
    end
{%- endmacro %}

{#- Costs and prices of a row. The price of an invoice is its amount, so that there too cost is
    quantity times price. -#}
{% macro focus_costs(line) -%}
    {%- for cost in ['list', 'contracted'] %}
        case
            when {{ line }}.charge_category = 'Purchase' then {{ line }}.billed_cost
            else {{ line }}.{{ cost }}_cost
        end as focus_{{ cost }}_cost,
        case
            when {{ line }}.charge_category = 'Purchase'
                then {{ line }}.billed_cost / nullif({{ line }}.consumed_quantity, 0)
            when {{ line }}.charge_category = 'Usage' then {{ line }}.{{ cost }}_unit_price
        end as {{ cost }}_price,
    {%- endfor %}
        case
            when {{ line }}.charge_category = 'Purchase' then 0 else {{ line }}.effective_cost
        end as focus_effective_cost,
        case
            when {{ line }}.charge_category = 'Usage' and {{ line }}.pricing_status = 'charged' then 0
            else {{ line }}.billed_cost
        end as focus_billed_cost
{%- endmacro %}
