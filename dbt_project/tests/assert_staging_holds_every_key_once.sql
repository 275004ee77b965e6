-- Staging drops repetitions and old versions, never a record.
select source_instance, object_name, raw_key_count, staged_row_count
from {{ ref('int_lake__record_counts') }}
where raw_key_count <> staged_row_count
