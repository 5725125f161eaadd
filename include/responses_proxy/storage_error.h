// What storage throws. Every message names the database and the operation, never a secret.
#pragma once

#include <stdexcept>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class StorageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The database works but does not take a record: a constraint, a value it cannot hold. Without that
// record the batch can be written.
class RecordRefused : public StorageError {
 public:
  using StorageError::StorageError;
};

}  // namespace responses_proxy
