// Loaded into each child before its own program: when the demo is gone, even by kill -9, the child goes, too.
process.once('disconnect', () => process.exit(0));
process.channel?.unref();
