#pragma once
#include "upstream/upstream_socket.h"
