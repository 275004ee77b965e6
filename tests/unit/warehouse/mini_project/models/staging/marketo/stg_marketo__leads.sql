select id, "firstName" as first_name, email, "neverReceived" as never_received, _window_end
from {{ source('marketo', 'marketo__leads') }}
qualify row_number() over (partition by id order by _window_end desc) = 1
