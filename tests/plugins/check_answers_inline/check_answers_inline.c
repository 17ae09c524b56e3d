/* Nothing is wrong: it answers inside create() and call(). */
#include "../fixture/platform.h"
