insert into ops.published_marts (
    name, date_column, columns, key, partition_by_day, daily_mart, derivation
)
values (
    %(name)s, %(date_column)s, %(columns)s, %(key)s, %(partition_by_day)s, %(daily_mart)s,
    %(derivation)s
)
on conflict (name) do update set
    columns = excluded.columns,
    daily_mart = excluded.daily_mart,
    derivation = excluded.derivation
