"""`anju gateway` on real files; what the broker makes of them is an integration test."""

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from anju_platform.cli import main
from anju_platform.enrol.authority import open_authority
from anju_platform.enrol.certificates import new_key, request
from anju_platform.enrol.files import read_certificate, read_key
from anju_platform.errors import ConfigurationError

GW_1 = ("--community", "jinxiu", "--gateway", "gw-1")


class Desk:
    """Whoever calls `anju gateway`, with an authority and a folder for a box."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "authority"
        self.box = folder / "box"

    def call(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["gateway", *arguments])

    def authority(self, *hosts: str) -> Result:
        return self.call("authority", str(self.folder), *(part for host in hosts for part in ("--broker", host)))

    def of(self, act: str, *more: str, gateway: tuple[str, ...] = GW_1) -> Result:
        out = ("--out", str(self.box)) if act in ("enrol", "rotate") else ()
        return self.call(act, "--authority", str(self.folder), *gateway, *out, *more)

    def certificate(self) -> x509.Certificate:
        return read_certificate(self.box / "gateway.pem")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    assert desk.authority("mqtt.example.com", "192.0.2.7").exit_code == 0
    return desk


def test_a_box_gets_everything_it_needs_and_its_key_is_its_own(desk: Desk) -> None:
    result = desk.of("enrol", "--days", "30")
    assert result.exit_code == 0, result.output
    made = desk.certificate()
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert made.subject.rfc4514_string() == "CN=jinxiu/gw-1"
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["anju:jinxiu/gw-1"]
    assert timedelta(days=29) < made.not_valid_after_utc - datetime.now(UTC) < timedelta(days=31)
    assert read_key(desk.box / "gateway.key").public_key() == made.public_key()
    assert (desk.box / "gateway.key").stat().st_mode & 0o077 == 0
    configured = tomllib.loads((desk.box / "gateway.toml").read_text(encoding="utf-8"))
    assert configured["uplink"]["url"] == "mqtts://mqtt.example.com:8883"
    named = [configured["uplink"][key] for key in ("ca_file", "cert_file", "key_file")]
    assert all((desk.box / name).is_file() for name in [*named, configured["commands"]["key_file"]])


def test_the_keys_of_the_authority_are_closed_to_others(desk: Desk) -> None:
    assert desk.folder.stat().st_mode & 0o077 == 0
    keys = [*desk.folder.rglob("*.key")]
    assert {key.name for key in keys} == {"authority.key", "command.key", "broker.key", "platform.key"}
    assert all(key.stat().st_mode & 0o077 == 0 for key in keys)


def test_a_gateway_with_a_valid_certificate_is_rotated_not_enrolled(desk: Desk) -> None:
    assert desk.of("rotate").exit_code == 1
    desk.of("enrol")
    first = desk.certificate().serial_number
    (desk.box / "gateway.toml").write_text("# edited", encoding="utf-8")
    again = desk.of("enrol")
    assert (again.exit_code, f"{first:x}" in again.output) == (1, True)
    assert desk.of("rotate").exit_code == 0
    assert desk.certificate().serial_number != first
    assert (desk.box / "gateway.toml").read_text(encoding="utf-8") == "# edited"


def test_a_revoked_gateway_is_listed_denied_and_can_be_enrolled_again(desk: Desk) -> None:
    desk.of("enrol")
    assert desk.of("revoke", "--serial", "abc").exit_code == 1
    result = desk.of("revoke", "--reason", "stolen")
    assert "SIGHUP" in result.output
    serial = desk.certificate().serial_number
    revoked = x509.load_pem_x509_crl((desk.folder / "broker" / "crl.pem").read_bytes())
    assert revoked.get_revoked_certificate_by_serial_number(serial) is not None
    assert "user jinxiu/gw-1\ntopic deny #" in (desk.folder / "broker" / "access.acl").read_text(encoding="utf-8")
    listed = desk.call("list", "--authority", str(desk.folder)).output
    (line,) = [line for line in listed.splitlines() if "gw-1" in line]
    assert line.startswith(f"{serial:x}")
    assert "revoked" in line
    assert line.endswith("stolen")
    assert desk.of("revoke").exit_code == 1
    assert "SIGHUP" in desk.of("enrol").output
    assert "deny" not in (desk.folder / "broker" / "access.acl").read_text(encoding="utf-8")


def test_what_has_to_be_renewed_is_told_until_it_is(desk: Desk) -> None:
    ending = ("list", "--authority", str(desk.folder), "--ending", "14")
    desk.of("enrol", "--days", "10")
    soon = desk.call(*ending)
    assert (soon.exit_code, [line.split()[1] for line in soon.output.splitlines()]) == (1, ["jinxiu/gw-1"])
    desk.of("rotate", "--days", "90")
    renewed = desk.call(*ending)
    assert (renewed.exit_code, renewed.output) == (0, "")


def test_a_box_may_keep_its_key_to_itself_and_send_a_request(desk: Desk, tmp_path: Path) -> None:
    key = new_key()
    file = tmp_path / "box.csr"
    file.write_bytes(request("somebody/else", key).public_bytes(Encoding.PEM))
    assert desk.of("enrol", "--request", str(file)).exit_code == 0
    assert desk.certificate().subject.rfc4514_string() == "CN=jinxiu/gw-1"
    assert desk.certificate().public_key() == key.public_key()
    assert not (desk.box / "gateway.key").exists()


def test_a_request_that_is_none_or_for_another_kind_of_key_is_refused(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "box.csr"
    file.write_bytes(b"nothing")
    assert "request: got" in desk.of("enrol", "--request", str(file)).output
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    rsa_key = rsa.generate_private_key(65537, 2048)
    other = x509.CertificateSigningRequestBuilder().subject_name(name).sign(rsa_key, hashes.SHA256())
    file.write_bytes(other.public_bytes(Encoding.PEM))
    assert "elliptic curve" in desk.of("enrol", "--request", str(file)).output
    forged = bytearray(request("x", new_key()).public_bytes(Encoding.DER))
    forged[-1] ^= 1
    pem = x509.load_der_x509_csr(bytes(forged)).public_bytes(Encoding.PEM)
    file.write_bytes(pem)
    assert "signed with its own key" in desk.of("enrol", "--request", str(file)).output


@pytest.mark.parametrize(
    ("community", "gateway", "said"),
    [
        ("jin/xiu", "gw-1", "field community"),
        ("jinxiu", "+", "field gateway"),
        ("c" * 40, "g" * 40, "community and gateway together"),
    ],
)
def test_a_name_that_cannot_stand_in_a_certificate_is_refused(
    desk: Desk, community: str, gateway: str, said: str
) -> None:
    result = desk.of("enrol", gateway=("--community", community, "--gateway", gateway))
    assert result.exit_code == 1
    assert said in result.output
    with open_authority(desk.folder) as authority:
        assert [one.name for one in authority.enrolments()] == ["broker", "platform"]


def test_the_broker_may_be_known_by_addresses_and_its_certificates_can_be_renewed(desk: Desk) -> None:
    first = read_certificate(desk.folder / "broker" / "broker.pem")
    result = desk.authority("2001:db8::1")
    assert "the authority was there" in result.output
    second = read_certificate(desk.folder / "broker" / "broker.pem")
    assert (first.issuer, first.serial_number != second.serial_number) == (second.issuer, True)
    desk.of("enrol")
    configured = tomllib.loads((desk.box / "gateway.toml").read_text(encoding="utf-8"))
    assert configured["uplink"]["url"] == "mqtts://[2001:db8::1]:8883"
    assert "host: got" in desk.authority("安居.example").output


def test_what_is_no_authority_is_said(desk: Desk, tmp_path: Path) -> None:
    assert "holds no authority" in desk.call("list", "--authority", str(tmp_path / "nowhere")).output
    (desk.folder / "authority.pem").write_text("nothing", encoding="utf-8")
    assert "authority.pem: expected a certificate" in desk.call("list", "--authority", str(desk.folder)).output


def test_a_key_that_cannot_be_used_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="expected a private key"):
        read_key(tmp_path / "absent.key")
    with pytest.raises(ConfigurationError, match="on an elliptic curve"):
        read_key(desk.folder / "command.key")
