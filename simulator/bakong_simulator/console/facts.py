"""What a console is told of the sandbox around its simulator. Values alone: this module costs nothing to import."""

from pathlib import Path
from typing import NamedTuple


class Facts(NamedTuple):
    """token: of the default world's Bakong. tls_url, ca_file: of the TLS port; "" without one.

    service_url: where the payment service answers; "" without one. admin_key: reads what an operator sees of it.
    reports: folders of the runs of verify and load.
    lan_url: where other machines of the network reach it; "" where they do not.
    """

    token: str = ""
    tls_url: str = ""
    ca_file: str = ""
    service_url: str = ""
    api_key: str = ""
    admin_key: str = ""
    reports: tuple[Path, ...] = ()
    lan_url: str = ""
