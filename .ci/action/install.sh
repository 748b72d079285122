#!/usr/bin/env bash
# Makes an environment with registry in it, and puts `registry` on the PATH of the steps that follow.
#
# The action's own code is not built, only pointed at: what is installed comes from the lock file, with hashes.
set -euo pipefail

stop() { printf '::error title=registry::%s\n' "$1"; exit 1; }

# Nothing is looked for in the checkout: not modules, not the settings of a version manager. So Python is isolated
# (-I) each time, and from here on the working directory is the runner's.
if [[ "$INPUT_PYTHON" == */* ]]; then
  python="$(cd -P -- "$(dirname -- "$INPUT_PYTHON")" >/dev/null && pwd -P)/$(basename -- "$INPUT_PYTHON")"
else
  python="$INPUT_PYTHON"
fi
cd -- "$RUNNER_TEMP"

"$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  stop 'Python 3.11 or newer is needed: put actions/setup-python before this step, or name one in "python"'
if [[ -n "$INPUT_VERSION" && ! "$INPUT_VERSION" =~ ^[0-9][0-9A-Za-z.+!]*$ ]]; then
  stop 'the input "version" is no version'
fi

home="$RUNNER_TEMP/registry-env-${INPUT_VERSION:-own}"
bin="$home/bin"
if [[ ! -e "$home/ready" ]]; then
  "$python" -I -m venv --clear "$home"
  [[ -d "$bin" ]] || bin="$home/Scripts"
  pip=("$bin/python" -I -m pip --disable-pip-version-check --no-input install --quiet --only-binary :all:)
  if [[ -n "$INPUT_VERSION" ]]; then
    "${pip[@]}" "registry-reconciler==$INPUT_VERSION"
  else
    "${pip[@]}" --require-hashes --requirement "$GITHUB_ACTION_PATH/requirements/run.txt"
    site="$("$bin/python" -I -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
    printf '%s\n' "$GITHUB_ACTION_PATH/src" >"$site/registry.pth"
  fi
  # A folder of its own: the PATH must not get another python.
  mkdir -p "$home/command"
  printf '#!/usr/bin/env bash\nexec %q -I -m registry_reconciler "$@"\n' "$bin/python" >"$home/command/registry"
  chmod +x "$home/command/registry"
  touch "$home/ready"
fi
[[ -d "$bin" ]] || bin="$home/Scripts"
printf '%s\n' "$home/command" >>"$GITHUB_PATH"
printf 'python=%s\n' "$bin/python" >>"$GITHUB_OUTPUT"
