"""A seller in real processes: tenond with one tenant, and the ad server's stand-in. Both may be killed."""
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import shutil
import socket
import sys
import tempfile
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from programs import Failed, Programs, expect, get_json, wait_until  # pylint: disable=wrong-import-position

NETWORK = "123456"
KEY = "crash"
PACKAGES = 2

# Nothing here is about quotas; a buy that is submitted is gone on with soon.
TENANTS = {
    "gam": """\
network_code = "%(network)s"
advertiser_id = "555"
trafficker_id = "77"
service_account = { file = "%(keys)s/sa-%(network)s.json" }
api_base = "%(upstream)s/v1"
%(calm)s
%(product)s
ad_unit_ids = ["99"]
""",
    "kevel": """\
api_key = { file = "%(keys)s/kevel-%(key)s.key" }
api_base = "%(upstream)s/kevel/v1"
advertiser_id = %(advertiser)d
%(calm)s
%(product)s
priority_id = %(priority)d
places = [{ site_id = %(site)d, zone_id = %(zone)d }]
""",
}
CALM = "requests_per_second = 0\nresume_after_seconds = 0.5\n"
PRODUCT = """\
[[settings.products]]
product_id = "sports"
delivery_type = "guaranteed"
format_ids = [{ agent_url = "https://creative.adcontextprotocol.org", id = "display_300x250" }]
pricing_options = [{ pricing_option_id = "fixed", pricing_model = "cpm", currency = "USD", rate = 10.0 }]"""
CONFIG = """\
[host]
plugin_dirs = ["plugins"]
store_dir = "store"
state_dir = "state"
[cache]
cold_start = "coalesce"
[server]
port = 0
port_file = "tenond.port"
%(server)s
[principals.buyer]
token_sha256 = "%(digest)s"
"""
# Kills and cuts look like an ad server that is down; no circuit breaker is to answer in its place.
HEAD = 'plugin = "%s"\nlimits = { breaker = { min_calls = 1000 } }\n[settings]\n'


class Gone(Exception):
    """The connection ended without an answer."""


def creative(number, package):
    return {"creative_id": "creative-%d-%d" % (number, package), "name": "Banner",
            "format_id": {"agent_url": "https://creative.adcontextprotocol.org", "id": "display_300x250"},
            "assets": {"image": {"asset_type": "image", "url": "https://cdn.example/b.png", "width": 300,
                                 "height": 250},
                       "click_url": {"asset_type": "url", "url": "https://brand.example/"}}}


def buy(number, budget=100, sends_later=False):
    """A buy whose name in the ad server tells its number, with a creative for each package: sent with it, or named and
    sent later."""
    creatives = lambda package: (
        {"creative_assignments": [{"creative_id": creative(number, package)["creative_id"]}]} if sends_later
        else {"creatives": [creative(number, package)]})
    return {"adcp_major_version": 3, "idempotency_key": "key-of-the-buy-%06d" % number,
            "brand": {"domain": "buy-%06d.example" % number},
            "start_time": "2035-01-01T00:00:00Z", "end_time": "2035-12-31T00:00:00Z",
            "packages": [{"product_id": "sports", "pricing_option_id": "fixed", "budget": budget + package,
                          **creatives(package)} for package in range(PACKAGES)]}


class Seller(Programs):
    """`kind`: gam or kevel; `server`: more of the [server] table. Its files are removed, unless something failed."""

    def __init__(self, build, kind, server=""):
        super().__init__(pathlib.Path(tempfile.mkdtemp(prefix="tenon-crash-")))
        self.build = pathlib.Path(build)
        self.kind = kind
        self.server = server
        self.token = secrets.token_urlsafe(24)
        self.port = 0
        self.upstream_port = 0
        self.starts = 0

    def __enter__(self):
        try:
            self.start_sandbox()
            self.write_config()
            self.start_tenond()
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, failed, *_):
        for process in reversed(self.processes):
            process.stop()
        if failed is None:
            shutil.rmtree(self.root, ignore_errors=True)
        else:
            for process in self.processes[-2:]:
                print("--- the end of %s\n%s" % (process.log, process.tail()), flush=True)

    # ---- processes --------------------------------------------------------------------------------------------------

    def start_next(self, name, command):
        self.starts += 1
        process = self.start("%s-%d" % (name, self.starts), command)
        self.processes = [each for each in self.processes if each.alive()]
        return process

    def start_sandbox(self):
        """On the port that it had before, which its key files name."""
        port_file = self.root / "sandbox.port"
        port_file.unlink(missing_ok=True)
        self.sandbox = self.start_next("sandbox", [
            self.build / "bin/tenon-sandbox", "--port", self.upstream_port, "--write-port", port_file, "--write-keys",
            self.root / "keys", "--gam-network", NETWORK, "--kevel-key", KEY, "--gam-rate", "0", "--kevel-rate", "0",
            "--state", self.root / "sandbox.sqlite"])
        self.upstream_port = self.read_port(self.sandbox, port_file)
        self.upstream = "http://127.0.0.1:%d" % self.upstream_port

    def write_config(self):
        (self.root / "plugins").mkdir()
        (self.root / "tenants.d").mkdir()
        shutil.copy(self.build / "plugins" / (self.kind + ".so"), self.root / "plugins")
        (self.root / "tenon.toml").write_text(CONFIG % {
            "server": self.server, "digest": hashlib.sha256(self.token.encode()).hexdigest()})
        names = {"network": NETWORK, "key": KEY, "keys": self.root / "keys", "upstream": self.upstream, "calm": CALM,
                 "product": PRODUCT}
        if self.kind == "kevel":
            held = self.state()
            zone = held["zone"][0]
            names.update(advertiser=held["advertiser"][0]["Id"], site=zone["SiteId"], zone=zone["Id"],
                         priority=next(each["Id"] for each in held["priority"] if each["Name"] == "Standard"))
        (self.root / "tenants.d/acme.toml").write_text(HEAD % self.kind + TENANTS[self.kind] % names)

    def start_tenond(self):
        port_file = self.root / "tenond.port"
        port_file.unlink(missing_ok=True)
        self.tenond = self.start_next("tenond", [self.build / "bin/tenond", self.root / "tenon.toml"])
        self.port = self.read_port(self.tenond, port_file)

    def restart(self, sandbox_too=False):
        """After SIGKILL."""
        self.tenond.kill()
        if sandbox_too:
            self.sandbox.kill()
            self.start_sandbox()
        self.start_tenond()

    # ---- the buyer --------------------------------------------------------------------------------------------------

    def request(self, task, arguments):
        """A request as bytes: its head and its body."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                           "params": {"name": task, "arguments": arguments}}).encode()
        head = ("POST /t/acme/mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                "Accept: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n" % (
                    self.token, len(body)))
        return head.encode(), body

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def call(self, task, arguments):
        """The structured content of the answer; Gone if there is none."""
        try:
            with self.connect() as connection:
                connection.sendall(b"".join(self.request(task, arguments)))
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                text = answer.read()
        except (OSError, http.client.HTTPException) as failed:
            raise Gone(str(failed)) from failed
        expect(answer.status == 200, "expected 200, found %d: %s" % (answer.status, text[:300]))
        content = json.loads(text).get("result", {}).get("structuredContent")
        expect(content is not None, "expected structured content, found %s" % text[:400])
        return content

    def create(self, request):
        return self.call("create_media_buy", request)

    def send_creatives(self, number):
        """Those of that buy. To which packages each of them went."""
        answer = self.call("sync_creatives", {
            "adcp_major_version": 3, "idempotency_key": "creatives-of-a-buy-" + secrets.token_hex(8),
            "creatives": [creative(number, package) for package in range(PACKAGES)]})
        expect("creatives" in answer, "expected creatives, found %s" % answer)
        return [each.get("assigned_to", []) for each in answer["creatives"]]

    def task(self, task_id):
        return self.call("tasks_get", {"task_id": task_id})

    def warm(self):
        """Has the tenant's platform built, so that a create begins with its own first exchange."""
        answer = self.call("get_products", {"adcp_major_version": 3, "buying_mode": "brief", "brief": "anything"})
        expect("products" in answer, "expected products, found %s" % answer)

    def started(self, request):
        return Pending(self, request)

    # ---- the ad server ----------------------------------------------------------------------------------------------

    def control(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=60)
        try:
            connection.request(method, "/_sandbox/" + path, None if body is None else json.dumps(body),
                               {} if body is None else {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        expect(answer.status == 200, "expected 200 of the stand-in, found %d: %s" % (answer.status, text))
        return json.loads(text)

    def arm(self, point, **fault):
        """The fault hits one exchange: the one before which `point` others are answered as ever."""
        if point > 0:
            self.control("POST", "faults", {"match": "*", "count": point})
        self.control("POST", "faults", {"match": "*", "count": 1, **fault})

    def disarm(self):
        self.control("DELETE", "faults")

    def armed(self):
        return self.control("GET", "faults")["faults"]

    def traffic(self):
        """How often each route was asked, and how often it was left without an answer."""
        routes = self.control("GET", "traffic")["routes"]
        return {route: (each["total"], each["by_status"].get("dropped", 0)) for route, each in routes.items()}

    def state(self):
        place = {"gam": "gam/" + NETWORK, "kevel": "kevel/" + KEY}[self.kind]
        return get_json("%s/_sandbox/state/%s" % (self.upstream, place))


class Pending:
    """A create that is under way on a thread of its own."""

    def __init__(self, seller, request):
        self.answer = None
        self.failure = None
        self.thread = threading.Thread(target=self.run, args=(seller, request))
        self.thread.start()

    def run(self, seller, request):
        try:
            self.answer = seller.create(request)
        except (Failed, Gone) as failed:
            self.failure = failed

    def over(self):
        return not self.thread.is_alive()

    def end(self):
        """The answer, or None when the connection ended without one."""
        self.thread.join(120)
        expect(self.over(), "expected the request to end within 120 s")
        if isinstance(self.failure, Failed):
            raise self.failure
        return self.answer


def rounds(variable, default):
    return int(os.environ.get(variable, default))


__all__ = ["Failed", "Gone", "PACKAGES", "Pending", "Seller", "buy", "expect", "rounds", "wait_until"]
