"""A real editor with the set-up of docs/editors.md: open, see the problem, complete, rename, format, save."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lsp.editor import workspace
from tests.support import installed

NVIM = shutil.which("nvim")
DOCS = Path(__file__).parents[2] / "docs" / "editors.md"

pytestmark = pytest.mark.skipif(NVIM is None, reason="there is no Neovim here; .ci/run installs it")

SCRIPT = """
local function wait(what, holds)
  if not vim.wait(60000, holds, 50) then
    io.stderr:write("waited in vain for " .. what .. "\\n")
    vim.cmd("cquit 1")
  end
end
local function codes()
  local found = {}
  for _, item in ipairs(vim.diagnostic.get(0)) do
    if item.source == "registry" then table.insert(found, item.code) end
  end
  return table.concat(found, " ")
end
local function request(method, extra)
  local params = vim.tbl_extend("force", vim.lsp.util.make_position_params(), extra or {})
  local answers = vim.lsp.buf_request_sync(0, method, params, 60000)
  for _, answer in pairs(answers or {}) do return answer.result end
end
local function at(pattern, behind)
  local row = vim.fn.search(pattern, "w")
  assert(row > 0, pattern)
  local column = vim.fn.match(vim.fn.getline(row), pattern)
  vim.api.nvim_win_set_cursor(0, { row, column + behind })
end

local function day()
wait("the server", function() return #vim.lsp.buf_get_clients(0) > 0 and vim.lsp.buf_get_clients(0)[1] ~= nil end)
vim.cmd([[%s/module_id: payments.api\\n    when/module_id: payments.ap\\r    when/]])
wait("the problem", function() return codes():find("REF001") ~= nil end)
at("payments.ap$", 10)
local offered = request("textDocument/completion")
local labels = {}
for _, item in ipairs(offered.items) do labels[item.label] = true end
assert(labels["payments.api"], "completion")
vim.cmd([[%s/payments.ap$/payments.api/]])
wait("the text to be clean", function() return codes() == "" end)
at("payments.api$", 3)
local edit = request("textDocument/rename", { newName = "billing.api" })
local _, number = next(registry_clients)
local client = vim.lsp.get_client_by_id(number)
vim.lsp.util.apply_workspace_edit(edit, client.offset_encoding)
local params = { options = { tabSize = 2, insertSpaces = true } }
local edits = request("textDocument/formatting", params)
if edits then vim.lsp.util.apply_text_edits(edits, 0, client.offset_encoding) end
wait("the renamed text to be clean", function() return codes() == "" end)
vim.cmd("write")
end

local done, fault = pcall(day)
if not done then
  io.stderr:write(tostring(fault) .. "\\n" .. codes() .. "\\n")
  vim.cmd("cquit 1")
end
vim.cmd("quitall")
"""


def setup() -> str:
    """The Lua of the page."""
    match = re.search(r"```lua\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    return match[1]


def test_neovim_opens_completes_renames_formats_and_the_plan_agrees(tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    workspace(root)
    script = Path(sys.executable).parent / "registry"
    (tmp_path / "init.lua").write_text(setup().replace('"registry", "lsp"', f'"{script}", "lsp"'))
    (tmp_path / "day.lua").write_text(SCRIPT)
    assert NVIM is not None
    done = subprocess.run(
        [
            NVIM,
            "--headless",
            "-u",
            str(tmp_path / "init.lua"),
            "--cmd",
            "filetype on",
            "desired/docs.yaml",
            "-c",
            f"luafile {tmp_path / 'day.lua'}",
        ],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = (root / "desired/docs.yaml").read_text()
    assert text.count("module_id: billing.api") == 3, done.stderr + text
    plan = installed("plan", "--format", "json", cwd=root).json
    assert not [problem for problem in plan["problems"] if problem["blocking"]]
    assert plan["summary"]["move"] == 1 or any(
        "billing.api" in change["address"] for change in plan["changes"]
    )
