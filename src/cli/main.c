/* main.c - tare-engine: what tare hands over; with a table that has all commands */
#include "tare/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
