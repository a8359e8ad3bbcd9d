# find_package(Sprag CONFIG): the target Sprag::sprag. `cargo xtask c-lib TARGET` puts this file beside the library.
get_filename_component(_sprag_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET Sprag::sprag)
  add_library(Sprag::sprag STATIC IMPORTED)
  set_target_properties(Sprag::sprag PROPERTIES
    IMPORTED_LOCATION "${_sprag_prefix}/lib/libsprag.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_sprag_prefix}/include"
    INTERFACE_LINK_LIBRARIES "@LIBRARIES@")
endif()
set(Sprag_FOUND TRUE)
unset(_sprag_prefix)
