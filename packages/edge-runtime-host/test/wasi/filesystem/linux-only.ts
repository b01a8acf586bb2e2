// Directories can be granted on Linux only; elsewhere these tests say so.

export const linuxOnly = {
  skip: process.platform === "linux" ? false : "directories can be granted on Linux only",
};
