/** Prints what measureInterruptLatency finds for the folder of guest programs that is its argument, as JSON. */
import { measureInterruptLatency } from './interrupt-latency.ts';

const HUGE = 3 * 2 ** 30;
const folder = process.argv[2];
console.log(JSON.stringify([...measureInterruptLatency(folder), ...measureInterruptLatency(folder, HUGE)]));
