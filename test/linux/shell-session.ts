import { buildInitramfs } from './initramfs.ts';

/** A system of one busybox, whose shell comes up on the serial port, and what is typed there. */

const text = (content: string) => new TextEncoder().encode(content);

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
export PS1='a9n# '
stty cols 250 < /dev/console
exec setsid cttyhack sh
`;

export function buildBusyboxSystem(busybox: Uint8Array): Uint8Array {
  const folders = ['bin', 'dev', 'proc', 'sys', 'tmp', 'root'];
  return buildInitramfs([
    ...folders.map((path) => ({ path, kind: 'directory' as const })),
    { path: 'dev/console', kind: 'character-device', major: 5, minor: 1 },
    { path: 'bin/busybox', kind: 'file', executable: true, bytes: busybox },
    { path: 'init', kind: 'file', executable: true, bytes: text(INIT) },
  ]);
}

export const PROMPT = 'a9n# ';
export const COMMAND_LINE = 'console=ttyS0';

/** Commands whose output does not depend on the machine. */
export const SAME_EVERYWHERE: readonly string[] = [
  'uname -sr',
  'sha256sum /bin/busybox',
  'gzip -c /bin/busybox > /tmp/b.gz; gunzip -c /tmp/b.gz | cmp - /bin/busybox && echo unpacked alike',
  'i=0; s=0; while [ $i -lt 2000 ]; do s=$((s + i * i)); i=$((i + 1)); done; echo $s',
  `awk 'BEGIN { for (i = 1; i <= 5; i++) printf "%.17g %.17g %d\\n", i / 7, i * 1.1e100, i * 1e9 / 3 }'`,
  'seq 1 400 | sort -r -n | awk "NR % 100 == 1" | tr "\\n" " "; echo',
  'mkdir /tmp/d; for n in 1 2 3; do echo $n > /tmp/d/$n; done; tar -cf /tmp/d.tar -C /tmp d; tar -tf /tmp/d.tar',
  `sh -c 'trap "echo caught" TERM; kill $$; echo after' & wait $!; echo $?`,
  '(sleep 1; echo slept) | cat',
  'dd if=/dev/zero bs=4096 count=2000 2>/dev/null | md5sum',
  'cat /nowhere; echo status $?',
];

/** Commands that ask what this machine is, or how the kernel fares on it. */
export const ABOUT_THIS_MACHINE: readonly string[] = [
  'grep "model name" /proc/cpuinfo',
  'cat /proc/interrupts',
  'dmesg | grep -i -E "bug:|oops|warning|call trace|unchecked|soft lockup|firmware bug" | wc -l',
  'date -u +%Y-%m-%d',
  'cat /sys/class/rtc/rtc0/name',
];

export const POWER_OFF = 'poweroff -f';

/** Types each command when the prompt before it is there. */
export function createTypist(commands: readonly string[], type: (text: string) => void) {
  let printed = '';
  let waitsFrom = 0;
  let next = 0;
  return {
    take(output: string): void {
      printed += output;
      if (next === commands.length || printed.indexOf(PROMPT, waitsFrom) < 0) return;
      waitsFrom = printed.length;
      type(`${commands[next++]}\n`);
    },
    get printed() {
      return printed;
    },
    /** What each command printed, without its echo. */
    outputs(): string[] {
      return printed
        .split(PROMPT)
        .slice(1)
        .map((part) => part.slice(part.indexOf('\n') + 1).replaceAll('\r', ''));
    },
  };
}
