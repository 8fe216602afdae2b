# What a test is shows in the name of its suite, and becomes a CTest label beside the module's (ctest -L law):
# laws (properties over many cases, equality with a twin), goldens (values from named external tools), units (the rest).
set(NEST_LAW_SUITES "*Law*:*Every*:*Twin*:*BruteForce*:*TwoExecutors*:*ManyThreads*")
set(NEST_GOLDEN_SUITES "*Golden*:*Parity*")

# nest_test(<module> [TORCH] [MODULES core ...] [TOGETHER suite* ...] SOURCES a_test.cc ... [LINK lib ...])
#
# One test program a module; every test case is a CTest entry, so a skipped one is visible. With MODULES it is
# linked with these alone, so that a cross-build or a sanitizer build need not make the whole closure. The suites of
# TOGETHER share a few processes, as loading LibTorch takes longer than each of them; they may not skip.
nest_require_package(GTest libgtest-dev)
include(GoogleTest)

# Where the shared vectors lie, if they do; tests that need them skip visibly when they do not.
set(NEST_SHARED_DIR "${PROJECT_SOURCE_DIR}/../shared" CACHE PATH "Parity vectors and EEG data for tests")

# The only file that knows machine paths: every other test object is the same in every checkout (ccache).
add_library(nest_test_paths OBJECT ${PROJECT_SOURCE_DIR}/tests/support/paths.cc)
target_include_directories(nest_test_paths PRIVATE ${PROJECT_SOURCE_DIR})
target_link_libraries(nest_test_paths PRIVATE nest_options nest_warnings)
target_compile_definitions(nest_test_paths PRIVATE
  NEST_SHARED_DIR="${NEST_SHARED_DIR}" NEST_TESTS_DIR="${PROJECT_SOURCE_DIR}/tests")

# Undefined behaviour is looked for in the library alone, so that tests build faster. Addresses and threads are looked
# at in both: an inline function that library and test share is linked once, mostly from the test.
if(NEST_SANITIZE MATCHES "undefined")
  set(NEST_TEST_SANITIZE -fno-sanitize=undefined,float-cast-overflow)
endif()

# Test code is compiled once and run for milliseconds: no optimisation; the library under test keeps its -O2.
nest_precompiled_header(nest_test_pch <gtest/gtest.h> <gmock/gmock.h>)
target_compile_options(nest_test_pch PRIVATE -O0 ${NEST_TEST_SANITIZE})
target_link_libraries(nest_test_pch PRIVATE GTest::gtest GTest::gmock)

# nest_discover(<target> <module> <kind> <filter>): its tests that pass the filter, labelled with module and kind.
function(nest_discover target module kind filter)
  gtest_discover_tests(${target} TEST_PREFIX "${module}/" DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    TEST_FILTER "${filter}" TEST_LIST ${target}_${kind} PROPERTIES TIMEOUT 300)
  # Two labels are a list, which gtest_discover_tests would take apart.
  set(labels ${CMAKE_CURRENT_BINARY_DIR}/${target}_${kind}_labels.cmake)
  file(WRITE ${labels} "if(${target}_${kind})
  set_tests_properties(\${${target}_${kind}} PROPERTIES LABELS \"${module};${kind}\")
endif()
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels})
endfunction()

# nest_together(<target> <module> <filter>): the tests that pass the filter, in a few processes.
function(nest_together target module filter)
  set(parts 6)
  math(EXPR last "${parts} - 1")
  foreach(part RANGE ${last})
    set(name "${module}/part_${part}_of_${parts}")
    add_test(NAME ${name} COMMAND ${target} --gtest_filter=${filter} --gtest_brief=1)
    set_tests_properties(${name} PROPERTIES TIMEOUT 600 LABELS "${module};law"
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${parts};GTEST_SHARD_INDEX=${part}"
      FAIL_REGULAR_EXPRESSION "SKIPPED;] 0 tests")
  endforeach()
endfunction()

function(nest_test module)
  cmake_parse_arguments(T "TORCH" "" "SOURCES;LINK;MODULES;TOGETHER" ${ARGN})
  set(target nest_test_${module})
  add_executable(${target} ${T_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE nest_options nest_warnings GTest::gtest_main GTest::gmock
    nest_test_paths ${T_LINK})
  list(TRANSFORM T_MODULES PREPEND nest_module_)
  if(T_TORCH)
    if(NOT T_MODULES)
      set(T_MODULES nest_torch)
    endif()
    target_link_libraries(${target} PRIVATE ${T_MODULES} nest_core)
    nest_use_precompiled(${target} nest_torch_pch)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
  else()
    if(NOT T_MODULES)
      set(T_MODULES nest_core)
    endif()
    target_link_libraries(${target} PRIVATE ${T_MODULES})
    target_compile_options(${target} PRIVATE -O0 ${NEST_TEST_SANITIZE})
    nest_use_precompiled(${target} nest_test_pch)
    nest_unity(${target})
  endif()
  set(together "none")
  if(T_TOGETHER)
    list(JOIN T_TOGETHER ":" together)
    nest_together(${target} ${module} "${together}")
  endif()
  nest_discover(${target} ${module} law "${NEST_LAW_SUITES}-${together}")
  nest_discover(${target} ${module} golden "${NEST_GOLDEN_SUITES}-${together}")
  nest_discover(${target} ${module} unit "-${NEST_LAW_SUITES}:${NEST_GOLDEN_SUITES}:${together}")
endfunction()
