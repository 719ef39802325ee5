"""The commands `raisr serve` and `raisr export`."""

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
    help="Keeps what is encoded and decoded here.",
)
@click.option(
    "--references",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Photographs that the payloads were made of, to measure what those save.",
)
def serve(folder: Path, port: int, cache: Path | None, references: Path | None) -> None:
    """Serve a folder as a gallery.

    Photographs are encoded once; browsers decode what they are sent.
    """
    from raisr_web import server
    from raisr_web.app import create_app

    require_runtime()
    config = {
        "RAISR_PHOTOS": folder,
        "RAISR_REFERENCES": references,
        # Another site's page that resolves its own name to this machine (DNS rebinding) is refused.
        "TRUSTED_HOSTS": ["127.0.0.1", "localhost"],
    }
    app = create_app(config if cache is None else {**config, "RAISR_CACHE": cache})
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise click.ClickException(
            f"port {port} cannot be used ({error.strerror}): choose another with --port"
        ) from error
    with listener, server.stop_signals() as stopped:
        address = "http://{}:{}/".format(*listener.getsockname())
        click.echo(f"Serving {folder} at {address} (stop with Ctrl-C)")
        server.serve(app, listener, stopped)
    app.extensions["raisr-trials"].close()


@click.command()
@click.argument("photos", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "-o",
    "--output",
    "site",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the site.",
)
def export(photos: Path, site: Path) -> None:
    """Write a gallery as plain files.

    \b
    raisr export photographs/ -o site/
    python -m http.server --directory site
    """
    import platformdirs

    from raisr.cli.output import fail_with, progress_bar
    from raisr_web import export as exporting
    from raisr_web.runtime import FOLDER

    require_runtime()
    cache = platformdirs.user_cache_path("raisr")
    with progress_bar() as progress:
        exported = exporting.export(
            photos, site, cache, FOLDER, lambda done, total: progress("images", done, total)
        )
    images = "1 image" if exported.images == 1 else f"{exported.images} images"
    click.echo(f"{site}: {images}; any web server can serve this folder")
    fail_with(exported.failures)


def require_runtime() -> None:
    """Say what to do when there is no runtime."""
    from raisr_web.runtime import FOLDER, INDEX

    if not (FOLDER / INDEX).exists():
        raise click.ClickException("the Python runtime of the page is missing: run `make setup`")
