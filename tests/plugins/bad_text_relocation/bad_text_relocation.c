/* An absolute address in the middle of the code, as in code that was compiled without -fPIC. */
__asm__(".text\n\t.balign 8\n\t.quad .");
#include "../fixture/fixture.h"
