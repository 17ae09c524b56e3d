/* The note promises get_products, the entry has another task. */
#define FIXTURE_ENTRY_TASK "list_creatives"
#include "../fixture/fixture.h"
