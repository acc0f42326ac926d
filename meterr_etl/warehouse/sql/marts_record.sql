insert into ops.published_marts (name, date_column, columns, key, partition_by_day)
values (%(name)s, %(date_column)s, %(columns)s, %(key)s, %(partition_by_day)s)
on conflict (name) do update set columns = excluded.columns
