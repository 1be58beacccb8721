// toml++ as this room uses it: header-only, without exceptions.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>
