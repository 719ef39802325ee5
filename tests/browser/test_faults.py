"""What goes wrong on the way: the visitor keeps an image, and the next attempt succeeds."""

import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from file_server import GONE, HALF, LATE, WRONG, FileServer, serving
from raisr.images.reading import read_photo
from raisr.search.search import search
from raisr.search.settings import Settings
from raisr_decoder.bank import shipped_path
from raisr_decoder.metadata import carries_metadata, parse
from raisr_web.pictures import STATIC
from support import SAMPLES

# Put another element on the page; resolve to its first `load` or `error` event.
DECODE = """(address) => new Promise((resolve) => {
  const element = document.createElement("raisr-img");
  for (const type of ["load", "error"]) {
    element.addEventListener(type, (event) => resolve({ type, ...event.detail }));
  }
  element.setAttribute("src", address);
  document.body.prepend(element);
})"""
SHOWS_AN_IMAGE = """async (element) => {
  const { image } = element;
  image.loading = "eager";
  await image.decode();
  return element.decoded || getComputedStyle(image).opacity === "1";
}"""
KEPT = """async (names) => {
  const kept = await (await caches.open("raisr")).keys();
  return names.every((name) => kept.some(({ url }) => url.endsWith(name)));
}"""
SHOW = """(address) => {
  const image = new Image();
  image.src = address;
  document.body.append(image);
  return image.decode();
}"""
MORTAL_WORKER = """
  import "./worker.js?real";
  new BroadcastChannel("faults").addEventListener("message", ({ data }) => {
    if (data === "vanish") self.close();
    else throw new Error("a fault of the test");
  });
"""
# Firefox does not tell of half a module of a worker: that the worker is silent does.
IMPATIENT_CLIENT = (STATIC / "client.js").read_text().replace("= 60_000", "= 15_000")
# Resolve when what the worker had painted is painted anew.
FAIL = """() => new Promise((resolve) => {
  document.querySelector("raisr-img").addEventListener("load", () => resolve(), { once: true });
  new BroadcastChannel("faults").postMessage("fail");
})"""
VANISH = "() => new BroadcastChannel('faults').postMessage('vanish')"
PHOTO = "photos/two-dogs.jpg"
# Pieces of the runtime; of each row one is asked for when the one before it has arrived whole.
RUNTIME = [
    ["decoding.js", "python.js", "index.js", "pyodide.mjs", "pyodide.asm.js"],
    ["worker.js", "packages.tar"],
    ["banks.js", "standard.zip"],
    ["pyodide.asm.wasm"],
    ["pyodide-lock.json"],
]


@pytest.fixture(scope="module")
def shared_server(site: Path) -> Iterator[FileServer]:
    with serving(site) as server:
        yield server


@pytest.fixture
def server(shared_server: FileServer) -> FileServer:
    shared_server.reset()
    return shared_server


@pytest.fixture
def blank(page: Page, server: FileServer) -> Page:
    """A page that shows nothing yet."""
    page.goto(f"{server.address}/blank.html")
    return page


def know_the_element(page: Page) -> None:
    page.add_script_tag(url="/raisr/raisr-img.js", type="module")


def assert_an_image_shows(page: Page) -> None:
    assert page.locator("raisr-img").first.evaluate(SHOWS_AN_IMAGE)


@pytest.fixture(scope="module")
def warm(shared_page: Page, shared_server: FileServer) -> Page:
    """A page for several tests, whose worker has started Python."""
    shared_server.reset()
    shared_page.goto(f"{shared_server.address}/blank.html")
    know_the_element(shared_page)
    assert shared_page.evaluate(DECODE, PHOTO)["type"] == "load"
    return shared_page


@pytest.fixture(scope="module")
def payloads(warm: Page, site: Path) -> Iterator[Path]:
    """Payloads that the page has not seen yet, each of which needs a bank that no other needs."""
    assert warm
    found = sorted((site / "vectors").glob("*.*"))
    banks = {
        parse(content).bank: path
        for path in found
        if carries_metadata(content := path.read_bytes())
    }
    banks.pop(None)
    return iter(banks.values())


@pytest.fixture
def payload(payloads: Iterator[Path]) -> str:
    """The address of a payload that the page has not seen yet."""
    return f"vectors/{next(payloads).name}"


@pytest.fixture
def bank(site: Path, payload: str) -> str:
    """The name of the bank that the payload asks for."""
    return f"{parse((site / payload).read_bytes()).bank}.bank"


@pytest.fixture
def mortal_worker(page: Page) -> None:
    """The page's worker also listens to tests."""
    page.route(
        "**/worker.js",
        lambda route: route.fulfill(body=MORTAL_WORKER, content_type="text/javascript"),
    )


@pytest.mark.parametrize(
    ("names", "fault"),
    [*((names, HALF) for names in RUNTIME), (["worker.js", "index.js", "pyodide-lock.json"], GONE)],
)
def test_a_piece_of_the_runtime_that_does_not_arrive_is_fetched_again(
    blank: Page, server: FileServer, names: list[str], fault: str
) -> None:
    blank.route(
        "**/client.js",
        lambda route: route.fulfill(body=IMPATIENT_CLIENT, content_type="text/javascript"),
    )
    know_the_element(blank)
    for name in names:
        server.faults[name, fault] = 1
    for number, name in enumerate(names, start=1):
        event = blank.evaluate(DECODE, PHOTO)
        assert not server.faults[name, fault]
        assert server.faults.total() == len(names) - number
        assert_an_image_shows(blank)
        assert event["type"] == "load" or event["kind"] in {"RuntimeUnavailable", "WorkerFailed"}
    assert blank.evaluate(DECODE, PHOTO)["type"] == "load"


@pytest.mark.parametrize("fault", [HALF, WRONG, GONE])
def test_a_bank_that_arrives_badly_once_is_fetched_again(
    warm: Page, server: FileServer, payload: str, bank: str, fault: str
) -> None:
    server.faults[bank, fault] = 1
    assert warm.evaluate(DECODE, payload)["type"] == "load"
    assert server.sent[bank] == 2


@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        # Firefox takes what has arrived for the whole.
        (HALF, {"FetchError", "BankMismatch"}),
        (WRONG, {"BankDamaged", "BankMismatch"}),
        (GONE, {"FetchError"}),
    ],
)
def test_a_bank_that_is_bad_for_a_while_is_fetched_again(
    warm: Page, server: FileServer, payload: str, bank: str, fault: str, kinds: set[str]
) -> None:
    server.faults[bank, fault] = -1
    event = warm.evaluate(DECODE, payload)
    assert event["kind"] in kinds
    assert_an_image_shows(warm)
    server.faults.clear()
    assert warm.evaluate(DECODE, payload)["type"] == "load"


def test_a_payload_that_breaks_off_is_fetched_again(
    warm: Page, server: FileServer, payload: str
) -> None:
    server.faults[Path(payload).name, HALF] = 2
    assert warm.evaluate(DECODE, payload)["type"] == "load"
    assert not server.faults.total()


@pytest.mark.usefixtures("mortal_worker")
def test_a_worker_that_fails_is_replaced_and_paints_anew_what_it_had_painted(blank: Page) -> None:
    know_the_element(blank)
    assert blank.evaluate(DECODE, PHOTO)["type"] == "load"
    blank.evaluate(FAIL)
    assert_an_image_shows(blank)
    assert blank.evaluate(DECODE, "photos/dandelions.jpg")["type"] == "load"


@pytest.mark.usefixtures("mortal_worker")
def test_a_worker_that_has_vanished_is_replaced(page: Page, server: FileServer) -> None:
    page.clock.install()
    page.goto(f"{server.address}/one.html")
    page.locator("raisr-img[decoded]").wait_for()
    page.evaluate(VANISH)
    # In braces, or the answer would be waited for.
    page.evaluate(f"() => {{ window.second = ({DECODE})('{PHOTO}'); }}")
    page.wait_for_timeout(1000)
    page.clock.fast_forward(61_000)
    event = page.evaluate("window.second")
    assert (event["type"], event["kind"]) == ("error", "WorkerFailed")
    assert_an_image_shows(page)
    assert page.evaluate(DECODE, PHOTO)["type"] == "load"


def test_an_image_that_takes_too_much_memory_harms_no_other(blank: Page) -> None:
    # Python itself runs out of memory, at the second of three images.
    greedy = """
      import { startPython as start } from "./python.js?real";
      let images = 0;
      const hoard = [];
      export async function startPython() {
        const decoder = await start();
        const { describe, np } = decoder;
        const greedy = (payload) => {
          for (images += 1; images === 2; ) hoard.push(np.ones(2 ** 24));
          return describe(payload);
        };
        return new Proxy({}, { get: (_, name) => (name === "describe" ? greedy : decoder[name]) });
      }
    """
    blank.route(
        "**/python.js", lambda route: route.fulfill(body=greedy, content_type="text/javascript")
    )
    know_the_element(blank)
    assert blank.evaluate(DECODE, PHOTO)["type"] == "load"
    event = blank.evaluate(DECODE, "photos/dandelions.jpg")
    assert (event["type"], event["kind"]) == ("error", "MemoryError")
    assert_an_image_shows(blank)
    blank.locator("raisr-img[src*='two-dogs'][decoded]").wait_for()


# Only Chromium lets tests say how much there is.
@pytest.mark.only_browser("chromium")
def test_pages_work_where_there_is_no_room_to_keep_them(
    context: BrowserContext, server: FileServer
) -> None:
    page = context.new_page()
    tools = context.new_cdp_session(page)
    quota = {"origin": server.address, "quotaSize": 100_000}
    tools.send("Storage.overrideQuotaForOrigin", quota)
    page.goto(f"{server.address}/offline.html")
    page.locator("raisr-img[decoded]").wait_for()
    tools.send("Storage.overrideQuotaForOrigin", {"origin": server.address})
    page.goto(f"{server.address}/offline.html")
    page.locator("raisr-img[decoded]").wait_for()
    # Once more: what the first visit could not keep may have made room a moment ago.
    page.reload()
    page.wait_for_function(KEPT, arg=["client.js", "pyodide.asm.wasm", "two-dogs.jpg"])
    context.set_offline(True)
    page.goto(f"{server.address}/offline.html")
    page.locator("raisr-img[decoded]").wait_for()


def test_two_tabs_do_not_disturb_each_other(context: BrowserContext, server: FileServer) -> None:
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{server.address}/offline.html", wait_until="commit")
    for tab in tabs:
        tab.bring_to_front()
        tab.locator("raisr-img[decoded]").wait_for()
    tabs[0].close()
    assert tabs[1].evaluate(DECODE, "photos/dandelions.jpg")["type"] == "load"


def test_a_tab_that_was_on_its_way_before_pages_were_kept_decodes(
    context: BrowserContext, server: FileServer
) -> None:
    server.faults[LATE, "offline.html"] = 1
    late, early = context.new_page(), context.new_page()
    late.goto(f"{server.address}/blank.html")
    with late.expect_request("**/offline.html"):
        late.evaluate("() => { location.href = 'offline.html' }")
    early.goto(f"{server.address}/offline.html")
    early.locator("raisr-img[decoded]").wait_for()
    server.go_on.set()
    late.bring_to_front()
    late.locator("raisr-img[decoded]").wait_for()
    assert late.evaluate("() => navigator.serviceWorker.controller !== null")


# Only Chromium lets tests reload as visitors do with the shift key.
@pytest.mark.only_browser("chromium")
def test_a_page_reloaded_without_what_was_kept_decodes(
    page: Page, context: BrowserContext, server: FileServer
) -> None:
    page.goto(f"{server.address}/offline.html")
    page.locator("raisr-img[decoded]").wait_for()
    with page.expect_event("load"):
        context.new_cdp_session(page).send("Page.reload", {"ignoreCache": True})
    page.locator("raisr-img[decoded]").wait_for()


def test_a_photograph_encoded_anew_with_another_bank_replaces_the_one_that_was_kept(
    page: Page, site: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "site"
    shutil.copytree(site, changed)
    with serving(changed) as server:
        page.goto(f"{server.address}/blank.html")
        know_the_element(page)
        page.evaluate(SHOW, PHOTO)
        before = parse((changed / PHOTO).read_bytes()).bank
        settings = Settings("jpeg", Fraction(3, 2), quality=30)
        photo = read_photo(SAMPLES / "two-dogs.jpg")[400:800, 200:500]
        payload = search(photo, settings).payload
        bank = parse(payload).bank
        assert bank not in {None, before}
        (changed / PHOTO).write_bytes(payload)
        (changed / f"raisr/banks/{before}.bank").unlink()
        shutil.copy(shipped_path(str(bank)), changed / "raisr/banks")
        event = page.evaluate(DECODE, PHOTO)
        assert (event["type"], event["bank"]) == ("load", bank)
