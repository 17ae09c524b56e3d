# The outbound HTTP client: a layer of its own beside the platform, which uses it. Included from host/CMakeLists.txt.
tenon_module(http_client DEPENDS base LIBRARIES Boost::url
  SOURCES src/platform/http_client.cpp src/platform/http_client/connection.cpp src/platform/http_client/exchange.cpp
          src/platform/http_client/origin.cpp src/platform/http_client/pool.cpp
          src/platform/http_client/request_text.cpp src/platform/http_client/tls.cpp)
target_compile_definitions(tenon_http_client PRIVATE TENON_VERSION="${PROJECT_VERSION}")
