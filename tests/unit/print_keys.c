/* Prints the keys of pfx.cfg; t_keys.sh compares them with the sample file and the manual. */
#include "config.h"

int main(void)
{
    config_print_keys();
    return 0;
}
