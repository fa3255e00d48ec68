/** Shows how far a command is: on a terminal one line that moves, elsewhere a line now and then. */
export function showProgress(what = 'devices'): (done: number, total: number) => void {
  const { isTTY } = process.stderr;
  return (done, total) => {
    const text = `${done} of ${total} ${what}`;
    if (isTTY) process.stderr.write(`\r${text}${done === total ? '\n' : ''}`);
    else if (done === total || done % 10_000 === 0) process.stderr.write(`${text}\n`);
  };
}
