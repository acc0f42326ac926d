{#- The latest sight of each member of a source's dimension, by the order of DESIGN §6. The record
    is append-only, so the greatest (source_updated_at, content) stands. -#}
{% macro latest_members(entity, key_columns) %}
    select distinct on ({{ key_columns | join(', ') }})
        tenant_id,
        entity_id,
        content,
        source,
        source_updated_at
    from {{ source('reference', 'source_dimensions') }}
    where entity = '{{ entity }}'
    order by {{ key_columns | join(', ') }}, source_updated_at desc, content_digest desc, source
{% endmacro %}
