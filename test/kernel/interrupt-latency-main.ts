/** Prints what measureInterruptLatency finds for the folder of guest programs that is its argument, as JSON. */
import { measureInterruptLatency } from './interrupt-latency.ts';

console.log(JSON.stringify(measureInterruptLatency(process.argv[2])));
