import { SOFT_OFF } from './acpi-fixed-registers.ts';
import {
  device,
  eisaId,
  integer,
  interruptLine,
  named,
  packageOf,
  ports,
  resources,
  scope,
  text,
} from './aml.ts';
import { PIT_PORT, SYSTEM_CONTROL_PORT } from './i8254.ts';
import { EDGE_LEVEL_PORT, FIRST_PIC_PORT, SECOND_PIC_PORT } from './i8259.ts';
import { RTC_IRQ, RTC_PORT } from './mc146818.ts';
import { COM1_IRQ, COM1_PORT } from './uart-16550.ts';

/**
 * The body of the DSDT: how to switch off, and which devices are at fixed ports. Devices that a system would look for
 * without being told (the exit device) or in vain (the keyboard controller, with nothing plugged in) are not named.
 */
export function buildDsdtBody(): Uint8Array {
  const legacy = (name: string, id: string, resourcesUsed: readonly (readonly number[])[], unique = 0) =>
    device(name, [
      named('_HID', eisaId(id)),
      named('_UID', integer(unique)),
      named('_CRS', resources(resourcesUsed)),
    ]);
  const devices = [
    device('CPU0', [named('_HID', text('ACPI0007')), named('_UID', integer(0))]),
    legacy('PIC', 'PNP0000', [
      ports(FIRST_PIC_PORT, 2),
      ports(SECOND_PIC_PORT, 2),
      ports(EDGE_LEVEL_PORT, 2),
      interruptLine(2),
    ]),
    legacy('TIMR', 'PNP0100', [ports(PIT_PORT, 4), interruptLine(0)]),
    legacy('SPKR', 'PNP0800', [ports(SYSTEM_CONTROL_PORT, 1)]),
    legacy('RTC', 'PNP0B00', [ports(RTC_PORT, 2), interruptLine(RTC_IRQ)]),
    legacy('COM1', 'PNP0501', [ports(COM1_PORT, 8), interruptLine(COM1_IRQ)], 1),
  ];
  const softOff = packageOf([SOFT_OFF, SOFT_OFF, 0, 0].map(integer));
  return Uint8Array.from([...named('\\_S5', softOff), ...scope('\\_SB', devices)]);
}
