"""Whether anything could answer at an address, by its text alone."""

import pytest

from registry_reconciler.base.addresses import not_an_address


@pytest.mark.parametrize(
    "address",
    [
        "http://a",
        "https://a.example:8443/x?y=1",
        "HTTP://A/{field}",
        "http://[::1]:80/",
        "https://user@host/x y",
    ],
)
def test_an_address_is_none_the_less_one(address: str) -> None:
    assert not_an_address(address) == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("pay/capture", "begins with http"),
        ("ftp://a", "begins with http"),
        (None, "begins with http"),
        ("http://", "no host"),
        ("http:///x", "no host"),
        ("http://:80/x", "no host"),
        ("http://[::1/x", "is no address"),
        ("http://a:x/", "is no address"),
        ("http://a:70000/", "is no address"),
        ("http://a:0/", "port is 0"),
        ("http://a b/", "a blank"),
        ("http://{host}/x", "a place in its host"),
    ],
)
def test_what_is_wrong_is_said(address: object, why: str) -> None:
    assert why in not_an_address(address)
