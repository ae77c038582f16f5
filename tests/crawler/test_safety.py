"""Hostile servers: one test for every promise of docs/safety.md."""

import gzip
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crawler.budgets import MAX_URL, PER_PATH, PER_PREFIX, Budgets
from crawler.crawl import NoContact
from crawler.crawl import crawl as prepare
from crawler.guard import BadOptionError, Guard, is_public
from tests.crawler.conftest import Crawl, Played
from tests.site import HTML, PAPER, XML, Answer, Server, address, congluan, index, urlset
from tests.stories import BRIDGE, HYDROGEN, STORIES

NOW = datetime.now(UTC)
TRAP = "http://trap.example"
QUICK = {"DOWNLOAD_TIMEOUT": 2, "CONCURRENT_REQUESTS_PER_DOMAIN": 16}
GOOD = Answer.of("<html><body><h1>Một bài báo bình thường</h1><p>Nội dung.</p></body></html>")


def drip(connection: socket.socket) -> None:
    """A body of which one byte comes every tenth of a second."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.1)


def flood(connection: socket.socket) -> None:
    """Headers without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(200_000):
        connection.sendall(b"X-Header-%d: %s\r\n" % (number, b"y" * 500))


def folded(connection: socket.socket) -> None:
    """One header that is continued without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: a\r\n")
    for _ in range(200_000):
        connection.sendall(b" %s\r\n" % (b"y" * 500))


def silent(_: socket.socket) -> None:
    """Nothing for a while, then the end."""
    time.sleep(6)


def garbage(connection: socket.socket) -> None:
    connection.sendall(b"\x00\x01\x02 this is not HTTP\r\n\r\n")


def endless(connection: socket.socket) -> None:
    """A chunked body that says nothing of its length."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    block = b"%x\r\n%s\r\n" % (65536, b"z" * 65536)
    for _ in range(1000):
        connection.sendall(block)


def bomb() -> bytes:
    """20 MiB that weigh 20 kB."""
    return gzip.compress(b"<html>" + b" " * (20 << 20), mtime=0)


def moved(to: str, status: int = 302) -> Answer:
    return Answer(status=status, headers=(("Location", to),))


HOSTILE: dict[str, tuple[Answer, str]] = {
    "bai-viet-co-than-qua-lon-de-nhan": (Answer(b"x" * (9 << 20)), "rejected/too_large"),
    "bai-viet-dai-vo-tan-khong-biet-bao-gio-het": (Answer(raw=endless), "rejected/too_large"),
    "bom-nen-phinh-to-gap-nghin-lan": (
        Answer(bomb(), headers=(("Content-Encoding", "gzip"),)),
        "rejected/too_large",
    ),
    "bom-nen-hai-lop-cung-khong-lot-qua": (
        Answer(zlib.compress(b" " * (30 << 20)), headers=(("Content-Encoding", "deflate"),)),
        "rejected/too_large",
    ),
    "tieu-de-http-nhieu-khong-dem-xue": (Answer(raw=flood), "failed/headers"),
    "mot-tieu-de-http-keo-dai-mai-mai": (Answer(raw=folded), "failed/headers"),
    "nho-giot-tung-byte-mot-moi-giay": (Answer(raw=drip), "failed/timeout"),
    "im-lang-khong-tra-loi-gi-het-ca": (Answer(raw=silent), "failed/timeout"),
    "khong-phai-la-giao-thuc-http-dau": (Answer(raw=garbage), "failed/connection"),
    "dut-giua-chung-khi-dang-gui-bai": (Answer(b"<html>", cut=True), "failed/cut_off"),
    "vong-chuyen-huong-khong-loi-thoat": (moved(f"{TRAP}/vong-chuyen-huong-khong-loi-thoat"), "failed/redirects"),
    "chuyen-huong-sang-trang-nguoi-khac": (moved("http://other.example/a"), "failed/offsite"),
    "chuyen-huong-ve-may-noi-bo-cua-ta": (moved("http://127.0.0.1:1/quan-tri"), "failed/offsite"),
    "chuyen-huong-den-tap-tin-mat-khau": (moved("file:///etc/passwd"), "failed/redirects"),
    "chuyen-huong-khong-noi-di-dau-ca": (Answer(status=302), "failed/redirects"),
    "bai-da-xoa-bi-dua-ve-trang-dau": (moved(f"{TRAP}/"), "rejected/gone"),
    "tai-lieu-pdf-chu-khong-phai-bai-bao": (Answer(b"%PDF-1.7", kind="application/pdf"), "rejected/not_html"),
    "bai-viet-khong-con-ton-tai-tren-trang": (Answer(status=404), "rejected/gone"),
    "may-chu-hong-lien-tuc-suot-ca-ngay": (Answer(status=500), "failed/http_500"),
    "bai-cam-thu-thap-theo-robots-txt": (GOOD, "rejected/robots"),
    "mot-bai-bao-binh-thuong-o-cuoi-cung": (GOOD, "stored"),
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Played]]:
    """One crawl of all of them, so that each also shows that the others go on."""
    from tests.crawler.conftest import finish, start

    pages = {f"{TRAP}/{path}": answer for path, (answer, _) in HOSTILE.items()}
    pages[f"{TRAP}/"] = Answer.of("<html>front page</html>", headers=(("Set-Cookie", "id=1; Path=/"),))
    pages[f"{TRAP}/robots.txt"] = Answer.of("User-agent: copydesk\nDisallow: /bai-cam\n", "text/plain")
    data = tmp_path_factory.mktemp("hostile")
    with Server(pages) as server:
        yield server, finish(start(server, data, urls=list(pages)[:-2], settings=QUICK), data)


@pytest.mark.parametrize("path", list(HOSTILE))
def test_a_hostile_page_costs_itself_and_nothing_else(hostile: tuple[Server, Played], path: str) -> None:
    _, played = hostile
    assert played.outcomes()[f"{TRAP}/{path}"] == HOSTILE[path][1]


def test_what_robots_txt_disallows_is_never_asked_for(hostile: tuple[Server, Played]) -> None:
    server, _ = hostile
    assert not [path for path in server.paths if "/bai-cam" in path]


def test_no_cookie_is_ever_sent_and_no_referrer(hostile: tuple[Server, Played]) -> None:
    server, _ = hostile
    assert not [request for request in server.requests if {"cookie", "referer"} & set(request.headers)]


def test_no_port_is_opened(hostile: tuple[Server, Played]) -> None:
    _, played = hostile
    assert played.result["listening"] == []


def test_every_page_is_given_up_after_five_redirects(hostile: tuple[Server, Played]) -> None:
    server, _ = hostile
    assert len([path for path in server.paths if "vong-chuyen-huong" in path]) == 6


# -- addresses ------------------------------------------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.127.255.255", "198.18.0.1", "192.0.2.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:101::1", "not-an-address", "",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.215.14", "103.221.220.10", "2606:4700::1111", "64:ff9b::101:101", "::ffff:1.1.1.1"]


@pytest.mark.parametrize("ip", PRIVATE)
def test_no_private_address_is_public(ip: str) -> None:
    assert not is_public(ip)
    assert not Guard().permits(ip, 80)


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are(ip: str) -> None:
    assert Guard().permits(ip, 443)
    assert not Guard(public=False).permits(ip, 443)


def test_an_option_names_host_and_port() -> None:
    guard = Guard.parse(["127.0.0.1:8000", "[::1]:8001", "Paper.example=127.0.0.1:8002"])
    assert guard.permits("127.0.0.1", 8000)
    assert guard.permits("::1", 8001)
    assert not guard.permits("127.0.0.1", 8001)
    assert not guard.permits("127.0.0.2", 8000)
    assert guard.mapped == {"paper.example": ("127.0.0.1", 8002)}


@pytest.mark.parametrize(
    "option", ["127.0.0.1", "8000", "127.0.0.1:0", "127.0.0.1:99999", "paper.example:80", "a=b=c:1", ""]
)
def test_an_option_that_does_not_is_refused(option: str) -> None:
    with pytest.raises(BadOptionError):
        Guard.parse([option])


NOTATIONS = [
    "127.0.0.1",
    "localhost",
    "2130706433",
    "127.1",
    "0177.0.0.1",
    "0x7f.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
]


def test_loopback_is_refused_in_every_notation_unless_host_and_port_are_named(crawl: Crawl, tmp_path: Path) -> None:
    slug = "mot-bai-bao-binh-thuong-tren-may-nha"
    with Server({f"http://127.0.0.1/{slug}": GOOD}) as server, Server({}) as other:
        asked = [f"http://{name}:{server.port}/{slug}" for name in NOTATIONS]
        refused = crawl(None, urls=asked, contact="test@example.org")
        wrong_port = crawl(None, data=tmp_path / "b", urls=asked[:1], allow_addresses=[f"127.0.0.1:{other.port}"])
        before = list(server.requests)
        allowed = crawl(None, data=tmp_path / "c", urls=asked[:1], allow_addresses=[f"127.0.0.1:{server.port}"])
    assert set(refused.outcomes().values()) == {"failed/robots_unreachable"}
    assert set(wrong_port.outcomes().values()) == {"failed/robots_unreachable"}
    assert before == []
    assert allowed.outcomes() == {asked[0]: "stored"}


def test_robots_and_sitemaps_and_feeds_lead_to_no_other_host(crawl: Crawl) -> None:
    with Server({}) as inside:
        secret = f"http://127.0.0.1:{inside.port}"
        pages = congluan(NOW)
        pages[f"{PAPER}/robots.txt"] = Answer.of(f"User-agent: *\nSitemap: {secret}/a.xml\n", "text/plain")
        pages[f"{PAPER}/sitemap.xml"] = Answer.of(index([(f"{secret}/b.xml", NOW), ("file:///etc/passwd", NOW)]), XML)
        pages[f"{PAPER}/sitemap-news.xml"] = Answer.of(
            urlset([(f"{secret}/mot-bai-bao-o-trong-nha-post1.html", NOW), (address(BRIDGE), NOW)]), XML
        )
        pages[f"{PAPER}/rss/kinh-te.rss"] = moved(f"{secret}/c.rss")
        pages[address(BRIDGE)] = moved(f"{secret}/d")
        with Server(pages) as server:
            played = crawl(server, names=["congluan"])
        assert inside.requests == []
    assert played.outcomes()[address(BRIDGE)] == "failed/offsite"


def test_a_robots_txt_that_redirects_inside_is_unreachable(crawl: Crawl) -> None:
    with Server({}) as inside:
        pages = congluan(NOW)
        pages[f"{PAPER}/robots.txt"] = moved(f"http://127.0.0.1:{inside.port}/robots.txt")
        with Server(pages) as server:
            played = crawl(server, names=["congluan"])
        assert inside.requests == []
    assert played.rows == []
    assert server.paths == ["congluan.vn/robots.txt"]


# -- XML ------------------------------------------------------------------------------------------------------------------

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><urlset><url><loc>&j;</loc></url></urlset>"
)


def test_xml_entities_are_neither_expanded_nor_fetched(crawl: Crawl) -> None:
    with Server({}) as inside:
        external = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:{inside.port}/e">]><urlset>&e;</urlset>'
        pages = congluan(NOW)
        pages[f"{PAPER}/sitemap.xml"] = Answer.of(LAUGHS, XML)
        pages[f"{PAPER}/sitemap-news.xml"] = Answer.of(external, XML)
        with Server(pages) as server:
            played = crawl(server, names=["congluan"])
        assert inside.requests == []
    failures = " ".join(played.result["failures"])
    assert f"sitemap {PAPER}/sitemap.xml: entities" in failures
    assert f"sitemap {PAPER}/sitemap-news.xml: entities" in failures
    assert address(STORIES[0]) in played.outcomes()  # the sections are still there


# -- traps ----------------------------------------------------------------------------------------------------------------


class Endless(Server):
    """Every sitemap names two more, every section page has a next one."""

    def _answer(self, handler: object) -> None:
        path = handler.path  # type: ignore[attr-defined]
        if path.startswith("/sitemap"):
            children = [(f"{PAPER}{path.removesuffix('.xml')}-{n}.xml", NOW) for n in "ab"]
            self.put(f"{PAPER}{path}", Answer.of(index(children), XML))
        elif path.startswith("/xe"):
            number = int(path.rpartition("-")[2]) + 1 if "-" in path else 2
            links = f'<a href="/mot-bai-bao-moi-trong-lich-vo-tan-post{number}.html">x</a><a rel="next" href="/xe/trang-{number}">›</a>'
            self.put(f"{PAPER}{path}", Answer.of(links))
        super()._answer(handler)  # type: ignore[arg-type]


def test_endless_sitemaps_and_pages_come_to_an_end(crawl: Crawl) -> None:
    with Endless({f"{PAPER}/robots.txt": Answer.of("", "text/plain")}) as server:
        crawl(server, names=["congluan"])
    assert len([path for path in server.paths if "/sitemap" in path]) == 2 * (1 + 2 + 4 + 8)
    assert len([path for path in server.paths if "/xe" in path]) <= 5


def test_calendars_facets_sessions_and_loops_run_out_of_budget() -> None:
    budgets = Budgets()
    days = [f"https://a.vn/lich/{2000 + n // 365}/{n % 365}" for n in range(PER_PREFIX + 50)]
    assert sum(not budgets.spend(url, listing=True) for url in days) == PER_PREFIX
    facets = [f"https://b.vn/tin?mau={n}" for n in range(PER_PATH + 5)]
    assert sum(not budgets.spend(url, listing=False) for url in facets) == PER_PATH
    assert budgets.spend("https://c.vn/" + "a/b/" * 5, listing=False)
    assert budgets.spend("https://c.vn/" + "/".join(f"s{n}" for n in range(20)), listing=False)
    assert budgets.spend("https://c.vn/" + "x" * MAX_URL, listing=False)
    assert not budgets.spend("https://c.vn/2026/11/24/mot-bai-bao.html", listing=False)


def test_a_server_full_of_traps_is_asked_no_more_than_the_budgets_allow(crawl: Crawl) -> None:
    site = "http://bay.example"
    good = f"{site}/mot-bai-bao-binh-thuong-giua-nhung-cai-bay"
    facets = [f"{site}/mot-bai-bao-co-rat-nhieu-mat-khac-nhau?mau={n}" for n in range(PER_PATH + 10)]
    loop = f"{site}/{'tin/moi/' * 5}mot-bai-bao-trong-duong-dan-lap-lai-mai"
    long = f"{site}/mot-bai-bao-co-dia-chi-{'rat-' * 300}dai"
    days = [f"{site}/lich/{n}.xml" for n in range(PER_PREFIX + 10)]
    pages = dict.fromkeys([good, *facets, loop, long], GOOD) | {
        f"{site}/robots.txt": Answer.of(f"Sitemap: {site}/bai.xml\nSitemap: {site}/lich.xml\n", "text/plain"),
        f"{site}/bai.xml": Answer.of(urlset([(url, NOW) for url in [*facets, loop, long, good]]), XML),
        f"{site}/lich.xml": Answer.of(index([(day, NOW) for day in days]), XML),
        **dict.fromkeys(days, Answer.of(urlset([]), XML)),
    }
    with Server(pages) as server:
        played = crawl(server, urls=[f"{site}/"], settings={"CONCURRENT_REQUESTS_PER_DOMAIN": 16})
    outcomes = played.outcomes()
    assert sorted(outcomes[url] for url in facets) == ["rejected/budget"] * 10 + ["stored"] * PER_PATH
    assert (outcomes[loop], outcomes[long], outcomes[good]) == ("rejected/budget", "rejected/budget", "stored")
    assert len([path for path in server.paths if "?mau=" in path]) == PER_PATH
    assert len([path for path in server.paths if "/lich/" in path]) == PER_PREFIX


# -- TLS ------------------------------------------------------------------------------------------------------------------


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def test_a_certificate_nobody_vouches_for_is_refused(crawl: Crawl, tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    context = self_signed(tmp_path)
    handshakes: list[str] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as secure:
                    handshakes.append(secure.recv(1000).decode("latin-1"))
            except ssl.SSLError:
                continue
            except OSError:
                return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    url = f"https://127.0.0.1:{port}/mot-bai-bao-sau-chung-chi-gia"
    played = crawl(None, urls=[url], allow_addresses=[f"127.0.0.1:{port}"])
    listener.close()
    assert [request for request in handshakes if request] == []
    assert played.outcomes() == {url: "failed/robots_unreachable"}
    assert "certificate verify failed" in played.result["failures"][0]


# -- contact --------------------------------------------------------------------------------------------------------------


def test_without_a_contact_nothing_is_asked_of_the_real_network(tmp_path: Path) -> None:
    with pytest.raises(NoContact, match="COPYDESK_CONTACT"):
        prepare(["congluan"], data=tmp_path, run=None)


def test_without_a_contact_only_what_is_named_is_connected_to(crawl: Crawl) -> None:
    with Server({}) as server:
        url = "http://1.1.1.1/mot-bai-bao-o-ngoai-mang-that"
        played = crawl(server, urls=[url], allow_addresses=[f"127.0.0.1:{server.port}"])
    assert played.outcomes() == {url: "failed/robots_unreachable"}
    assert "1.1.1.1 is 1.1.1.1" in played.result["failures"][0]


def test_the_user_agent_says_how_to_reach_us(crawl: Crawl) -> None:
    with Server(congluan(NOW)) as server:
        crawl(server, urls=[address(HYDROGEN)], contact="desk@example.org")
    agents = {request.headers["user-agent"] for request in server.requests}
    assert len(agents) == 1
    assert agents.pop().endswith(" (+desk@example.org)")


# -- rights ---------------------------------------------------------------------------------------------------------------


def test_noarchive_pages_are_kept_out_of_the_archive(crawl: Crawl, tmp_path: Path) -> None:
    text = "khong-luu-ban-nay"
    meta = f'<html><head><meta name="robots" content="index, noarchive"></head><body>{text}</body></html>'
    packed = gzip.compress(meta.encode())
    pages = {
        f"{TRAP}/bai-khong-cho-luu-tru-trong-meta": Answer.of(meta),
        f"{TRAP}/bai-khong-cho-luu-tru-trong-meta-nen": Answer(packed, headers=(("Content-Encoding", "gzip"),)),
        f"{TRAP}/bai-khong-cho-luu-tru-trong-header": Answer.of(text, HTML, headers=(("X-Robots-Tag", "noarchive"),)),
        f"{TRAP}/bai-cho-luu-tru-binh-thuong-thoi": GOOD,
    }
    with Server(pages) as server:
        played = crawl(server, urls=list(pages))
    assert set(played.outcomes().values()) == {"stored"}
    archived = {row["url"] for row in played.rows if row["archive_file"]}
    assert archived == {f"{TRAP}/bai-cho-luu-tru-binh-thuong-thoi"}
    raw = b"".join(gzip.decompress(path.read_bytes()) for path in (tmp_path / "data" / "raw").iterdir())
    assert text.encode() not in raw
    assert packed not in raw
