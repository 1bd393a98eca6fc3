// Runs a libFuzzer target on files, without libFuzzer.
#include <fstream>
#include <iterator>
#include <stdint.h>
#include <stdio.h>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv)
{
    for (int i = 1; i < argc; i++)
    {
        std::ifstream                     file { argv[i], std::ios::binary };
        const std::vector<unsigned char> bytes { std::istreambuf_iterator<char>(file), {} };
        if (!file)
        {
            fprintf(stderr, "cannot read %s\n", argv[i]);
            return 1;
        }
        fprintf(stderr, "%s\n", argv[i]);
        LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
    }
}
