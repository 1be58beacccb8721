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

# zt_test(NAME DEPENDS rooms...): tests/unit/<NAME>/*_test.cpp become one GoogleTest program.
function(zt_test name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBS" ${ARGN})
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
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES LABELS unit)
endfunction()
