"""Size gateways by the documented rules, before any of them exists."""

import cmgsim

for clients in (5_000, 18_000, 96_000):
    size = cmgsim.documented_size(clients)
    print(
        f"{clients:6} clients: {size.vms_redundant} VMs, {size.connection_points} connection points "
        f"({size.binding} bind), {size.management_points} management points, {size.cores} cores"
    )
