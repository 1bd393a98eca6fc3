// Terminals.
#include "../internal/system.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int tcgetattr(int descriptor, struct termios *state)
{
    return (int)result(system_call(SYS_ioctl, descriptor, TCGETS, state));
}

int tcsetattr(int descriptor, int when, const struct termios *state)
{
    if (when < TCSANOW || when > TCSAFLUSH)
    {
        errno = EINVAL;
        return -1;
    }
    return (int)result(system_call(SYS_ioctl, descriptor, TCSETS + (unsigned)when, state));
}

int tcsendbreak(int descriptor, int duration)
{
    (void)duration;
    return (int)result(system_call(SYS_ioctl, descriptor, TCSBRK, 0));
}

int tcdrain(int descriptor)
{
    return (int)result(system_call(SYS_ioctl, descriptor, TCSBRK, 1));
}

int tcflow(int descriptor, int action)
{
    return (int)result(system_call(SYS_ioctl, descriptor, TCXONC, action));
}

int tcflush(int descriptor, int queue)
{
    return (int)result(system_call(SYS_ioctl, descriptor, TCFLSH, queue));
}

pid_t tcgetsid(int descriptor)
{
    pid_t session;
    return result(system_call(SYS_ioctl, descriptor, TIOCGSID, &session)) < 0 ? -1 : session;
}

pid_t tcgetpgrp(int descriptor)
{
    pid_t group;
    return result(system_call(SYS_ioctl, descriptor, TIOCGPGRP, &group)) < 0 ? -1 : group;
}

int tcsetpgrp(int descriptor, pid_t group)
{
    return (int)result(system_call(SYS_ioctl, descriptor, TIOCSPGRP, &group));
}

speed_t cfgetospeed(const struct termios *state)
{
    return state->c_cflag & CBAUD;
}

speed_t cfgetispeed(const struct termios *state)
{
    return cfgetospeed(state);
}

int cfsetospeed(struct termios *state, speed_t speed)
{
    if (speed & ~(speed_t)CBAUD)
    {
        errno = EINVAL;
        return -1;
    }
    state->c_cflag = (state->c_cflag & ~(tcflag_t)CBAUD) | speed;
    return 0;
}

int cfsetispeed(struct termios *state, speed_t speed)
{
    return speed == B0 ? 0 : cfsetospeed(state, speed);
}

int cfsetspeed(struct termios *state, speed_t speed)
{
    return cfsetospeed(state, speed);
}

void cfmakeraw(struct termios *state)
{
    state->c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    state->c_oflag &= ~(tcflag_t)OPOST;
    state->c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    state->c_cflag     = (state->c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    state->c_cc[VMIN]  = 1;
    state->c_cc[VTIME] = 0;
}

int isatty(int descriptor)
{
    struct termios state;
    return tcgetattr(descriptor, &state) == 0;
}

int ttyname_r(int descriptor, char *name, size_t size)
{
    if (!isatty(descriptor))
    {
        return errno;
    }
    char link[32], target[TTY_NAME_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, target, sizeof target - 1);
    if (length < 0)
    {
        return errno;
    }
    target[length] = '\0';
    return strlcpy(name, target, size) < size ? 0 : ERANGE;
}

char *ttyname(int descriptor)
{
    static char name[TTY_NAME_MAX];
    const int error = ttyname_r(descriptor, name, sizeof name);
    if (error != 0)
    {
        errno = error;
        return NULL;
    }
    return name;
}

char *ctermid(char *name)
{
    static char own[L_ctermid];
    return strcpy(name != NULL ? name : own, "/dev/tty");
}

int posix_openpt(int flags)
{
    return open("/dev/ptmx", flags);
}

int grantpt(int descriptor)
{
    (void)descriptor;
    return 0;
}

int unlockpt(int descriptor)
{
    const int locked = 0;
    return (int)result(system_call(SYS_ioctl, descriptor, TIOCSPTLCK, &locked));
}

int ptsname_r(int descriptor, char *name, size_t size)
{
    unsigned number;
    const long outcome = system_call(SYS_ioctl, descriptor, TIOCGPTN, &number);
    if (outcome < 0)
    {
        return (int)-outcome;
    }
    return (size_t)snprintf(name, size, "/dev/pts/%u", number) < size ? 0 : ERANGE;
}

char *ptsname(int descriptor)
{
    static char name[24];
    const int error = ptsname_r(descriptor, name, sizeof name);
    if (error != 0)
    {
        errno = error;
        return NULL;
    }
    return name;
}

char *getpass(const char *prompt)
{
    static char password[128];
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
    {
        return NULL;
    }
    struct termios before, silent;
    tcgetattr(terminal, &before);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(terminal, TCSAFLUSH, &silent);
    write(terminal, prompt, strlen(prompt));
    ssize_t length = read(terminal, password, sizeof password - 1);
    if (length > 0 && password[length - 1] == '\n')
    {
        length--;
    }
    tcsetattr(terminal, TCSAFLUSH, &before);
    write(terminal, "\n", 1);
    close(terminal);
    if (length < 0)
    {
        return NULL;
    }
    password[length] = '\0';
    return password;
}
