// The ULMM server's requests against a model of the kernel. Commands:
//   replies                                  each reply code of the protocol, for the reason it is meant for
//   random SEED STEPS FAILURES POLICY        several clients at random, with a percentage of kernel calls failing; the
//                                            policy's number, or `changing`
#include "ulmm-server-check.hpp"

int main(int count, char **arguments)
{
    const std::string command = count > 1 ? arguments[1] : "";
    const auto        number  = [&](int index) { return std::strtoul(arguments[index], nullptr, 10); };
    if (command == "replies")
    {
        check::check_replies();
    }
    else if (command == "random" && count == 6)
    {
        const bool changes = std::string(arguments[5]) == "changing";
        check::run_random(static_cast<unsigned>(number(2)), number(3), static_cast<unsigned>(number(4)),
            changes ? ulmm::policy_count : static_cast<unsigned>(number(5)));
    }
    else
    {
        check::fail("usage: see the comment at the top of ulmm-server-check.cpp");
    }
}
