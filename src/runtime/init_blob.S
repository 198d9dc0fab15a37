/* init_blob.S - tare-init's bytes inside tare-runtime (see launch.c) */
	.section .rodata
	.balign 16
	.globl tare_init_start, tare_init_end
tare_init_start:
	.incbin INIT
tare_init_end:
	.section .note.GNU-stack,"",%progbits
