"""The first code on the board, given to `python -c`; the board has nothing of ours yet.

Reads a length and a tar from standard input, unpacks it into a private folder, runs the agent
there and passes on what it says. Standard input stays open as a lifeline: when it ends, or goes
silent for a minute, the one who asked is gone; then the agent is stopped and the folder removed,
whatever happened. Only the standard library, and syntax that old Pythons read, so that they can
say that they are too old.
"""

SOURCE = r"""
import io, os, select, shutil, signal, subprocess, sys, tarfile, tempfile
def fail(text):
    import json
    print(json.dumps({"error": text, "hint": HINT, "exit_code": 6}), flush=True)
    sys.exit(1)
HINT = "name a newer one: ssh://user@host/usr/bin/python3.11, or bench --provision"
if sys.version_info < (3, 11):
    fail("Python %d.%d there is too old; 3.11 is needed" % sys.version_info[:2])
def gone(number, frame):
    sys.exit(1)
for name in ("SIGHUP", "SIGTERM", "SIGINT", "SIGPIPE"):
    signal.signal(getattr(signal, name), gone)
def take(count):
    parts = []
    while count:
        part = os.read(0, min(count, 1 << 20))
        if not part:
            sys.exit(1)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
folder = tempfile.mkdtemp(prefix="edgevision-bench-")
child = None
try:
    content = take(int(take(16)))
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        tar.extractall(folder)
    del content
    environment = dict(os.environ, PYTHONPATH=folder, PYTHONDONTWRITEBYTECODE="1")
    python = os.environ.get("EDGEVISION_PYTHON") or sys.executable
    child = subprocess.Popen([python, "-m", "AGENT"], cwd=folder, env=environment,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             start_new_session=True)
    output = child.stdout.fileno()
    while True:
        ready, _, _ = select.select([0, output], [], [], 60)
        if not ready or (0 in ready and not os.read(0, 4096)):
            sys.exit(1)
        if output in ready:
            text = os.read(output, 1 << 16)
            if not text:
                break
            while text:
                text = text[os.write(1, text):]
    sys.exit(child.wait())
finally:
    for name in ("SIGHUP", "SIGTERM", "SIGINT", "SIGPIPE"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    if child is not None and child.poll() is None:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    shutil.rmtree(folder, ignore_errors=True)
"""
