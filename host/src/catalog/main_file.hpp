#pragma once

#include "catalog/catalog.hpp"
#include "catalog/field.hpp"

namespace tenon {

/// Reads [host], [cache] and [plugins] of tenon.toml and refuses tables that neither the host nor the embedder knows.
void read_main_tables(const document::table& root, const std::vector<std::string>& foreign_tables, file_scope& scope,
                      catalog& into);

}  // namespace tenon
