// Average load, as the system tells it.
#include <errno.h>
#include <stdlib.h>
#include <sys/sysinfo.h>

int getloadavg(double *averages, int count)
{
    struct sysinfo info;
    if (count < 0 || sysinfo(&info) < 0)
    {
        return -1;
    }
    count = count < 3 ? count : 3;
    for (int i = 0; i < count; i++)
    {
        averages[i] = (double)info.loads[i] / 65536;
    }
    return count;
}
