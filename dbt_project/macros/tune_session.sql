{#- The groups of a night of millions fit into this memory; with PostgreSQL's 4 MB they spill to disk,
    which doubles the time. A hash may take twice as much, and each thread works on one or two.
    Compiling expressions (jit) costs more than these queries gain by it. -#}
{% macro tune_session() -%}
    set local work_mem = '256MB';
    set local jit = off
{%- endmacro %}
