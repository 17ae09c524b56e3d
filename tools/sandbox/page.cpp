#include "sandbox/page.hpp"

namespace tenon::sandbox {

std::string_view page() noexcept {
  return R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>tenon sandbox</title>
<style>
  :root { color-scheme: light dark; --line: #8884; --soft: #8882; --good: #2a7f3f; --bad: #b3402e; --wait: #9a6b00; }
  body { font: 14px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem; }
  h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
  h2 { font-size: 1rem; margin: 1.75rem 0 .4rem; }
  p { margin: 0; opacity: .75; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; padding: .28rem .6rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
  th { font-weight: 600; white-space: nowrap; }
  td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  tr.inner td:first-child { padding-left: 1.6rem; }
  tr.inner td { background: var(--soft); }
  .good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); }
  .none { opacity: .6; padding: .3rem 0; }
  code { font-size: .92em; overflow-wrap: anywhere; }
</style>
<h1>tenon sandbox</h1>
<p id="state">Looking&hellip;</p>
<main id="main"></main>
<script>
  "use strict";
  const seen = { DELIVERING: "good", APPROVED: "good", READY: "good", active: "good", PAUSED: "wait", INACTIVE: "wait",
                 DRAFT: "wait", paused: "wait", draft: "wait", CANCELED: "bad", DELETED: "bad", deleted: "bad" };
  const make = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined && text !== null) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };
  const ask = async (path) => (await fetch("/_sandbox/" + path)).json();
  const last = (name) => String(name ?? "").split("/").pop();
  const day = (text) => String(text ?? "").slice(0, 10);

  function tabled(title, columns, rows) {
    const part = make("section");
    part.append(make("h2", title));
    if (rows.length === 0) { part.append(make("div", "nothing", "none")); return part; }
    const table = make("table"), head = make("tr");
    for (const column of columns) head.append(make("th", column.name, column.number ? "number" : ""));
    table.append(head);
    for (const row of rows) {
      const line = make("tr", null, row.inner ? "inner" : "");
      row.cells.forEach((cell, at) => line.append(make("td", cell, columns[at].number ? "number" : seen[cell] ?? "")));
      table.append(line);
    }
    part.append(table);
    return part;
  }

  const text = (...names) => names.map((name) => ({ name }));
  const figures = (...names) => names.map((name) => ({ name, number: true }));

  function gam(code, state) {
    const rows = [];
    for (const order of state.orders ?? []) {
      rows.push({ cells: [order.displayName, last(order.name), order.archived ? "CANCELED" : order.status,
                          day(order.startTime), day(order.endTime), "", ""] });
      for (const item of (state.lineItems ?? []).filter((each) => each.order === order.name)) {
        rows.push({ inner: true, cells: [item.displayName, last(item.name), item.status, day(item.startTime),
                                         day(item.endTime ?? item.targetEndTime), item.goal?.units ?? "",
                                         item.stats?.impressionsDelivered ?? ""] });
      }
    }
    const columns = [...text("Order, line items", "Id", "Status", "Start", "End"), ...figures("Goal", "Delivered")];
    const creatives = (state.creatives ?? []).map((each) => ({ cells: [each.displayName, last(each.name), last(each.advertiser)] }));
    return [tabled("Ad Manager network " + code, columns, rows),
            tabled("Creatives of network " + code, text("Creative", "Id", "Advertiser"), creatives)];
  }

  function kevel(name, state) {
    const rows = [];
    for (const campaign of state.campaign ?? []) {
      const status = campaign.IsDeleted ? "deleted" : campaign.IsActive ? "active" : "paused";
      rows.push({ cells: [campaign.Name, campaign.Id, status, "", "", "", ""] });
      for (const flight of (state.flight ?? []).filter((each) => each.CampaignId === campaign.Id)) {
        rows.push({ inner: true, cells: [flight.Name, flight.Id,
                                         flight.IsDeleted ? "deleted" : flight.IsActive ? "active" : "paused",
                                         day(flight.StartDateISO), day(flight.EndDateISO), flight.Impressions ?? "",
                                         flight.Price ?? ""] });
      }
    }
    const columns = [...text("Campaign, flights", "Id", "Status", "Start", "End"), ...figures("Goal", "Price")];
    const creatives = (state.creative ?? []).map((each) => ({ cells: [each.Title, each.Id, each.AdvertiserId] }));
    return [tabled("Kevel network " + name, columns, rows),
            tabled("Creatives of network " + name, text("Creative", "Id", "Advertiser"), creatives)];
  }

  async function show() {
    const [networks, traffic, faults] = await Promise.all([ask("networks"), ask("traffic"), ask("faults")]);
    const parts = [];
    for (const code of networks.gam) parts.push(...gam(code, await ask("state/gam/" + encodeURIComponent(code))));
    for (const name of networks.kevel) parts.push(...kevel(name, await ask("state/kevel/" + encodeURIComponent(name))));
    const routes = Object.entries(traffic.routes).map(([route, counted]) => ({ cells: [
      route, counted.total, Object.entries(counted.by_status).map(([status, count]) => status + ": " + count).join(", ")] }));
    parts.push(tabled("Traffic", [{ name: "Route" }, { name: "Requests", number: true }, { name: "By status" }], routes));
    parts.push(tabled("Armed faults", text("Route", "What", "Left"),
                      faults.faults.map((each) => ({ cells: [each.match, each.what, each.left ?? "until cleared"] }))));
    document.getElementById("main").replaceChildren(...parts);
    document.getElementById("state").textContent = "As of " + new Date().toLocaleTimeString() + "; looks again every two seconds.";
  }

  async function keep() {
    try { await show(); } catch (failure) { document.getElementById("state").textContent = "Not reached: " + failure; }
    setTimeout(keep, 2000);
  }
  keep();
</script>
)html";
}

}  // namespace tenon::sandbox
