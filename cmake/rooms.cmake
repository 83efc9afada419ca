# The map. One line a room; ARCHITECTURE.md says what each is for.
room(base                                                     LIBS ${BOOST_JSON} ${OPENSSL} ${RE2})
room(net      DEPS base                                       LIBS ${OPENSSL})
room(http     DEPS base                                       LIBS ${NGHTTP2})
room(route    DEPS base)
room(dns      DEPS base net)
room(proxy    DEPS base net http route                        LIBS ${OPENSSL})
room(sign     DEPS base http                                  LIBS ${OPENSSL})
room(model    DEPS base)
room(store    DEPS base model                                 LIBS ${SQLITE})
room(runtime  DEPS base net http model                        LIBS ${ARCHIVE} ${OPENSSL})
room(observe  DEPS base model store)
room(api      DEPS base model store observe)
room(wire     DEPS base net http sign model api store         LIBS ${ZLIB})
room(rollout  DEPS base model)
room(control  DEPS base net model store runtime observe rollout route dns)
room(cli      DEPS base net http sign model                   LIBS ${ARCHIVE} ${OPENSSL})
room(sim      DEPS base net http route proxy model store runtime rollout control dns)

file(GLOB main_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/main/*.cc)
if(main_sources)
  add_executable(weir ${main_sources})
  compiled_together(weir)
  target_precompile_headers(weir REUSE_FROM pch_model)
  target_link_libraries(weir PRIVATE base net http route dns proxy sign model store runtime observe api wire rollout control cli
                        ${FMT} Threads::Threads)
endif()

# Thousands of worlds on two threads: nothing is gained by others beside it. The linker takes what is inline from the
# test's own files, and so everybody's strings and vectors: they are optimized like the rest, with no header prepared
# for others.
target_compile_options(sim_test PRIVATE -O2)
set_target_properties(sim_test PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)
set_tests_properties(sim PROPERTIES RUN_SERIAL ON)
limit_time(sim 900)
