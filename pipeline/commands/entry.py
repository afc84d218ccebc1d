"""A command line, run in this process: by the short way where it trains or evaluates, else by the whole one."""

from pipeline.commands.guard import guarded


def run(arguments: list[str]) -> int:
    """Run a command; the exit code. Bad input is one line on standard error and exit code 2."""
    return guarded(lambda: _run(arguments))


def _run(arguments: list[str]) -> int:
    from pipeline.commands import jobs

    code = jobs.run(arguments)
    if code is None:
        from pipeline.commands.cli import run as run_any

        code = run_any(arguments)
    return code
