// A result as one HTML file that needs nothing else: no network, no other file.
#pragma once

#include <string>

#include "rivals/document.h"

namespace thane::bench {

std::string html_report(const rivals::Document& result);

}  // namespace thane::bench
