#include "responses_proxy/load_balancer.h"

int main() {}
