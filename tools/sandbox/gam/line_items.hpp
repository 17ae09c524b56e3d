#pragma once

#include "sandbox/call.hpp"

/// Line items. Their stored status is moved by actions on them or on their order; delivery.hpp says what it comes to.
namespace tenon::sandbox::gam {

http::response create_line_item(call& request);
http::response create_line_items(call& request);
http::response patch_line_item(call& request);
http::response update_line_items(call& request);

/// The subject is the action: "activate", "pause", ... All line items take it or none does.
http::response act_on_line_items(call& request);

// What an order's action does to its line items; those the action does not apply to are left alone.
void approve_line_item(record& item, bool reserve);
void pause_line_item(record& item, sys_seconds now);
void resume_line_item(record& item);
void archive_line_item(record& item, bool archived, sys_seconds now);

}  // namespace tenon::sandbox::gam
