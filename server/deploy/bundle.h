// The bundle: this program and every library that it has loaded, in one archive. It runs on any
// Linux of this architecture, whatever libraries are there.
//
// Errors     DeployError.
// Blocking   Runs tar.
#pragma once

#include <string>
#include <vector>

namespace responses_proxy {

// Of this process, the dynamic loader among them; the program itself comes first.
std::vector<std::string> loaded_files();

// Writes the archive: all files side by side, without folders. `path`: of the archive.
void write_bundle(const std::vector<std::string>& files, const std::string& path);

}  // namespace responses_proxy
