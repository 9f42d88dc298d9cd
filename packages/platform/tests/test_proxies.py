"""Which proxies are believed."""

from ipaddress import ip_address, ip_network

import pytest

from tandem_platform.proxies import on_both_stacks
from tandem_platform.serving_settings import ServingSettings
from tandem_platform.settings import SettingsError


def test_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANDEM_TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7,2001:DB8::/32 ,::1")
    assert ServingSettings.load().trusted_proxies == ("10.0.0.0/8", "192.0.2.7", "2001:db8::/32", "::1")
    monkeypatch.setenv("TANDEM_TRUSTED_PROXIES", "")
    assert ServingSettings.load().trusted_proxies == ()


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("*", "'\\*' is neither"),
        ("nginx", "'nginx' is neither an address nor a network such as 10.0.0.0/8"),
        ("127.0.0.1,10.0.0.1/8", "10.0.0.1/8 is an address and a network; write 10.0.0.0/8 or 10.0.0.1"),
        ("10.0.0.0/33", "is neither"),
        ("10.0.0.1:80", "is neither"),
    ],
)
def test_anything_else_ends_the_start(monkeypatch: pytest.MonkeyPatch, value: str, says: str) -> None:
    monkeypatch.setenv("TANDEM_TRUSTED_PROXIES", value)
    with pytest.raises(SettingsError, match=f"setting TANDEM_TRUSTED_PROXIES is not valid: .*{says}"):
        ServingSettings.load()


@pytest.mark.parametrize(
    ("address", "believed"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("192.0.2.7", True),
        ("::ffff:192.0.2.7", True),
        ("::1", True),
        ("11.1.2.3", False),
        ("::ffff:11.1.2.3", False),
        ("192.0.2.8", False),
        ("::ffff:192.0.2.8", False),
        ("::2", False),
    ],
)
def test_ipv4_addresses_as_ipv6_sockets_see_them(address: str, believed: bool) -> None:  # noqa: FBT001
    networks = [ip_network(entry) for entry in on_both_stacks(["10.0.0.0/8", "192.0.2.7", "::1"])]
    assert any(ip_address(address) in network for network in networks) is believed
