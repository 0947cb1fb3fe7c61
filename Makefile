# memhooks: `make` alone prints what there is. Needs Go and make, nothing else.

VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 60s
REPORT   := go run ./infra/testreport

# What template.yaml deploys: its names of the functions, their folders in small
# letters. ARCHITECTURE is the template's parameter too.
FUNCTIONS    := Memories Hooks Console Fanout Deliver Upkeep
ARCHITECTURE ?= arm64
GOARCH_arm64  := arm64
GOARCH_x86_64 := amd64
folder        = functions/$(shell echo $(1) | tr A-Z a-z)

.DEFAULT_GOAL := help
.PHONY: help run test check fuzz conformance acceptance crash soak screens bench bench-report bench-stages profile build release image golden simulate simulate-defects \
        check-format check-vet check-lint check-race check-modules check-vulnerabilities check-template check-release \
        functions coldstart firstrun deploy invoke $(FUNCTIONS:%=build-%) \
        local-aws test-aws test-aws-services test-aws-stack test-aws-invoke

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# Settings of `make run`. What the caller's environment sets stays as it is.
run: export MEMHOOKS_AUTH ?= off
run: export MEMHOOKS_ALLOW_DESTINATIONS ?= 127.0.0.0/8,::1/128
run: export MEMHOOKS_AUTO_CREATE ?= on
run: export MEMHOOKS_RATE ?= 0
run: ## start the whole system in one process on 127.0.0.1:8080, data in ./data
	go run ./local serve

test: ## run every test; ends with what was skipped and why (under 2 minutes)
	$(REPORT) -shuffle=on ./...

check: ## all that CI runs: format, vet, lint, tests, race, suites, fuzz 5 s each (under 20 minutes)
	@for step in check-format check-vet check-lint check-template check-modules check-vulnerabilities test check-race conformance acceptance simulate simulate-defects check-release; do \
		echo "== $$step"; $(MAKE) --no-print-directory $$step || exit 1; \
	done
	@echo "== fuzz"; $(MAKE) --no-print-directory fuzz FUZZTIME=5s
	@echo "== check passed"

check-format:
	@unformatted=$$(gofmt -l .) || exit 1; \
	if [ -n "$$unformatted" ]; then \
		echo "not formatted; run: gofmt -w" $$unformatted; exit 1; \
	fi

check-vet:
	go vet ./...

check-lint:
	@if command -v golangci-lint >/dev/null 2>&1; then golangci-lint run; \
	else echo "skipped: golangci-lint is not installed; with it: golangci-lint run"; fi

check-template:
	@if command -v cfn-lint >/dev/null 2>&1; then cfn-lint template.yaml; \
	else echo "skipped: cfn-lint is not installed; with it: cfn-lint template.yaml"; fi

# govulncheck's list of known weaknesses, where it is not vuln.go.dev's: a copy of it at file:///, or a mirror.
GOVULNDB ?=
check-vulnerabilities:
	@if command -v govulncheck >/dev/null 2>&1; then govulncheck $(if $(GOVULNDB),-db "$(GOVULNDB)") -test ./...; \
	else echo "skipped: govulncheck is not installed; with it, where vuln.go.dev can be reached or GOVULNDB names a copy of it: make check-vulnerabilities"; fi

check-race:
	@if [ "$$(go env CGO_ENABLED)" = 1 ] && command -v "$$(go env CC)" >/dev/null 2>&1; then \
		$(REPORT) -race -shuffle=on ./...; \
	else echo "skipped: the race detector needs a C compiler; with one: go test -race -shuffle=on ./..."; fi

check-modules:
	go mod verify

check-release:
	MEMHOOKS_TEST_RELEASE=1 $(REPORT) -count=1 ./infra/release

fuzz: ## run every fuzz target for FUZZTIME (60s each)
	@mkdir -p bin
	@listed=$$(go test -list '^Fuzz' ./...) || { echo "$$listed"; exit 1; }; \
	targets=$$(echo "$$listed" | awk '/^Fuzz/{names[++n]=$$1} /^ok/{for(i=1;i<=n;i++) print $$2 ":" names[i]; n=0}'); \
	if [ -z "$$targets" ]; then echo "no fuzz target was found"; exit 1; fi; \
	for target in $$targets; do \
		echo "-- $$target"; \
		go test -run '^$$' -fuzz "^$${target##*:}$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$${target%:*}" >bin/fuzz.txt 2>&1; ended=$$?; \
		cat bin/fuzz.txt; \
		if [ $$ended -ne 0 ] && grep -q 'context deadline exceeded' bin/fuzz.txt && ! grep -q 'Failing input' bin/fuzz.txt; then \
			echo "the fuzzer was still at work when its time was over: no input failed"; \
		elif [ $$ended -ne 0 ]; then exit 1; fi; \
	done

conformance: ## run the one conformance suite on every cloud that needs no account
	$(REPORT) -count=1 -run Conformance ./shared/adapter/...

SCHEDULES ?= 10000
STEPS     ?= 60
SEED      ?= 1
simulate: ## run seeded schedules of faults on both clouds and check the invariants: SCHEDULES of them (a tenth embedded) from SEED on
	SCHEDULES=$$(( $(SCHEDULES) - $(SCHEDULES) / 10 )) STEPS=$(STEPS) SEED=$(SEED) go test -count=1 -timeout 30m -run '^TestSimulation$$' ./shared/adapter/aws
	SCHEDULES=$$(( ($(SCHEDULES) + 9) / 10 )) STEPS=$(STEPS) SEED=$(SEED) go test -count=1 -timeout 30m -run '^TestSimulation$$' ./shared/adapter/embedded

simulate-defects: ## print after how many seeded schedules each defect that was put in on purpose is found, on both clouds
	@mkdir -p bin
	@MEMHOOKS_TEST_DEFECTS=1 go test -v -count=1 -run '^TestDefectsAreFound$$' ./shared/adapter/aws ./shared/adapter/embedded >bin/defects.txt 2>&1 || { cat bin/defects.txt; exit 1; }; \
		grep -e '|' -e '^ok' bin/defects.txt | sed 's/^.*go:[0-9]*: //'

acceptance: ## run the acceptance list over HTTP and print its table, a line a row
	go -C local/acceptance test -count=1 -run '^TestRow'

ROUNDS ?= 50
crash: ## kill a server under load in ROUNDS ways and moments (50), and look for every write and event; prints what it saw
	ROUNDS=$(ROUNDS) go -C local/acceptance test -count=1 -timeout 60m -run '^TestCrash'

DURATION ?= 10m
RATE     ?= 50
soak: ## hold RATE writes/s for DURATION on receivers of all kinds (SICK=no: a healthy one alone); fails where memory or lag grow, or goroutines or open files stay (LEAK=yes: has to)
	DURATION=$(DURATION) RATE=$(RATE) go -C local/acceptance test -count=1 -timeout 0 -run '^TestSoak$$'

screens: ## take the documentation's pictures of the console anew; needs Chromium
	MEMHOOKS_SCREENS="$(CURDIR)/docs/console" go -C local/acceptance test -count=1 -run '^TestScreens$$'

bench: ## print the budgets' figures beside bare references measured in the same run
	go run ./local bench $(ARGS)

bench-report: build ## measure all of it five times and rewrite docs/performance: page, picture, JSON
	bin/memhooks bench --all --runs $(or $(RUNS),5) --duration 3s --json $(ARGS) > bin/bench.json || failed=yes; \
	go run ./infra/performance < bin/bench.json && test -z "$$failed"

ROW ?= steady
profile: build ## print where the server's time goes while bench measures ROW (steady); the profile stays in bin/profiles
	@mkdir -p bin/profiles
	bin/memhooks bench --only $(ROW) --profiles bin/profiles
	go tool pprof -top -cum -nodecount 40 bin/profiles/$(ROW)-served.pprof

bench-stages: ## run each stage's own benchmark, with its allocations
	go test -run '^$$' -bench . -benchmem ./...

build: ## build the static binary bin/memhooks
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/memhooks ./local

# Everything in the archives is as old as the commit.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
release: ## build memhooks for every platform into dist, as archives with their sums
	go run ./infra/release -version $(VERSION) -time $(SOURCE_DATE_EPOCH) $(ARGS)

IMAGE ?= memhooks:$(VERSION)
image: ## pack memhooks into a container image, IMAGE; needs Docker
	go run ./infra/release -version $(VERSION) -image dist/image -only linux/$(shell go env GOARCH)
	docker build -t $(IMAGE) --label org.opencontainers.image.version=$(VERSION) -f Dockerfile dist/image

functions: ## build every function into bin/functions, for ARCHITECTURE (arm64, x86_64)
	@for f in $(FUNCTIONS); do \
		$(MAKE) --no-print-directory build-$$f ARTIFACTS_DIR="$(CURDIR)/bin/functions/$$f" || exit 1; \
	done

coldstart: export ARCHITECTURE = $(if $(filter arm64,$(shell go env GOARCH)),arm64,x86_64)
coldstart: functions ## measure each function's start, memory and size on this machine
	go run ./infra/coldstart

firstrun: ## measure `make run` on a clean clone of the last commit until it listens, the first time and again
	go run ./infra/firstrun

# Not inlined: what registers each route is generic, runs once, and is a tenth of the binary; AWS's
# clients wait for the network. Together they are 0.6 of the 15 MiB that a function may have.
SMALLER := $(patsubst %,-gcflags='%=-l',github.com/memhooks/memhooks/shared/httpapi github.com/danielgtaylor/huma/v2 github.com/aws/aws-sdk-go-v2/...)

# sam build runs these, and says where to put what they build.
$(FUNCTIONS:%=build-%): build-%:
	@test -n "$(ARTIFACTS_DIR)" || { echo "sam build runs this target; by hand: make functions"; exit 1; }
	@test -n "$(GOARCH_$(ARCHITECTURE))" || { echo "ARCHITECTURE=$(ARCHITECTURE): use arm64 or x86_64"; exit 1; }
	@mkdir -p "$(ARTIFACTS_DIR)"
	GOOS=linux GOARCH=$(GOARCH_$(ARCHITECTURE)) CGO_ENABLED=0 go build -tags lambda.norpc -trimpath $(SMALLER) \
		-ldflags '-s -w -X main.version=$(VERSION)' -o "$(ARTIFACTS_DIR)/bootstrap" ./$(call folder,$*)

deploy: ## build and deploy into your AWS account; ARCHITECTURE=x86_64 for the other processor, ARGS for more of sam deploy's
	ARCHITECTURE=$(ARCHITECTURE) sam build --parameter-overrides Architecture=$(ARCHITECTURE)
	sam deploy --parameter-overrides Architecture=$(ARCHITECTURE) $(PARAMETERS) $(ARGS)

invoke: ## run one function in a container with a recorded event: make invoke FN=fanout EVENT=events/fanout.json
	@test -n "$(FN)" && test -f "$(EVENT)" || { echo "make invoke FN=fanout EVENT=events/fanout.json"; exit 1; }
	ARCHITECTURE=$(ARCHITECTURE) sam build --config-env local --parameter-overrides Architecture=$(ARCHITECTURE)
	sam local invoke --config-env local --parameter-overrides Architecture=$(ARCHITECTURE) --event $(EVENT) $(ARGS) \
		$(foreach f,$(FUNCTIONS),$(if $(filter functions/$(FN),$(call folder,$f)),$f))

# An emulator of AWS that runs functions behind their triggers (MiniStack). It must
# itself have been started with AWS_ENDPOINT_URL set to its own address, and for
# containers listen on Docker's bridge.
STACK_ENDPOINT ?= http://127.0.0.1:4566

local-aws: ## deploy into the emulator at STACK_ENDPOINT; prints the API's address, an admin key and how to look around
	@AWS_ENDPOINT_URL=$(STACK_ENDPOINT) go run ./infra/emulate up

test-aws: ## try the AWS half in emulators: its services, the deployed stack, each function in a container
	@for step in test-aws-services test-aws-stack test-aws-invoke; do \
		echo "== $$step"; $(MAKE) --no-print-directory $$step || exit 1; \
	done
	@echo "== test-aws passed"

# Emulators take any credentials, but the clients want some.
test-aws-services test-aws-stack test-aws-invoke: export AWS_ACCESS_KEY_ID ?= test
test-aws-services test-aws-stack test-aws-invoke: export AWS_SECRET_ACCESS_KEY ?= test
test-aws-services test-aws-stack test-aws-invoke: export AWS_REGION ?= us-east-1

# DynamoDB, its streams and KMS of the endpoint at AWS_ENDPOINT_URL, or of LocalStack in a container.
test-aws-services:
	@if [ -n "$$AWS_ENDPOINT_URL" ] || docker image inspect localstack/localstack:4.14.0 >/dev/null 2>&1; then \
		echo "services: $${AWS_ENDPOINT_URL:-LocalStack 4.14.0 in a container}"; \
		MEMHOOKS_TEST_AWS=1 $(REPORT) -count=1 -timeout 30m -run Emulator ./shared/adapter/aws/...; \
	else echo "skipped: needs Docker with the image localstack/localstack:4.14.0, or an endpoint: AWS_ENDPOINT_URL=http://127.0.0.1:4566 make test-aws-services"; fi

# The real binaries behind stream, queue and HTTP API, called by the acceptance list.
test-aws-stack:
	@if ! command -v sam >/dev/null 2>&1 || ! curl -sf $(STACK_ENDPOINT)/_localstack/health >/dev/null 2>&1; then \
		echo "skipped: needs sam, and an emulator that runs functions: STACK_ENDPOINT=http://127.0.0.1:4566 make test-aws-stack"; \
	else \
		sam --version && curl -s $(STACK_ENDPOINT)/_localstack/health | grep -o '"version": *"[^"]*"' && sam validate --lint && \
		AWS_ENDPOINT_URL=$(STACK_ENDPOINT) MEMHOOKS_TEST_AWS=1 $(REPORT) -count=1 ./shared/adapter/aws/fifo ./shared/adapter/aws/table && AWS_ENDPOINT_URL=$(STACK_ENDPOINT) $(REPORT) -count=1 -run MasterKey ./shared/adapter/aws && \
		settings=$$(AWS_ENDPOINT_URL=$(STACK_ENDPOINT) PARAMETERS="RetryBase=1s RetryFactor=2 Timeout=3s" go run ./infra/emulate up -shell) && eval "$$settings" && \
		go -C local/acceptance test -count=1 -timeout 30m -run '^TestRow'; \
	fi

test-aws-invoke:
	@if ! command -v sam >/dev/null 2>&1 || ! docker info >/dev/null 2>&1; then \
		echo "skipped: needs sam and Docker: STACK_ENDPOINT=http://172.17.0.1:4566 make test-aws-invoke"; \
	else AWS_ENDPOINT_URL=$(STACK_ENDPOINT) go run ./infra/emulate invoke; fi

golden: ## write the golden files anew from what the code gives now; read the diff
	UPDATE_GOLDEN=1 go test -count=1 ./...
