"""What the ad server's stand-in holds of a buy: once, whole, and what the buyer was told, or it says what is wrong."""
import json

from seller import PACKAGES, buy, expect


def gam_parts(state):
    """Orders, line items, creatives and what connects them, deleted ones left out, in one form for both ad servers."""
    orders = [{"id": "gam-" + each["name"].rsplit("/", 1)[1], "ref": each["name"], "name": each["displayName"],
               "whole": each["status"] == "APPROVED" and not each["archived"]}
              for each in state.get("orders", []) if each["status"] != "DELETED"]
    live = {each["ref"] for each in orders}
    items = [{"id": "gam-li-" + each["name"].rsplit("/", 1)[1], "ref": each["name"], "of": each["order"],
              "marker": each["externalLineItemId"]} for each in state.get("lineItems", []) if each["order"] in live]
    creatives = [{"ref": each["name"], "name": each["displayName"]} for each in state.get("creatives", [])]
    ads = [{"of": each["lineItem"], "creative": each["creative"]} for each in state.get("associations", [])
           if each["status"] == "ACTIVE"]
    return orders, items, creatives, ads


def kevel_parts(state):
    there = lambda entity: [each for each in state.get(entity, []) if not each["IsDeleted"]]
    record = lambda each: json.loads(each["CustomFieldsJson"] or "{}")
    orders = [{"id": "kevel-%d" % each["Id"], "ref": each["Id"], "name": each["Name"],
               "whole": each["IsActive"] and "draft" not in record(each)} for each in there("campaign")]
    live = {each["ref"] for each in orders}
    items = [{"id": "kevel-fl-%d" % each["Id"], "ref": each["Id"], "of": each["CampaignId"],
              "marker": record(each)["marker"]} for each in there("flight") if each["CampaignId"] in live]
    creatives = [{"ref": each["Id"], "name": each["Title"]} for each in there("creative")]
    of_live = {each["ref"] for each in items}
    ads = [{"of": each["FlightId"], "creative": each["Creative"]["Id"]} for each in there("ad")
           if each["FlightId"] in of_live]
    return orders, items, creatives, ads


def parts(seller):
    return {"gam": gam_parts, "kevel": kevel_parts}[seller.kind](seller.state())


def orders_of(seller, number):
    """The orders of that buy; campaigns, for Kevel."""
    start = "AdCP %s " % buy(number)["brand"]["domain"]
    return [each for each in parts(seller)[0] if each["name"].startswith(start)]


def check_bought(seller, number, answer):
    """`answer`: what the buyer was told of its buy of that number."""
    _, items, creatives, ads = parts(seller)
    orders = orders_of(seller, number)
    expect(len(orders) == 1, "buy %d: expected one order, found %s" % (number, orders))
    order = orders[0]
    expect(order["whole"], "buy %d: expected a whole order, found a draft: %s" % (number, order))
    expect(order["id"] == answer["media_buy_id"], "buy %d: the buyer was told of %s, found %s" % (
        number, answer["media_buy_id"], order))
    ours = [each for each in items if each["of"] == order["ref"]]
    expect(len(ours) == PACKAGES and len({each["marker"] for each in ours}) == PACKAGES,
           "buy %d: expected one line item a package, found %s" % (number, ours))
    told = [each["package_id"] for each in answer["packages"]]
    by_marker = [each["id"] for each in sorted(ours, key=lambda each: each["marker"])]
    expect(told == by_marker, "buy %d: the buyer was told of %s, found %s" % (number, told, by_marker))
    for package, item in enumerate(sorted(ours, key=lambda each: each["marker"])):
        name = "creative-%d-%d" % (number, package)
        known = [each["ref"] for each in creatives if each["name"] == name]
        expect(len(known) == 1, "buy %d: expected one creative %s, found %d" % (number, name, len(known)))
        serving = [each["creative"] for each in ads if each["of"] == item["ref"]]
        expect(serving == known, "buy %d: expected %s to serve alone, found %s" % (number, name, serving))


def check_nothing_else(seller, buys):
    """There is nothing beyond so many buys: no orphan of any kind."""
    counts = [len(each) for each in parts(seller)]
    wanted = [buys] + [buys * PACKAGES] * 3
    expect(counts == wanted, "expected %s orders, line items, creatives and ads, found %s" % (wanted, counts))
