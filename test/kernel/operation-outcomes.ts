/**
 * Which outcomes each kernel operation has by the ABI (sections 2 to 19). The conformance program must show every
 * one, and nothing that is not listed here: a gap on either side fails a test. A failed lookup of the capability that is
 * called is common to all and listed once, as `lookup`; so are unknown operation numbers, listed for each type.
 */
export type Outcome =
  | 'success'
  | 'illegal_operation'
  | 'permission_denied'
  | 'invalid_descriptor'
  | 'invalid_argument'
  | 'fatal';

const ILLEGAL = 'illegal_operation';
const DENIED = 'permission_denied';
const DESCRIPTOR = 'invalid_descriptor';
const ARGUMENT = 'invalid_argument';
const FATAL = 'fatal';

export const OPERATION_OUTCOMES: Readonly<Record<string, readonly Outcome[]>> = {
  init: ['success', DESCRIPTOR, ARGUMENT],
  lookup: ['success', DESCRIPTOR],
  abi: ['success'],
  capability_call: [DESCRIPTOR],
  'kernel_call.capability_call': ['success'],
  'kernel_call.yield': ['success'],
  'kernel_call.debug': ['success'],

  node: [ILLEGAL],
  'node.copy': ['success', ILLEGAL, DENIED, ARGUMENT, FATAL],
  'node.move': ['success', ILLEGAL, ARGUMENT, FATAL],
  'node.mint': ['success', ILLEGAL, DENIED, ARGUMENT, FATAL],
  'node.demote': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT],
  'node.revoke': ['success', ILLEGAL, DESCRIPTOR, ARGUMENT],
  'node.remove': ['success', DENIED, DESCRIPTOR, ARGUMENT],

  generic: [ILLEGAL],
  'generic.convert': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT],

  address_space: [ILLEGAL, 'success'],
  'address_space.map': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT],
  'address_space.unmap': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT],
  'address_space.get_unset_depth': ['success', DENIED, ARGUMENT],
  'address_space.can_map_frame_size_bits': ['success', DENIED, DESCRIPTOR],

  page_table: [ILLEGAL],
  frame: [ILLEGAL],
  'frame.get_address': ['success', DENIED],

  process_control_block: [ILLEGAL],
  'process_control_block.configure': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT, FATAL],
  'process_control_block.read_register': ['success', DENIED, ARGUMENT, FATAL],
  'process_control_block.write_register': ['success', DENIED, ARGUMENT, FATAL],
  'process_control_block.resume': ['success', ILLEGAL, DENIED],
  'process_control_block.suspend': ['success', DENIED],

  ipc_port: [ILLEGAL],
  'ipc_port.send': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT, FATAL],
  'ipc_port.receive': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT, FATAL],
  'ipc_port.call': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT, FATAL],
  'ipc_port.reply': ['success', ILLEGAL, ARGUMENT, FATAL],
  'ipc_port.reply_receive': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT, FATAL],
  'ipc_port.identify': ['success', DENIED],

  notification_port: [ILLEGAL],
  'notification_port.notify': ['success', DENIED],
  'notification_port.wait': ['success', ILLEGAL, DENIED, DESCRIPTOR],
  'notification_port.poll': ['success', DENIED],
  'notification_port.identify': ['success', DENIED],

  interrupt_region: [ILLEGAL],
  'interrupt_region.make_port': ['success', ILLEGAL, DENIED, DESCRIPTOR, ARGUMENT],
  interrupt_port: [ILLEGAL],
  'interrupt_port.bind': ['success', ILLEGAL, DENIED, DESCRIPTOR],
  'interrupt_port.unbind': ['success', DENIED],
  'interrupt_port.ack': ['success', DENIED],
  'interrupt_port.get_irq_number': ['success', DENIED],

  io_port: [ILLEGAL],
  'io_port.read': ['success', DENIED, FATAL],
  'io_port.write': ['success', DENIED, FATAL],
  'io_port.mint': ['success', DENIED, ARGUMENT],

  fault: ['success'],
  'fault.memory': ['success'],
  'fault.memory_instruction_fetch': ['success'],
  'fault.invalid_instruction': ['success'],
  'fault.invalid_arithmetic': ['success'],
  'fault.invalid_kernel_call': ['success'],
  'fault.architecture': ['success'],

  scheduler: ['success'],
};
