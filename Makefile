# make build   set up, configure, compile          make test    build and run every test
# make demo    build and run the main job          make bench   build and run the benchmarks
# make demo-real DATA=FOLDER                       the main job on real EEG
# make format  clang-format own sources            make lint    include table, clang-tidy, formatting
PRESET ?= release
BUILD := build/$(PRESET)
JOBS ?= $(shell nproc)

.PHONY: all setup build test demo demo-real bench format lint clean
all: build

setup:
	@tools/setup.sh

$(BUILD)/build.ninja: | setup
	@cmake --preset $(PRESET) -Wno-dev

build: setup $(BUILD)/build.ninja
	@cmake --build $(BUILD) -j $(JOBS)

test: build
	@tools/check_includes.py
	@cd $(BUILD) && ctest --output-on-failure -j $(JOBS)

demo: build
	@tools/demo.sh $(BUILD)/apps/nest/nest

demo-real: build
	@test -n "$(DATA)" || { echo "usage: make demo-real DATA=FOLDER [OUT=out/real]" >&2; exit 2; }
	@tools/demo_real.sh $(BUILD)/apps/nest/nest "$(DATA)" $(OUT)

bench: build
	@cmake --build $(BUILD) -j $(JOBS) --target nest_benchmarks
	@tools/bench.sh $(BUILD)

format:
	@git ls-files '*.h' '*.cc' | xargs clang-format -i

lint: build
	@tools/lint.sh $(BUILD)

clean:
	@rm -rf build
