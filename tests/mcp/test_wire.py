"""Which requests that cannot be read are answered, and to whom."""

from __future__ import annotations

import json

import pytest
from mcp import types
from pydantic import ValidationError

from registry_reconciler.mcp.wire import error_for


@pytest.mark.parametrize(("id", "answered"), [("é", "é"), ("a", "a"), (7, 7), ("\ud800", None), (True, None)])
def test_a_request_that_cannot_be_read_is_answered_by_its_id(id: object, answered: object) -> None:
    with pytest.raises(ValidationError) as raised:
        types.jsonrpc_message_adapter.validate_json(
            json.dumps({"jsonrpc": "2.0", "id": id, "method": "ping", "params": {"a": "\ud800"}}),
            by_name=False,
        )
    error = error_for(raised.value)
    assert error is not None
    assert error.id == answered
