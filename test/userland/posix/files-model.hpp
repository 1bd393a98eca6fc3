#pragma once

#include <map>
#include <string>

namespace model
{
    void add_file(const std::string &path, const std::string &bytes);
    int  users_of_file(const std::string &path);
}
