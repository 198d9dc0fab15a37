/* seccomp_words.c - libseccomp's names of architectures, for programs that do not link it */
#include <seccomp.h>

#include "os/seccomp.h"

/* Newer than Debian 12's libseccomp; the library refuses what it does not know. */
#ifndef SCMP_ARCH_LOONGARCH64
#define SCMP_ARCH_LOONGARCH64 0xc0000102u
#endif
#ifndef SCMP_ARCH_M68K
#define SCMP_ARCH_M68K 0x4u
#endif
#ifndef SCMP_ARCH_SH
#define SCMP_ARCH_SH 0x4000002au
#endif
#ifndef SCMP_ARCH_SHEB
#define SCMP_ARCH_SHEB 0x2au
#endif

// clang-format off
const struct word seccomp_arch_words[] = {
	{ "SCMP_ARCH_AARCH64",     SCMP_ARCH_AARCH64     },
	{ "SCMP_ARCH_ARM",         SCMP_ARCH_ARM         },
	{ "SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64 },
	{ "SCMP_ARCH_M68K",        SCMP_ARCH_M68K        },
	{ "SCMP_ARCH_MIPS",        SCMP_ARCH_MIPS        },
	{ "SCMP_ARCH_MIPS64",      SCMP_ARCH_MIPS64      },
	{ "SCMP_ARCH_MIPS64N32",   SCMP_ARCH_MIPS64N32   },
	{ "SCMP_ARCH_MIPSEL",      SCMP_ARCH_MIPSEL      },
	{ "SCMP_ARCH_MIPSEL64",    SCMP_ARCH_MIPSEL64    },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PARISC",      SCMP_ARCH_PARISC      },
	{ "SCMP_ARCH_PARISC64",    SCMP_ARCH_PARISC64    },
	{ "SCMP_ARCH_PPC",         SCMP_ARCH_PPC         },
	{ "SCMP_ARCH_PPC64",       SCMP_ARCH_PPC64       },
	{ "SCMP_ARCH_PPC64LE",     SCMP_ARCH_PPC64LE     },
	{ "SCMP_ARCH_RISCV64",     SCMP_ARCH_RISCV64     },
	{ "SCMP_ARCH_S390",        SCMP_ARCH_S390        },
	{ "SCMP_ARCH_S390X",       SCMP_ARCH_S390X       },
	{ "SCMP_ARCH_SH",          SCMP_ARCH_SH          },
	{ "SCMP_ARCH_SHEB",        SCMP_ARCH_SHEB        },
	{ "SCMP_ARCH_X32",         SCMP_ARCH_X32         },
	{ "SCMP_ARCH_X86",         SCMP_ARCH_X86         },
	{ "SCMP_ARCH_X86_64",      SCMP_ARCH_X86_64      },
	{ NULL, 0 },
};
// clang-format on
