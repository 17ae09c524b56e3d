#!/usr/bin/env python3
"""What tools/conformance runs: the official suites against real processes on 127.0.0.1.

usage: conformance_suites.py BUILD_DIRECTORY PACKAGES [--json FILE] [--slow] [--seed N] [suite...]

Each storyboard meets a tenond, and stand-ins, that have just been started: several of them use fixed idempotency keys. What is
expected of each is a number of steps passed, and how many fail and are skipped at most; less is a failure, and better is said.
"""
import argparse
import concurrent.futures
import hashlib
import http.client
import http.server
import json
import os
import pathlib
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading

from programs import Failed, Programs, expect, get_json

# Steps passed and skipped of each storyboard of AdCP 3.0.6. What is skipped is what no seller of media needs (sign-in by OAuth,
# sessions of sponsored intelligence, governance agents).
STORYBOARDS = {
    "capability_discovery": (2, 0),
    "v3_envelope_integrity": (1, 0),
    "schema_validation": (9, 0),
    "error_compliance": (9, 0),
    "security_baseline": (4, 3),
    "get_media_buys_pagination_integrity": (5, 0),
    "pagination_integrity": (6, 0),
    "pagination_integrity_creative_formats": (5, 0),
    "pagination_integrity_list_accounts": (4, 0),
    "deterministic_testing": (22, 9),
    "media_buy_seller": (58, 1),
    "media_buy_state_machine": (9, 0),
    "sales_non_guaranteed": (37, 0),
    "sales_guaranteed": (44, 0),
}
SLOW_STORYBOARDS = {"idempotency": (8, 0), "sales_proposal_mode": (43, 0), "webhook_emission": (7, 0)}
# Of a tenant behind an ad server, whose catalogue no test may seed: what its tenant file has is what the storyboards ask for.
# What is skipped has a test controller invent delivery, which an ad server has none for.
AD_SERVER_STORYBOARDS = {"sales_non_guaranteed": (27, 2), "sales_guaranteed": (34, 2)}
# Fewer would mean that something was not asked at all.
FUZZ_RUNS = 150
MCP_CHECKS = 5
# Ad servers take no lists of a buyer's agent; the tenants' people are said to apply them by hand.
BY_HAND = 'manual_targeting = ["property_list", "collection_list"]\n'

FORMATS = {"display": "display_300x250", "video": "video_640x360"}
# Product, pricing option, delivery, medium and price of what the storyboards buy; an auction's price is its floor.
CATALOGUE = [
    ("test-product", "default", "guaranteed", "display", "rate", 12.5),
    ("test-product", "test-pricing", "guaranteed", "display", "rate", 12.5),
    ("sports_display_auction", "cpm_auction", "non_guaranteed", "display", "floor", 5),
    ("outdoor_video_auction", "cpm_auction", "non_guaranteed", "video", "floor", 15),
    ("outdoor_display_q2", "cpm_standard", "guaranteed", "display", "rate", 8),
    ("outdoor_video_q2", "cpm_standard", "guaranteed", "video", "rate", 12),
    ("sports_preroll_q2", "cpm_guaranteed", "guaranteed", "video", "rate", 22),
    ("lifestyle_display_q2", "cpm_standard", "guaranteed", "display", "rate", 8),
    ("sports_preroll_q2_guaranteed", "cpm_guaranteed_fixed", "guaranteed", "video", "rate", 35),
    ("outdoor_ctv_q2_guaranteed", "cpm_guaranteed_fixed", "guaranteed", "video", "rate", 45),
    ("async_signed_io_q2", "cpm_guaranteed", "guaranteed", "video", "rate", 18),
]

# The storyboards name this proposal, whatever the seller called its own.
PROPOSALS = '[[settings.proposals]]\nproposal_id = "balanced_reach_q2"\nname = "Balanced reach"\n'

GAM_SETTINGS = """\
network_code = "123456"
advertiser_id = "555"
trafficker_id = "77"
requests_per_second = 100
service_account = { file = "%(keys)s/sa-123456.json" }
api_base = "%(sandbox)s/v1"
""" + BY_HAND
KEVEL_SETTINGS = """\
api_key = { file = "%(keys)s/kevel-conformance.key" }
api_base = "%(sandbox)s/kevel/v1"
advertiser_id = %(advertiser)d
""" + BY_HAND


def products(only=None, more=""):
    """The catalogue as settings of a tenant; `more` goes into each product."""
    text = []
    for product in dict.fromkeys(line[0] for line in CATALOGUE):
        lines = [line for line in CATALOGUE if line[0] == product]
        if only is not None and product not in only:
            continue
        options = ", ".join('{ pricing_option_id = "%s", pricing_model = "cpm", currency = "USD", %s = %s }' % (
            line[1], line[4], line[5]) for line in lines)
        text.append('[[settings.products]]\nproduct_id = "%s"\ndelivery_type = "%s"\nchannels = ["%s"]\n'
                    'format_ids = [{ agent_url = "https://creative.adcontextprotocol.org", id = "%s" }]\n'
                    'pricing_options = [%s]\n%s' % (product, lines[0][2], "olv" if lines[0][3] == "video" else "display",
                                                   FORMATS[lines[0][3]], options, more))
    return "\n".join(text)


class World(Programs):
    """tenond, and the stand-ins where a tenant needs them, just started."""

    def __init__(self, build, *tenants):
        super().__init__(pathlib.Path(tempfile.mkdtemp(prefix="tenon-conformance-")))
        self.build = build
        self.tenants = tenants
        # A principal belongs to one tenant.
        self.tokens = {tenant: [secrets.token_urlsafe(24), secrets.token_urlsafe(24)] for tenant in tenants}
        self.sandbox = None

    def __enter__(self):
        try:
            if self.tenants != ("seller",):
                self.start_sandbox()
            self.write_config()
            tenond = self.start("tenond", [self.build / "bin" / "tenond", self.root / "tenon.toml"])
            self.port = self.read_port(tenond, self.root / "tenond.port")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def token(self, number=0, tenant=None):
        return self.tokens[tenant or self.tenants[0]][number]

    def url(self, tenant=None):
        return "http://127.0.0.1:%d/t/%s/mcp" % (self.port, tenant or self.tenants[0])

    def start_sandbox(self):
        command = [self.build / "bin" / "tenon-sandbox", "--port", "0", "--write-port", self.root / "sandbox.port",
                   "--write-keys", self.root / "keys", "--gam-network", "123456", "--kevel-key", "conformance",
                   "--gam-rate", "100"]
        process = self.start("sandbox", command)
        self.sandbox = "http://127.0.0.1:%d" % self.read_port(process, self.root / "sandbox.port")

    def write_config(self):
        (self.root / "plugins").mkdir()
        (self.root / "tenants.d").mkdir()
        subprocess.run([self.build / "bin" / "tenonctl", "webhook", "keygen", self.root], check=True, capture_output=True)
        principals = "".join('[principals.%s-buyer-%d]\ntoken_sha256 = "%s"\n' % (
            tenant, number, hashlib.sha256(token.encode()).hexdigest())
            for tenant, tokens in self.tokens.items() for number, token in enumerate(tokens))
        (self.root / "tenon.toml").write_text(
            '[host]\nplugin_dirs = ["plugins"]\nstore_dir = "store"\n[cache]\ncold_start = "coalesce"\n[server]\nport = 0\n'
            'port_file = "tenond.port"\nwebhook_signing_key = "webhook-key.pem"\n' + principals)
        for tenant in self.tenants:
            self.write_tenant(tenant)

    def write_tenant(self, tenant):
        is_seller = tenant == "seller"
        plugin = "sandbox_seller" if is_seller else tenant
        shutil.copy(self.build / "plugins" / (plugin + ".so"), self.root / "plugins")
        head = ('plugin = "%s"\nprincipals = ["%s-buyer-0", "%s-buyer-1"]\n'
                'specialisms = ["sales-non-guaranteed", "sales-guaranteed"%s]\n%s = true\n[settings]\n'
                'publisher_domain = "publisher.example"\n' % (
                    plugin, tenant, tenant, ', "sales-proposal-mode"' if is_seller else "",
                    "sandbox" if is_seller else "implicit_accounts"))
        (self.root / "tenants.d" / (tenant + ".toml")).write_text(head + self.settings(tenant))

    def settings(self, tenant):
        if tenant == "seller":
            return PROPOSALS + products(only={"test-product"})
        names = {"sandbox": self.sandbox, "keys": self.root / "keys"}
        if tenant == "gam":
            return GAM_SETTINGS % names + products(more='ad_unit_ids = ["99"]\n')
        held = get_json(self.sandbox + "/_sandbox/state/kevel/conformance")
        names["advertiser"] = held["advertiser"][0]["Id"]
        zone = held["zone"][0]
        priority = next(each["Id"] for each in held["priority"] if each["Name"] == "Standard")
        return KEVEL_SETTINGS % names + products(
            more="priority_id = %d\nplaces = [{ site_id = %d, zone_id = %d }]\n" % (priority, zone["SiteId"], zone["Id"]))

    def traffic(self, wanted):
        """How many requests of the stand-in's routes that match were answered with success."""
        routes = get_json(self.sandbox + "/_sandbox/traffic")["routes"]
        return sum(count for route, counted in routes.items() if re.search(wanted, route)
                   for status, count in counted["by_status"].items() if status.startswith("2"))

    def log(self):
        return self.processes[-1].tail()


class Suites:
    def __init__(self, build, packages, slow, seed):
        self.build = build
        self.packages = packages
        self.slow = slow
        self.seed = seed
        self.node = next(iter(sorted(packages.glob("node_modules/node-linux-*/bin/node"))), None)
        expect(self.node is not None, "expected Node among the packages, found none for this machine")
        self.totals = {}
        self.failures = []

    def environment(self):
        return {"PATH": os.environ.get("PATH", ""), "HOME": str(self.packages), "CI": "1", "ADCP_SKIP_VERSION_CHECK": "1",
                "ADCP_COMPLIANCE_DIR": str(self.compliance()), "NODE_PATH": str(self.packages / "node_modules")}

    def compliance(self):
        """The storyboards with their dates ten years on. From June 2026 on the runner replaces dates that have passed by the
        moment, so that its own repeats differ and conflict."""
        target = self.packages / "storyboards"
        if not target.exists():
            source = self.packages / "node_modules/@adcp/sdk/compliance/cache/3.0.6"
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(source, partial)
            for file in partial.rglob("*"):
                if file.is_file() and file.suffix in (".yaml", ".yml", ".json"):
                    file.write_text(file.read_text().replace("2026-", "2036-"))
            partial.rename(target)
        return target

    def run_node(self, arguments, timeout=300):
        return subprocess.run([str(self.node), *(str(each) for each in arguments)], env=self.environment(), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False)

    def count(self, suite, passed, failed, skipped, known_failures=0):
        """Known failures are among the skipped ones, and told apart."""
        total = self.totals.setdefault(suite, {"passed": 0, "failed": 0, "skipped": 0, "known_failures": 0})
        for key, value in (("passed", passed), ("failed", failed), ("skipped", skipped + known_failures),
                           ("known_failures", known_failures)):
            total[key] += value

    def fail(self, what):
        self.failures.append(what)
        print("   " + what, flush=True)

    # ---- AdCP -----------------------------------------------------------------------------------------------------------

    def run_storyboard(self, world, name, tenant=None):
        script = pathlib.Path(__file__).resolve().parent.parent / "tests/conformance/storyboard.cjs"
        tenant = tenant or world.tenants[0]
        options = [] if tenant == "seller" else ["--without-seeding"]
        return self.run_node([script, world.url(tenant), world.token(tenant=tenant), name, *options])

    def judge(self, suite, world, name, expected, done):
        """What the runner of a storyboard found, beside what has to be found."""
        try:
            found = json.loads(done.stdout.strip().splitlines()[-1])
            found["passed"]
        except (IndexError, KeyError, ValueError):
            self.count(suite, 0, 1, 0)
            return self.fail("%s: the runner ended without figures: %s; tenond's log ends with\n%s" % (
                name, (done.stdout + done.stderr).strip()[-400:], world.log()))
        passed, skipped, known = (*expected, 0)[:3]
        unexpected = max(0, found["failed"] - known)
        self.count(suite, found["passed"], unexpected, found["skipped"], found["failed"] - unexpected)
        print("   %-40s %3d passed, %d failed, %d skipped" % (name, found["passed"], found["failed"], found["skipped"]),
              flush=True)
        for each in found["failures"]:
            print("   %s: %s %s" % (each["step"], each["error"][:200], json.dumps(each["check"])[:300]), flush=True)
        if found["failed"] > known or found["passed"] < passed or found["skipped"] > skipped:
            self.fail("%s: expected %d passed, and at most %d failed and %d skipped; tenond's log ends with\n%s" % (
                name, passed, known, skipped, world.log()))
        elif found["passed"] > passed or found["failed"] < known:
            print("   %s: better than expected; raise the figures" % name, flush=True)
        return None

    def storyboards(self):
        wanted = dict(STORYBOARDS, **(SLOW_STORYBOARDS if self.slow else {}))
        for name, expected in wanted.items():
            with World(self.build, "seller") as world:
                self.judge("storyboards", world, name, expected, self.run_storyboard(world, name))

    def ad_server(self, tenant, booked):
        for name, expected in AD_SERVER_STORYBOARDS.items():
            with World(self.build, tenant) as world:
                self.judge(tenant, world, name, expected, self.run_storyboard(world, name))
                # A front that answers without its ad server passes every storyboard; the ad server's counters tell. No
                # report is among the routes: what the storyboards buy begins years from now, and has none to ask for.
                for route in booked:
                    if world.traffic(route) == 0:
                        self.fail("%s: expected %s to have asked %s of its ad server" % (name, tenant, route))

    def gam(self):
        self.ad_server("gam", ["POST /token", "POST .*orders", "POST .*lineItems", "PATCH .*lineItems",
                               "POST .*networks/[^/]+/creatives$", "POST .*lineItems/.*/creatives:batchCreate"])

    def kevel(self):
        self.ad_server("kevel", ["POST .*/campaign", "POST .*/flight", "PUT .*/flight", "POST .*v1/creative$",
                                 "POST .*/flight/.*/creative$"])

    def together(self):
        """Tenants of three plugins, served by one process at once."""
        name = "sales_guaranteed"
        expected = {"seller": STORYBOARDS[name], "gam": AD_SERVER_STORYBOARDS[name], "kevel": AD_SERVER_STORYBOARDS[name]}
        with World(self.build, *expected) as world, concurrent.futures.ThreadPoolExecutor(len(expected)) as threads:
            for tenant, done in zip(expected, threads.map(lambda each: self.run_storyboard(world, name, each), expected)):
                self.judge("together", world, "%s at %s" % (name, tenant), expected[tenant], done)

    def fuzz(self):
        """Generated requests, and one buyer looking for what is another one's."""
        command = self.packages / "node_modules/@adcp/sdk/bin/adcp.js"
        tools = "get_products,list_creative_formats,list_creatives,get_media_buys,get_media_buy_delivery,get_adcp_capabilities"
        with World(self.build, "seller") as world:
            done = self.run_node([command, "fuzz", world.url(), "--auth-token", world.token(), "--auth-token-cross-tenant",
                                  world.token(1), "--auto-seed", "--seed", str(self.seed), "--turn-budget", "30", "--format", "json",
                                  "--tools", tools], timeout=600)
            try:
                found = json.loads(done.stdout[done.stdout.index("{"):])
            except ValueError:
                self.count("fuzz", 0, 1, 0)
                return self.fail("fuzz: exit code %d without an answer: %s" % (done.returncode, done.stderr.strip()[-600:]))
            failures = found.get("failures", [])
            self.count("fuzz", found.get("totalRuns", 0) - len(failures), len(failures), 0)
            print("   %s" % json.dumps({key: value for key, value in found.items() if not isinstance(value, (list, dict))}))
            if done.returncode != 0 or failures or found.get("totalRuns", 0) < FUZZ_RUNS:
                self.fail("fuzz: exit code %d: %s" % (done.returncode, json.dumps(found)[:2000]))
        return None

    # ---- MCP ------------------------------------------------------------------------------------------------------------

    def mcp(self):
        """The suite sends no token, so a proxy adds it; whatever else it sends arrives as it came."""
        command = self.packages / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
        expected = pathlib.Path(__file__).resolve().parent.parent / "tests/conformance/mcp-expected-failures.yml"
        with World(self.build, "seller") as world, Proxy(world) as proxy:
            done = self.run_node([command, "server", "--url", proxy.url, "--suite", "all", "--expected-failures", expected,
                                  "-o", world.root / "mcp"])
            passed, failed, known = checks_of(world.root / "mcp", expected)
            self.count("mcp", passed, failed, 0, known)
            print("   %d checks passed, %d failed, %d scenarios are not for a server of tools alone" % (passed, failed, known))
            if done.returncode != 0 or passed < MCP_CHECKS:
                self.fail("mcp: %d checks passed, exit code %d: %s" % (
                    passed, done.returncode, (done.stdout + done.stderr).strip()[-3000:]))


def checks_of(directory, expected):
    known = {line.split("-", 1)[1].strip() for line in expected.read_text().splitlines() if line.strip().startswith("- ")}
    passed = failed = 0
    for file in directory.rglob("checks.json"):
        scenario = re.sub(r"^server-|-\d{4}-\d{2}-\d{2}T.*$", "", file.parent.name)
        for check in json.loads(file.read_text()):
            if check["status"] == "SUCCESS":
                passed += 1
            elif check["status"] == "FAILURE" and scenario not in known:
                failed += 1
    return passed, failed, len(known)


class Proxy:
    """Passes requests on to tenond with a token added."""

    def __init__(self, world):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                upstream = http.client.HTTPConnection("127.0.0.1", world.port, timeout=60)
                upstream.putrequest(self.command, "/t/%s/mcp" % world.tenants[0], skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in ("connection", "authorization"):
                        upstream.putheader(name, value)
                upstream.putheader("Authorization", "Bearer " + world.token())
                upstream.endheaders(body)
                answer = upstream.getresponse()
                payload = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("connection", "content-length", "transfer-encoding"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)
                upstream.close()

            do_GET = do_POST = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                """The suite hangs up as it likes, and tells itself what it misses."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = "http://127.0.0.1:%d/mcp" % self.server.server_port

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


SUITES = ("storyboards", "gam", "kevel", "together", "fuzz", "mcp")


def main():
    parser = argparse.ArgumentParser(description="Runs the official suites against tenond; tools/conformance prepares for it.")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("packages", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("suite", nargs="*")
    given = parser.parse_intermixed_args()
    unknown = set(given.suite) - set(SUITES)
    if unknown:
        parser.error("expected suites of %s, found %s" % (", ".join(SUITES), ", ".join(sorted(unknown))))
    suites = Suites(given.build.resolve(), given.packages.resolve(), given.slow, given.seed)
    for name in given.suite or SUITES:
        print("conformance: " + name, flush=True)
        try:
            getattr(suites, name)()
        except (Failed, OSError, subprocess.SubprocessError, KeyError, ValueError) as reason:
            suites.count(name, 0, 1, 0)
            suites.fail("%s: %s" % (name, reason))
    if given.json:
        given.json.write_text(json.dumps(suites.totals, indent=2) + "\n")
    sums = {key: sum(total[key] for total in suites.totals.values())
            for key in ("passed", "failed", "skipped", "known_failures")}
    if suites.failures and not sums["failed"]:
        sums["failed"] = len(suites.failures)
    if sums["known_failures"]:
        print("conformance: %(known_failures)d of the skipped are known failures, which may only become fewer" % sums)
    print("conformance: %(passed)d passed, %(failed)d failed, %(skipped)d skipped" % sums)
    return 1 if suites.failures else 0


if __name__ == "__main__":
    sys.exit(main())
