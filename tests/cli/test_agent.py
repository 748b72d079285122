"""An agent that reads only JSON and types only what stands in ``next`` mends twelve planted faults."""

from __future__ import annotations

from tests.support import Box

NAMES = ("one", "two", "three", "four")
TYPES = "modules/overview/type_registry.yaml"


def plant(box: Box) -> None:
    """Twelve faults: each of them blocks, drifts, or is not applied."""
    types = [f"- {{id: t-{name}, aliases: [{name}], description: A type.}}" for name in NAMES]
    instances = [
        f"- {{module_id: m-{name}, module_type: t-{name}, module_level: 1, description: A.}}"
        for name in NAMES
    ]
    maturity = [f"- {{module_id: m-{name}, maturity: FUNCTIONAL}}" for name in NAMES]
    text = ["module_type:", *types, "module_instance:", *instances, "module_maturity:", *maturity]
    box.write("desired/many.yaml", "\n".join(text) + "\n")
    assert box.run("apply", "--yes").exit == 0
    # 1 to 4: references say an alias instead of the id.
    for name in NAMES:
        box.replace("desired/many.yaml", f"module_type: t-{name}", f"module_type: {name}")
    # 5 and 6: changed by hand and in the fragment.
    for name in ("one", "two"):
        box.replace(
            "desired/many.yaml",
            f"aliases: [{name}], description: A type.",
            f"aliases: [{name}], description: B.",
        )
        head, mark, tail = box.read(TYPES).partition(f"t-{name}")
        box.write(TYPES, head + mark + tail.replace("A type.", "C.", 1))
    # 7 and 8: there already, unmanaged and different.
    box.write("modules/routes/web.yaml", "routes:\n" + "".join(route(name, "old") for name in NAMES[:2]))
    box.write("desired/web.yaml", "route:\n" + "".join(route(name, "new") for name in NAMES[:2]))
    # 9 and 10: one edited by hand, one removed by hand.
    box.replace("modules/routes/api.yaml", "topic: errors", "topic: faults")
    box.write("modules/overview/instance_maturity.yaml", "maturity: []\n")
    # 11: the state does not fit.
    box.replace("desired/all.yaml", "An API.", "An HTTP API.")
    box.replace(TYPES, "An API.", "An HTTP API.")
    config = box.read(".system/registry/config.yaml")
    box.write(".system/registry/config.yaml", config + "drift: undo\n")
    # 12: not applied at all.
    box.write("desired/new.yaml", "module_type:\n- {id: cron, description: A timer.}\n")


def route(name: str, topic: str) -> str:
    return (
        f"- {{id: web.{name}, scope: web, topic: {topic}-{name}, module_id: payments.api, when_to_use: W.}}\n"
    )


def test_a_scripted_agent_gets_to_a_clean_apply(applied: Box) -> None:
    plant(applied)
    broken = applied.run("plan", "--format", "json").json
    codes = [one["code"] for one in broken["problems"] if one["blocking"]]
    assert [codes.count(code) for code in ("REF002", "STA002", "STA003")] == [4, 2, 2]
    drift = applied.run("drift", "--format", "json").json
    natures = sorted(one["nature"] for one in drift["drift"])
    assert natures == ["both_changed"] * 2 + ["edited"] + ["gone"] * 5
    assert len(drift["stale_state"]) == 1
    words = ["plan"]
    typed: list[str] = []
    for _ in range(20):
        data = applied.run(*words, "--format", "json").json
        typed.append(" ".join(words))
        if data["command"] == "plan" and data["exit"] == 0 and not data["changes"]:
            break
        words = data["next"][0][1:] if data["next"] else ["plan"]
    assert applied.run("plan", "--detailed-exitcode").exit == 0, typed
    assert applied.run("drift").exit == 0
    assert any(line.startswith("fix") for line in typed)
    assert any(line.startswith("drift --accept") for line in typed)
    assert any("--adopt" in line and "--expect" in line for line in typed)
    # An edit by hand was kept where both sides had changed, and undone where only the hand had.
    assert "C." in applied.read("desired/many.yaml")
    assert "topic: errors" in applied.read("modules/routes/api.yaml")
    assert "new-one" in applied.read("modules/routes/web.yaml")
