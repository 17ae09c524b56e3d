/* A section that is both writable and executable. */
__asm__(".section .writable_code, \"awx\", @progbits\n\t.quad 0\n\t.text");
#include "../fixture/fixture.h"
