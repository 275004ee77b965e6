"""A stateful Marketo Engage REST server over one source of the generated world.

Errors are answers with HTTP 200 and `success: false`, as in the real service. Served: all of identity and usage, the
lead database's leads, activities, static lists, companies, opportunities with roles, sales persons, named accounts,
custom objects, program members and campaigns, the asset API's programs, channels, tags, smart campaigns and static
lists, and bulk extract of all four families. Folders are served as far as lists need them; segmentations, e-mails,
smart lists and tokens are empty. Tokens and bulk jobs live in memory; what clients write is in the store's journal,
daily counters are in the ledger.

Faults of the plan (`Fault.kind`; `match` is searched in `METHOD path`):

| kind | value | effect |
| --- | --- | --- |
| status | 502, or {"status", "body"} | that HTTP status instead of an answer; nothing is done |
| slow | seconds | waits that long in real time first |
| drop | | does the work, then closes the connection without an answer |
| code | "606", or ["1029", "text"] | `success: false` with that code, token already checked: 601, 602, 606, 607, 608, 611, 615, 713, 1003, 1029, 1035 ... |
| empty_page | | a paged call gives no rows, `moreResult: true` and the same place again |
| queue_full | | enqueue answers 1029 `Too many jobs in queue` |
| failed_job | | the job whose enqueue or status call is matched ends as `Failed` |
| checksum | | the job whose enqueue or status call is matched announces a wrong SHA-256, for good |
| missing_file | | file.json of a Completed job answers 404 |
| cut | bytes | file.json sends so many bytes of what was asked for, then the connection dies |
"""

from muster_simulators.marketo.app import create_app
from muster_simulators.marketo.ledger import Ledger
from muster_simulators.marketo.options import MarketoOptions
from muster_simulators.marketo.schema_fields import schema_control

__all__ = ["Ledger", "MarketoOptions", "create_app", "schema_control"]
