#!/usr/bin/env -S python3 -I
"""Guard: refuse an ability call whose input asks to skip the coordination rules.

Reads the event as JSON from standard input; exits 1 with a reason to deny the call.
"""

import json
import sys

event = json.load(sys.stdin)
if "no_check" in json.dumps(event) or "--no-check" in json.dumps(event):
    print("--no-check is for people: mend the problem or allow it with a reason in a fragment.")
    sys.exit(1)
