{#- Joins the one period of a member's moves that holds at the moment to ask at; none for a member that
    never moved. `of` is what belonged to the member at its `owned_at`. -#}
{% macro left_join_moves(alias, entity, member_id, of='owners') -%}
    left join moves as {{ alias }}
        on
            {{ alias }}.entity = '{{ entity }}'
            and {{ of }}.tenant_id = {{ alias }}.tenant_id
            and {{ member_id }} = {{ alias }}.entity_id
            and {{ of }}.owned_at >= {{ alias }}.valid_from
            and {{ of }}.owned_at < {{ alias }}.valid_to
{%- endmacro %}

{#- To whom a member belonged then: as its period says, also where that is nobody, else as it does now. -#}
{% macro belonged_to(moves, now) -%}
    case when {{ moves }}.entity_id is not null then {{ moves }}.belongs_to else {{ now }} end
{%- endmacro %}
