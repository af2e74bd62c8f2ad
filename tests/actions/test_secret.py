import json
import logging
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from actions.secret import Secret

CANARY = "lsxs_pt_canary"


class Holder(msgspec.Struct):
    token: Secret


def test_a_secret_reveals_its_value_only_when_asked() -> None:
    assert Secret(CANARY).reveal() == CANARY


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        ascii,
        "{0} {0!r} {0!s:>40}".format,
        lambda secret: "%s %r" % (secret, secret),  # noqa: UP031 - as old code prints
        lambda secret: repr([secret, {"token": secret}, Holder(secret)]),
    ],
    ids=["repr", "str", "ascii", "format", "percent", "inside"],
)
def test_a_secret_is_never_printed(show: Callable[[Secret], str]) -> None:
    assert "Secret('" in show(Secret(CANARY))
    assert CANARY not in show(Secret(CANARY))


def test_a_secret_is_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("a.foreign.logger").warning("token %s %r", Secret(CANARY), Secret(CANARY))
    assert "token Secret" in caplog.text
    assert CANARY not in caplog.text


@pytest.mark.parametrize("encode", [json.dumps, msgspec.json.encode, msgspec.msgpack.encode])
@pytest.mark.parametrize("value", [Secret(CANARY), {"token": Secret(CANARY)}])
def test_no_encoder_takes_a_secret(encode: Any, value: object) -> None:
    with pytest.raises(TypeError) as caught:
        encode(value)
    assert CANARY not in str(caught.value)


def test_no_attribute_can_be_hung_on_a_secret() -> None:
    with pytest.raises(AttributeError):
        Secret(CANARY).note = "x"  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        vars(Secret(CANARY))


def test_an_empty_secret_counts_as_none() -> None:
    assert not Secret("")
    assert Secret(CANARY)
