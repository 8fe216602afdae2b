# make build   set up, configure, compile          make test    build and run every test
# make nest    the command alone
# make demo    build and run the main job          make bench   build and run the benchmarks
# make demo-real DATA=FOLDER                       the main job on real EEG
# make dist    source archive of HEAD: builds and passes its tests without a network once the packages are there
# make format  clang-format own sources            make lint    include table, clang-tidy, formatting
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)

.PHONY: all setup build nest test demo demo-real bench dist format lint clean
all: build

setup:
	@tools/setup.sh

$(BUILD)/build.ninja: | setup
	@cmake --preset $(PRESET) -Wno-dev

build: setup $(BUILD)/build.ninja
	@cmake --build $(BUILD) -j $(JOBS)

test: build
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

# The command alone: the tests are no part of the main job.
nest: $(BUILD)/build.ninja
	@cmake --build $(BUILD) -j $(JOBS) --target nest

demo: nest
	@tools/demo.sh $(BUILD)/apps/nest/nest

demo-real: nest
	@test -n "$(DATA)" || { echo "usage: make demo-real DATA=FOLDER [OUT=out/real]" >&2; exit 2; }
	@tools/demo_real.sh $(BUILD)/apps/nest/nest "$(DATA)" $(OUT)

bench: build
	@cmake --build $(BUILD) -j $(JOBS) --target nest_benchmarks
	@tools/bench.sh $(BUILD)

dist:
	@version=$$(sed -n 's/^project(nest VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt) && \
	  git archive --prefix="nest-$$version/" --output="nest-$$version.tar.gz" HEAD && echo "nest-$$version.tar.gz"

format:
	@git ls-files '*.h' '*.cc' | xargs clang-format -i

lint: build
	@tools/lint.sh $(BUILD)

clean:
	@rm -rf build
