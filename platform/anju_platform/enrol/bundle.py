"""What a gateway's box gets: certificate, key, authority, the key that commands are checked with, configuration."""

import json
from pathlib import Path
from typing import Final

from cryptography import x509

from anju_contracts.topics import GatewayAddress
from anju_platform.enrol import files
from anju_platform.enrol.authority import Enrolled
from anju_platform.enrol.rights import GATEWAYS_PORT

CONFIGURATION: Final = """\
# The head of gateway.toml; add [[agent]] tables. Keys: docs/reference/gateway-toml.md
community = {community}
gateway = {gateway}
data_dir = "var"

[uplink]
url = {url}
ca_file = "ca.pem"
cert_file = "gateway.pem"
key_file = "gateway.key"

[commands]
key_file = "command.pub"
"""


def write_bundle(folder: Path, address: GatewayAddress, made: Enrolled, *, authority: Path, url: str) -> list[str]:
    """Write into `folder` and tell the names of what was written. The key comes before the certificate: a gateway that
    looks in between finds two that don't fit and goes on with what it has. gateway.toml is kept where there is one."""
    written = {"ca.pem": authority / "authority.pem", "command.pub": authority / "command.pub"}
    for name, source in written.items():
        files.write(folder / name, source.read_bytes())
    names = [*written]
    if made.key is not None:
        files.write_key(folder / "gateway.key", made.key)
        names.append("gateway.key")
    files.write_pem(folder / "gateway.pem", made.certificate)
    names.append("gateway.pem")
    if not (folder / "gateway.toml").exists():
        values = {"community": address.community, "gateway": address.gateway, "url": url}
        text = CONFIGURATION.format(**{key: json.dumps(value) for key, value in values.items()})
        files.write(folder / "gateway.toml", text.encode())
        names.append("gateway.toml")
    return names


def usual_url(authority: Path) -> str:
    """Where gateways find the broker, by the first name in its certificate."""
    names = files.read_certificate(authority / "broker" / "broker.pem").extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    host = str(next(iter(names.value)).value)
    return f"mqtts://[{host}]:{GATEWAYS_PORT}" if ":" in host else f"mqtts://{host}:{GATEWAYS_PORT}"
