/* Relative relocations as a bitmap (DT_RELR), which tools that read DT_RELA do not see. */
#include "../fixture/fixture.h"
