// Boost.JSON for a plugin: compiled once per project, position independent and hidden, because a distribution's static
// library is neither and a shared one would be common to all plugins and the host.
#include <boost/json/src.hpp>
