/* A manifest without the entry. */
#include <tenon/abi/plugin.h>
TENON_MANIFEST("{\"id\": \"fixture\", \"version\": \"1.0.0\", \"adcp\": \"3.0\", \"tasks\": [{\"name\": \"get_products\"}],"
               " \"sanitizer\": \"" FIXTURE_SANITIZER "\"}");
