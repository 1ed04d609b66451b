// Ends this process when the launcher that started it is gone: a killed launcher must not leave a benchmark running.
const launcher = process.ppid;

// Asking for the parent costs under a microsecond; once a second it cannot be seen in a measurement.
setInterval(() => {
  if (process.ppid !== launcher) process.exit(4);
}, 1000).unref();
