select max(_window_end) as as_of from {{ source('marketo', 'marketo__leads') }}
