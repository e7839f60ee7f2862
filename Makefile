# Weir. `make help` lists what there is.
SHELL := /bin/sh
GO    ?= go
BIN   ?= bin/weir
FUZZTIME ?= 5s
CHAOS ?= 200
AWAY  ?= 10m
export CGO_ENABLED = 0

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: help build run demo sample test race fuzz bench check generate identity profile docs captures e2e chaos accept nsqtools clean

help: ## list the targets
	@grep -E '^[a-z0-9]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build the static binary bin/weir
	$(GO) build -pgo=cmd/weir/weir.pgo -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN) ./cmd/weir

run: build ## watch the interface of the default route (as root); events in out/run
	$(BIN) run -l out/run

demo: build ## real programs in two namespaces, and the alerts about them as they come (as root)
	@.ci/demo $(BIN)

sample: build ## analyse the bundled captures with the bundled rules
	$(BIN) pcap -l out/sample testdata/captures

test: ## run every test
	$(GO) vet ./...
	$(GO) test ./...

race: ## run the tests under the race detector
	CGO_ENABLED=1 $(GO) test -race ./...

fuzz: ## run every fuzz target for FUZZTIME (5s)
	@.ci/fuzz $(FUZZTIME)

bench: ## ns and allocations per packet of every stage
	$(GO) test -run '^$$' -bench . -benchmem -benchtime 0.5s ./...

check: ## format, vet, staticcheck, generated files and manual are current
	sh .ci/check

identity: ## 20,000 short connections: is the process known? (root)
	WEIR_IDENTITY=20000 $(GO) test -count=1 -v -run TestShortLived ./decode/host

generate: ## rebuild generated files (clang 14 and llvm-strip for the programs of bpf/)
	$(GO) generate ./...

profile: build ## renew cmd/weir/weir.pgo: make profile CAPTURE=FILE RULES=FILE CONFIG=FILE
	$(BIN) pcap -q -k none -c $(CONFIG) -S $(RULES) -l out/profile --cpu-profile out/weir.pgo $(CAPTURE)
	$(GO) tool pprof -proto out/weir.pgo > cmd/weir/weir.pgo

docs: build ## print docs/reference from the code
	$(BIN) docs docs/reference

captures: ## rebuild the made captures of testdata/captures
	$(GO) run ./cmd/mkcaptures testdata/captures

e2e: build ## end to end: captures with rules to expected events
	$(GO) test -count=1 ./cmd/weir -run 'Script|Cases'

chaos: ## as root: kill sensor, brokers and stores CHAOS times (200), cut and fill what they need, and look for what is missing
	WEIR_CHAOS=$(CHAOS) $(GO) test -count=1 -timeout 120m -v -run 'TestChaos' ./cmd/weir

accept: ## figures of the delivery, as root: the spool's rate, latency, memory, a broker that is away for AWAY (10m)
	WEIR_SPOOL=3s WEIR_LATENCY=1m WEIR_MEMORY=1m WEIR_OUTAGE=$(AWAY) $(GO) test -count=1 -timeout 120m -v -p 1 -run TestAccept ./sinks/spool ./cmd/weir

nsqtools: ## whether NSQ's own programs work on the topics; builds them in out/nsq
	@.ci/nsqtools out/nsq
	WEIR_NSQ_TOOLS=$(CURDIR)/out/nsq $(GO) test -count=1 -v -run 'TestNSQTools' ./cmd/weir

clean: ## remove what was built
	rm -rf bin out
