#!/usr/bin/env python3
"""What tools/demo shows, step by step, against real processes on 127.0.0.1.

usage: demo_scenario.py BUILD_DIRECTORY [--serve]

Every step checks what it claims; the first that does not hold ends the demo with exit code 1. Processes are stopped by pid.
"""
import hashlib
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

from programs import PATIENCE_S, Failed, Programs, expect, get_json, wait_until

GAM_NETWORKS = {"acme-news": "123456", "beta-sports": "789012"}
KEVEL_TENANT = "corner-blog"
TENANTS = [*GAM_NETWORKS, KEVEL_TENANT]


def say(text):
    print(text, flush=True)


def step(number, title):
    say("\n%d. %s" % (number, title))


class Demo(Programs):
    def __init__(self, build):
        self.build = build
        super().__init__(pathlib.Path(tempfile.mkdtemp(prefix="tenon-demo-")))
        self.token = secrets.token_urlsafe(24)
        self.asked = self.bought = None

    # ---- starting -------------------------------------------------------------------------------------------------------

    def start_sandbox(self):
        keys = self.root / "keys"
        command = [self.build / "bin" / "tenon-sandbox", "--port", "0", "--write-port", self.root / "sandbox.port",
                   "--write-keys", keys, "--kevel-key", KEVEL_TENANT, "--gam-rate", "100"]
        for network in GAM_NETWORKS.values():
            command += ["--gam-network", network]
        process = self.start("sandbox", command)
        self.sandbox = "http://127.0.0.1:%d" % self.read_port(process, self.root / "sandbox.port")

    def write_config(self):
        (self.root / "plugins").mkdir()
        (self.root / "tenants.d").mkdir()
        for plugin in ("gam", "kevel"):
            shutil.copy(self.build / "plugins" / (plugin + ".so"), self.root / "plugins")
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        (self.root / "tenon.toml").write_text("""\
[host]
plugin_dirs = ["plugins"]
store_dir = "store"
[cache]
cold_start = "coalesce"
[server]
address = "127.0.0.1"
port = 0
port_file = "tenond.port"
admin_socket = "admin.sock"
audit_log = "audit.jsonl"
[principals.demo-buyer]
token_sha256 = "%s"
""" % digest)
        for tenant in TENANTS:
            (self.root / "tenants.d" / (tenant + ".toml")).write_text(self.tenant_config(tenant))

    def tenant_config(self, tenant):
        template = self.gam_config if tenant in GAM_NETWORKS else self.kevel_config
        return template(tenant)

    def gam_config(self, tenant):
        network = GAM_NETWORKS[tenant]
        return GAM_TENANT % {"tenant": tenant, "network": network, "sandbox": self.sandbox,
                             "key": self.root / "keys" / ("sa-%s.json" % network)}

    def kevel_config(self, tenant):
        # Kevel gives every object of an account one sequence of ids: look them up as an operator would.
        inventory = self.kevel_state()
        zone = next(each for each in inventory["zone"] if each["Name"] == "Article side")
        return KEVEL_TENANT_CONFIG % {
            "tenant": tenant, "sandbox": self.sandbox, "key": self.root / "keys" / ("kevel-%s.key" % tenant),
            "advertiser": inventory["advertiser"][0]["Id"], "site": zone["SiteId"], "zone": zone["Id"],
            "priority": next(each["Id"] for each in inventory["priority"] if each["Name"] == "Standard")}

    def kevel_state(self):
        return get_json("%s/_sandbox/state/kevel/%s" % (self.sandbox, KEVEL_TENANT))

    def start_tenond(self, name="tenond"):
        port_file = self.root / "tenond.port"
        port_file.unlink(missing_ok=True)
        self.tenond = self.start(name, [self.build / "bin" / "tenond", self.root / "tenon.toml"])
        self.url = "http://127.0.0.1:%d" % self.read_port(self.tenond, port_file)

    # ---- asking ---------------------------------------------------------------------------------------------------------

    def call(self, tenant, task, arguments):
        """One tools/call without any session; returns the structured content and the milliseconds it took."""
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": task, "arguments": arguments}}
        request = urllib.request.Request(
            "%s/t/%s/mcp" % (self.url, tenant), json.dumps(body).encode(),
            {"Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer " + self.token})
        begin = time.monotonic()
        with urllib.request.urlopen(request, timeout=60) as answer:
            message = json.load(answer)
        took_ms = (time.monotonic() - begin) * 1000
        content = message.get("result", {}).get("structuredContent")
        expect(content is not None, "expected structured content, found %s" % json.dumps(message)[:400])
        expect("adcp_error" not in content, "%s of %s failed: %s" % (task, tenant, json.dumps(content)[:400]))
        return content, took_ms

    def products(self, tenant):
        return self.call(tenant, "get_products", {"adcp_major_version": 3, "buying_mode": "brief", "brief": "anything"})

    def ctl(self, *arguments, ok=True):
        command = [str(self.build / "bin" / "tenonctl"), "--socket", str(self.root / "admin.sock"), "--json", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        expect(done.returncode == 0 or not ok, "tenonctl %s: %s" % (" ".join(arguments), done.stderr.strip()))
        return json.loads(done.stdout)

    def tenants(self):
        return {each["tenant"]: each for each in self.ctl("tenants")["tenants"]}

    def mapped(self, plugin=""):
        """The plugins of the store that the process has mapped in any way, without their directory; not its own record of
        who is inside them, which is mapped as well."""
        store = str(self.root / "store")
        names = set()
        for line in pathlib.Path("/proc/%d/maps" % self.tenond.child.pid).read_text().splitlines():
            fields = line.split(None, 5)
            if len(fields) == 6 and fields[5].startswith(store):
                name = os.path.basename(fields[5])
                if name.startswith(plugin) and not name.endswith(".entries"):
                    names.add(name)
        return sorted(names)

    def handshakes(self):
        routes = get_json(self.sandbox + "/_sandbox/traffic")["routes"]
        return routes.get("POST /token", {}).get("total", 0)

    # ---- the steps ------------------------------------------------------------------------------------------------------

    def show_nothing_loaded(self):
        step(1, "tenond is up with %d tenants, and no plugin is loaded" % len(TENANTS))
        expect(self.mapped() == [], "expected no plugin mapped, found %s" % self.mapped())
        expect(self.handshakes() == 0, "expected no handshake before the first request")
        say("   plugins mapped: none; handshakes seen by the ad server: 0")

    def show_lazy_and_cached(self):
        step(2, "the first request loads the plugin, signs in and answers; the second one hits the cache")
        _, first = self.products("acme-news")
        expect(len(self.mapped("gam")) == 1 and not self.mapped("kevel"), "expected gam alone, found %s" % self.mapped())
        expect(self.handshakes() == 1, "expected one handshake, found %d" % self.handshakes())
        say("   first  %6.1f ms; mapped: %s; handshakes: 1" % (first, ", ".join(self.mapped())))
        found, second = self.products("acme-news")
        expect(self.handshakes() == 1, "expected the cached platform, found another handshake")
        say("   second %6.1f ms; handshakes: still 1; products: %s" % (
            second, ", ".join(product["product_id"] for product in found["products"])))
        for tenant in TENANTS[1:]:
            self.products(tenant)
        expect(self.handshakes() == 2, "expected a handshake of its own for the other gam tenant")
        say("   the other tenants built too; mapped: %s" % ", ".join(self.mapped()))

    def request_of_buy(self, tenant):
        product = self.products(tenant)[0]["products"][0]
        option = product["pricing_options"][0]
        package = {"product_id": product["product_id"], "budget": 5000,
                   "pricing_option_id": option["pricing_option_id"]}
        if "fixed_price" not in option:
            package["bid_price"] = 20
        now = int(time.time())
        stamp = lambda days: time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(now + days * 86400))
        return {
            "adcp_major_version": 3, "idempotency_key": "demo-" + secrets.token_hex(8),
            "brand": {"domain": "acmeoutdoor.example"},
            "start_time": stamp(7), "end_time": stamp(37), "packages": [package]}

    def gam_state(self):
        return get_json("%s/_sandbox/state/gam/%s" % (self.sandbox, GAM_NETWORKS["acme-news"]))

    def show_buys(self):
        step(3, "create_media_buy reaches the ad servers")
        self.asked = self.request_of_buy("acme-news")
        bought, _ = self.call("acme-news", "create_media_buy", self.asked)
        self.bought = bought
        state = self.gam_state()
        expect(len(state["orders"]) == 1, "expected one order in the GAM stand-in, found %d" % len(state["orders"]))
        order = state["orders"][0]
        say("   %s -> GAM order %s, %s, %d line item(s)" % (
            bought["media_buy_id"], order["name"], order["status"], len(state["lineItems"])))
        bought, _ = self.call(KEVEL_TENANT, "create_media_buy", self.request_of_buy(KEVEL_TENANT))
        state = self.kevel_state()
        expect(len(state["campaign"]) == 1, "expected one campaign, found %d" % len(state["campaign"]))
        say("   %s -> Kevel campaign %s, %d flight(s)" % (
            bought["media_buy_id"], state["campaign"][0]["Id"], len(state["flight"])))

    def audited(self):
        return [json.loads(line) for line in (self.root / "audit.jsonl").read_text().splitlines()]

    def show_repeat(self):
        step(4, "tenond is killed and started again; the buyer repeats its request, and nothing is bought twice")
        before = len(self.audited())
        self.tenond.kill()
        self.start_tenond("tenond-again")
        again, took_ms = self.call("acme-news", "create_media_buy", self.asked)
        expect(again["media_buy_id"] == self.bought["media_buy_id"], "expected %s again, found %s" % (
            self.bought["media_buy_id"], again["media_buy_id"]))
        orders = self.gam_state()["orders"]
        expect(len(orders) == 1, "expected one order still, found %d" % len(orders))
        say("   SIGKILL, a new process: %s again, in %.1f ms; the stand-in has %d order" % (
            again["media_buy_id"], took_ms, len(orders)))
        told = self.audited()
        expect(len(told) == before + 1, "expected one line more in the audit log, found %d" % (len(told) - before))
        line = told[-1]
        expect(line["outcome"] == "replayed" and line["idempotency_key"] == self.asked["idempotency_key"],
               "expected a line of the repeat, found %s" % json.dumps(line))
        expect(self.token not in (self.root / "audit.jsonl").read_text(), "expected no token in the audit log")
        say("   the audit log, of %d calls so far: %s %s %s %s %s" % (
            len(told), line["principal"], line["tenant"], line["task"], line["outcome"], line["idempotency_key"]))
        for tenant in TENANTS:
            self.products(tenant)

    def drop(self, source):
        """As ops would: written beside, then renamed into place."""
        target = self.root / "plugins" / "kevel.so"
        partial = target.with_suffix(".partial")
        shutil.copy(source, partial)
        os.replace(partial, target)

    def show_swap(self):
        step(5, "a new kevel build is dropped in and SIGHUP sent while requests run")
        before = self.tenants()
        answered = {tenant: 0 for tenant in TENANTS}
        failures = []
        enough = threading.Event()

        def load(tenant):
            while not enough.is_set():
                try:
                    self.products(tenant)
                    answered[tenant] += 1
                except Exception as failed:  # pylint: disable=broad-except
                    failures.append("%s: %s" % (tenant, failed))

        clients = [threading.Thread(target=load, args=(tenant,)) for tenant in TENANTS for _ in range(2)]
        for client in clients:
            client.start()
        try:
            wait_until(lambda: min(answered.values()) >= 20, "load on every tenant")
            self.drop(self.build / "plugins-next" / "kevel.so")
            os.kill(self.tenond.child.pid, signal.SIGHUP)
            wait_until(lambda: self.tenants()[KEVEL_TENANT]["served_version"] != before[KEVEL_TENANT]["served_version"],
                       "the tenant to move")
            at_swap = answered[KEVEL_TENANT]
            wait_until(lambda: answered[KEVEL_TENANT] >= at_swap + 20, "requests after the swap")
        finally:
            enough.set()
            for client in clients:
                client.join()
        after = self.tenants()
        expect(not failures, "expected no failed request, found %d: %s" % (len(failures), failures[:3]))
        say("   %s: %s -> %s, instance %s -> %s" % (
            KEVEL_TENANT, before[KEVEL_TENANT]["served_version"], after[KEVEL_TENANT]["served_version"],
            before[KEVEL_TENANT]["instance"], after[KEVEL_TENANT]["instance"]))
        for tenant in GAM_NETWORKS:
            expect(before[tenant]["instance"] == after[tenant]["instance"], "expected %s untouched" % tenant)
            say("   %s: untouched, still instance %s" % (tenant, after[tenant]["instance"]))
        say("   requests answered meanwhile: %d, failed: 0" % sum(answered.values()))
        wait_until(lambda: len(self.mapped("kevel")) == 1, "the old kevel build to be unmapped")
        say("   the old build is unmapped; mapped now: %s" % ", ".join(self.mapped()))

    def show_refusal(self):
        step(6, "a truncated plugin is refused with its reason, and the old one serves on")
        whole = (self.build / "plugins-next" / "kevel.so").read_bytes()
        torn = self.root / "torn.so"
        torn.write_bytes(whole[:len(whole) // 2])
        instance = self.tenants()[KEVEL_TENANT]["instance"]
        self.drop(torn)
        report = self.ctl("reload", ok=False)
        expect(not report["ok"], "expected the reload to report the refusal")
        kept = [change for change in report["changes"] if change["tenant"] == KEVEL_TENANT]
        expect(len(kept) == 1 and not kept[0]["applied"], "expected %s to be kept back" % KEVEL_TENANT)
        self.products(KEVEL_TENANT)
        expect(self.tenants()[KEVEL_TENANT]["instance"] == instance, "expected the same instance")
        say("   refused: %s" % kept[0]["reason"])
        say("   %s still answers, instance %s" % (KEVEL_TENANT, instance))

    def show_pins(self):
        step(7, "invalidate unloads; a cold build uses the bytes pinned at the last reload, whatever lies in the directory")
        before = self.tenants()[KEVEL_TENANT]
        self.drop(self.build / "plugins" / "kevel.so")
        self.ctl("invalidate", KEVEL_TENANT)
        wait_until(lambda: not self.mapped("kevel"), "kevel to be unmapped")
        say("   kevel is gone from /proc/%d/maps; mapped: %s" % (self.tenond.child.pid, ", ".join(self.mapped())))
        self.products(KEVEL_TENANT)
        after = self.tenants()[KEVEL_TENANT]
        expect(after["served_version"] == before["served_version"], "expected the pinned version")
        expect(after["instance"] != before["instance"], "expected a new instance")
        say("   the next request built instance %s from the pinned %s, though an older file was dropped" % (
            after["instance"], after["served_version"]))

    def show_exit(self):
        step(8, "SIGTERM drains and exits 0")
        code = self.tenond.stop()
        expect(code == 0, "expected exit code 0, found %s\n%s" % (code, self.tenond.tail()))
        say("   exit code 0")

    # ---- the whole ------------------------------------------------------------------------------------------------------

    def prepare(self):
        self.start_sandbox()
        self.write_config()
        self.start_tenond()

    def show(self):
        begin = time.monotonic()
        self.show_nothing_loaded()
        self.show_lazy_and_cached()
        self.show_buys()
        self.show_repeat()
        self.show_swap()
        self.show_refusal()
        self.show_pins()
        self.show_exit()
        say("\ndemo: ok, 8 steps in %.1f s" % (time.monotonic() - begin))

    def serve(self):
        say("endpoint   %s/t/{%s}/mcp" % (self.url, ",".join(TENANTS)))
        say("token      %s" % self.token)
        say("admin      %s --socket %s tenants" % (self.build / "bin" / "tenonctl", self.root / "admin.sock"))
        say("sandbox    %s/_sandbox/traffic" % self.sandbox)
        say("files      %s" % self.root)
        say("demo: serving until Ctrl-C")
        try:
            while all(process.alive() for process in self.processes):
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
        raise Failed("a process ended by itself")

    def clean(self, keep_files):
        for process in reversed(self.processes):
            process.stop()
        if not keep_files:
            shutil.rmtree(self.root, ignore_errors=True)


GAM_TENANT = """\
plugin = "gam"
accounts = [{ id = "%(tenant)s-main" }]
hosts = ["%(tenant)s.example.com"]
specialisms = ["sales-guaranteed"]

[settings]
network_code = "%(network)s"
advertiser_id = "555"
trafficker_id = "77"
requests_per_second = 100
service_account = { file = "%(key)s" }
api_base = "%(sandbox)s/v1"
publisher_domain = "%(tenant)s.example"

[[settings.products]]
product_id = "homepage-rectangle"
name = "Homepage rectangle"
description = "The rectangle on the homepage"
delivery_type = "guaranteed"
channels = ["display"]
ad_unit_ids = ["99"]
format_ids = [{ agent_url = "https://creative.adcontextprotocol.org", id = "display_300x250", width = 300, height = 250 }]
pricing_options = [{ pricing_option_id = "cpm-usd", pricing_model = "cpm", currency = "USD", rate = 12.5 }]
"""

KEVEL_TENANT_CONFIG = """\
plugin = "kevel"
accounts = [{ id = "%(tenant)s-main" }]
hosts = ["%(tenant)s.example.com"]
specialisms = ["sales-non-guaranteed"]

[settings]
api_key = { file = "%(key)s" }
api_base = "%(sandbox)s/kevel/v1"
advertiser_id = %(advertiser)d
publisher_domain = "%(tenant)s.example"

[[settings.products]]
product_id = "article-side"
name = "Article side"
description = "Beside every article"
delivery_type = "non_guaranteed"
channels = ["display"]
priority_id = %(priority)d
places = [{ site_id = %(site)d, zone_id = %(zone)d }]
format_ids = [{ agent_url = "https://creative.adcontextprotocol.org", id = "display_300x250", width = 300, height = 250 }]
pricing_options = [{ pricing_option_id = "cpm-usd", pricing_model = "cpm", currency = "USD", rate = 8 }]
"""


def end_by_signal(number, _frame):
    """Unwinds through the clean-up, so that what was started is stopped too."""
    # Once is enough: a second signal must not cut the clean-up short.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise SystemExit(128 + number)


def main():
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, end_by_signal)
    demo = Demo(pathlib.Path(sys.argv[1]).resolve())
    failed = False
    try:
        demo.prepare()
        if "--serve" in sys.argv[2:]:
            demo.serve()
        else:
            demo.show()
    except (Failed, OSError, subprocess.SubprocessError, KeyError, ValueError) as reason:
        failed = True
        say("demo: failed: %s" % reason)
        for process in demo.processes:
            say("--- the end of %s\n%s" % (process.log, process.tail()))
    finally:
        demo.clean(keep_files=failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
