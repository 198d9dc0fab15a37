/* reference.c - a name that is taken means the same in its full and in its familiar form */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/own.h"
#include "spec/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	own_mem char *text = malloc(size + 1);
	struct reference r, again;
	char full[REFERENCE_TEXT], other[REFERENCE_TEXT];
	struct err e = { 0 };

	MUST(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (reference_parse(text, &r, &e) < 0) {
		MUST(*e.text && e.cls == ERR_INPUT);
		return 0;
	}
	MUST(reference_parse(reference_full(&r, full), &again, &e) == 0);
	MUST(strcmp(reference_full(&again, other), full) == 0);
	MUST(reference_parse(reference_familiar(&r, other), &again, &e) == 0);
	MUST(strcmp(reference_full(&again, other), full) == 0);
	return 0;
}
