"""``fleet.yaml``: what it names, what is wrong with it, and that no credential leaves it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from registry_reconciler.cli.main import main
from registry_reconciler.fleet import read_manifest
from registry_reconciler.fleet.addresses import fault_of, shown, without_credentials

REFUSED = [
    *(
        "ext::sh -c id",
        "fd::17",
        "http://h/x",
        "git://h/x",
        "ftp://h/x",
        "file:///tmp/x",
        "ssh://h",
        "https://h/",
    ),
    *(
        "-u",
        "--upload-pack=x",
        "ssh://-oProxyCommand=x/y",
        "git@-oProxyCommand=x:y",
        "git@h:-x",
        "ssh://%2dx/y",
    ),
    *(
        "https://h/a b",
        "ssh://h:x/y",
        "host:",
        "/tmp/a\nb",
        "ssh://h:99999/y",
        "https://h/\u202ex",
        "h\u00ad:x",
    ),
    *("user:p4ssword@host:x.git", "p4ssword@h@g:x"),
]
TAKEN = [
    *(
        "https://h/x.git",
        "HTTPS://h:8443/x",
        "ssh://git@h:22/x",
        "git@h:x.git",
        "ssh://[::1]/x",
        "../x",
        "/tmp/x",
    ),
    *("~/x", "./-x", "a b/c", "x/y:z"),
]


@pytest.mark.parametrize("address", ["user:p4ssword@host:x.git", "p4ssword@h@g:x", "a:p4ssword@b@host:x"])
def test_a_password_in_the_short_form_is_never_shown(address: str, tmp_path: Path) -> None:
    """No such form is one of git's, and people write it."""
    assert "p4ssword" not in shown(address)
    assert "p4ssword" not in without_credentials(f"cannot reach {address!r}: no", address)
    (tmp_path / "fleet.yaml").write_text(f"repositories: [{{name: a, git: '{address}'}}]\n")
    manifest = read_manifest(tmp_path / "fleet.yaml")
    assert not manifest.usable
    assert "p4ssword" not in repr(manifest.problems)
    assert shown("git@host:team/x.git") == "git@host:team/x.git"


@pytest.mark.parametrize("text", ["", "repositories: []\n", "include: none/*.yaml\n"])
@pytest.mark.parametrize("words", [["list"], ["plan"], ["check"], ["exec", "--", "registry", "fix"]])
def test_a_fleet_of_no_repository_never_passes(
    text: str, words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "fleet.yaml").write_text(text)
    options = ["--file", str(tmp_path / "fleet.yaml")]
    assert main(["fleet", words[0], *options, *words[1:]]) == 64
    assert "names no repository" in capsys.readouterr().err


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_would_run_something_is_refused(address: str, tmp_path: Path) -> None:
    assert fault_of(address)
    (tmp_path / "fleet.yaml").write_text(json.dumps({"repositories": [{"name": "x", "git": address}]}))
    assert not read_manifest(tmp_path / "fleet.yaml").usable


@pytest.mark.parametrize("address", TAKEN)
def test_https_ssh_and_local_paths_are_taken(address: str) -> None:
    assert fault_of(address) == ""


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("https://me:pass1word@h/x", "https://«secret»@h/x"),
        ("https://ghp_token1@h/x?private_token=abcdefg", "https://«secret»@h/x?«secret»"),
        ("ssh://git:pass1word@h:22/x", "ssh://git:«secret»@h:22/x"),
        ("git@h:x", "git@h:x"),
        ("https://h/x", "https://h/x"),
    ],
)
def test_an_address_is_shown_without_its_credentials(address: str, said: str) -> None:
    assert shown(address) == said
    text = f"fatal: unable to access '{address}/': no (pass1word) ghp_token1 abcdefg"
    told = without_credentials(text, address)
    assert not any(word in told for word in ("pass1word", "ghp_token1", "abcdefg") if word in address)


def test_paths_are_from_the_file_that_names_them_and_includes_are_followed_once(tmp_path: Path) -> None:
    (tmp_path / "teams").mkdir()
    (tmp_path / "fleet.yaml").write_text(
        'repositories:\n  - {name: shop, path: ../shop}\n  - {name: b, git: "git@h:b", rev: main, root: s/b/}\n'
        "include: [teams/*.yaml, 'teams/a.yaml']\n"
    )
    (tmp_path / "teams/a.yaml").write_text("include: ../fleet.yaml\nrepositories: [{name: c, path: c}]\n")
    manifest = read_manifest(tmp_path / "fleet.yaml")
    assert manifest.problems == ()
    assert [(one.name, one.path, one.git, one.rev, one.root) for one in manifest.repositories] == [
        ("shop", str(tmp_path.parent / "shop"), "", "", ""),
        ("b", "", "git@h:b", "main", "s/b"),
        ("c", str(tmp_path / "teams/c"), "", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("repositories:\n- {name: a, path: x}\n- {name: a, path: y}\n", 3, "taken already"),
        ("repositories:\n- {name: a, path: x, git: y}\n", 2, "exclude each other"),
        ("repositories:\n- {name: a}\n", 2, "path"),
        ("repositories:\n- {name: -a, path: x}\n", 2, "dash"),
        ("repositories:\n- {name: a, path: -x}\n", 2, "dash"),
        ("repositories:\n- {name: a, path: x, rev: --x}\n", 2, "dash"),
        ("repositories:\n- {name: a, path: x, root: -x}\n", 2, "dash"),
        ("repositories:\n- {name: a, path: x, root: ../y}\n", 2, "'..'"),
        ("repositories:\n- {name: a, path: x, root: /y}\n", 2, "root"),
        ("repositories:\n- {name: a/b, path: x}\n", 2, "does not match"),
        ("repositories:\n- {name: a, path: x, rve: y}\n", 2, "rve"),
        ("repositories:\n- {name: a, path: x, rev: 12}\n", 2, "text is expected"),
        ("include: ../x.yaml\n", 1, "below the folder"),
        ("include: [-x]\n", 1, "dash"),
        ("repositories: {a: b}\n", 1, "repositories"),
        ("a: [\n", 2, ""),
        ("repositories: []\n---\nrepositories: []\n", 3, "one document"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, line: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(text)
    manifest = read_manifest(tmp_path / "fleet.yaml")
    problem = manifest.problems[0]
    assert not manifest.usable
    assert problem.location is not None
    assert (problem.location.line, said in problem.message) == (line, True), problem.message


def test_an_include_that_leads_nowhere_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text("include: taems/*.yaml\n")
    manifest = read_manifest(tmp_path / "fleet.yaml")
    assert manifest.usable
    assert [problem.code for problem in manifest.problems] == ["FLT011"]


def test_every_report_has_all_problems_and_not_the_first_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fleet.yaml").write_text(
        "repositories: [{name: a, path: x}, {name: a, path: y}, {name: c, git: 'ext::z'}]"
    )
    assert main(["fleet", "list", "--format", "json"]) == 3
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 2
    assert main(["fleet", "check", "--format", "github", "--report", "sarif=x.sarif"]) == 3
    assert capsys.readouterr().out.count("title=FLT010") == 2
    assert len(json.loads(Path("x.sarif").read_text())["runs"][0]["results"]) == 2


def test_a_credential_is_in_no_problem_and_no_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = '- {name: a, git: "https://me:hunter22@h/x"}\n'
    wrong = '- {name: "https://me:hunter22@h", path: ["https://me:hunter22@h"]}\n'
    for text in (good, good + good, wrong):
        (tmp_path / "fleet.yaml").write_text(f"repositories:\n{text}")
        for form in ("text", "json"):
            main(["fleet", "list", "--format", form])
            said = capsys.readouterr()
            assert "hunter22" not in said.out + said.err


def test_add_changes_no_other_byte_and_refuses_what_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "fleet").mkdir()
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "fleet/fleet.yaml"
    before = b"# ours\r\nrepositories:\r\n  - {name: a, path: ../a} # old\r\ninclude: []"
    file.write_bytes(before)
    assert main(["fleet", "add", "shop", "--path", "shop", "--rev", "main", "--file", "fleet"]) == 0
    after = file.read_bytes()
    new = b"  - {name: shop, path: ../shop, rev: main}\r\n"
    assert after.replace(new, b"") == before
    assert new in after
    for words in (["shop", "--path", "x"], ["y", "--git", "ext::x"], ["y"], ["y", "--path=x", "--git=y"]):
        assert main(["fleet", "add", *words, "--file", "fleet"]) == 64
    assert file.read_bytes() == after
    capsys.readouterr()
