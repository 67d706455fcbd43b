"""What of the machine's package sources and of apt's plan the private prefix uses."""

import pytest

from anju_simulators.services.prefix import is_needed, moved_to_suite

DEB822 = """\
Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""

ONE_LINE = """\
deb http://mirror.example/debian bookworm main
deb http://mirror.example/debian bookworm-updates main
deb http://mirror.example/debian-security bookworm-security main
"""


def test_sources_of_an_older_debian_are_moved_to_the_release_that_has_timescaledb() -> None:
    moved = moved_to_suite(DEB822)
    assert "Suites: trixie\n" in moved
    assert "Suites: trixie-security\n" in moved
    assert "bookworm" not in moved


def test_sources_in_one_line_style_lose_their_updates_line() -> None:
    assert moved_to_suite(ONE_LINE).splitlines() == [
        "deb http://mirror.example/debian trixie main",
        "deb http://mirror.example/debian-security trixie-security main",
    ]


def test_sources_of_a_debian_that_has_the_packages_stay_as_they_are() -> None:
    assert moved_to_suite(DEB822.replace("bookworm", "trixie")) == DEB822.replace("bookworm", "trixie")


def test_sources_of_a_relative_of_debian_stay_as_they_are() -> None:
    sources = (
        "Types: deb\nURIs: http://mirror.example/ubuntu\nSuites: plucky plucky-updates\nComponents: main universe\n"
    )
    assert moved_to_suite(sources) == sources


@pytest.mark.parametrize(
    ("package", "needed"),
    [
        ("postgresql-17", True),
        ("mosquitto-clients", True),
        ("libssl3t64", True),
        ("libllvm19", False),
        ("perl", False),
        ("libipc-run-perl", False),
        ("adduser", False),
    ],
)
def test_only_programs_and_the_libraries_that_they_load_are_fetched(package: str, needed: bool) -> None:
    assert is_needed(package) == needed
