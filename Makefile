# tare: the front door. Everything is built by meson and ninja (meson.build); this file says which
# package lists, build folder and program belong to which goal. `make help` lists the goals.

PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
LEGS ?= unit native peers v2 systemd
FUZZ_SECONDS ?= 60
# true in CI: warnings are errors
WERROR ?= false

SETUP = tools/setup
LISTS_BUILD = tools/packages/build.txt
LISTS_TEST = $(LISTS_BUILD) tools/packages/test.txt \
	$(if $(filter peers,$(LEGS)),tests/peers/packages.txt) \
	$(if $(filter v2 systemd,$(LEGS)),tests/vm/packages.txt)
LISTS_LINT = $(LISTS_BUILD) tools/packages/lint.txt

MESON_OPTIONS = --prefix=$(abspath $(PREFIX)) -Dwerror=$(WERROR)

.DEFAULT_GOAL := all
.PHONY: all setup setup-ci install run test bench lint fuzz asan fault clean help

## all: build the programs (the default)
all: setup
	@tools/build $(BUILD) $(MESON_OPTIONS)

setup:
	@$(SETUP) $(LISTS_BUILD)

# before test and lint side by side: then neither installs anything under the other's hands
setup-ci:
	@$(SETUP) $(LISTS_TEST) $(LISTS_LINT)

## install: build, then install below DESTDIR/PREFIX (/usr/local)
install: all
	@DESTDIR='$(abspath $(DESTDIR))' meson install -C $(BUILD) --no-rebuild --quiet

## run: build, then run a container: a shell on a terminal, else a short demonstration (root)
run: all
	@tools/demo $(BUILD)

## test: build, then run every test; LEGS="unit native peers v2 systemd" says which (root)
test:
	@$(SETUP) $(LISTS_TEST)
	@tools/build $(BUILD) $(MESON_OPTIONS)
	@tests/run $(BUILD) $(LEGS)

## bench: one table: the kernel's own price, tare-runtime, crun, runc (root)
bench:
	@$(SETUP) $(LISTS_BUILD) tests/bench/packages.txt tests/vm/packages.txt
	@tools/build $(BUILD)-bench $(MESON_OPTIONS) --buildtype=release
	@tests/bench/run $(BUILD)-bench
	@tests/bench/toolkit $(BUILD)-bench
	@tests/bench/images $(BUILD)-bench
	@tests/bench/engine $(BUILD)-bench
	@tests/bench/in-guest $(BUILD)-bench

## lint: layers, format, static analysers, shell scripts
lint:
	@$(SETUP) $(LISTS_LINT)
	@tools/lint $(BUILD)-lint

## asan: everything with AddressSanitizer and UBSan, and the tests of this machine with it (root)
asan:
	@$(SETUP) $(LISTS_BUILD) tools/packages/test.txt
	@tools/build $(BUILD)-asan $(MESON_OPTIONS) -Db_sanitize=address,undefined -Db_lundef=false
	@tests/run $(BUILD)-asan unit native

## fuzz: each fuzz target for FUZZ_SECONDS (60)
fuzz:
	@$(SETUP) $(LISTS_BUILD) tools/packages/fuzz.txt
	@tests/fuzz/run $(BUILD)-fuzz $(FUZZ_SECONDS)

## fault: the full sweep over every system call: kills and failures (root)
fault: all
	@$(SETUP) $(LISTS_TEST)
	@tests/fault/run $(BUILD) full

## clean: remove what was built
clean:
	@rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-bench $(BUILD)-fuzz $(BUILD)-lint

## help: this list
help:
	@sed -n 's/^## \([a-z]*\): /\1\t/p' Makefile | expand -t 10
