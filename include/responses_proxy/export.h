// RP_PUBLIC: what the shared libraries show. Everything outside of a namespace that has it is
// hidden.
#pragma once

#define RP_PUBLIC [[gnu::visibility("default")]]
