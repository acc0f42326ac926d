with

{{ correcting_ctes() }},

billing_corrections as (
    select * from corrections
)

select * from billing_corrections
