/* net_devices.h - linux.netDevices: devices of the host's, moved into the container's network */
#ifndef RUNTIME_NET_DEVICES_H
#define RUNTIME_NET_DEVICES_H

struct creation;
struct err;
struct oci_config;

int net_devices_check(const struct oci_config *c, struct err *e);
int net_devices_move(struct creation *c, struct err *e);
void net_devices_return(struct creation *c);
void net_devices_done(struct creation *c);

#endif
