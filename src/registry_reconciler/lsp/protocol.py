"""What an editor sends, and what it is told where that is no message, or comes at the wrong time.

Every request is answered: an editor waits for each of its own. The library answers those that it could hand on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from lsprotocol import types
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidRequest,
    JsonRpcServerNotInitialized,
)
from pygls.protocol import LanguageServerProtocol, lsp_method

if TYPE_CHECKING:
    from registry_reconciler.lsp.server import RegistryServer

_VERSION = "2.0"

_ANSWERED = object()
"""Stands for a request that could not be understood: that was said already."""


class EditorProtocol(LanguageServerProtocol):
    """Texts are kept by :class:`Buffers`: the library's own copies count other line ends than editors do."""

    _begun = False

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as a typed value.

        Raises:
            JsonRpcException: it is none, and nobody waits for an answer.
        """
        try:
            return super().structure_message(data)
        except JsonRpcException as fault:
            if "method" not in data or "id" not in data:
                raise
            self.refuse(data["id"], fault)
            return _ANSWERED

    def handle_message(self, message: Any) -> None:
        """Hand a message on, where it is one and this is the time for it."""
        if message is _ANSWERED:
            return
        fault = self._fault(message)
        if fault is None:
            super().handle_message(message)
        elif not self._is_notification(message):
            id = message.get("id") if isinstance(message, dict) else getattr(message, "id", None)
            self.refuse(id, fault)

    def _fault(self, message: Any) -> JsonRpcException | None:
        method = getattr(message, "method", "")
        if getattr(message, "jsonrpc", None) != _VERSION:
            return JsonRpcInvalidRequest(f"a message is one object with jsonrpc: {_VERSION!r}")
        if not method or method == types.EXIT:
            return None
        if self._shutdown:
            return JsonRpcInvalidRequest("the server was told to shut down")
        self._begun = self._begun or method == types.INITIALIZE
        return None if self._begun else JsonRpcServerNotInitialized("the first request is initialize")

    @staticmethod
    def _is_notification(message: Any) -> bool:
        return hasattr(message, "method") and not hasattr(message, "id")

    def refuse(self, id: Any, fault: JsonRpcException) -> None:
        """Answer a request with an error; without an id, where none could be read."""
        error = fault.to_response_error()
        # Not as the library does it: that leaves an id out which is null.
        self._send_data(
            {"jsonrpc": _VERSION, "id": id, "error": {"code": error.code, "message": error.message}}
        )

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        """See the class."""
        self._texts.opened(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        """See the class."""
        self._texts.changed(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        """See the class."""
        self._texts.closed(params)

    @property
    def _texts(self) -> RegistryServer:
        return cast("RegistryServer", self._server)
