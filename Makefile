# The front door. Every target does its own set-up: `make help` lists them.
SHELL := /bin/bash
BUILD := build
JOBS  := $(shell nproc)
SAN   ?=
ifneq ($(SAN),)
  BUILD := build-san
endif

.PHONY: build demo test format tidy fuzz bench sim gauntlet shifts setup clean help
.DEFAULT_GOAL := build

build:  ## compile everything into build/ (the default)
	@tools/setup build
	@cmake -G Ninja -S . -B $(BUILD) -DSAN="$(SAN)" --log-level=WARNING
	@cmake --build $(BUILD) -j $(JOBS)

demo:  ## watch live traffic move from version 0.9 of a gRPC service to 1.0 (KEEP=1 leaves it running)
	@tools/setup build demo
	@cmake -G Ninja -S . -B build --log-level=WARNING
	@cmake --build build -j $(JOBS) --target weir echo_images
	@examples/echo/demo

test:  ## build, then run every test; SAN=address,undefined builds with sanitizers in build-san/
	@tools/setup build test
	@$(MAKE) --no-print-directory build
	@cd $(BUILD) && ctest --output-on-failure -j $$(( 2 * $(JOBS) )) $(CTEST)  # most of them wait most of the time

sim:  ## run simulated worlds until stopped; SEED=n replays one, FROM=n COUNT=m runs a range
	@tools/setup build
	@cmake -G Ninja -S . -B build --log-level=WARNING
	@cmake --build build -j $(JOBS) --target weir-sim
	@build/weir-sim $(if $(SEED),--seed $(SEED),--from $(or $(FROM),1) $(if $(COUNT),--count $(COUNT)))

gauntlet:  ## deployments, kills and upgrades at random under load of all protocols: SEED=n DEPLOYMENTS=1000 REQUESTS=0 RATE=50
	@tools/setup build test
	@cmake -G Ninja -S . -B build --log-level=WARNING
	@cmake --build build -j $(JOBS) --target weir hello echo_images
	@/usr/bin/python3 tests/e2e/gauntlet.py $(if $(SEED),--seed $(SEED)) --deployments $(or $(DEPLOYMENTS),1000) --requests $(or $(REQUESTS),0) --rate $(or $(RATE),50) --json build/gauntlet.json

shifts:  ## the echo system in a mesh through shifts of its route, under load of all protocols: SEED=n SHIFTS=50 RATE=50
	@tools/setup build test
	@cmake -G Ninja -S . -B build --log-level=WARNING
	@cmake --build build -j $(JOBS) --target weir echo_images
	@/usr/bin/python3 tests/e2e/shifts.py $(if $(SEED),--seed $(SEED)) --shifts $(or $(SHIFTS),50) --rate $(or $(RATE),50) --json build/shifts.json

tidy:  ## check includes against the map of rooms; list long functions and files
	@tools/setup tidy
	@tools/tidy

format:  ## rewrite the C++ sources in the project's format
	@tools/setup format
	@git ls-files -co --exclude-standard '*.cc' '*.h' | xargs -r clang-format -i

fuzz:  ## run every fuzz target for FUZZ_SECONDS (60) seconds each
	@tools/setup build fuzz
	@tools/fuzz

bench:  ## measure Weir beside HAProxy, nginx, Caddy and a raw relay on this machine (BENCH=name,… ROUNDS=5 SECONDS_EACH=4)
	@tools/setup build bench
	@cmake -G Ninja -S . -B build --log-level=WARNING
	@cmake --build build -j $(JOBS) --target weir bench_tools
	@bench/run
	@bench/api_figures

setup:  ## install every Debian package that any target needs
	@tools/setup

clean:  ## remove what was built
	rm -rf build build-san build-fuzz

help:  ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -nE 's/^([a-z]+):  ## (.*)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12
