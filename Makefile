# arcadiad needs Go and a C compiler (for SQLite), and GNU make. `make` alone lists the targets.

# SQLite is C.
export CGO_ENABLED = 1

# The version that `arcadiad --version` tells comes from git, where git can read the checkout.
BUILDVCS := $(shell git rev-parse --quiet --verify HEAD >/dev/null 2>&1 && echo auto || echo false)

# The version of packages and releases: the newest tag, or one that sorts before every release.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//; s/-/+/; s/-/./g' | grep . || \
	git log -1 --date=format:%Y%m%d.%H%M%S --format='0.0.0~git%cd.%h' 2>/dev/null || echo 0.0.0~unknown)
ARCH ?= $(shell go env GOARCH)

# A program that needs no system library: with SQLite, Go's own resolver and user database.
STATIC = -trimpath -buildvcs=$(BUILDVCS) -tags 'netgo osusergo sqlite_omit_load_extension' -ldflags '-s -w -X main.release=$(VERSION) -linkmode external -extldflags "-static"'
# C compilers for other architectures, by their Debian names.
CC_amd64 = x86_64-linux-gnu-gcc
CC_arm64 = aarch64-linux-gnu-gcc
# The same source makes the same package.
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)

FLEET    ?= examples/fleet.yaml
LISTEN   ?= 127.0.0.1:0
FUZZTIME ?= 10s
SEEDS    ?= 10000
RUNS     ?= 200
EVERY    ?= 1
BENCH    ?= .
ONLY     ?= .

# Tests that visit very many cases: some of them under the race detector, and then without it all of them, or every second crash point.
SWEEPS = TestCrashPoints TestFrozenJournals TestImportAndAdoptAccountsOfManyShapes TestNothingIsTakenAwayForWhatIsMisread \
	TestLaw05ADestroyHasToBeEarned TestLaw17ProtectAtEachMoment TestLaw19ItComesToRest TestRandomWorlds TestDaysOfChanges \
	TestAccidentDatabaseLostDuringAReplace TestLaw05APostThatLandsLate TestLaw06BlankReadsProveNothing \
	TestLaw06TheOriginalShowsInOneKindOfReads TestLaw16TwoCopiesOfOneState TestLaw03ADrainDiesAnywhere TestLaw03AShutdownDiesAnywhere \
	TestLaw03ASnapshotDiesAnywhere TestLaw03AWaitUntilReadyDiesAnywhere TestLaw03AnUpdateDiesAnywhere TestLaw20AMoveDiesAnywhere \
	TestAssignProjectWhereverItDies TestRows TestRowsOfShutdowns TestCreatesTakeWhatTheLimitsAllow TestNothingIsAskedForEachDroplet TestADayOfCronTicks \
	TestTagsGoInDailyPortions TestWatchdogIsFed TestFaultLongOutage TestLaw01TagsThatComeLate TestLaw06LossHealsInTime TestRollouts \
	TestRolloutStopsAtAMemberThatFails TestRolloutOfABadImageStopsItself TestRolloutOfFifty TestLaw17ProtectionEndsARegisteredReplace \
	TestLaw18ReplacementsOfOneMomentGoTogether TestLaw18WhoeverTookTheOthersOut TestLaw13NothingInServiceIsDestroyedUnjudged \
	TestLaw13WhatWasShutDownComesBack TestLaw13NothingGoesWithoutItsSnapshot

# Tests that make quick skips beside these, because each takes seconds without the race detector. A test checks that each exists.
LONG = TestKill TestScripts TestDocs TestRevisionIsBounded TestApplyBesideADaemonReadsTheFileAsItIs TestApplyBesideADaemonOfAnotherFile \
	TestLaw04ARestartStorm TestLaw06TheOriginalShowsBeforeItsSuccessorIsRegistered TestLaw17ARegisteredReplaceGoesForward \
	TestStatusPageInChromium TestUpgrade TestLaw18ARolloutGoesBackWhateverDies TestLaw11ThreeDaemons

empty :=
space := $(empty) $(empty)

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: tools ## build bin/arcadiad
	go build -buildvcs=$(BUILDVCS) -o bin/arcadiad ./cmd/arcadiad

.PHONY: run
run: build ## run the daemon on examples/fleet.yaml against the built-in simulated account, until ^C
	@echo "Open the url of the status page, edit $(FLEET) while this runs, or look in from a second terminal:"
	@echo "  bin/arcadiad status --simulate"
	@echo "  bin/arcadiad plan --simulate --fleet $(FLEET)"
	@echo
	@exec bin/arcadiad run --simulate --fleet $(FLEET) --listen $(LISTEN)

.PHONY: quick
quick: tools ## run the short tests without the race detector, in about a minute
	go test -skip '^($(subst $(space),|,$(strip $(SWEEPS) $(LONG))))$$' $$(go list ./... | grep -v /scripts/)

.PHONY: test
test: tools ## run all tests with the race detector, and the sweeps again without it
	@{ command -v chromium || command -v chromium-browser || command -v google-chrome || command -v chrome; } >/dev/null || \
		echo '*** NOT CHECKED: the status page in a browser. There is no Chromium here (Debian: apt-get install chromium).' >&2
	@{ [ -x /usr/sbin/sshd ] || command -v sshd; } >/dev/null || \
		echo '*** NOT CHECKED: pull over ssh. There is no sshd here (Debian: apt-get install openssh-server).' >&2
	@command -v gpg >/dev/null || echo '*** NOT CHECKED: commits that OpenPGP signed. There is no gpg here (Debian: apt-get install gnupg).' >&2
	@{ command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 || \
		echo '*** NOT CHECKED: the store in PostgreSQL. There is none here (Debian: apt-get install postgresql).' >&2
	go test -race -timeout 40m ./...
	go test -run '^($(subst $(space),|,$(strip $(SWEEPS))))$$' -timeout 20m ./daemon ./provision

.PHONY: check
check: tools ## what CI runs: gofmt, vet, staticcheck, a tidy go.mod, the systemd units, and all tests
	@echo 'gofmt -l .'
	@bad=$$(gofmt -l .) && { test -z "$$bad" || { echo "$$bad"; echo 'these files are not formatted: gofmt -w .' >&2; exit 1; }; }
	go mod tidy -diff
	go vet ./...
	go vet -tags manual ./cmd/arcadiad
	go tool staticcheck ./...
	packaging/check-unit
	@$(MAKE) --no-print-directory test

.PHONY: bench
bench: tools ## print what creates and destroys take in virtual time, and run the benchmarks; BENCH=pattern chooses
	go run ./scripts/measure rows
	go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

.PHONY: fuzz
fuzz: tools ## fuzz every target for FUZZTIME (10s) each
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file decl; do \
		dir=$${file%/*}; target=$${decl#func }; \
		echo "go test -run '^$$' -fuzz '^$$target$$' -fuzztime $(FUZZTIME) $$dir"; \
		go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$dir" || exit 1; \
	done

.PHONY: mutants
mutants: tools ## remove each guard in turn and show that a test fails; ONLY=pattern chooses
	go run ./scripts/mutants -only '$(ONLY)'

.PHONY: soak
soak: tools ## play SEEDS (10000) random worlds; SEED=123 plays only that one, repeatedly
ifdef SEED
	cd daemon && go test -run '^TestRandomWorlds$$' -v -seed $(SEED) -count 20
else
	cd daemon && go test -run '^TestRandomWorlds$$' -timeout 0 -worlds $(SEEDS)
endif

.PHONY: kill
kill: tools ## kill real daemons while they build RUNS (200) fleets
	cd cmd/arcadiad && go test -run '^TestKill$$' -timeout 0 -parallel 12 -kills $(RUNS)

.PHONY: trio
trio: tools ## build RUNS (200) fleets with three daemons on one PostgreSQL, which are killed, stopped and cut off
	cd cmd/arcadiad && go test -run '^TestLaw11ThreeDaemons$$' -v -timeout 0 -parallel 12 -trio-servers 8 -trios $(RUNS)

.PHONY: crash
crash: tools ## crash at every point of every scenario, and again at every point of each recovery (EVERY=9: at every ninth); then kill real daemons
	cd daemon && go test -run '^TestCrashPoints$$' -timeout 0 -pairs -every $(EVERY)
	@$(MAKE) --no-print-directory kill

.PHONY: picture
picture: build ## take the picture of the status page for the README, with Chromium
	go run ./scripts/picture bin/arcadiad docs/status-page.png

.PHONY: manual
manual: tools ## write the man pages and completions into dist/package/man
	@rm -rf dist/package/man
	go run -tags manual ./cmd/arcadiad dist/package/man docs/fleet-file.md
	@gzip -9n dist/package/man/*.1 dist/package/man/*.5

.PHONY: deb
deb: manual ## build the Debian package for ARCH (this machine's) into dist
	@$(MAKE) --no-print-directory static ARCH=$(ARCH) OUT=dist/package/arcadiad
	VERSION='$(VERSION)' ARCH=$(ARCH) go tool -modfile=packaging/go.mod nfpm package \
		--config packaging/nfpm.yaml --packager deb --target dist/

.PHONY: release
release: tools ## build static programs and OCI images for linux on amd64 and arm64, with checksums, into dist
	@mkdir -p dist
	@rm -f dist/arcadiad-* dist/SHA256SUMS
	@for arch in amd64:$(CC_amd64) arm64:$(CC_arm64); do \
		cc=$${arch#*:}; arch=$${arch%%:*}; out=dist/arcadiad-$(VERSION)-linux-$$arch; \
		command -v $$cc >/dev/null || continue; \
		$(MAKE) --no-print-directory static ARCH=$$arch OUT=$$out && \
			go run ./scripts/image -arch $$arch -version '$(VERSION)' -out $$out.oci.tar $$out || exit 1; \
	done
	@cd dist && sha256sum arcadiad-* | tee SHA256SUMS
	@for cc in $(CC_amd64) $(CC_arm64); do command -v $$cc >/dev/null || \
		echo "*** NOT BUILT: what needs the C compiler $$cc, which is not here (Debian has it in gcc-aarch64-linux-gnu or gcc-x86-64-linux-gnu)" >&2; done

# One static program for ARCH at OUT.
.PHONY: static
static:
	@command -v $(CC_$(ARCH)) >/dev/null || \
		{ echo 'make: $(ARCH) needs the C compiler $(CC_$(ARCH)) (Debian has it in gcc-aarch64-linux-gnu or gcc-x86-64-linux-gnu)' >&2; exit 1; }
	GOOS=linux GOARCH=$(ARCH) CC=$(CC_$(ARCH)) go build $(STATIC) -o $(OUT) ./cmd/arcadiad

.PHONY: clean
clean: ## remove built files
	rm -rf bin dist

.PHONY: tools
tools:
	@command -v go >/dev/null || { echo 'make: there is no go on the PATH; arcadiad needs the version that go.mod names' >&2; exit 1; }
	@cc=$$(go env CC); command -v $${cc%% *} >/dev/null || \
		{ echo "make: there is no C compiler ($$cc) on the PATH; SQLite needs one: install gcc, or set CC" >&2; exit 1; }
