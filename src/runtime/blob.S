/* blob.S - a program's bytes inside another (see launch.c and seccomp_apart.c) */
	.section .rodata
	.balign 16
	.globl START, END
START:
	.incbin BYTES
END:
	.section .note.GNU-stack,"",%progbits
