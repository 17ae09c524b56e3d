/* Exports a function beside its entry. */
__attribute__((visibility("default"))) int exported_by_mistake(void);
int exported_by_mistake(void) { return 1; }
#include "../fixture/fixture.h"
