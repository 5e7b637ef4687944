import fc from 'fast-check';
import { seed } from './chance.ts';

/** A run that found something can be had again: the runner prints the seed, and `VIGIE_SEED=… bin/test` takes it. */
fc.configureGlobal({ seed });
