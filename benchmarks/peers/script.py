"""The script that a user would write: ruamel.yaml round trip, jsonschema, deepdiff: ``script.py DIR`` (a workspace)."""

import glob
import io
import sys

from deepdiff import DeepDiff  # type: ignore[import-not-found,unused-ignore]
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

if __name__ == "__main__":
    root = sys.argv[1]
    yaml = YAML(typ="rt")
    with open(f"{root}/.system/registry/schemas/service.schema.yaml", encoding="utf-8") as stream:
        validator = Draft202012Validator(YAML(typ="safe").load(stream))
    wanted = {}
    for path in sorted(glob.glob(f"{root}/desired/*.yaml")):
        with open(path, encoding="utf-8") as stream:
            for entry in yaml.load(stream)["service"]:
                validator.validate(entry)
                wanted[entry["id"]] = entry
    changes = 0
    for path in sorted(glob.glob(f"{root}/registries/*.yaml")):
        with open(path, encoding="utf-8") as stream:
            document = yaml.load(stream)
        for entry in document["services"]:
            difference = DeepDiff(entry, wanted[entry["id"]])
            if difference:
                changes += 1
                for key, value in wanted[entry["id"]].items():
                    entry[key] = value
        yaml.dump(document, io.StringIO())
    print(changes)
