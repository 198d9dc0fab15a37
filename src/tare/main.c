/* main.c - tare */
#include "tare/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
