"""The commands `raisr serve` and `raisr runtime`."""

import socket
from pathlib import Path

import click

# What the commands need is imported when one of them runs, not with every `raisr` command.


@click.command()
@click.argument(
    "folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=Path()
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="0: any free one.",
)
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where payloads of ordinary photographs are kept.",
)
def serve(folder: Path, port: int, cache: Path | None) -> None:
    """Show a folder of photographs, restored in the browser."""
    import waitress

    from raisr_web.app import create_app
    from raisr_web.runtime import FOLDER, INDEX

    if not (FOLDER / INDEX).exists():
        raise click.ClickException("the Python runtime of the page is missing: run `raisr runtime`")
    # A page elsewhere that points a name of its own at this machine gets nothing.
    config = {"PHOTOS": folder, "TRUSTED_HOSTS": ["127.0.0.1", "localhost"]}
    app = create_app(config if cache is None else {**config, "CACHE": cache})
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise click.ClickException(
            f"port {port} cannot be used ({error.strerror}): choose another with --port"
        ) from error
    with listener:
        address = "http://{}:{}/".format(*listener.getsockname())
        click.echo(f"Serving {folder} at {address} (stop with Ctrl-C)")
        waitress.create_server(app, sockets=[listener], threads=16).run()


@click.command()
@click.option(
    "--wheels",
    envvar="RAISR_WHEELS",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with NumPy's wheel for Pyodide, tried before any download.",
)
def runtime(wheels: Path | None) -> None:
    """Assemble the Python runtime that pages load."""
    from raisr_web.errors import WebError
    from raisr_web.runtime import FOLDER, assemble

    try:
        assemble(Path(__file__).parents[2], wheels=wheels)
    except WebError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The runtime is ready in {FOLDER}")
