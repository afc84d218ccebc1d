"""A command line, run in this process: by the short way where it trains or evaluates, else by the whole one."""


def run(arguments: list[str]) -> int:
    """Run a command; the exit code."""
    from pipeline.commands import jobs

    code = jobs.run(arguments)
    if code is None:
        from pipeline.commands.cli import run as run_any

        code = run_any(arguments)
    return code
