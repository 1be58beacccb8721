// Addresses as the ACL scheme "ip" writes them: "10.0.0.0/8", "::1", "fe80::/10" (upstream
// IPAuthenticationProvider). Pure text and bits; resolves no names.
#pragma once

#include <string_view>

namespace zoetrope::tree {

// An address, or an address and the number of its leading bits that count.
bool valid_ip_pattern(std::string_view pattern);
// True when `address` is of the same family as the pattern and equal in those bits. False when
// either is malformed.
bool ip_matches(std::string_view address, std::string_view pattern);

}  // namespace zoetrope::tree
