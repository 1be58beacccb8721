# zt_room(NAME [DEPENDS targets...] [LIBS libraries...]): one room is one static library made of every
# .cpp file of its folder. DEPENDS names other rooms; tools/check_arrows.py keeps includes to them.
function(zt_room name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(TRANSFORM ARG_DEPENDS PREPEND zt_)
  if(sources)
    add_library(zt_${name} STATIC ${sources})
    target_link_libraries(zt_${name} PUBLIC zt_options ${ARG_DEPENDS} ${ARG_LIBS})
  else()
    add_library(zt_${name} INTERFACE)
    target_link_libraries(zt_${name} INTERFACE zt_options ${ARG_DEPENDS} ${ARG_LIBS})
  endif()
endfunction()

# zt_test(NAME [SHARDS n] DEPENDS rooms...): tests/unit/<NAME>/*_test.cpp become one GoogleTest
# program. A long one is run as so many shards, which come first, so that no core is left waiting for it.
function(zt_test name)
  cmake_parse_arguments(ARG "" "SHARDS" "DEPENDS;LIBS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/unit/${name}/*.cpp)
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM ARG_DEPENDS PREPEND zt_)
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${ARG_DEPENDS} ${ARG_LIBS} GTest::gmock GTest::gtest_main
                        rapidcheck)
  target_compile_definitions(test_${name} PRIVATE
                             ZT_TEST_DATA="${CMAKE_SOURCE_DIR}/tests/data"
                             ZT_SCENARIOS="${CMAKE_SOURCE_DIR}/scenarios")
  if(NOT ARG_SHARDS)
    set(ARG_SHARDS 1)
  endif()
  foreach(shard RANGE 1 ${ARG_SHARDS})
    set(run ${name})
    if(ARG_SHARDS GREATER 1)
      set(run ${name}.${shard})
    endif()
    math(EXPR index "${shard} - 1")
    add_test(NAME ${run} COMMAND test_${name})
    set_tests_properties(${run} PROPERTIES LABELS unit COST ${ARG_SHARDS} ENVIRONMENT
      "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${index};GTEST_OUTPUT=json:${CMAKE_BINARY_DIR}/gtest-reports/${run}.json")
  endforeach()
endfunction()
