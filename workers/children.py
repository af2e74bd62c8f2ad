"""Child processes that end with us, even when we are killed."""

from collections.abc import Sequence

# The guard reads from a pipe that we hold. When we close it or die, it ends the child: kindly
# first, for good after ten seconds. Where REMOVE names a folder, that goes too.
_GUARD = """
child= told=
trap 'told=yes; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT
exec 3<&0 </dev/null
"$@" 3<&- &
child=$!
[ -z "$told" ] || kill -TERM "$child"
{
  while read -r _; do :; done
  kill -TERM "$child"
  for _ in $(seq 100); do kill -0 "$child" || exit; sleep 0.1; done
  kill -KILL "$child"
} <&3 >/dev/null 2>&1 &
guard=$!
exec 3<&-
while :; do
  wait "$child"; code=$?
  kill -0 "$child" 2>/dev/null || break
done
wait "$child"; last=$?  # a signal may have cut the last wait short
[ "$last" = 127 ] || code=$last
kill "$guard" 2>/dev/null
[ -z "$REMOVE" ] || rm -rf "$REMOVE"
exit "$code"
"""


def guarded(command: Sequence[str]) -> list[str]:
    """Return the command line that runs `command` under a guard.

    Start it with a pipe as its standard input and in a session of its own; closing the pipe
    ends the child with SIGTERM, and so does our death.
    """
    return ["/bin/sh", "-c", _GUARD, "guard", *command]
