"""Checks by name: what each expects, and what is said where it fails."""

import re
import traceback

from huaweicloudsdkcore.exceptions.exceptions import SdkException

ID = re.compile("[0-9a-f]{32}")
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SOME = re.compile(".+")

# One check for each operation, by the vendor's name, and those of everything else, in the order of their files.
OPERATIONS = {}
OTHERS = {}


class Failed(Exception):
    """Something is not as expected."""


def operation(name):
    """Declares the check of an operation."""
    return declare(OPERATIONS, name)


def other(name):
    """Declares a check of something that is no operation."""
    return declare(OTHERS, name)


def declare(checks, name):
    def add(check):
        if name in checks:
            raise KeyError(f"{name} has two checks")
        checks[name] = check
        return check

    return add


def equal(what, actual, expected):
    """An expected pattern is to be matched by the whole of a text."""
    if isinstance(expected, re.Pattern):
        agree = isinstance(actual, str) and expected.fullmatch(actual)
        expected = expected.pattern
    else:
        agree = type(actual) is type(expected) and actual == expected
    if not agree:
        raise Failed(f"{what}: expected {expected!r}, not {actual!r}")


def fields(parsed, **expected):
    """Holds attributes of what the SDK parsed against what they are to be."""
    for name, value in expected.items():
        equal(f"{type(parsed).__name__}.{name}", getattr(parsed, name), value)


def the_one(what, found):
    """The only one of a list."""
    found = list(found)
    equal(f"number of {what}", len(found), 1)
    return found[0]


def refusal(kind, call):
    """The error that a call ends with, which is to be of this very kind."""
    try:
        answer = call()
    except SdkException as error:
        equal("kind of error", type(error).__name__, kind.__name__)
        return error
    raise Failed(f"expected {kind.__name__}, not {answer!r}")


def run(names, simulation):
    """Runs every check; returns whether all was as expected."""
    failed = []
    for name in names:
        failed += report(name, lambda: check_operation(name, simulation))
    for name in OPERATIONS.keys() - set(names):
        failed += report(name, lambda: equal("documented", False, True))
    for name, check in OTHERS.items():
        failed += report(name, lambda: check(simulation.stage()))
    print(f"failed: {', '.join(failed)}" if failed else f"{len(names)} of {len(names)}")
    return not failed


def check_operation(name, simulation):
    check = OPERATIONS.get(name)
    if check is None:
        raise Failed("there is no check of it")
    begun = len(simulation.journal())
    check(simulation.stage())
    # What shares its path with others could have come in as one of them.
    calls = simulation.journal()[begun:]
    if not any(call["operation"] == name and call["status"] in (200, 204) for call in calls):
        raise Failed(f"the simulator has answered {sorted({call['operation'] for call in calls})}")


def report(name, check):
    try:
        check()
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        frame = [frame for frame in frames if frame.filename != __file__ and "site-packages" not in frame.filename][-1:]
        where = "".join(f" ({frame.filename.rsplit('/')[-1]}:{frame.lineno})" for frame in frame)
        text = str(error) if isinstance(error, (Failed, SdkException)) else repr(error)
        print(f"FAIL {name}: {text}{where}", flush=True)
        return [name]
    print(f"ok   {name}", flush=True)
    return []
