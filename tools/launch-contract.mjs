// What the launcher and the command line promise each other about drivers that must be chosen before a process starts.
//
// The Vulkan loader reads its environment once, when Dawn first asks. So the choice is made by starting again:
//
//   --adapter   environment of the command           PAGEFERRY_VULKAN   what the command does when it finds none
//   twin        unchanged                            none               (never asks)
//   hardware    the machine's own drivers            system             exit 3
//   software    SwiftShader's description            software           exit 3
//   auto        the machine's own drivers, first     try-system         exit 75 before any output: the launcher
//               then as for software, once           software           starts it again; exit 3 the second time
//
// Where no software driver can be chosen (macOS, Windows), `auto` gets `system` and `software` gets `software` with an
// unchanged environment: Dawn may still have a fallback adapter of its own there.

/** The exit status that asks the launcher to start the command again with the software driver. */
export const RETRY_WITH_SOFTWARE = 75;

/** The exit status for «no such adapter». */
export const NO_ADAPTER = 3;

/** The variable that says which drivers this process can see. */
export const VULKAN_VARIABLE = 'PAGEFERRY_VULKAN';

/** The variable that names the program which drives a browser for the command; unset where there is none. */
export const BROWSER_VARIABLE = 'PAGEFERRY_BENCH_BROWSER';

/** True when the command was started to try the machine's own drivers, and must exit with RETRY_WITH_SOFTWARE, before
 * it writes anything to standard output, if it finds no hardware adapter.
 * @param {Record<string, string | undefined>} env */
export function mayRetryWithSoftware(env) {
  return env[VULKAN_VARIABLE] === 'try-system';
}
