# sprag_add_library(NAME TARGET rust-target FEATURES feature...): the library, built by cargo from this checkout.
#
# The compiler needs the target (`rustup target add TARGET`); where it has not, `cargo xtask c-lib` builds the library
# with Debian's packages, and find_package(Sprag CONFIG) finds it.
set(SPRAG_ROOT "${CMAKE_CURRENT_LIST_DIR}/../.." CACHE INTERNAL "the repository")

function(sprag_add_library name)
  cmake_parse_arguments(ARG "" "TARGET" "FEATURES" ${ARGN})
  if(NOT ARG_TARGET)
    message(FATAL_ERROR "Sprag: no Rust target is known for this chip")
  endif()
  find_program(SPRAG_CARGO cargo)
  if(NOT SPRAG_CARGO)
    message(FATAL_ERROR "Sprag: cargo is not installed; https://rustup.rs has it")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/sprag-cargo")
  set(archive "${folder}/${ARG_TARGET}/device/libsprag_c.a")
  # docs/PORTING.md, "Flags".
  set(flags "--cfg=sha2_backend_soft=\"compact\"")
  if(ARG_TARGET MATCHES "^riscv")
    string(ASCII 31 separator)
    string(APPEND flags "${separator}-Cllvm-args=-enable-machine-outliner=never")
  endif()
  string(REPLACE ";" "," features "${ARG_FEATURES}")
  # Always asked for: cargo knows what has changed.
  add_custom_target(${name}_cargo
    COMMAND ${CMAKE_COMMAND} -E env "CARGO_TARGET_DIR=${folder}" "CARGO_ENCODED_RUSTFLAGS=${flags}"
      ${SPRAG_CARGO} rustc --locked --package sprag-c --lib --profile device --crate-type staticlib
      --target ${ARG_TARGET} --no-default-features --features "${features}"
    WORKING_DIRECTORY "${SPRAG_ROOT}"
    BYPRODUCTS "${archive}"
    VERBATIM)
  add_library(${name} STATIC IMPORTED GLOBAL)
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION "${archive}"
    INTERFACE_INCLUDE_DIRECTORIES "${SPRAG_ROOT}/c-api/include")
  add_dependencies(${name} ${name}_cargo)
endfunction()
