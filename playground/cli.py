"""The commands of ``dev.py``. Standard library only until a command runs in the environment it has set up."""

from __future__ import annotations

import argparse
import io
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from playground import install
from playground.azurite import AzuriteMissing
from playground.install import Environment
from playground.linting import lint
from playground.local_settings import configured_model, missing_storage
from playground.ports import PortTaken, require_port
from playground.processes import INTERRUPTED, ChildFailed, hand_over, keep_loopback_direct
from playground.progress import say
from playground.runs import DEV, ROOT, Run, end_dead_runs, live_runs
from playground.steps import SetupFailed, Step, announce, set_up
from playground.testing import run_tests
from relay.operations.options import add_check_options, wrong_together
from relay.operations.plain import PlainParser, port, url


def main(arguments: Sequence[str]) -> int:
    """Run one command of ``dev.py`` and return its exit code."""
    options, rest = _parser().parse_known_args(arguments)
    if rest and options.command != "test":
        options.own.error(f"unrecognized arguments: {' '.join(rest)}")
    if (
        options.command == "play"
        and options.keep
        and (options.webhook or options.terminal or options.scenario)
    ):
        options.own.error(
            "--keep is for the page and a stack of its own: without --webhook, --terminal, --scenario"
        )
    if options.command == "post" and (wrong := _wrong_to_post(options)):
        options.own.error(wrong)
    if options.command == "check" and (wrong := wrong_together(options)):
        options.own.error(wrong)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe on Windows has no letters for every chat
    os.chdir(ROOT)
    os.environ.update(keep_loopback_direct(os.environ))
    # What is installed has no bytecode yet: whoever imports a module first writes it, for all others.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for process in end_dead_runs():
        say(f"ended {process.name} (pid {process.pid}), left behind by a run that was killed")
    try:
        return _run(options, list(arguments), rest)
    except KeyboardInterrupt:  # before a command has begun; those that run handle it
        say("interrupted")
        return INTERRUPTED
    except (SetupFailed, PortTaken, AzuriteMissing, ChildFailed, ValueError) as error:
        say(f"error: {error}")
        return 1


def _run(options: argparse.Namespace, arguments: list[str], rest: list[str]) -> int:
    """Modules that need installed packages are imported here, once those are there."""
    environment = Environment()
    match options.command:
        case "play":
            return _play(options, environment, arguments)
        case "test":
            return run_tests(rest, everything=options.all)
        case "lint":
            return lint(fix=options.fix)
        case "check":
            _enter(environment, arguments)
            from relay.operations.command import run_check

            return run_check(options, os.environ)
        case "post":
            _enter(environment, arguments)
            from playground.posting import post

            return post(options)
        case "services":
            _enter(
                environment,
                arguments,
                [
                    *_model(options.model, environment),
                    install.media(environment),
                    *install.storage(environment),
                ],
            )
            from playground.services import services

            return services(options.model, say)
        case "eval":
            return _evaluate(options, environment, arguments)
        case "host":
            require_port(options.port)
            _enter(environment, arguments)
            if lacking := missing_storage(os.environ):
                say(lacking)
            hand_over([sys.executable, "-m", "playground.host", "--port", str(options.port)])
        case "capture":
            require_port(options.port)
            _enter(environment, arguments)
            from playground.capture import capture

            return capture(options.port)
        case "doctor":
            from playground.doctor import examine

            return examine()
        case _:
            return _clean()


def _play(options: argparse.Namespace, environment: Environment, arguments: list[str]) -> int:
    if options.host == "func" and shutil.which("func") is None:
        raise SetupFailed(
            "--host func needs Azure Functions Core Tools on PATH: https://aka.ms/azfunc-install"
        )
    if options.scenario:
        _enter(
            environment,
            arguments,
            [install.page(environment), install.media(environment), *install.storage(environment)],
        )
        from playground.required import require_settings
        from playground.scenario.command import play_scenarios

        require_settings(options.model, options.webhook, with_bots=False)
        return play_scenarios(options.scenario, options.model, options.host, options.webhook)
    model = options.model or configured_model(os.environ)
    _enter(
        environment,
        arguments,
        [
            *_model(model, environment),
            install.page(environment),
            install.media(environment),
            *install.storage(environment),
        ],
    )
    from playground import play
    from playground.required import require_settings

    require_settings(model, options.webhook, with_bots=True)
    host = None if options.webhook else options.host
    if options.terminal:
        return play.play_in_terminal(model, host, options.webhook)
    return play.play_in_browser(model, host, options.webhook, open_browser=options.browser, keep=options.keep)


def _evaluate(options: argparse.Namespace, environment: Environment, arguments: list[str]) -> int:
    _enter(
        environment,
        arguments,
        [
            *_model(options.model, environment),
            install.languages(environment),
            install.media(environment),
            *install.storage(environment),
        ],
    )
    from playground.evaluation.command import evaluate

    return evaluate(options.files, options.model, options.runs, options.judge, options.out)


def _clean() -> int:
    """Remove what was set up. Nothing outside ``.dev`` is touched."""
    if runs := live_runs():
        say(f"still running: pid {', '.join(str(run.pid) for run in runs)}; end it first (Ctrl-C there)")
        return 1
    if not DEV.exists():
        say("nothing to remove")
        return 0
    shutil.rmtree(DEV)
    say(f"removed {DEV}")
    return 0


def _model(model: str, environment: Environment) -> list[Step]:
    return [install.tiny_model(environment)] if model == "tiny" else []


def _enter(environment: Environment, arguments: list[str], extra: Sequence[Step] = ()) -> None:
    """Set up what a command needs; goes on in the environment, so it only returns there."""
    steps = [environment.made(), install.runtime(environment), *extra]
    announce(steps)
    set_up(steps)
    if Path(sys.prefix).resolve() != environment.folder.resolve():
        hand_over([environment.python, ROOT / "dev.py", *arguments])
    Run().begin()


def _count(text: str) -> int:
    """A whole number from 1 to 100."""
    number = int(text)
    if not 1 <= number <= 100:
        raise argparse.ArgumentTypeError("must be a whole number, 1 to 100")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = PlainParser(prog="python3 dev.py", description="Everything local, in .dev/ of this checkout.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    play = commands.add_parser("play", help="start the stack and chat with the bot, in the browser")
    play.add_argument(
        "--model",
        choices=["tiny", "scripted", "settings"],
        help="default: the one in local.settings.json if set, else tiny",
    )
    play.add_argument(
        "--host", choices=["builtin", "func"], default="builtin", help="what runs the functions"
    )
    play.add_argument(
        "--webhook", metavar="URL", type=url, help="post to a host that runs already, on the example settings"
    )
    play.add_argument(
        "--keep",
        action="store_true",
        help="keep chats, groups, media and storage for the next time, in .dev/kept",
    )
    way = play.add_mutually_exclusive_group()
    way.add_argument("--terminal", action="store_true", help="chat here, in the terminal")
    way.add_argument(
        "--scenario", metavar="FILE", type=Path, nargs="+", help="play these files and say what came of it"
    )
    way.add_argument("--no-browser", dest="browser", action="store_false", help="only say where the page is")

    test = commands.add_parser(
        "test",
        help="run the tests this machine can run",
        allow_abbrev=False,
        usage="dev.py test [--all] [PYTEST ARGS]",
    )
    test.add_argument("--all", action="store_true", help="fail if a group of tests has to be left out")

    checking = commands.add_parser("check", help="show the configuration and what is wrong with it")
    add_check_options(checking)

    linting = commands.add_parser("lint", help="lint, format and types")
    linting.add_argument("--fix", action="store_true", help="mend what the tools can mend by themselves")

    posting = commands.add_parser("post", help="post a signed message as a user's, and see what comes of it")
    _add_post_options(posting)

    services = commands.add_parser("services", help="storage, model and IM server for a host of your own")
    services.add_argument("--model", choices=["tiny", "scripted"], default="tiny")

    evaluation = commands.add_parser(
        "eval", help="play scenario files several times, and say how often each went well"
    )
    evaluation.add_argument("files", metavar="FILE", type=Path, nargs="+", help="a scenario")
    evaluation.add_argument(
        "--model",
        choices=["tiny", "scripted", "settings"],
        help="what answers, instead of what each file says",
    )
    evaluation.add_argument(
        "--runs", metavar="N", type=_count, default=1, help="how often each file is played"
    )
    evaluation.add_argument(
        "--judge", metavar="ACCID", help='the bot whose model judges where a file says judge = "…"'
    )
    evaluation.add_argument(
        "--out", metavar="FILE", type=Path, help="questions and replies, as JSON lines for other evaluators"
    )

    host = commands.add_parser("host", help="only the function host")
    host.add_argument("--port", type=port, required=True, help="where it listens, on 127.0.0.1")

    capture = commands.add_parser("capture", help="show what a console posts, texts masked")
    capture.add_argument("--port", type=port, required=True, help="where it listens, on 127.0.0.1")

    commands.add_parser("doctor", help="what is missing and how to get it")
    commands.add_parser("clean", help="remove what was set up")
    for each in commands.choices.values():
        each.set_defaults(own=each)  # it knows its options when one is misspelt
    return parser


def _add_post_options(posting: argparse.ArgumentParser) -> None:
    posting.add_argument("bot", metavar="BOT", nargs="?", default="", help="its accid")
    posting.add_argument("text", metavar="TEXT", nargs="?", default="", help="what the user writes")
    posting.add_argument("--file", metavar="BODY", type=Path, help="instead: a captured body, byte for byte")
    posting.add_argument("--as", dest="sender", metavar="ACCID", default="alice", help="who writes")
    posting.add_argument("--team", metavar="ID", default="", help="in this group")
    posting.add_argument("--function", default="", help="robotInfo.function")
    posting.add_argument("--topic", default="", help="robotInfo.topic")
    posting.add_argument("--context", metavar="TEXT", default="", help="robotInfo.customContent")
    posting.add_argument("--picture", metavar="FILE|URL", default="", help="a picture; TEXT is its caption")
    posting.add_argument(
        "--input", choices=["copy", "chatbot"], default="copy", help="as which request (default: copy)"
    )
    posting.add_argument(
        "--url", type=url, help="of the webhook, with its key; else the local stack that runs"
    )
    posting.add_argument(
        "--secret", choices=["-"], help="ask for the App Secret; else it is that of the settings"
    )
    posting.add_argument("--curl", action="store_true", help="with --url: print the request, do not post it")


def _wrong_to_post(options: argparse.Namespace) -> str:
    """What is wrong with options that are right one by one; empty when nothing is."""
    if options.file and options.bot:
        return "--file is the whole message: it goes without BOT and TEXT"
    if not options.file and not (options.bot and (options.text or options.picture)):
        return "missing: BOT and TEXT, or --file BODY"
    if (options.curl or options.secret) and not options.url:
        return "--curl and --secret need --url: the local stack has a secret of its own"
    return ""
