{#- What of a price line a pool may be filtered by; tests/dbt compares it with the rules' own list.
    Beside these, `finer_pool_dimensions` and tags: they part a line, which costs a look at events. -#}
{% macro pool_dimensions() %}
    {{ return([
        'team_id', 'project_id', 'cost_center', 'environment', 'feature', 'provider', 'model',
        'region', 'service_tier', 'processing_mode', 'token_type',
    ]) }}
{% endmacro %}

{% macro finer_pool_dimensions() %}
    {{ return(['user_id', 'api_key_id']) }}
{% endmacro %}

{#- Whether a call with these tags has one of the values of each tag that a pool asks for. -#}
{% macro has_tags(tags, asked) -%}
    (
        {{ asked }} is null
        or (
            select bool_and(coalesce(tag.value ? ({{ tags }} ->> tag.key), false))
            from jsonb_each({{ asked }}) as tag
        )
    )
{%- endmacro %}

{#- The tenants whose pools ask for more than a price line tells. -#}
{% macro finer_tenants(dimensions) -%}
    select distinct tenant_id
    from {{ source('run', 'allocation_pools') }}
    where tags is not null
        {%- for dimension in dimensions %}
        or {{ dimension }} is not null
        {%- endfor %}
{%- endmacro %}

{#- What parts the usage of a day where users, keys and tags tell lines apart. -#}
{% macro keys_by_tag() %}
    {{ return([
        'owner_key', 'contract_key', 'tag_key', 'sku_key', 'context_above_tokens',
        'time_of_day_from',
    ]) }}
{% endmacro %}

{#- What only a call has. A charge bears `unassigned` there, yet is no usage that lacks it, so a pool
    that asks for these takes in none. -#}
{% macro dimensions_of_calls() %}
    {{ return(['environment', 'feature', 'region', 'service_tier', 'processing_mode']) }}
{% endmacro %}

{#- What pools are filled by, of lines of either kind; `of_calls` are known of calls alone. -#}
{% macro pooled_columns(dimensions, costs, of_calls=[]) -%}
    lines.charge_date,
        lines.tenant_id,
        {%- for column in dimensions + costs %}
        {%- if column in of_calls %}
        case when lines.pricing_status <> 'charged' then lines.{{ column }} end as {{ column }},
        {%- else %}
        lines.{{ column }},
        {%- endif %}
        {%- endfor %}
        lines.consumed_quantity,
        lines.billing_currency
{%- endmacro %}

{#- Whether a token type counts tokens. -#}
{% macro is_token(token_type) -%}
    {{ token_type }} in (
        {%- for name, column in token_types() if column in token_columns() -%}
        '{{ name }}'{{ ', ' if not loop.last }}
        {%- endfor -%}
    )
{%- endmacro %}

{#- Who bears a part of a pool on a day, and by which ratio. -#}
{% macro borne_by() %}
    {{ return([
        'charge_date', 'tenant_id', 'cost_center', 'team_id', 'project_id', 'pool',
        'allocation_status', 'rule_version', 'share_numerator', 'share_denominator',
    ]) }}
{% endmacro %}

{#- The costs that are distributed, each by itself. -#}
{% macro distributed_costs() %}
    {{ return(['list_cost', 'contracted_cost', 'effective_cost', 'billed_cost']) }}
{% endmacro %}

{#- An amount of each whole cut by weights into parts that sum to it exactly: in quanta, of which those
    that are left go to the largest remainders, and what is finer than one to the first in line. -#}
{% macro handed_out(relation, amount, weight, total, whole, in_line) -%}
    select
        lined_up.*,
        trim_scale(
            sign({{ amount }}) * (
                (
                    own_quanta
                    + (place <= quanta - sum(own_quanta) over (partition by {{ whole }}))::integer
                ) * {{ cost_quantum() }}
                + case when place = 1 then mod(abs({{ amount }}), {{ cost_quantum() }}) else 0 end
            )
        ) as part
    from (
        select
            cut.*,
            div(quanta * {{ weight }}, {{ total }}) as own_quanta,
            row_number() over (
                partition by {{ whole }}
                order by mod(quanta * {{ weight }}, {{ total }}) desc, {{ in_line }}
            ) as place
        from (
            select
                {{ relation }}.*,
                div(abs({{ amount }}), {{ cost_quantum() }}) as quanta
            from {{ relation }}
        ) as cut
    ) as lined_up
{%- endmacro %}

{#- The digits to which parts are cut before the remainder is handed out: those of a unit price. -#}
{% macro cost_quantum() %}0.000000000000000000000001{% endmacro %}
